"""Image files outside of any data set, prepared as the test images of one are."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from PIL import Image

from .data_errors import CorruptImageError, shown
from .image_decoding import UndecodableError, decode_rgb, limits_of, read_rgb
from .image_folder import plain_transform
from .image_size import ImageSize, sides_of
from .in_memory import to_unit_range


def read_image(
    path: str,
    *,
    channels: int,
    resize_size: ImageSize,
    image_size: ImageSize,
    max_megapixels: float | None = None,
    max_megabytes: float | None = None,
) -> torch.Tensor:
    """The image as float32 [channels, height, width] of `image_size` in [0, 1], as viewers show it.

    It is resized to cover `resize_size`, then the centre is cropped; one channel is the luminance.
    max_megapixels, max_megabytes: see `Limits`.
    Raises CorruptImageError where the file does not hold an image, OSError where it cannot be read.
    """
    image = read_rgb(path, limits=limits_of({"max_megapixels": max_megapixels, "max_megabytes": max_megabytes}))
    return _prepared(image, channels=channels, resize_size=resize_size, image_size=image_size)


def decode_image(
    content: bytes,
    *,
    channels: int,
    resize_size: ImageSize,
    image_size: ImageSize,
    max_megapixels: float | None = None,
    max_megabytes: float | None = None,
) -> tuple[torch.Tensor, dict[str, str] | None]:
    """As `read_image`, for the content of a file; and kind and reason where it holds no image, which is then zeros.

    It does not raise: a program of several tasks that run side by side would fail for all of them.
    """
    try:
        image = decode_rgb(content, limits=limits_of({"max_megapixels": max_megapixels, "max_megabytes": max_megabytes}))
    except UndecodableError as error:
        return torch.zeros(channels, *sides_of(image_size, "image_size")), {"kind": error.kind, "reason": error.reason}
    return _prepared(image, channels=channels, resize_size=resize_size, image_size=image_size), None


def _prepared(image: Image.Image, *, channels: int, resize_size: ImageSize, image_size: ImageSize) -> torch.Tensor:
    shown = image.convert("L") if channels == 1 else image
    return to_unit_range(plain_transform(image_size, resize_size)(shown))


def unreadable_images(
    paths: Sequence[str], *, max_megapixels: float | None = None, max_megabytes: float | None = None
) -> list[str]:
    """Path and reason of each file that cannot be read or does not decode."""
    limits = limits_of({"max_megapixels": max_megapixels, "max_megabytes": max_megabytes})
    problems = []
    for path in paths:
        try:
            read_rgb(path, limits=limits)
        except CorruptImageError as error:
            problems.append(f"'{shown(path)}': {error.reason}")
        except OSError as error:
            problems.append(f"'{shown(path)}': {error.strerror}")
    return problems
