"""Inspects a folder of images: classes by split, sizes, and unusable files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from PIL import Image

from ..data.class_order import NUMERIC
from ..data.data_errors import CorruptImageError, DatasetError, shown
from ..data.image_decoding import FORMATS, read_rgb
from ..data.image_folder import open_image_folder
from ..data.split_folders import is_unsplit

# Number of files to decode per split, spread evenly over it.
DECODED = 500
SHOWN = 5


def inspect_images(*, path: str) -> dict[str, Any]:
    """Returns the class folders at a path, as plain data:

    splits: by 'train' and 'test', each {images, classes, counts, sides {smallest, median, largest} of the shorter side,
        notSquare, grey, decoded, unreadable [path and reason], unreadableCount, notes}. Missing splits are left out.
    unsplit: whether there are only class folders. order: 'numeric' if the names are numbers whose text order differs.
    Raises DatasetError without class folders with images.
    """
    root = os.path.abspath(os.path.expanduser(path))
    unsplit = is_unsplit(root)
    splits, problems = {}, []
    for split in ("test",) if unsplit else ("train", "test"):
        try:
            splits[split] = _described(open_image_folder(split, path=root))
        except DatasetError as error:
            problems.append(error)
    if not splits:
        raise problems[-1]
    classes = next(iter(splits.values()))["classes"]
    are_numbers = all(name.isdecimal() for name in classes)
    order = NUMERIC if are_numbers and sorted(classes, key=int) != sorted(classes) else None
    return {"splits": splits, "unsplit": unsplit, "order": order, "notes": [str(error) for error in problems]}


def _described(dataset: Any) -> dict[str, Any]:
    count = len(dataset)
    chosen = sorted({position * count // min(count, DECODED) for position in range(min(count, DECODED))})
    sides, unreadable, modes = [], [], Counter()
    not_square = 0
    for path in map(dataset.path, chosen):
        try:
            image = read_rgb(path)
            with Image.open(path, formats=FORMATS) as header:
                modes["grey" if header.mode in ("1", "L", "LA") or header.mode.startswith("I;16") else "colour"] += 1
        except CorruptImageError as error:
            unreadable.append(f"{shown(path)}: {error.reason}")
        except OSError as error:
            unreadable.append(f"{shown(path)}: {error.strerror}")
        else:
            sides.append(min(image.size))
            not_square += image.size[0] != image.size[1]
    return {
        "images": count,
        "classes": list(dataset.classes),
        "counts": [int((dataset.labels == label).sum()) for label in range(len(dataset.classes))],
        "sides": _spread(sides),
        "notSquare": not_square,
        "grey": modes["grey"],
        "decoded": len(chosen),
        "unreadable": unreadable[:SHOWN],
        "unreadableCount": len(unreadable),
        "notes": list(dataset.notes),
    }


def _spread(values: Sequence[int]) -> dict[str, int] | None:
    ordered = sorted(values)
    return {"smallest": ordered[0], "median": ordered[len(ordered) // 2], "largest": ordered[-1]} if ordered else None
