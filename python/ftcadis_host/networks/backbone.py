"""The interface of a source of classifiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from ..errors import WeightsError
from ..folders import written_folder
from .state_dicts import fit_names
from .weights import count_of, is_counter, load_strictly, some, write_tensors

# The weight file in a folder of `save_state_dict`.
WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True)
class Backbone:
    """A network that maps images [N, C, H, W] to logits, or to an object with `logits`.

    heads: names of the classification modules. depth: number of transformer blocks, if any.
    random: the part with random weights, which differ at the next load; None if all weights are from files.
    classes: the weights' names of the logits, in order; None if they have none.
    notes: sentences for the user about weights that were unused or are new.
    code: the user's files that were executed, besides the one that the description names.
    """

    model: nn.Module
    heads: list[str]
    depth: int | None
    random: Literal["network", "head"] | None = None
    classes: list[str] | None = None
    notes: list[str] = field(default_factory=list)
    code: list[Path] = field(default_factory=list)


def names_of(model: nn.Module, modules: nn.Module | tuple[nn.Module, ...]) -> list[str]:
    """Returns a model's names of these modules."""
    wanted = modules if isinstance(modules, tuple) else (modules,)
    return [name for name, module in model.named_modules() if any(module is one for one in wanted)]


def save_state_dict(model: nn.Module, folder: Path | str, **_input_range: list[float]) -> None:
    """Writes a folder with only the weights, atomically."""
    with written_folder(folder) as new:
        write_tensors(new / WEIGHTS_FILE, model.state_dict(), {"format": "pt"})


def weight_file(path: Path | str) -> Path:
    """Returns the weight file of a path to it or to a folder of `save_state_dict`."""
    return Path(path) / WEIGHTS_FILE if Path(path).is_dir() else Path(path)


def load_weights(
    model: nn.Module,
    tensors: Mapping[str, torch.Tensor],
    *,
    path: Path | str,
    described: str,
    heads: list[str],
    classes: int | None,
) -> tuple[bool, list[str]]:
    """Loads the weights of a file, strict about every key. Returns whether the head is new, and notes on that.

    A file without a head, as after pretraining, is accepted if `classes` gives the size of the new head. Other parts of such a
    file, a decoder or a pretraining head, are ignored.

    heads: names of the classification modules. described: description of the network, for messages.
    Raises WeightsError.
    """
    own = model.state_dict()
    fitted = fit_names(tensors, own, source=f"'{path}'")
    of_heads = [key for key in own if key.startswith(tuple(f"{head}." for head in heads))]
    headless = bool(of_heads) and not any(key in fitted.tensors for key in of_heads)
    lacking = [key for key in own if key not in fitted.tensors and key not in of_heads and not is_counter(key)]
    if headless and not lacking and classes is None:
        raise WeightsError(
            f"'{path}' has no head: {' and '.join(of_heads[:2])} {'is' if len(of_heads) == 1 else 'are'} missing, and all "
            f"else of {described} is there. To train a new head, set classifier.numClasses; to certify, give weights with one."
        )
    notes, left_out, used = [], list(fitted.left_out), fitted.tensors
    if headless and not lacking:
        notes.append(f"'{path}' has no head: the network has a new one with {classes} classes.")
        extra = [key for key in used if key not in own and is_beside(model, key)]
        left_out += extra
        used = {key: tensor for key, tensor in used.items() if key not in extra}
    if left_out:
        notes.append(f"Of '{path}' {count_of(left_out, 'key')} not used, as the network has no such part: {some(left_out)}.")
    load_strictly(model, used, source=f"'{path}'", model=described, new=heads if headless else ())
    return headless, notes


def is_beside(model: nn.Module, key: str) -> bool:
    """Returns whether a key belongs to a part besides the network: another module at its top level, or at that of its body."""
    base = getattr(model, "base_model_prefix", "")
    name, _, rest = key.partition(".")
    if name == base and rest:
        model, name = getattr(model, base), rest.partition(".")[0]
    return not name.isdecimal() and not hasattr(model, name)


@dataclass(frozen=True)
class ClassifierSource:
    """A source of classifiers.

    load: makes the network of a description. Raises SpecError and WeightsError.
    save: writes a network, as (model, folder, mean=[…], std=[…]), so that `load` reads it again from {"path": folder}. mean and
        std map pixels in [0, 1] to the network's input, for formats that store them.
    hub_id: the hub's id of the weights that a description without a path names; None if it names none.
    """

    load: Callable[[Mapping[str, Any]], Backbone]
    save: Callable[..., None] = save_state_dict
    hub_id: Callable[[Mapping[str, Any]], str | None] = lambda _spec: None
