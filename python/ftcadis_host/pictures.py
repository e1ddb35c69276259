"""Tensors as pictures, and denoised images framed by a classifier's verdict, as in the paper's figures."""

from __future__ import annotations

import base64
import io

import torch
from PIL import Image, ImageDraw

KEPT = "#1a7f37"
HALLUCINATED = "#cf222e"
PAPER = "white"

# Sides of an image in a drawing, in pixels: smaller images are enlarged with sharp pixels, larger ones shrunk.
SMALLEST, LARGEST = 64, 128
FRAME, GAP, DASH = 4, 6, 8


def to_picture(image: torch.Tensor) -> Image.Image:
    """Converts an image [C, H, W] in [-1, 1], C one or three."""
    pixels = ((image.detach().float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)


def png_text(picture: Image.Image) -> str:
    """Returns the base64 text of a PNG file."""
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def shrunk(picture: Image.Image, side: int) -> Image.Image:
    """Shrinks to at most `side` pixels wide and high."""
    largest = max(picture.size)
    if largest <= side:
        return picture
    return picture.resize([max(1, round(length * side / largest)) for length in picture.size], Image.Resampling.LANCZOS)


def draw_samples(rows: list[tuple[list[torch.Tensor], torch.Tensor, list[bool] | None]]) -> Image.Image:
    """Draws a row for each (plain, denoised [M, C, H, W], kept): the plain images [C, H, W], such as the clean one, then the
    denoised ones, in a green frame if kept, in a dashed red one if hallucinated, and without one if unknown. Images
    are in [-1, 1] and all of one size."""
    cells = [
        [
            *(_framed(image, None) for image in plain),
            *(_framed(image, verdict) for image, verdict in zip(denoised, kept or [None] * len(denoised), strict=True)),
        ]
        for plain, denoised, kept in rows
    ]
    width, height = (side + GAP for side in cells[0][0].size)
    drawing = Image.new("RGB", (width * len(cells[0]) + GAP, height * len(cells) + GAP), PAPER)
    for row, pictures in enumerate(cells):
        for column, picture in enumerate(pictures):
            drawing.paste(picture, (GAP + column * width, GAP + row * height))
    return drawing


def _framed(image: torch.Tensor, kept: bool | None) -> Image.Image:
    picture = to_picture(image).convert("RGB")
    larger = max(1, SMALLEST // max(picture.size))
    shown = shrunk(picture.resize([larger * side for side in picture.size], Image.Resampling.NEAREST), LARGEST)
    width, height = (side + 2 * FRAME for side in shown.size)
    framed = Image.new("RGB", (width, height), {None: PAPER, True: KEPT, False: HALLUCINATED}[kept])
    if kept is False:
        # Dashes distinguish the frames without colours.
        draw = ImageDraw.Draw(framed)
        for start in range(DASH, max(width, height), 2 * DASH):
            draw.rectangle((start, 0, start + DASH - 1, height), fill=PAPER)
        for start in range(DASH, height - FRAME, 2 * DASH):
            draw.rectangle((0, start, FRAME - 1, start + DASH - 1), fill=PAPER)
            draw.rectangle((width - FRAME, start, width - 1, start + DASH - 1), fill=PAPER)
    framed.paste(shown, (FRAME, FRAME))
    return framed
