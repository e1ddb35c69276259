"""Denoisers of guided-diffusion and improved-diffusion: a checkpoint as published, or random weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from .. import openai_arguments, openai_checkpoint, openai_unet
from ...errors import SpecError
from ..denoisers import Denoiser


def load_from_openai(spec: Mapping[str, Any], device: torch.device | str, dtype: torch.dtype) -> Denoiser:
    preset = spec.get("preset")
    if preset is not None and preset not in openai_arguments.PRESETS:
        raise SpecError(f"Unknown preset {preset!r} of a denoiser. Give {' or '.join(openai_arguments.PRESETS)}.")
    if preset is None and "arguments" not in spec:
        raise SpecError("An OpenAI denoiser needs 'preset' or 'arguments'.")
    arguments = openai_arguments.complete_arguments(
        {**openai_arguments.PRESETS.get(preset, {}), **spec.get("arguments", {})}
    )
    if arguments["class_cond"]:
        raise SpecError(
            "'class_cond' is true: such a denoiser needs the class that is to be found out. Use an unconditional denoiser."
        )
    provenance = {"source": "openai"}
    if "path" in spec:
        unet, identity = openai_checkpoint.load_unet(
            Path(spec["path"]), arguments, sha256=spec.get("sha256"), device=device, dtype=dtype
        )
        provenance |= identity
    else:
        with torch.device(device):
            unet = openai_unet.build_unet(arguments)
    denoiser = Denoiser(unet, openai_arguments.scheduler_config(arguments), provenance)
    denoiser.storable = openai_arguments.config_is_complete(arguments)
    return denoiser


SOURCE = load_from_openai
