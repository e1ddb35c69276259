"""Weights: compared with a network key by key, loaded without a copy, written atomically.

`checkpoint_files` reads files, `state_dicts` finds the weights in them. A checkpoint is untrusted input. Files are
memory-mapped, so a tensor uses memory only on access, and only once.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from torch import nn

from ..errors import WeightsError
from ..folders import written_file
from .likely_causes import likely_cause
from .state_dicts import StateDict, fit_names

Shapes = Mapping[str, tuple[int, ...]]

# Number of keys of each kind in an error message.
SHOWN = 3


def file_hash(path: Path | str) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_folder_or_id(path: str) -> None:
    """Raises `WeightsError` if a text is neither an existing folder nor a valid model id of the hub."""
    if Path(path).is_dir():
        return
    if Path(path).exists():
        raise WeightsError(f"'{path}' is not a folder. Give a folder, or a hub id such as 'owner/name'.")
    if path.startswith((".", "/", "~")) or path.count("/") != 1 or "\\" in path:
        raise WeightsError(f"The folder '{path}' does not exist. Give an existing folder, or a hub id such as 'owner/name'.")


def cached_model(model: str, patterns: Collection[str] = ("*config.json",)) -> Path:
    """Returns the folder of a model in the hub's cache; raises WeightsError if it is not there: loading uses no network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True, allow_patterns=list(patterns)))
    except LocalEntryNotFoundError as error:
        raise WeightsError(
            f"The model '{model}' of the Hugging Face hub is not in its cache. Run `npx ft-cadis fetch {model}` where there "
            "is a network, or give the path of the weights."
        ) from error


def check_shapes(expected: Shapes, found: Shapes, *, source: str, model: str) -> None:
    """Raises `WeightsError` for missing, unexpected and mis-shaped keys, with their counts and the likely cause.

    Keys that differ only in numbers are shown once, as `blocks.*.norm1.weight (12)`.
    """
    missing = [key for key in expected if key not in found]
    unexpected = [key for key in found if key not in expected]
    misshaped = [key for key in expected if key in found and tuple(found[key]) != tuple(expected[key])]
    if not (missing or unexpected or misshaped):
        return
    parts = []
    if missing:
        parts.append(f"{len(missing)} of {len(expected)} keys {'is' if len(missing) == 1 else 'are'} missing, first {some(missing)}")
    if unexpected:
        parts.append(f"{count_of(unexpected, 'key')} not expected, first {some(unexpected)}")
    if misshaped:
        shown = [f"{key} is {list(found[key])}, expected {list(expected[key])}" for key in misshaped[:SHOWN]]
        parts.append(f"{count_of(misshaped, 'tensor')} of another shape, first {'; '.join(shown)}")
    cause, remedy = likely_cause(expected, found, missing, unexpected, misshaped)
    raise WeightsError(f"{source} does not fit {model}: {'. '.join(parts)}. {cause}{remedy}")


def load_strictly(
    module: nn.Module,
    tensors: Mapping[str, torch.Tensor],
    *,
    source: str,
    model: str,
    new: Collection[str] = (),
) -> StateDict:
    """Loads these tensors into a module, which may be on the meta device, without copying them; returns the loaded tensors.

    Names may have prefixes, see `fit_names`. Every key must match. Batch counters, which files from
    before PyTorch 0.4.1 lack, may be missing.
    new: modules whose tensors may be missing; they keep theirs.
    """
    own = module.state_dict()
    fitted = fit_names(tensors, own, source=source)
    kept = [
        key
        for key in own
        if key not in fitted.tensors and (is_counter(key) or key.startswith(tuple(f"{n}." for n in new)))
    ]
    complete = {**fitted.tensors, **{key: own[key] for key in kept}}
    check_shapes(shapes_of(own), shapes_of(complete), source=source, model=model)
    module.load_state_dict(complete, strict=True, assign=True)
    return fitted


def shapes_of(tensors: Mapping[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    """Returns the shape of every tensor, by name."""
    return {key: tuple(tensor.shape) for key, tensor in tensors.items()}


def write_tensors(
    path: Path | str, tensors: Mapping[str, torch.Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Writes a safetensors file under a temporary name, then renames it: a reader never sees a partial file."""
    from safetensors.torch import save_file

    with written_file(path) as new:
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, new, metadata=metadata)


def is_counter(key: str) -> bool:
    """Returns whether a key is batch normalisation's count of batches, which nothing here uses."""
    return key.endswith(".num_batches_tracked")


def count_of(keys: list[str], what: str) -> str:
    """'1 key is' or '3 keys are'."""
    return f"1 {what} is" if len(keys) == 1 else f"{len(keys)} {what}s are"


def some(keys: list[str]) -> str:
    """Formats the first of these keys; those that differ only in numbers are one, with their count."""
    kinds = Counter(re.sub(r"(?<=\.)\d+(?=\.)", "*", key) for key in keys)
    first = {re.sub(r"(?<=\.)\d+(?=\.)", "*", key): key for key in reversed(keys)}
    shown = [f"{kind} ({count})" if count > 1 else first[kind] for kind, count in list(kinds.items())[:SHOWN]]
    return ", ".join(text if len(text) <= 120 else f"{text[:120]}…" for text in shown)
