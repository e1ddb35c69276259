"""Image sizes: the side of a square, or height and width. Every size setting accepts both forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image

from ..errors import SpecError

# As in descriptions.
ImageSize = int | Sequence[int]


def sides_of(size: ImageSize, name: str) -> tuple[int, int]:
    """Returns height and width in pixels. Raises SpecError with the size's name for anything else."""
    sides = (size, size) if type(size) is int else tuple(size) if isinstance(size, (list, tuple)) else ()
    if len(sides) != 2 or not all(type(side) is int and side >= 1 for side in sides):
        raise SpecError(
            f"{name} is {size!r}, expected the side of square images in pixels, or [height, width]. Give whole numbers of at least 1."
        )
    return sides


def resized_to_cover(height: int, width: int) -> Callable[[Image.Image], Image.Image]:
    """Resizes an image, keeping its aspect ratio, so that it just covers height × width. For a square: as torchvision's
    Resize(side).
    """
    from torchvision.transforms.v2 import functional

    def resize(image: Image.Image) -> Image.Image:
        columns, rows = image.size
        # In integers: a rounded ratio could miss the other side by a pixel.
        is_wider = columns * height >= rows * width
        size = (height, height * columns // rows) if is_wider else (width * rows // columns, width)
        return functional.resize(image, list(size))

    return resize
