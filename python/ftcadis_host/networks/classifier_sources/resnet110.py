"""The ResNet-110 for CIFAR of locuslab/smoothing, from its checkpoints or with random weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from ..backbone import Backbone, ClassifierSource, weight_file
from ..resnet_cifar import CifarResNet, load_resnet


def load_resnet110(spec: Mapping[str, Any]) -> Backbone:
    classes = spec.get("num_classes")
    if "path" not in spec:
        return Backbone(CifarResNet(110, classes or 10), ["fc"], None, "network")
    model, is_new, notes = load_resnet(weight_file(spec["path"]), 110, classes)
    if classes is not None and classes != model.fc.out_features:
        notes.append(f"The network has a new head with {classes} classes; the weights have {model.fc.out_features}.")
        model.fc = nn.Linear(model.fc.in_features, classes)
        is_new = True
    return Backbone(model, ["fc"], None, "head" if is_new else None, notes=notes)


SOURCE = ClassifierSource(load_resnet110)
