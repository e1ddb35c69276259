"""Metadata that training scripts save beside the weights: architecture, classes, sizes and normalisation, as far as stated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..networks.checkpoint_files import SavedSettings, read_checkpoint
from ..networks.class_names import names_in_order

# Entries of a checkpoint that hold the settings of its training.
SETTINGS = ("args", "hyper_parameters", "config", "cfg", "opt", "hparams")
ARCHITECTURE = ("arch", "architecture", "model_name", "model", "backbone", "net")
CLASSES = ("classes", "class_names", "label_names", "class_to_idx", "id2label", "idx_to_class")
SIZE = ("img_size", "image_size", "input_size", "crop_size", "val_crop_size", "size")
LARGEST_SIDE = 4096


@dataclass(frozen=True)
class Statements:
    """A weight file's metadata about itself; None if missing."""

    architecture: str | None = None
    classes: list[str] | None = None
    mean: list[float] | None = None
    std: list[float] | None = None
    image_size: int | list[int] | None = None


def statements_in(path: Path | str) -> Statements:
    """Reads the metadata beside the weights of a file. Executes none of it, and skips unknown forms."""
    content = read_checkpoint(path)
    if not isinstance(content, Mapping):
        return Statements()
    places = list(_settings(content))
    mean, std = (_first(places, (name,), _numbers) for name in ("mean", "std"))
    is_complete = mean is not None and std is not None and len(mean) == len(std) and all(value > 0 for value in std)
    return Statements(
        architecture=_first(places, ARCHITECTURE, _name),
        classes=_first(places, CLASSES, _class_names),
        mean=mean if is_complete else None,
        std=std if is_complete else None,
        image_size=_first(places, SIZE, size_of),
    )


def _settings(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield content
    for key in SETTINGS:
        value = content.get(key)
        values = value.values if isinstance(value, SavedSettings) else value
        if isinstance(values, Mapping):
            yield values


def _first(places: list[Mapping[str, Any]], names: tuple[str, ...], read: Any) -> Any:
    found = (read(place[name]) for place in places for name in names if name in place)
    return next((value for value in found if value is not None), None)


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) < 200 and value.isprintable() else None


def _class_names(value: Any) -> list[str] | None:
    if isinstance(value, Mapping) and value and all(type(logit) is int for logit in value.values()):
        value = {logit: name for name, logit in value.items()}
    if not isinstance(value, (Mapping, list, tuple)):
        return None
    names = names_in_order(value, None)
    is_sound = names is not None and len(names) > 1 and all(name.isprintable() and len(name) < 200 for name in names)
    return names if is_sound else None


def _numbers(value: Any) -> list[float] | None:
    values = [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if not isinstance(values, (list, tuple)) or len(values) not in (1, 3):
        return None
    return [float(number) for number in values] if all(type(number) in (int, float) for number in values) else None


def size_of(value: Any) -> int | list[int] | None:
    """Returns an image size: the side of a square or [height, width], also from [channels, height, width]; None for anything
    else.
    """
    sides = list(value[-2:]) if isinstance(value, (list, tuple)) else [value]
    if not sides or not all(type(side) is int and 0 < side <= LARGEST_SIDE for side in sides):
        return None
    return sides[-1] if len(set(sides)) == 1 else sides
