"""The LeNet for MNIST of the smoothing literature, from its checkpoints or with random weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.functional import max_pool2d

from ..backbone import Backbone, ClassifierSource, load_weights, weight_file
from ..state_dicts import find_tensor, read_tensors


# Side of its images: the first linear layer has inputs for exactly this size.
SIDE = 28


class LeNet(nn.Module):
    """Two convolutions of 5×5 with 20 and 50 channels, each pooled by 2, and two linear layers.

    Takes images [N, 1, 28, 28]. Layer names are those of jh-jeong/smoothing-consistency, the source of this model; weights have
    torch's default initialisation.
    """

    def __init__(self, num_classes: int = 10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 20, 5)
        self.conv2 = nn.Conv2d(20, 50, 5)
        self.fc1 = nn.Linear(50 * 4 * 4, 500)
        self.fc2 = nn.Linear(500, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[-2:]
        if (height, width) != (SIDE, SIDE):
            raise ValueError(f"Input image size ({height}*{width}) doesn't match model ({SIDE}*{SIDE}).")
        x = max_pool2d(torch.relu(self.conv1(x)), 2)
        x = max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.fc2(torch.relu(self.fc1(x.flatten(1))))


def load_lenet(spec: Mapping[str, Any]) -> Backbone:
    classes = spec.get("num_classes")
    if "path" not in spec:
        return Backbone(LeNet(classes or 10), ["fc2"], None, "network")
    tensors = read_tensors(weight_file(spec["path"]))
    head = find_tensor(tensors, "fc2.weight")
    model = LeNet((classes or 10) if head is None or head.ndim < 2 else head.shape[0])
    is_new, notes = load_weights(
        model, tensors, path=spec["path"], described="the LeNet for MNIST", heads=["fc2"], classes=classes
    )
    if classes is not None and classes != model.fc2.out_features:
        notes.append(f"The network has a new head with {classes} classes; the weights have {model.fc2.out_features}.")
        model.fc2 = nn.Linear(model.fc2.in_features, classes)
        is_new = True
    return Backbone(model, ["fc2"], None, "head" if is_new else None, notes=notes)


SOURCE = ClassifierSource(load_lenet)
