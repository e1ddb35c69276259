"""Operations for watching a run: TensorBoard event files, pictures of denoised images."""

from __future__ import annotations

import base64

import torch

from ..delegates import lazy, method


def write_image(_host, writer, *, step: int, tag: str, png: str) -> None:
    writer.write_image(step, tag, base64.b64decode(png))


def draw_samples(_host, *samples: torch.Tensor, plain: int = 1, has_verdicts: bool = True) -> str:
    """Several images in one drawing, as the base64 text of a PNG file; see `pictures.draw_samples`.

    samples: for each image the `plain` ones [1, C, H, W], starting with the clean one, the denoised ones [M, 1, C, H, W], and
    optionally which of them are kept [M, 1].
    """
    from .. import pictures

    width = plain + 1 + has_verdicts
    drawn = []
    for start in range(0, len(samples), width):
        *shown, denoised = samples[start : start + plain + 1]
        kept = samples[start + plain + 1][:, 0].tolist() if has_verdicts else None
        drawn.append(([image[0] for image in shown], denoised[:, 0], kept))
    return pictures.png_text(pictures.draw_samples(drawn))


OPERATIONS = {
    # tensorboard takes a second to import, and most programs do not need it.
    "open_event_writer": lazy("event_files", "EventWriter"),
    "write_scalars": method("write_scalars"),
    "write_settings": method("write_settings"),
    "write_image": write_image,
    "close_event_writer": method("close"),
    "draw_samples": draw_samples,
}
