"""Parameter groups according to a network's own library: parameters without weight decay, and the layer of each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

from torch import nn

# Parts that peft adds to parameter names.
OF_ADAPTERS = re.compile(r"\.(base_layer|original_module|modules_to_save\.\w+|lora_[AB]\.\w+)(?=\.)")


def library_groups(model: nn.Module) -> dict[str, Any]:
    """noDecay: names of parameters, by timm's `no_weight_decay()`, which also names modules and patterns, and by the
    words of `no_weight_decay_keywords()`; empty if the library has neither.
    layers: by name, counted from 0, by timm's `group_matcher`; None if the library has none.

    model: the network, inside a peft model if it has adapters. Names are those of its parameters.
    """
    network = model.get_base_model() if hasattr(model, "get_base_model") else model
    ids = {id(parameter): name for name, parameter in network.named_parameters()}
    # By the name in the model, which the library knows.
    names = {name: OF_ADAPTERS.sub("", ids[id(value)]) for name, value in model.named_parameters() if id(value) in ids}
    exempt, words = (_listed(network, method) for method in ("no_weight_decay", "no_weight_decay_keywords"))
    return {
        "noDecay": [name for name, own in names.items() if _is_named(own, exempt) or any(word in own for word in words)],
        "layers": _layers(network, names),
    }


def _listed(network: nn.Module, method: str) -> Iterable[str]:
    return getattr(network, method)() if callable(getattr(network, method, None)) else ()


def _is_named(name: str, exempt: Iterable[str]) -> bool:
    return any(name == entry or name.startswith(f"{entry}.") or fnmatchcase(name, entry) for entry in exempt)


def _layers(network: nn.Module, names: dict[str, str]) -> dict[str, int] | None:
    if not callable(getattr(network, "group_matcher", None)):
        return None
    from timm.models import group_parameters

    # timm iterates over pairs of names and values of a module, and returns the values: here, the names in the model.
    pairs = SimpleNamespace(named_parameters=lambda: ((own, name) for name, own in names.items()))
    grouped = group_parameters(pairs, network.group_matcher(coarse=False), return_values=True)
    return {name: layer for layer, members in grouped.items() for name in members}
