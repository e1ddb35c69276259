"""OpenAI's checkpoint files: checked, identified by their hash, converted once, cached beside the original."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from ..errors import WeightsError
from .checkpoint_files import check_file
from .openai_unet import build_unet, conversions, convert, expected_shapes
from .state_dicts import fit_names, read_tensors
from .weights import check_shapes, file_hash, load_strictly, shapes_of, write_tensors

# SHA-256 of published files by name, as measured by several independent projects. None is known for the CIFAR-10 file.
PUBLISHED = {"256x256_diffusion_uncond.pt": "a37c32fffd316cd494cf3f35b339936debdc1576dad13fe57c42399a5dbc78b1"}


def load_unet(
    path: Path, arguments: Mapping[str, Any], *, sha256: str | None, device: torch.device | str, dtype: torch.dtype
) -> tuple[nn.Module, dict[str, Any]]:
    """Returns the UNet of a checkpoint in OpenAI's format and its source: {"path", "sha256", "published"}.

    Besides the UNet itself, it needs host memory for one tensor at a time, or for the file if no cache can be written.

    arguments: OpenAI's, complete.
    sha256: the required hash of the file, "any", or None for the published one if known.
    """
    identity = _identify(path, sha256)
    with torch.device("meta"):
        unet = build_unet(arguments)
    tensors = {}
    for key, tensor in _converted(path, identity["sha256"], arguments, unet):
        tensor = tensor.to(device=device, dtype=dtype)
        tensors[key] = tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
    load_strictly(unet, tensors, source=f"'{path}'", model="the UNet of these arguments")
    return unet, identity


def _identify(path: Path, expected: str | None) -> dict[str, Any]:
    """Returns path and hash of a file; raises WeightsError if the hash differs from the user's or the publisher's."""
    check_file(path)
    found = file_hash(path)
    published = PUBLISHED.get(path.name)
    stated = expected or published
    if stated not in (None, "any", found):
        whose = "you gave" if expected else "the published file of this name has"
        raise WeightsError(
            f"'{path}' has the SHA-256 {found}, but {whose} {stated}. Download it again; if you trust this file, "
            f"give \"sha256\": \"{found}\"."
        )
    return {"path": str(path), "sha256": found, "published": found == published if published else None}


def _converted(
    path: Path, sha256: str, arguments: Mapping[str, Any], unet: nn.Module
) -> Iterator[tuple[str, torch.Tensor]]:
    """Returns the checkpoint under UNet2DModel's names: from the cache beside it, or converted, and cached if possible."""
    # Includes the arguments: another number of heads splits the same tensors differently.
    metadata = {"sha256": sha256, "arguments": json.dumps(arguments, sort_keys=True)}
    cache = path.with_name(f"{path.name}.{sha256[:16]}.safetensors")
    if _cache_metadata(cache) != metadata:
        converted = _convert(path, arguments, unet)
        try:
            write_tensors(cache, converted, metadata)
        except (OSError, WeightsError) as error:
            warnings.warn(
                f"The converted weights of '{path}' could not be cached beside it ({error}). "
                "Every start converts them again and needs twice the host memory.",
                stacklevel=2,
            )
            yield from converted.items()
            return
        # Releases the mapped original, so that only one of the two files is in memory.
        del converted
    # Read, not mapped: a mapped file would stay in memory beside its copies in another memory format, dtype or device.
    with safe_open(cache, framework="pt", backend="pread") as file:
        for key in file.keys():
            yield key, file.get_tensor(key)


def _convert(path: Path, arguments: Mapping[str, Any], unet: nn.Module) -> dict[str, torch.Tensor]:
    plan = conversions(arguments, unet)
    expected = expected_shapes(plan)
    fitted = fit_names(read_tensors(path), expected, source=f"'{path}'")
    # Keys outside a prefix are refused here: these files have none.
    tensors = {**fitted.tensors, **dict.fromkeys(fitted.left_out, torch.empty(0))}
    check_shapes(
        expected,
        shapes_of(tensors),
        source=f"The checkpoint '{path}'",
        model="the architecture of the given arguments",
    )
    return convert(tensors, plan)


def _cache_metadata(cache: Path) -> dict[str, str] | None:
    try:
        with safe_open(cache, framework="pt") as file:
            return file.metadata()
    except (OSError, SafetensorError):
        return None
