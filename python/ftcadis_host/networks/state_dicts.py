"""Finds the state dict in a weight file, and maps its keys to those of a network, by one rule for every source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..errors import WeightsError
from .checkpoint_files import read_checkpoint

# Keys under which training scripts save a state dict, those of a running average first. The order of the first four is
# that of timm's `load_state_dict`.
CONTAINERS = (
    "state_dict_ema", "model_ema", "state_dict", "model", "ema_state_dict", "ema_model", "ema", "params_ema",
    "model_state_dict", "model_state", "net_state_dict", "net", "network", "params", "weights", "module",
)  # fmt: skip
DEEPEST = 4
LONGEST_NAME = 500
# Prefixes that DataParallel, DistributedDataParallel, torch.compile, FSDP and activation checkpointing add to the names of the
# module that they wrap, which may be part of a network.
WRAPPERS = {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
# Largest number of names before the network's own, as in Lightning's `model.` or `1.` of an nn.Sequential.
LONGEST_PREFIX = 3
# The counter of `torch.optim.swa_utils.AveragedModel`.
AVERAGED = "n_averaged"


@dataclass(frozen=True)
class StateDict:
    """Tensors under a network's own names.

    left_out: keys of the file outside the network's common prefix.
    """

    tensors: dict[str, torch.Tensor]
    left_out: list[str] = field(default_factory=list)


def read_tensors(path: Path | str) -> dict[str, torch.Tensor]:
    """Returns the state dict in a weight file, on the CPU and memory-mapped, with the file's names.

    It is the file itself, or under one of `CONTAINERS`, also nested.
    """
    content = read_checkpoint(path)
    for _ in range(DEEPEST):
        inner = _contained(content)
        if inner is None:
            break
        content = inner
    if isinstance(content, torch.nn.Module):
        raise WeightsError(f"'{path}' holds a whole network. Save its `state_dict()` alone.")
    if not isinstance(content, dict):
        raise WeightsError(f"'{path}' holds a {type(content).__name__}, expected a dict of tensors by name. Save a state dict.")
    if not content:
        raise WeightsError(f"'{path}' holds an empty dict, expected tensors by name. Save the network's state dict.")
    if "param_groups" in content and "state" in content:
        raise WeightsError(
            f"'{path}' is the state of an optimizer, not the weights of a network. Give the file of the weights, which "
            "training saved beside it: for OpenAI's scripts that is 'ema_….pt' or 'model….pt', not 'opt….pt'."
        )
    for key, value in content.items():
        if not isinstance(key, str):
            raise WeightsError(f"'{path}' has a {type(key).__name__} as a key, expected names of tensors. Save a state dict.")
        if not key.isprintable() or len(key) > LONGEST_NAME:
            raise WeightsError(
                f"'{path}' is damaged: a tensor's name in it is {key[:40]!r}. Get the file again from where it was made."
            )
        if not isinstance(value, torch.Tensor):
            raise WeightsError(
                f"'{path}' holds a {type(value).__name__} under the key {key[:80]!r}, expected a tensor under a name: "
                "it is not a state dict. Save the state dict alone."
            )
        if value.is_sparse or value.is_quantized or value.is_nested or value.is_meta:
            kind = "sparse" if value.is_sparse else "quantised" if value.is_quantized else "nested or empty"
            raise WeightsError(f"'{path}' holds a {kind} tensor under {key[:80]!r}. Give weights of plain numbers.")
    return dict(content)


def fit_names(tensors: Mapping[str, torch.Tensor], expected: Collection[str], *, source: str) -> StateDict:
    """Returns a file's tensors under the names of a network: without wrappers' names, and without a common prefix.

    Names that are already right, and unknown ones, stay unchanged; comparing them is up to the caller.
    expected: the network's names, or most of them. source: the file, for messages.
    Raises WeightsError if two prefixes hold the network, as `student.` and `teacher.` do.
    """
    plain = without_wrappers(tensors, expected)
    known = set(expected)
    # Half of the network or of the file is enough: heads may be missing, and a later comparison reports other differences.
    enough = min(len(known), len(plain)) / 2
    if len(known & plain.keys()) >= enough:
        return StateDict(plain)
    prefixes = Counter(prefix for key in plain for prefix, rest in _splits(key) if rest in known)
    holding = [prefix for prefix, found in prefixes.items() if found >= enough]
    if len(holding) > 1:
        names = " and ".join(f"'{prefix}'" for prefix in sorted(holding)[:3])
        raise WeightsError(
            f"{source} holds this network {len(holding)} times, under {names}. Save the state dict of the one that you mean."
        )
    if not holding:
        return StateDict(plain)
    [prefix] = holding
    inner = {key.removeprefix(prefix): tensor for key, tensor in plain.items() if key.startswith(prefix)}
    return StateDict(inner, [key for key in plain if not key.startswith(prefix)])


def without_wrappers(tensors: Mapping[str, torch.Tensor], expected: Collection[str] = ()) -> dict[str, torch.Tensor]:
    """Returns tensors without wrappers' parts of names, at any position; a network's own part called `module` stays."""
    own = {_unwrapped(key): key for key in expected}
    names = {key: own.get(_unwrapped(key), _unwrapped(key)) for key in tensors}
    if AVERAGED in tensors and all(key.startswith("module.") for key in tensors if key != AVERAGED):
        del names[AVERAGED]
    if len(own) < len(expected) or len(set(names.values())) < len(names):
        # Names would collide without them.
        return dict(tensors)
    return {names[key]: tensor for key, tensor in tensors.items() if key in names}


def find_tensor(tensors: Mapping[str, torch.Tensor], name: str) -> torch.Tensor | None:
    """Returns the tensor of this name, with any prefix; None if there is none, or several candidates."""
    unwrapped = {_unwrapped(key): tensor for key, tensor in tensors.items()}
    if name in unwrapped:
        return unwrapped[name]
    found = [tensor for key, tensor in unwrapped.items() if any(rest == name for _, rest in _splits(key))]
    return found[0] if found and all(tensor.shape == found[0].shape for tensor in found) else None


def _contained(content: Any) -> dict | None:
    if not isinstance(content, dict):
        return None
    return next((content[name] for name in CONTAINERS if isinstance(content.get(name), dict) and content[name]), None)


def _unwrapped(key: str) -> str:
    *modules, name = key.split(".")
    return ".".join([*(module for module in modules if module not in WRAPPERS), name])


def _splits(key: str) -> list[tuple[str, str]]:
    """Returns every way to remove a prefix of some names from a key."""
    parts = key.split(".")
    return [
        (".".join(parts[:taken]) + ".", ".".join(parts[taken:])) for taken in range(1, min(LONGEST_PREFIX + 1, len(parts)))
    ]
