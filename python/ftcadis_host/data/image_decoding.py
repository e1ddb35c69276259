"""Image files as RGB: supported formats, size limits, and colour conversion."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..errors import SpecError
from ..regular_files import read_regular_file
from .data_errors import CorruptImageError

# Pillow's names of the supported formats. Of several frames, the first is used. No other decoder sees a file, whatever its
# name: some start programs (PostScript), or follow references in a file.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")

# Extensions of image files. Others are not opened.
EXTENSIONS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm"),
)

ORIENTATION = 0x0112  # the EXIF tag
WHITE_IS_ZERO, PHOTOMETRIC = 0, 262  # of TIFF
BITS_PER_SAMPLE = 258

# Rotation or mirroring that makes pixels upright, by the value of the EXIF tag.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow warns of large images and refuses larger ones, both by a constant: here `Limits` decide.
Image.MAX_IMAGE_PIXELS = None

# Pillow's warnings are about a file's metadata, and affect no pixel.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class UndecodableError(Exception):
    """The content of a file cannot be decoded as an image.

    kind: `format` if no format is recognised, `pixels` if it is larger than the limits, else `damaged`.
    """

    def __init__(self, kind: str, reason: str):
        super().__init__(kind, reason)
        self.kind = kind
        self.reason = reason


@dataclass(frozen=True)
class Limits:
    """Size limits of an image file: larger ones are refused before any pixel is decoded."""

    megapixels: float = 100
    megabytes: float = 200

    def __post_init__(self) -> None:
        for setting, value in (("data.maxMegapixels", self.megapixels), ("data.maxMegabytes", self.megabytes)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise SpecError(f"The largest size of an image file, {setting}, must be above 0, got {value!r}.")


def limits_of(spec: Mapping[str, Any]) -> Limits:
    """Returns the limits of a description: `max_megapixels` and `max_megabytes`, each with its default."""
    given = {name: spec.get(f"max_{name}") for name in ("megapixels", "megabytes")}
    return Limits(**{name: value for name, value in given.items() if value is not None})


def read_rgb(path: str, *, limits: Limits = Limits(), as_shown: bool = True) -> Image.Image:
    """Reads an image file as RGB, whatever its colours: grey, palette, CMYK, 16-bit grey, with alpha.

    as_shown: as viewers show it, upright by its EXIF orientation, with transparent parts over white. Otherwise pixels
        are unchanged, and alpha is dropped.
    Raises CorruptImageError if the file holds no image of a supported format, exceeds the limits, or is not a regular
    file; OSError if it cannot be read.
    """
    try:
        return decode_rgb(_content(path, limits), limits=limits, as_shown=as_shown)
    except UndecodableError as error:
        raise CorruptImageError(path, error.reason) from error


def decode_rgb(content: bytes, *, limits: Limits = Limits(), as_shown: bool = True) -> Image.Image:
    """Decodes the content of an image file as RGB, see `read_rgb`. Raises UndecodableError if it holds no image."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _check_pixels(image.size, limits)
            orientation = _orientation(image) if as_shown else None
            image.load()
            upright = _eight_bits(image)
            if orientation in UPRIGHT and image.format != "TIFF":  # Pillow rotates TIFF files itself
                upright = upright.transpose(UPRIGHT[orientation])
            return _rgb(upright, over_white=as_shown)
    except MemoryError:
        raise
    except UndecodableError:
        raise
    except Exception as error:  # decoders raise whatever their format suggests
        is_unknown = not content or isinstance(error, UnidentifiedImageError)
        raise UndecodableError("format" if is_unknown else "damaged", _why(error, content)) from error


def _content(path: str, limits: Limits) -> bytes:
    try:
        return read_regular_file(path, most=int(limits.megabytes * 1e6))
    except ValueError as error:
        setting = "" if "regular" in str(error) else " (data.maxMegabytes)"
        raise CorruptImageError(path, f"{error}{setting}") from error


def _check_pixels(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    if width * height > limits.megapixels * 1e6:
        raise UndecodableError(
            "pixels",
            f"it is {width} x {height} pixels, {width * height / 1e6:.0f} megapixels, and at most "
            f"{limits.megapixels:g} are decoded (data.maxMegapixels)",
        )


def _orientation(image: Image.Image) -> int | None:
    try:
        return image.getexif().get(ORIENTATION)
    except Exception:  # viewers ignore a damaged EXIF block, and show the file unrotated
        return None


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scales grey of more than 8 bits to 8; `convert` would clip it at 255."""
    if image.mode.startswith("I;16"):
        tags = getattr(image, "tag_v2", {})
        bits = tags.get(BITS_PER_SAMPLE, (16,))[0]
        grey = (np.asarray(image) >> (bits - 8)).astype(np.uint8)
        return Image.fromarray(255 - grey if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else grey)
    if image.mode == "I" and image.format == "PPM":  # Pillow has scaled the file's largest value to 65535
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"its pixels are signed, 32-bit or floating-point numbers (mode {image.mode}) of unknown range")
    return image


def _rgb(image: Image.Image, *, over_white: bool) -> Image.Image:
    if not over_white or not image.has_transparency_data:
        return image.convert("RGB")
    layers = image.convert("RGBA")
    if layers.getextrema()[3][0] == 255:
        return layers.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers).convert("RGB")


def _why(error: Exception, content: bytes) -> str:
    if not content:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return (
            f"no image format is recognised in its {len(content)} bytes, which begin with {content[:16]!r}; "
            "JPEG, PNG, WebP, BMP, GIF, TIFF, PPM and PGM are decoded"
        )
    return str(error).rstrip(".") or type(error).__name__
