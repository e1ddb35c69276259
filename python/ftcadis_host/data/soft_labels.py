"""Files of soft labels: how often a smoothed classifier assigns each class to noisy copies of each image."""

from __future__ import annotations

import json

import torch

from .data_errors import DatasetError


def read_soft_labels(path: str, *, images: int, classes: int, votes: int) -> torch.Tensor:
    """Returns class frequencies float32 [images, classes], from a header line and a line `[image, {class: votes}]` for each
    image.

    Raises DatasetError if an image or a vote is missing or duplicate, or a line is invalid.
    """
    frequencies = torch.zeros(images, classes)
    seen = torch.zeros(images, dtype=torch.bool)
    with open(path, encoding="utf-8") as file:
        next(file)
        for number, line in enumerate(file, start=2):
            image, counts = _counts(path, number, line, images=images, classes=classes, votes=votes)
            if seen[image]:
                raise DatasetError(f"'{path}' has image {image} twice, again in line {number}. Make the file again.")
            seen[image] = True
            for label, count in counts.items():
                frequencies[image, label] = count / votes
    missing = images - int(seen.sum())
    if missing:
        raise DatasetError(
            f"'{path}' has {images - missing} of {images} images, of image {int((~seen).nonzero()[0])} nothing. "
            "Let the command that makes the file run to its end."
        )
    return frequencies


def _counts(path: str, number: int, line: str, *, images: int, classes: int, votes: int) -> tuple[int, dict[int, int]]:
    try:
        image, counts = json.loads(line)
        by_class = {int(label): count for label, count in counts.items()}
        fits = 0 <= image < images and all(0 <= label < classes for label in by_class)
        if fits and sum(by_class.values()) == votes:
            return image, by_class
    except (ValueError, TypeError, AttributeError):
        pass
    raise DatasetError(
        f"Line {number} of '{path}' does not give the {votes} votes of one of {images} images over {classes} classes: "
        f"{line.strip()[:80]!r}. Make the file again."
    )
