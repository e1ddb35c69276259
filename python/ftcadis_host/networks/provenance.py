"""The source of a run's weights, in a form that other runs can be compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import SpecError
from .adapter_folder import CONFIG_FILE
from .weights import file_hash

WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth")
WEIGHT_PATTERNS = [f"*{suffix}" for suffix in WEIGHT_SUFFIXES]
GIVEN_REMEDY = "Hand in the denoiser of the settings, or name this one in `smoothing.denoiser`."


def weights_provenance(
    spec: Mapping[str, Any], hub_id: str | None = None, code: Sequence[Path] = ()
) -> dict[str, Any]:
    """Returns the source of a description's weights, with SHA-256 hashes in hexadecimal.

    {"source", "path", "sha256": the file's, or by name those of a folder's weight files}; for weights from the hub also
    {"hub": id, "commit"} of the cached snapshot; {"source", "random": True} for random weights.
    published: whether they are known to be a published file; None if unknown.
    The user's `file` that makes the network is listed with its hash as "code"; files that it imported from its folder are
    "imported", by name. Adapters below the network are "adapter", by the names of their files.

    hub_id: the hub's id of the weights, if the description names them without a path.
    code: what the `file` imported from its folder.
    """
    facts: dict[str, Any] = {"source": spec["source"]}
    if "file" in spec:
        facts["code"] = {"path": str(spec["file"]), "sha256": file_hash(spec["file"])}
        if code:
            folder = Path(spec["file"]).resolve().parent
            facts["imported"] = {file.relative_to(folder).as_posix(): file_hash(file) for file in sorted(code)}
    if spec.get("adapter") is not None:
        folder = Path(spec["adapter"])
        facts["adapter"] = {**_hashes(folder), CONFIG_FILE: file_hash(folder / CONFIG_FILE)}
    path = Path(spec["path"]) if "path" in spec else None
    if path is not None and path.is_file():
        return {**facts, "path": str(path), "sha256": file_hash(path), "published": None}
    if path is not None and path.is_dir():
        return {**facts, "path": str(path), "sha256": _hashes(path), "published": None}
    hub = str(spec["path"]) if path is not None else hub_id
    if hub is None:
        return {**facts, "random": "file" not in spec, "published": False}
    from huggingface_hub import snapshot_download

    snapshot = Path(snapshot_download(hub, local_files_only=True, allow_patterns=WEIGHT_PATTERNS))
    return {**facts, "hub": hub, "commit": snapshot.name, "sha256": _hashes(snapshot), "published": True}


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.suffix in WEIGHT_SUFFIXES)
    return {file.relative_to(folder).as_posix(): file_hash(file) for file in files}


def require_denoiser_of(denoiser: nn.Module, spec: Mapping[str, Any], *, dtype: torch.dtype) -> None:
    """Checks that a loaded denoiser is the one that `load_denoiser` makes from a description.

    Raises SpecError if its files, settings or dtype differ, or if it was made trainable.
    """
    if denoiser.loaded is None:
        raise SpecError(
            "The denoiser that was handed in was made trainable after it was loaded: nothing says what its weights are. "
            "Save it, name its folder in `smoothing.denoiser`, and load it from there."
        )
    loaded, loaded_dtype = denoiser.loaded
    if loaded_dtype != dtype:
        raise SpecError(
            f"The denoiser that was handed in computes in {loaded_dtype}, that of the settings in {dtype}. {GIVEN_REMEDY}"
        )
    if _identity(loaded) != _identity(spec):
        raise SpecError(
            f"The denoiser that was handed in is {_named(loaded)}, that of the settings {_named(spec)}. {GIVEN_REMEDY}"
        )


def _identity(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Returns everything that determines the loaded network: settings, and instead of a path the content of its files."""
    # An expected hash is a check of the file, made at loading.
    settings = {key: value for key, value in spec.items() if key != "sha256"}
    path = Path(settings.get("path", ""))
    if "path" not in settings or not path.exists():
        return settings  # random weights, or an id of the hub
    described = sorted(path.rglob("*.json")) if path.is_dir() else []
    return {
        **settings,
        "path": weights_provenance(spec)["sha256"],
        "described": {file.relative_to(path).as_posix(): file_hash(file) for file in described},
    }


def _named(spec: Mapping[str, Any]) -> str:
    fields = ("path", "preset", "arguments", "unet", "scheduler")
    return f"{spec['source']} {({field: spec[field] for field in fields if field in spec})}"
