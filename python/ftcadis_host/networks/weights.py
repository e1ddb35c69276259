"""Weight files: read without executing anything that is in them, compared key by key, written whole or not at all.

A checkpoint is untrusted input. Safetensors files hold numbers only; PyTorch files are pickles and are read with
`weights_only=True`, always. Files are memory-mapped, so that a tensor costs memory once it is used, and only once.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import WeightsError

Shapes = Mapping[str, tuple[int, ...]]

# How many keys an error message shows of each kind.
SHOWN = 3


def file_hash(path: Path | str) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_folder_or_id(path: str) -> None:
    """Raises `WeightsError` where a text is neither an existing folder nor can be the id of a model on the hub."""
    if not Path(path).is_dir() and (path.startswith((".", "/", "~")) or path.count("/") > 1 or "\\" in path):
        raise WeightsError(f"There is no folder '{path}'. Give an existing folder, or a hub id such as 'owner/name'.")


def check_file(path: Path | str) -> None:
    """Raises `WeightsError` where a file cannot be a complete weight file: missing, empty, a web page, cut off, …"""
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"There is no weight file at '{path}'. Give the path of an existing file.")
    with open(path, "rb") as file:
        head = file.read(512)
    start = head.lstrip().lower()
    if not head:
        raise WeightsError(f"The weight file '{path}' is empty (0 bytes). Write or download it again.")
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise WeightsError(
            f"'{path}' is a web page, no weight file: it starts with {_quote(start)} at byte 0. The download was "
            "answered with a page, usually an error or a sign-in. Download the file itself."
        )
    if start.startswith(b"version https://git-lfs"):
        raise WeightsError(f"'{path}' is a Git LFS pointer, no weight file. Run `git lfs pull` where it came from.")
    if head.startswith(b"PK\x03\x04"):
        _check_zip(path)
    elif path.suffix == ".safetensors":
        _check_safetensors(path)
    elif not head.startswith(b"\x80"):
        raise WeightsError(
            f"'{path}' is not a PyTorch weight file: it starts with {_quote(head)} at byte 0, but a PyTorch file starts "
            "with 'PK' or with byte 0x80. Write or download it again, or give it its proper name if it is a .safetensors file."
        )


def read_checkpoint(path: Path | str) -> Any:
    """What a weight file holds, on the CPU and memory-mapped; for a safetensors file the dict of its tensors."""
    path = Path(path)
    check_file(path)
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    try:
        # Files from before PyTorch 1.6 are plain pickles, which cannot be mapped.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"'{path}' is damaged or holds more than weights; nothing in it was executed. PyTorch says: "
            f"{_first_line(error)} Download it again, or have its author save the state dict alone."
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise WeightsError(
            f"'{path}' cannot be read ({path.stat().st_size} bytes): {_first_line(error)} Write or download it again."
        ) from error


def read_tensors(path: Path | str, inside: tuple[str, ...] = ()) -> dict[str, torch.Tensor]:
    """The state dict in a weight file, on the CPU and memory-mapped.

    inside: entries under which the state dict may lie, tried in this order; else the file itself is the state dict.
    """
    content = read_checkpoint(path)
    for entry in inside:
        if isinstance(content, dict) and isinstance(content.get(entry), dict):
            content = content[entry]
            break
    if not isinstance(content, dict):
        raise WeightsError(f"'{path}' holds a {type(content).__name__}, expected a dict of tensors by name.")
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            raise WeightsError(
                f"'{path}' holds a {type(value).__name__} under the key {key!r}, expected a tensor under a name: "
                "it is not a state dict. Save the state dict alone."
            )
    return dict(content)


def check_shapes(expected: Shapes, found: Shapes, *, source: str, model: str) -> None:
    """Raises `WeightsError` that names the first missing, unexpected and mis-shaped keys, if there are any."""
    missing = [key for key in expected if key not in found]
    unexpected = [key for key in found if key not in expected]
    misshaped = [key for key in expected if key in found and tuple(found[key]) != tuple(expected[key])]
    if not (missing or unexpected or misshaped):
        return
    parts = []
    if missing:
        parts.append(f"{len(missing)} of {len(expected)} keys are missing, first {_some(missing)}")
    if unexpected:
        parts.append(f"{len(unexpected)} keys are not expected, first {_some(unexpected)}")
    if misshaped:
        shown = [f"{key} is {list(found[key])}, expected {list(expected[key])}" for key in misshaped[:SHOWN]]
        parts.append(f"{len(misshaped)} tensors have another shape, first {'; '.join(shown)}")
    raise WeightsError(
        f"{source} does not fit {model}: {'. '.join(parts)}. "
        "Give the file that belongs to this architecture, or the architecture's arguments that belong to this file."
    )


def shapes_of(tensors: Mapping[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor, by name."""
    return {key: tuple(tensor.shape) for key, tensor in tensors.items()}


def load_strictly(module: nn.Module, tensors: Mapping[str, torch.Tensor], *, source: str, model: str) -> None:
    """Gives a module, which may lie on the meta device, these tensors without copying them. Every key must match."""
    check_shapes(shapes_of(module.state_dict()), shapes_of(tensors), source=source, model=model)
    module.load_state_dict(tensors, strict=True, assign=True)


def write_tensors(
    path: Path | str, tensors: Mapping[str, torch.Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Writes a safetensors file under a temporary name, then renames it: a reader never sees half a file."""
    from safetensors.torch import save_file

    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, temporary, metadata=metadata)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _check_zip(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        raise WeightsError(
            f"'{path}' is cut off: it starts as a PyTorch archive, but ends at byte {path.stat().st_size} without the "
            "archive's directory, which comes last. Write or download it again."
        )


def _check_safetensors(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt"):
            pass
    except SafetensorError as error:
        end = _safetensors_end(path)
        size = path.stat().st_size
        where = f"ends at byte {size} of {end}" if end is not None and end > size else f"has {size} bytes"
        raise WeightsError(
            f"'{path}' is cut off, damaged or no safetensors file: it {where}. {_first_line(error)} Write or download it again."
        ) from error


def _safetensors_end(path: Path) -> int | None:
    """Where the file should end according to its own header, if that can be read."""
    try:
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > path.stat().st_size:
                return 8 + length
            header = json.loads(file.read(length))
        return 8 + length + max(entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__")
    except (ValueError, KeyError, TypeError, AttributeError, struct.error):
        return None


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:SHOWN])


def _quote(head: bytes) -> str:
    return repr(head[:24].decode("ascii", errors="replace"))


def _first_line(error: BaseException) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line if line.endswith(".") else f"{line}."
