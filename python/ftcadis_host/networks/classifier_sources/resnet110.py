"""The ResNet-110 for CIFAR of locuslab/smoothing, from its checkpoints or with random weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from ..backbone import Backbone, ClassifierSource, weight_file
from ..resnet_cifar import CifarResNet, load_resnet


def load_resnet110(spec: Mapping[str, Any]) -> Backbone:
    if "path" not in spec:
        model = CifarResNet(110, spec.get("num_classes") or 10)
    else:
        model = load_resnet(weight_file(spec["path"]), 110)
    random = None if "path" in spec else "network"
    classes = spec.get("num_classes")
    if classes is not None and classes != model.fc.out_features:
        model.fc = nn.Linear(model.fc.in_features, classes)
        random = random or "head"
    return Backbone(model, ["fc"], None, random)


SOURCE = ClassifierSource(load_resnet110)
