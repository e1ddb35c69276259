"""Operations for people who watch a run: TensorBoard event files, pictures of denoised images."""

from __future__ import annotations

import base64

import torch

from ..delegates import lazy, method


def write_image(_host, writer, *, step: int, tag: str, png: str) -> None:
    writer.write_image(step, tag, base64.b64decode(png))


def draw_samples(_host, *samples: torch.Tensor) -> str:
    """Several images in one drawing, as the base64 text of a PNG file; see `pictures.draw_samples`.

    samples: for each image the clean one [1, C, H, W], the denoised ones [M, 1, C, H, W] and which are kept [M, 1].
    """
    from .. import pictures

    rows = [samples[start : start + 3] for start in range(0, len(samples), 3)]
    drawn = [(clean[0], denoised[:, 0], kept[:, 0].tolist()) for clean, denoised, kept in rows]
    return pictures.png_text(pictures.draw_samples(drawn))


OPERATIONS = {
    # tensorboard takes a second to import, and most programs do without.
    "open_event_writer": lazy("event_files", "EventWriter"),
    "write_scalars": method("write_scalars"),
    "write_image": write_image,
    "close_event_writer": method("close"),
    "draw_samples": draw_samples,
}
