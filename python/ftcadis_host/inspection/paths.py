"""Inspects a path from the user: weights or images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..data.image_decoding import EXTENSIONS
from ..data.image_listing import folders_in
from ..data.split_folders import SPLIT_FOLDERS, classes_with_images, some
from ..errors import SpecError, WeightsError
from .images import inspect_images
from .weights import holds_weights, inspect_weights, weight_files


def inspect_path(*, path: str, architecture: str | None = None) -> dict[str, Any]:
    """Combines `inspect_images`, whose result gets the kind 'images', and `inspect_weights`."""
    place = Path(path).expanduser()
    if not place.exists():
        raise WeightsError(f"There is nothing at '{path}'. Name a folder of images, or weights.")
    if place.is_file() and place.suffix.lower() in EXTENSIONS:
        raise SpecError(f"'{path}' is one image. Name the folder of the class folders; `predict` classifies single images.")
    if place.is_dir() and not holds_weights(place):
        return {"kind": "images", **inspect_images(path=path)}
    found = inspect_weights(path=path, architecture=architecture)
    return {**found, "notes": [*found["notes"], *_images_beside(place)]} if place.is_dir() else found


def _images_beside(folder: Path) -> list[str]:
    """A note on images in a folder whose weights are the answer, if it holds any."""
    if len(classes := classes_with_images(str(folder))) > 1:
        return [
            f"'{folder}' also holds the class folders {some(classes)}, which the answer leaves out. "
            "Move the weights out of it, and name both."
        ]
    if not (folders := [name for name in folders_in(str(folder)) if _holds_classes(folder / name)]):
        return []
    kind = "folder" if len(folders) == 1 else "folders"
    files = weight_files(folder)
    weights = files[0] if len(files) == 1 and not (folder / "config.json").exists() else folder
    return [
        f"'{folder}' also holds the {kind} of images {some(folders)}, which the answer leaves out. "
        f"Name images and weights: npx ft-cadis inspect {folder / folders[0]} {weights}"
    ]


def _holds_classes(folder: Path) -> bool:
    splits = {name for names in SPLIT_FOLDERS.values() for name in names}
    return any(len(classes_with_images(str(place))) > 1 for place in (folder, *(folder / name for name in splits)))
