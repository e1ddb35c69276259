"""The first layer of a classifier, and the rest of the network.

Images are in [-1, 1]. Everything before the layer, the network's resizing and input range, counts as part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import nn

from ..classifiers import Classifier
from ...errors import SpecError

REMEDY = "Put the noise on the image (leave out smoothing.noiseAfter), or take another network."

# Largest difference between the logits of both paths through the network, relative to the largest logit: in float32 and
# float64, and in narrower types, which round the layer itself on only one of the paths.
AGREEMENT = {"wide": 1e-3, "narrow": 0.1}


def first_layer(classifier: Classifier) -> nn.Conv2d:
    """Returns the convolution that `find_first_layer` found."""
    if classifier.first_layer is None:
        raise SpecError("The first layer of the classifier was not looked for.")
    return classifier.model.get_submodule(classifier.first_layer)


def find_first_layer(classifier: Classifier, image: torch.Tensor) -> str:
    """Finds the convolution whose input is the whole image, and returns its name. The classifier remembers it.

    image: one image [C, H, W].
    Raises SpecError if there is none, or the network also uses the image elsewhere.
    """
    found: list[tuple[str, nn.Conv2d]] = []
    seen = classifier.ranged(image[None]).to(next(classifier.model.parameters()).dtype)

    def notice(name: str):
        def hook(module: nn.Module, inputs: tuple) -> None:
            if not found and len(inputs) == 1 and inputs[0].shape == seen.shape and torch.equal(inputs[0], seen):
                found.append((name, module))

        return hook

    convolutions = [(name, module) for name, module in classifier.model.named_modules() if type(module) is nn.Conv2d]
    handles = [module.register_forward_pre_hook(notice(name)) for name, module in convolutions]
    try:
        with torch.no_grad():
            plain = classifier(image[None])
    finally:
        for handle in handles:
            handle.remove()
    if not found:
        raise SpecError(
            f"Noise after the first layer needs a network that begins with a convolution (torch.nn.Conv2d) of the image; "
            f"{type(classifier.model).__name__} does not. {REMEDY}"
        )
    name, layer = found[0]
    if layer.padding_mode != "zeros" or layer.groups != 1 or layer.dilation != (1, 1) or isinstance(layer.padding, str):
        raise SpecError(
            f"The sensitivity of the first layer '{name}' is known for zero padding in pixels, one group and no "
            f"dilation; it is {layer}. {REMEDY}"
        )
    classifier.first_layer = name
    with torch.no_grad():
        split = AfterFirstLayer(classifier, image.shape)(features(classifier, image[None]))
    is_wide = classifier.autocast is None and layer.weight.dtype in (torch.float32, torch.float64)
    agreement = AGREEMENT["wide" if is_wide else "narrow"]
    if not (split - plain).abs().max() <= agreement * max(1.0, plain.abs().max().item()):
        raise SpecError(
            f"The network looks at the image beside its first layer '{name}', so that noise after that does not hide "
            f"it. {REMEDY}"
        )
    return name


def features(classifier: Classifier, images: torch.Tensor, exact: bool = False) -> torch.Tensor:
    """Returns the first layer's features of images [N, C, H, W]: [N, D, H', W'], in float32, never under autocast.

    exact: whether to compute in float64 and then round, so that rounding does not add to the sensitivity.
    """
    layer = first_layer(classifier)
    dtype = torch.float64 if exact or layer.weight.dtype == torch.float64 else torch.float32
    bias = None if layer.bias is None else layer.bias.to(dtype)
    with torch.autocast(images.device.type, enabled=False):
        x = classifier.ranged(images.to(dtype)).to(dtype)
        out = F.conv2d(x, layer.weight.to(dtype), bias, stride=layer.stride, padding=layer.padding)
    return out.to(images.dtype)


class AfterFirstLayer(nn.Module):
    """The rest of a classifier: from features of its first layer [N, D, H', W'] to logits [N, K]. It shares the weights."""

    def __init__(self, classifier: Classifier, image_shape: torch.Size | tuple[int, ...]):
        super().__init__()
        self.classifier = classifier
        self.image_shape = tuple(image_shape)

    @property
    def training(self) -> bool:
        """The mode of the classifier, which both share."""
        return self.classifier.training

    @training.setter
    def training(self, mode: bool) -> None:
        """`train` sets the mode of the classifier, which is part of this module."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        # The layer is skipped, so only the features carry information about an image.
        blank = features.new_zeros((len(features), *self.image_shape))
        with _answering(first_layer(self.classifier), features):
            return self.classifier(blank)


@contextmanager
def _answering(layer: nn.Conv2d, answer: torch.Tensor) -> Iterator[None]:
    layer.forward = lambda *_: answer.to(layer.weight.dtype)
    try:
        yield
    finally:
        del layer.forward
