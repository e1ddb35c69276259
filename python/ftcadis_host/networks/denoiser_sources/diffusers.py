"""Denoisers in diffusers format: a folder, a model of the hub, or random weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ...errors import SpecError, WeightsError, explained, plain_text
from ...folders import read_json
from ...size_limits import check_numbers, within
from ..denoisers import SCHEDULER_FILE, UNET_FILE, Denoiser
from ..lean_diffusers import diffusers
from ..state_dicts import without_wrappers
from ..weight_folders import read_folder
from ..weights import cached_model, check_folder_or_id, load_strictly, some

EARLIER_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def load_from_diffusers(spec: Mapping[str, Any], device: torch.device | str, dtype: torch.dtype) -> Denoiser:
    unet_2d_model = diffusers().UNet2DModel
    if "path" not in spec:
        if "unet" not in spec or "scheduler" not in spec:
            raise SpecError("A diffusers denoiser needs 'path', or 'unet' and 'scheduler' for random weights.")
        with torch.device(device):
            unet = unet_2d_model(**spec["unet"])
        return Denoiser(unet, spec["scheduler"], {"source": "diffusers"})

    folder = _local_folder(str(spec["path"]))
    unet_folder = folder if (folder / "config.json").is_file() else folder / "unet"
    if unet_folder != folder and not unet_folder.is_dir():
        raise WeightsError(
            f"'{folder}' has no config.json, and no subfolder 'unet' that has one. Give a folder that "
            "`UNet2DModel.save_pretrained` or a pipeline of diffusers wrote."
        )
    config = read_json(unet_folder / "config.json")
    _check_config(unet_folder, config)
    check_numbers(config, source=f"'{unet_folder / 'config.json'}'")
    scheduler = next(
        (path for path in (folder / SCHEDULER_FILE, folder / "scheduler" / SCHEDULER_FILE) if path.is_file()), None
    )
    if scheduler is None:
        raise WeightsError(f"'{folder}' has no {SCHEDULER_FILE}, which holds the noise schedule. Copy it there.")
    file, tensors = read_folder(unet_folder, (UNET_FILE.removesuffix(".safetensors"),))
    with explained(
        f"The config.json of '{unet_folder}' describes no UNet2DModel", "Give the config.json that belongs to the weights."
    ):
        with within(tensors, source=f"'{file}'"), torch.device("meta"):
            unet = unet_2d_model.from_config(config)
    tensors = without_wrappers(tensors, unet.state_dict())
    # Attention's names in diffusers before 0.17.
    for key in list(tensors):
        parent, _, name = key.rpartition(".")
        block, _, layer = parent.rpartition(".")
        if layer in EARLIER_ATTENTION:
            tensors[f"{block}.{EARLIER_ATTENTION[layer]}.{name}"] = tensors.pop(key)
    tensors = {key: tensor.to(dtype) if tensor.is_floating_point() else tensor for key, tensor in tensors.items()}
    fitted = load_strictly(unet, tensors, source=f"'{file}'", model="the UNet of its config.json")
    if fitted.left_out:
        raise WeightsError(
            f"'{file}' holds more than a denoiser: {some(fitted.left_out)}. Give the state dict of the UNet alone."
        )
    return Denoiser(unet, read_json(scheduler), {"source": "diffusers", "path": str(spec["path"])})


def _check_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Raises SpecError if a folder holds another network than a denoiser with only image and timestep as inputs."""
    kind = plain_text(config.get("_class_name", "UNet2DModel")).removesuffix(".")
    if kind == "UNet2DConditionModel":
        raise SpecError(
            f"'{folder}' holds a UNet2DConditionModel, as text-to-image models have: it needs a text, and mostly works on "
            "latents. Use an unconditional denoiser of images, a UNet2DModel."
        )
    if kind != "UNet2DModel":
        raise SpecError(f"'{folder}' holds a {kind}, expected a UNet2DModel. Give the folder of an unconditional denoiser.")
    if config.get("class_embed_type") is not None or config.get("num_class_embeds") is not None:
        raise SpecError(
            f"'{folder}' holds a class-conditional denoiser: it needs the class that is to be found out. Use an "
            "unconditional one."
        )


def _local_folder(path: str) -> Path:
    folder = Path(path)
    if (folder / "checkpoints").is_dir() and not (folder / SCHEDULER_FILE).is_file():
        raise SpecError(
            f"'{folder}' is the folder of a run, expected that of a denoiser. Give it as --denoiser on the command line, or the "
            "folder 'denoiser' of one of its checkpoints as the path."
        )
    if folder.is_dir():
        return folder
    check_folder_or_id(path)
    wanted = ["config.json", "scheduler_config.json", "diffusion_pytorch_model*.safetensors*"]
    return cached_model(path, wanted + [f"unet/{name}" for name in wanted] + [f"scheduler/{SCHEDULER_FILE}"])


SOURCE = load_from_diffusers
