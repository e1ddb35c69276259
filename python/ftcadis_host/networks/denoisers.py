"""Diffusion UNets as one-shot denoisers: from diffusers folders, from OpenAI's files, or freshly initialised."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from . import denoiser_sources
from ..errors import SpecError, explained
from ..folders import write_json, written_folder
from ..sources import find_source
from ..torchvision_compat import prepare_torchvision
from .noise_schedule import noise_schedule
from .state_dicts import read_tensors
from .weights import check_shapes, shapes_of, write_tensors

UNET_FILE = "diffusion_pytorch_model.safetensors"
SCHEDULER_FILE = "scheduler_config.json"


class Denoiser(nn.Module):
    """Predicts the noise in an image.

    unet: the `diffusers.UNet2DModel`.
    scheduler_config: the noise schedule in the terms of diffusers' DDPMScheduler, plus OpenAI's `rescale_timesteps`.
    provenance: the source of the weights: `source`, and for a file `path`, `sha256`, `published`.
    """

    def __init__(self, unet: nn.Module, scheduler_config: Mapping[str, Any], provenance: Mapping[str, Any]):
        super().__init__()
        if unet.class_embedding is not None:
            raise SpecError("The denoiser needs the class that is to be found out. Use an unconditional one.")
        self.unet = unet
        self.scheduler_config = dict(scheduler_config)
        self.schedule = noise_schedule(self.scheduler_config)
        self.provenance = dict(provenance)
        # The inputs of `load_denoiser`, as (description, dtype); None if the network has changed since.
        self.loaded: tuple[Mapping[str, Any], torch.dtype] | None = None
        # False if diffusers' configuration cannot express the network.
        self.storable = True

    def forward(self, x: torch.Tensor, model_timestep: float | torch.Tensor) -> torch.Tensor:
        """Returns the predicted noise [N, C, H, W] in the dtype of x; a predicted variance is dropped.

        x: noisy images [N, C, H, W]; H and W are multiples of 2^(levels - 1).
        model_timestep: the network's timestep, already rescaled if the schedule requires it; one for all or [N].
        """
        factor = 2 ** (len(self.unet.config.block_out_channels) - 1)
        if x.shape[-2] % factor or x.shape[-1] % factor:
            raise ValueError(
                f"The denoiser takes images whose height and width are multiples of {factor}, got "
                f"{list(x.shape[-2:])}. Crop, pad or resize the images."
            )
        # The network casts a Python number to an integer, and its embedding is computed in float32.
        if isinstance(model_timestep, torch.Tensor):
            timesteps = model_timestep.to(x.device, torch.float32).expand(x.shape[0])
        else:
            timesteps = torch.full((x.shape[0],), model_timestep, dtype=torch.float32, device=x.device)
        dtype = next(self.unet.parameters()).dtype
        return self.unet(x.to(dtype), timesteps).sample[:, : x.shape[1]].to(x.dtype)


def load_denoiser(spec: Mapping[str, Any], *, device: torch.device | str, dtype: torch.dtype) -> Denoiser:
    """Loads the denoiser of a description, in eval mode, without gradients of its parameters.

    spec: one of
        {"source": "diffusers", "path": folder or hub id}
            a UNet2DModel with its `scheduler_config.json` in the same folder, or in subfolders `unet` and `scheduler`
        {"source": "diffusers", "unet": {arguments of UNet2DModel}, "scheduler": {arguments of DDPMScheduler}}
            random weights, drawn from torch's default generator
        {"source": "openai", "path": file, "preset": "imagenet256" | "cifar10" or "arguments": {OpenAI's arguments},
         "sha256": expected hash or "any"}
            a checkpoint of guided-diffusion or improved-diffusion; without `path`, random weights
    The weights are kept in channels_last order: convolutions run about twice as fast, on a CPU and on tensor cores.
    Raises SpecError and WeightsError.
    """
    prepare_torchvision()
    load = find_source(denoiser_sources, spec.get("source"), "denoiser")
    with explained(
        f"The denoiser of source '{spec['source']}' could not be loaded",
        "Look at the settings of `smoothing.denoiser` and at its files; --traceback shows where it failed.",
    ):
        denoiser = load(spec, device, dtype)
    denoiser = denoiser.to(device=device, dtype=dtype, memory_format=torch.channels_last)
    denoiser.loaded = (dict(spec), dtype)
    return denoiser.eval().requires_grad_(False)


def save_denoiser(denoiser: Denoiser, folder: Path | str) -> None:
    """Writes a folder in diffusers format atomically, which `load_denoiser` and diffusers itself can load."""
    if not denoiser.storable:
        raise SpecError(
            "This denoiser cannot be stored in diffusers format: its numbers of heads or its timestep embedding are "
            "beyond what a UNet2DModel configuration says. Keep OpenAI's file and arguments."
        )
    with written_folder(folder) as new:
        denoiser.unet.save_config(new)
        write_tensors(new / UNET_FILE, denoiser.unet.state_dict(), {"format": "pt"})
        write_json(new / SCHEDULER_FILE, {"_class_name": "DDPMScheduler", **denoiser.scheduler_config})


def describe_parameters(denoiser: Denoiser) -> list[dict[str, Any]]:
    """Returns name and shape of every parameter. A trained denoiser is trained in full."""
    return [
        {"name": name, "shape": list(value.shape), "trainable": True} for name, value in denoiser.named_parameters()
    ]


def restore_denoiser(denoiser: Denoiser, folder: Path | str) -> None:
    """Loads the weights that `save_denoiser` wrote for the same network; the recorded provenance stays."""
    file = Path(folder) / UNET_FILE
    tensors = read_tensors(file)
    expected = shapes_of(denoiser.unet.state_dict())
    check_shapes(expected, shapes_of(tensors), source=f"'{file}'", model="the denoiser of these settings")
    # In place: an optimizer may hold these parameters.
    denoiser.unet.load_state_dict(tensors)
