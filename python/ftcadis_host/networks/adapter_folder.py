"""Folders of LoRA adapters in PEFT's format, which are untrusted and perhaps from an earlier version of transformers.

Nothing in a folder's configuration reaches peft that could import, download, or run as a pattern. No layer is larger than the
existing tensors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ..errors import SpecError, WeightsError, explained, plain_text
from ..folders import read_json
from .state_dicts import WRAPPERS, read_tensors

if TYPE_CHECKING:
    from peft import LoraConfig

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILES = ("adapter_model.safetensors", "adapter_model.bin")

# Supported settings of an adapter's configuration.
PLAIN_SETTINGS = {
    "r", "lora_alpha", "lora_dropout", "target_modules", "modules_to_save", "bias", "use_rslora", "rank_pattern",
    "alpha_pattern",
}  # fmt: skip
# Settings without effect on the computation.
DESCRIPTIONS = {
    "peft_type", "peft_version", "task_type", "base_model_name_or_path", "revision", "auto_mapping", "inference_mode",
    "init_lora_weights",
}  # fmt: skip
PREFIX = "base_model.model."
# Parts that peft adds, or has added, to names.
OWN_NAMES = WRAPPERS | {"modules_to_save", "default"}
# A layer name, or its end; peft interprets the keys of patterns as regular expressions.
NAME = re.compile(r"^\^?[\w.]{1,200}\$?$")


@dataclass(frozen=True)
class Adapters:
    """Configuration and tensors of LoRA adapters, under the network's current names."""

    config: LoraConfig
    tensors: dict[str, torch.Tensor]


def read_adapters(folder: Path, model: nn.Module, split_fused: Callable[[nn.Module], None]) -> Adapters:
    """Reads the adapters of a folder for a network without adapters.

    Layer names of earlier versions of transformers are converted by transformers' own list.
    split_fused: splits the network's fused layers, if the adapters are for their parts.
    Raises SpecError if they are more than plain LoRA, or for another network; WeightsError for an invalid file.
    """
    from peft import LoraConfig

    content = _read_config(folder)
    file = next((folder / name for name in WEIGHTS_FILES if (folder / name).exists()), folder / WEIGHTS_FILES[0])
    if not file.exists():
        raise WeightsError(f"'{folder}' has no {WEIGHTS_FILES[0]}, which holds the adapters. Copy it there.")
    stored = {_plain_key(key): tensor for key, tensor in read_tensors(file).items()}
    renamed = {key: _todays_name(key, model) for key in stored}
    layers = {key.rpartition(".lora_A.")[0].removeprefix(PREFIX): key for key in stored if ".lora_A." in key}
    _check_ranks(content, [stored[key] for key in layers.values()], folder)
    if not layers:
        raise WeightsError(f"'{file}' holds no LoRA adapters: no name in it has 'lora_A'. Give the adapters' own file.")
    todays = {old: renamed[key].rpartition(".lora_A.")[0].removeprefix(PREFIX) for old, key in layers.items()}
    # The parts of a fused layer are inside it: `attn.qkv.q`.
    if not any(_is(name, "qkv") for name in todays.values()):
        split_fused(model)
    settings = {key: content[key] for key in PLAIN_SETTINGS & content.keys()}
    settings["target_modules"] = _targets(content.get("target_modules"), todays, model, folder)
    for pattern in ("rank_pattern", "alpha_pattern"):
        if pattern in settings:
            settings[pattern] = {_todays_pattern(name, todays): value for name, value in (settings[pattern] or {}).items()}
    with explained(f"The settings in '{folder / CONFIG_FILE}' are none of LoRA's", "Give adapters as peft wrote them."):
        config = LoraConfig(**settings)
    return Adapters(config, {renamed[key]: tensor for key, tensor in stored.items()})


def _read_config(folder: Path) -> dict[str, Any]:
    from peft import LoraConfig

    content = read_json(folder / CONFIG_FILE)
    kind = content.get("peft_type")
    if kind != "LORA":
        shown = plain_text(kind).removesuffix(".")
        raise SpecError(f"'{folder}' holds adapters of type '{shown}'. Give LoRA adapters.")
    usual = LoraConfig().to_dict()
    unusual = sorted(
        key for key in content.keys() - PLAIN_SETTINGS - DESCRIPTIONS if content[key] and content[key] != usual.get(key)
    )
    if unusual:
        raise SpecError(f"The adapters in '{folder}' are more than plain LoRA: they set {unusual[:10]}. Give plain ones.")
    for key, kinds, wanted in (
        ("r", int, "a number of at least 1"),
        ("lora_alpha", (int, float), "a number above 0"),
        ("lora_dropout", (int, float), "a number"),
        ("target_modules", (list, str, type(None)), "names of layers"),
        ("modules_to_save", (list, type(None)), "names of modules"),
        ("rank_pattern", (dict, type(None)), "numbers by the name of a layer"),
        ("alpha_pattern", (dict, type(None)), "numbers by the name of a layer"),
    ):
        if key in content and (not isinstance(content[key], kinds) or isinstance(content[key], bool)):
            raise SpecError(f"'{key}' in '{folder / CONFIG_FILE}' is not {wanted}. Give adapters as peft wrote them.")
    if content.get("bias", "none") not in ("none", "all", "lora_only"):
        raise SpecError(f"'bias' in '{folder / CONFIG_FILE}' is none of 'none', 'all', 'lora_only'. Correct it.")
    names = [*(content.get("modules_to_save") or [])]
    names += content["target_modules"] if isinstance(content.get("target_modules"), list) else []
    for pattern in ("rank_pattern", "alpha_pattern"):
        names += list(content.get(pattern) or {})
        if not all(isinstance(value, (int, float)) and value > 0 for value in (content.get(pattern) or {}).values()):
            raise SpecError(f"'{pattern}' in '{folder / CONFIG_FILE}' has a value that is not a number above 0. Correct it.")
    strange = [name for name in names if not isinstance(name, str) or not NAME.match(name)]
    if strange:
        raise SpecError(
            f"'{folder / CONFIG_FILE}' names layers by a pattern ('{plain_text(strange[0])[:60]}'), and a pattern of a file "
            "is not run. Write the names of the layers instead."
        )
    return content


def _check_ranks(content: Mapping[str, Any], found: list[torch.Tensor], folder: Path) -> None:
    """Raises SpecError if the configuration has a rank that no tensor has: it would be allocated for nothing."""
    ranks = {tensor.shape[0] for tensor in found if tensor.ndim > 0}
    asked = {content.get("r", 8), *(content.get("rank_pattern") or {}).values()}
    wrong = sorted(rank for rank in asked if rank not in ranks and (not ranks or not 1 <= rank <= max(ranks)))
    if ranks and wrong:
        raise SpecError(
            f"'{folder / CONFIG_FILE}' says rank {wrong[-1]}, but the adapters beside it have rank {max(ranks)}. Give the "
            "configuration and the weights of the same adapters."
        )


def _plain_key(key: str) -> str:
    """Returns a key without the parts that wrappers and peft add."""
    *modules, name = key.split(".")
    plain = ".".join([*(module for module in modules if module not in OWN_NAMES), name])
    return plain if plain.startswith(PREFIX) else f"{PREFIX}{plain}"


def _todays_name(key: str, model: nn.Module) -> str:
    """Converts a key of an earlier transformers to the current name; returns any other unchanged."""
    if not hasattr(getattr(model, "config", None), "model_type"):
        return key
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import WeightRenaming, apply_renamings

    renamings = [step for step in get_model_conversion_mapping(model) if isinstance(step, WeightRenaming)]
    return PREFIX + apply_renamings(key.removeprefix(PREFIX), renamings)


def _targets(asked: Any, todays: Mapping[str, str], model: nn.Module, folder: Path) -> list[str]:
    """Returns the adapted layers, by the ends of their names if the folder has these, else by their full names.

    todays: the names of the layers that have adapters, as stored and now.
    """
    modules = [name for name, _ in model.named_modules()]
    if not isinstance(asked, list):
        # All linear layers, or a pattern, which is not run: the tensors show which.
        return sorted(set(todays.values()))
    targets = set()
    for name in asked:
        if any(_is(module, name) for module in modules):
            targets.add(name)
            continue
        new = {_renamed_end(name, old, now) for old, now in todays.items() if _is(old, name)}
        if not new or not all(any(_is(module, end) for module in modules) for end in new):
            raise SpecError(
                f"The adapters in '{folder}' are for layers called '{name}', of which {type(model).__name__} has none. Give "
                "the network that they were trained on, or adapters for this one."
            )
        targets |= new
    return sorted(targets)


def _renamed_end(end: str, old: str, now: str) -> str:
    """Returns the part of a new name that corresponds to `end` of the old one."""
    return now if end == old else ".".join(now.split(".")[-len(end.split(".")) :])


def _todays_pattern(pattern: str, todays: Mapping[str, str]) -> str:
    name = pattern.strip("^$")
    new = {_renamed_end(name, old, now) for old, now in todays.items() if old != now and _is(old, name)}
    return pattern.replace(name, new.pop()) if len(new) == 1 else pattern


def _is(module: str, end: str) -> bool:
    return module == end or module.endswith(f".{end}")
