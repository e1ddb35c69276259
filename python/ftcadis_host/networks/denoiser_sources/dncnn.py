"""DnCNN, from checkpoints of Denoised Smoothing or of a run here, or with random weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ..image_denoisers.dncnn import DnCNN
from ..image_denoisers.image_denoiser import ImageDenoiser, make_image_denoiser


def load_dncnn(spec: Mapping[str, Any], _device: torch.device | str, _dtype: torch.dtype) -> ImageDenoiser:
    return make_image_denoiser(DnCNN(spec["depth"], spec["width"], spec["channels"]), spec)


SOURCE = load_dncnn
