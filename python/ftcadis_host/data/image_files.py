"""Image files outside a data set, preprocessed like its test images."""

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
    """Returns the image as float32 [channels, height, width] of `image_size` in [0, 1], as viewers show it.

    Resizes it to cover `resize_size`, then crops the centre; a single channel is the luminance.
    max_megapixels, max_megabytes: see `Limits`.
    Raises CorruptImageError if the file does not hold an image, OSError if it cannot be read.
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
    """Like `read_image` for the content of a file; also returns kind and reason if it holds no image, which is then zeros.

    It does not raise: a program with several concurrent tasks would fail for all of them.
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
    """Returns path and reason of each file that cannot be read or does not decode."""
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
