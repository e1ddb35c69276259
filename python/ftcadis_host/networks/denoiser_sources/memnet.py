"""MemNet, from checkpoints of Denoised Smoothing or of a run here, or with random weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ..image_denoisers.image_denoiser import ImageDenoiser, make_image_denoiser
from ..image_denoisers.memnet import MemNet


def load_memnet(spec: Mapping[str, Any], _device: torch.device | str, _dtype: torch.dtype) -> ImageDenoiser:
    network = MemNet(spec["width"], spec["blocks"], spec["units"], spec["channels"])
    return make_image_denoiser(network, spec)


SOURCE = load_memnet
