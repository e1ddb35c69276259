"""Inspects a path from the user: weights or images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..data.image_decoding import EXTENSIONS
from ..errors import SpecError, WeightsError
from .images import inspect_images
from .weights import holds_weights, inspect_weights


def inspect_path(*, path: str, architecture: str | None = None) -> dict[str, Any]:
    """Combines `inspect_images`, whose result gets the kind 'images', and `inspect_weights`."""
    place = Path(path).expanduser()
    if not place.exists():
        raise WeightsError(f"There is nothing at '{path}'. Name a folder of images, or weights.")
    if place.is_file() and place.suffix.lower() in EXTENSIONS:
        raise SpecError(f"'{path}' is one image. Name the folder of the class folders; `predict` classifies single images.")
    if place.is_dir() and not holds_weights(place):
        return {"kind": "images", **inspect_images(path=path)}
    return inspect_weights(path=path, architecture=architecture)
