"""Denoisers in diffusers format: a folder, a model of the hub, or random weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ...errors import SpecError, WeightsError
from ...folders import read_json
from ..denoisers import SCHEDULER_FILE, UNET_FILE, Denoiser
from ..lean_diffusers import diffusers
from ..weights import check_file, check_folder_or_id


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
            f"The weights in '{unet_folder}' do not fit its config.json: {problems}. Give a folder whose weights and config.json belong together."
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


SOURCE = load_from_diffusers
