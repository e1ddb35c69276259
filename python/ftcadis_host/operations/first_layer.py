"""Operations on the first layer of a classifier, for noise after it. The TypeScript side is `src/torch/networks/first-layer.ts`."""

from __future__ import annotations

import torch

from ..delegates import lazy


def first_layer_features(_host, classifier, images: torch.Tensor, *, exact: bool) -> torch.Tensor:
    """Features of images [..., C, H, W], as [..., D, H', W']."""
    from ..networks.layer_noise.first_layer import features

    made = features(classifier, images.flatten(0, -4) if images.ndim > 3 else images[None], exact=exact)
    return made.reshape(*images.shape[:-3], *made.shape[1:])


OPERATIONS = {
    "find_first_layer": lazy("networks.layer_noise.first_layer", "find_first_layer"),
    "first_layer_features": first_layer_features,
    "first_layer_sensitivity": lazy("networks.layer_noise.sensitivity", "sensitivity"),
    "after_first_layer": lazy("networks.layer_noise.first_layer", "AfterFirstLayer"),
    "parseval_step": lazy("networks.layer_noise.sensitivity", "parseval_step"),
}
