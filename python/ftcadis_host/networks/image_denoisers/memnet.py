"""MemNet (Tai et al., 2017) as Denoised Smoothing has it (Salman et al., 2020), with the names of its checkpoints."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class MemNet(nn.Module):
    """Adds the output of its memory blocks to the image.

    blocks: memory blocks.
    units: residual blocks in each of them.
    """

    def __init__(self, width: int = 64, blocks: int = 3, units: int = 6, channels: int = 3):
        super().__init__()
        self.feature_extractor = _Unit(channels, width)
        self.reconstructor = _Unit(width, channels)
        self.dense_memory = nn.ModuleList(_MemoryBlock(width, units, earlier=place + 1) for place in range(blocks))

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        features = self.feature_extractor(noisy)
        memory = [features]
        for block in self.dense_memory:
            features = block(features, memory)
            memory.append(features)
        return self.reconstructor(features) + noisy


class _Unit(nn.Module):
    """Batch normalisation, ReLU, convolution."""

    def __init__(self, channels: int, out: int, size: int = 3):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, out, size, padding=size // 2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(F.relu(self.bn(x)))


class _ResidualBlock(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.relu_conv1 = _Unit(width, width)
        self.relu_conv2 = _Unit(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu_conv2(self.relu_conv1(x)) + x


class _MemoryBlock(nn.Module):
    """Residual blocks, and a gate over the outputs of each of them and of all earlier memory blocks.

    earlier: number of features in the memory before this block.
    """

    def __init__(self, width: int, units: int, earlier: int):
        super().__init__()
        self.recursive_unit = nn.ModuleList(_ResidualBlock(width) for _ in range(units))
        self.gate_unit = _Unit((units + earlier) * width, width, size=1)

    def forward(self, x: torch.Tensor, memory: list[torch.Tensor]) -> torch.Tensor:
        left = []
        for unit in self.recursive_unit:
            x = unit(x)
            left.append(x)
        return self.gate_unit(torch.cat([*left, *memory], 1))
