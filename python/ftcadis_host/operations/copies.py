"""Operations on passes of noisy copies, which may be of several images. The TypeScript side is `src/torch/copies.ts`."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .tensors import noise_blocks


@dataclass(frozen=True)
class CopyRuns:
    """The copies of a pass: runs of an image, the name of a stream, and the copies `start` to `start + count - 1` of it."""

    runs: list[dict]
    size: int
    block: int


def stack_tensors(_host, *tensors: torch.Tensor) -> torch.Tensor:
    return torch.stack(tensors)


def copy_runs(_host, *, runs: list[dict], size: int, block: int) -> CopyRuns:
    return CopyRuns(runs, size, block)


def images_of_runs(_host, images: torch.Tensor, copies: CopyRuns) -> torch.Tensor:
    made = images.new_empty((copies.size, *images.shape[1:]))
    end = 0
    for run in copies.runs:
        made[end : end + run["count"]] = images[run["image"]]
        end += run["count"]
    made[end:] = images[0]
    return made


def noise_of_runs(host, images: torch.Tensor, copies: CopyRuns) -> torch.Tensor:
    made = images.new_zeros((copies.size, *images.shape[1:]))
    end = 0
    for run in copies.runs:
        count = run["count"]
        made[end : end + count] = noise_blocks(
            host, images[0], name=run["name"], start=run["start"], count=count, block=copies.block
        )
        end += count
    return made


OPERATIONS = {
    "stack_tensors": stack_tensors,
    "copy_runs": copy_runs,
    "images_of_runs": images_of_runs,
    "noise_of_runs": noise_of_runs,
}
