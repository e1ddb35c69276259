"""Image files outside of any data set, prepared as the test images of one are."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .data_errors import CorruptImageError
from .image_folder import plain_transform, read_rgb
from .in_memory import to_unit_range


def read_image(path: str, *, channels: int, resize_size: int, image_size: int) -> torch.Tensor:
    """The image as float32 [channels, image_size, image_size] in [0, 1].

    Its shorter side is resized to `resize_size` pixels, then the centre is cropped; one channel is the luminance.
    Raises CorruptImageError where the file does not hold an image, OSError where it cannot be read.
    """
    image = read_rgb(path)
    if channels == 1:
        image = image.convert("L")
    return to_unit_range(plain_transform(image_size, resize_size)(image))


def unreadable_images(paths: Sequence[str]) -> list[str]:
    """Path and reason of each file that cannot be read or does not decode."""
    problems = []
    for path in paths:
        try:
            read_rgb(path)
        except CorruptImageError as error:
            problems.append(f"'{path}': {error.reason}")
        except OSError as error:
            problems.append(f"'{path}': {error.strerror}")
    return problems
