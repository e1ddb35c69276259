"""The residual networks for CIFAR of He et al. (2016), Section 4.2, with projection shortcuts, and their checkpoints.

Layer names and checkpoints are those of locuslab/smoothing, whose published models are ResNet-110.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from ..errors import WeightsError, plain_text
from .backbone import load_weights
from .checkpoint_files import read_checkpoint
from .state_dicts import find_tensor, read_tensors


class BasicBlock(nn.Module):
    """Two 3×3 convolutions with batch normalisation, and a shortcut that is projected if the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)) + shortcut)


class CifarResNet(nn.Module):
    """Three stages of n blocks with 16, 32 and 64 channels: 6n + 2 layers. Takes images [N, 3, 32, 32]."""

    def __init__(self, layers: int = 110, num_classes: int = 10):
        super().__init__()
        if layers < 8 or (layers - 2) % 6:
            raise ValueError(f"A residual network for CIFAR has 6n + 2 layers, got {layers}.")
        blocks = (layers - 2) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._stage(blocks, 16, 16, stride=1)
        self.layer2 = self._stage(blocks, 16, 32, stride=2)
        self.layer3 = self._stage(blocks, 32, 64, stride=2)
        self.fc = nn.Linear(64, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    @staticmethod
    def _stage(blocks: int, inputs: int, outputs: int, stride: int) -> nn.Sequential:
        return nn.Sequential(
            *(BasicBlock(outputs if index else inputs, outputs, 1 if index else stride) for index in range(blocks))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean(dim=(2, 3)))


def load_resnet(path: Path | str, layers: int, classes: int | None = None) -> tuple[CifarResNet, bool, list[str]]:
    """Returns the network of a checkpoint, whether its head is new, and notes for the user; see `backbone.load_weights`.

    The checkpoint is locuslab/smoothing's {"arch", "state_dict", …}, in which the network may follow a normalisation,
    or a state dict. Raises WeightsError if `arch` names another network or a key does not match.
    """
    content = read_checkpoint(path)
    arch = content.get("arch") if isinstance(content, dict) else None
    if isinstance(arch, str) and arch != f"cifar_resnet{layers}":
        raise WeightsError(
            f"'{path}' holds the architecture '{plain_text(arch).removesuffix('.')}', expected 'cifar_resnet{layers}'. Give its file."
        )
    tensors = read_tensors(path)
    head = find_tensor(tensors, "fc.weight")
    model = CifarResNet(layers, num_classes=(classes or 10) if head is None or head.ndim < 2 else head.shape[0])
    is_new, notes = load_weights(
        model, tensors, path=path, described=f"the ResNet-{layers} for CIFAR", heads=["fc"], classes=classes
    )
    return model, is_new, notes
