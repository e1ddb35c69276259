"""Diffusion UNets as one-shot denoisers: from diffusers folders, from OpenAI's files, or freshly initialised."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from . import openai_arguments, openai_checkpoint, openai_unet
from ..errors import SpecError, WeightsError
from ..folders import read_json, write_json, written_folder
from .lean_diffusers import diffusers
from .noise_schedule import noise_schedule
from ..torchvision_compat import prepare_torchvision
from .weights import check_file, check_folder_or_id, write_tensors

UNET_FILE = "diffusion_pytorch_model.safetensors"
SCHEDULER_FILE = "scheduler_config.json"


class Denoiser(nn.Module):
    """Predicts the noise in an image.

    unet: the `diffusers.UNet2DModel`.
    scheduler_config: the noise schedule in the terms of diffusers' DDPMScheduler, plus OpenAI's `rescale_timesteps`.
    provenance: where the weights are from: `source`, and where they came from a file `path`, `sha256`, `published`.
    """

    def __init__(self, unet: nn.Module, scheduler_config: Mapping[str, Any], provenance: Mapping[str, Any]):
        super().__init__()
        if unet.class_embedding is not None:
            raise SpecError("The denoiser needs the class that is to be found out. Use an unconditional one.")
        self.unet = unet
        self.scheduler_config = dict(scheduler_config)
        self.schedule = noise_schedule(self.scheduler_config)
        self.provenance = dict(provenance)
        # False where diffusers' configuration cannot express the network.
        self.storable = True

    def forward(self, x: torch.Tensor, model_timestep: float | torch.Tensor) -> torch.Tensor:
        """The predicted noise [N, C, H, W] in the dtype of x; a predicted variance is dropped.

        x: noisy images [N, C, H, W]; H and W are multiples of 2^(levels - 1).
        model_timestep: what the network is told, already rescaled where the schedule says so; one for all or [N].
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
    """The denoiser that a description names, in eval mode, its parameters not requiring gradients.

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
    source = spec.get("source")
    if source == "diffusers":
        denoiser = _from_diffusers(spec, device, dtype)
    elif source == "openai":
        denoiser = _from_openai(spec, device, dtype)
    else:
        raise SpecError(f"Unknown source {source!r} of a denoiser. Give 'diffusers' or 'openai'.")
    denoiser = denoiser.to(device=device, dtype=dtype, memory_format=torch.channels_last)
    return denoiser.eval().requires_grad_(False)


def save_denoiser(denoiser: Denoiser, folder: Path | str) -> None:
    """Writes a folder in diffusers format, all or nothing, which `load_denoiser` and diffusers itself load."""
    if not denoiser.storable:
        raise SpecError(
            "This denoiser cannot be stored in diffusers format: its numbers of heads or its timestep embedding are "
            "beyond what a UNet2DModel configuration says. Keep OpenAI's file and arguments."
        )
    with written_folder(folder) as new:
        denoiser.unet.save_config(new)
        write_tensors(new / UNET_FILE, denoiser.unet.state_dict(), {"format": "pt"})
        write_json(new / SCHEDULER_FILE, {"_class_name": "DDPMScheduler", **denoiser.scheduler_config})


def _from_diffusers(spec: Mapping[str, Any], device: torch.device | str, dtype: torch.dtype) -> Denoiser:
    unet_2d_model = diffusers().UNet2DModel
    if "path" not in spec:
        if "unet" not in spec or "scheduler" not in spec:
            raise SpecError("A diffusers denoiser needs 'path', or 'unet' and 'scheduler' for random weights.")
        with torch.device(device):
            unet = unet_2d_model(**spec["unet"])
        return Denoiser(unet, spec["scheduler"], {"source": "diffusers"})

    folder = _local_folder(str(spec["path"]))
    unet_folder = folder if (folder / "config.json").is_file() else folder / "unet"
    scheduler = next(
        (path for path in (folder / SCHEDULER_FILE, folder / "scheduler" / SCHEDULER_FILE) if path.is_file()), None
    )
    if scheduler is None:
        raise WeightsError(f"'{folder}' has no {SCHEDULER_FILE}, which holds the noise schedule. Copy it there.")
    read_json(unet_folder / "config.json")
    files = [path for path in unet_folder.iterdir() if path.suffix in (".safetensors", ".bin")]
    if not files:
        raise WeightsError(f"'{unet_folder}' has no weights. Give a folder that has {UNET_FILE}.")
    for file in files:
        check_file(file)
    try:
        unet, report = unet_2d_model.from_pretrained(unet_folder, torch_dtype=dtype, output_loading_info=True)
        problems = "; ".join(f"{kind.replace('_', ' ')} {keys[:3]}" for kind, keys in report.items() if keys)
    except ValueError as error:
        problems = str(error)
    if problems:
        raise WeightsError(
            f"The weights in '{unet_folder}' do not fit its config.json: {problems}. Download both again."
        )
    return Denoiser(unet, read_json(scheduler), {"source": "diffusers", "path": str(spec["path"])})


def _local_folder(path: str) -> Path:
    if Path(path).is_dir():
        return Path(path)
    check_folder_or_id(path)
    from huggingface_hub import snapshot_download

    wanted = ["config.json", "scheduler_config.json", "diffusion_pytorch_model*.safetensors*"]
    patterns = wanted + [f"unet/{name}" for name in wanted] + [f"scheduler/{SCHEDULER_FILE}"]
    try:
        return Path(snapshot_download(path, allow_patterns=patterns))
    except Exception as error:
        raise WeightsError(
            f"There is no folder '{path}', and the hub has no model of that id in reach: {error} "
            "Give an existing folder, or download the model on a machine with a network."
        ) from error


def _from_openai(spec: Mapping[str, Any], device: torch.device | str, dtype: torch.dtype) -> Denoiser:
    preset = spec.get("preset")
    if preset is not None and preset not in openai_arguments.PRESETS:
        raise SpecError(f"Unknown preset {preset!r} of a denoiser. Give {' or '.join(openai_arguments.PRESETS)}.")
    if preset is None and "arguments" not in spec:
        raise SpecError("An OpenAI denoiser needs 'preset' or 'arguments'.")
    arguments = openai_arguments.complete_arguments(
        {**openai_arguments.PRESETS.get(preset, {}), **spec.get("arguments", {})}
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
