"""What a source of classifiers hands over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import nn

from ..folders import written_folder
from .weights import write_tensors

# The weights in a folder that `save_state_dict` wrote.
WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True)
class Backbone:
    """A network that maps images [N, C, H, W] to logits, or to an object with `logits`.

    heads: names of the modules that classify. depth: number of transformer blocks, where there are any.
    random: what of it has random weights, which another load would draw again; None where all of them are from files.
    classes: what the weights call the logits, in their order; None where they do not.
    """

    model: nn.Module
    heads: list[str]
    depth: int | None
    random: Literal["network", "head"] | None = None
    classes: list[str] | None = None


def names_of(model: nn.Module, modules: nn.Module | tuple[nn.Module, ...]) -> list[str]:
    """The names under which a model holds these modules."""
    wanted = modules if isinstance(modules, tuple) else (modules,)
    return [name for name, module in model.named_modules() if any(module is one for one in wanted)]


def save_state_dict(model: nn.Module, folder: Path | str, **_input_range: list[float]) -> None:
    """Writes a folder with the weights alone, all or nothing."""
    with written_folder(folder) as new:
        write_tensors(new / WEIGHTS_FILE, model.state_dict(), {"format": "pt"})


def weight_file(path: Path | str) -> Path:
    """The weight file of a path that names either it or a folder of `save_state_dict`."""
    return Path(path) / WEIGHTS_FILE if Path(path).is_dir() else Path(path)


@dataclass(frozen=True)
class ClassifierSource:
    """A source of classifiers.

    load: makes the network that a description names. Raises SpecError and WeightsError.
    save: writes a network, as (model, folder, mean=[…], std=[…]), so that `load` reads it again from {"path": folder}. mean and
        std turn pixels in [0, 1] into what the network takes, for formats that have a place for them.
    hub_id: the hub's id of the weights that a description without a path names; None where it names none.
    """

    load: Callable[[Mapping[str, Any]], Backbone]
    save: Callable[..., None] = save_state_dict
    hub_id: Callable[[Mapping[str, Any]], str | None] = lambda _spec: None
