"""Operations on passes of noisy copies, of one or several images. The TypeScript side is `src/torch/copies.ts`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from ..streams import begin
from .tensors import noise_blocks


@dataclass(frozen=True)
class CopyRuns:
    """The copies of a pass: runs of an image, the name of a stream, and the copies `start` to `start + count - 1` of it."""

    runs: list[dict]
    size: int
    block: int


def stack_tensors(_host, *tensors: torch.Tensor) -> torch.Tensor:
    return torch.stack(tensors)


def join_rows(_host, *tensors: torch.Tensor, runs: list[dict], size: int) -> torch.Tensor:
    parts = [tensors[run["tensor"]].narrow(0, run["start"], run["count"]) for run in runs]
    first = parts[0][:1]
    padding = size - sum(len(part) for part in parts)
    return torch.cat([*parts, first.expand(padding, *first.shape[1:])])


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


def noise_of_runs(host, images: torch.Tensor, copies: CopyRuns, *, part: list[int | str] | None = None) -> torch.Tensor:
    made = images.new_zeros((copies.size, *images.shape[1:]))
    end = 0
    for run in copies.runs:
        count = run["count"]
        made[end : end + count] = noise_blocks(
            host, images[0], name=[*run["name"], *(part or [])], start=run["start"], count=count, block=copies.block
        )
        end += count
    return made


def uniform_of_runs(_host, images: torch.Tensor, copies: CopyRuns, *, half_width: float) -> torch.Tensor:
    def draw(part: torch.Tensor, generator: torch.Generator) -> None:
        part.uniform_(-half_width, half_width, generator=generator)

    return _drawn(images, copies, dtype=images.dtype, draw=draw)


def laplace_of_runs(_host, images: torch.Tensor, copies: CopyRuns, *, scale: float) -> torch.Tensor:
    def draw(part: torch.Tensor, generator: torch.Generator) -> None:
        part.exponential_(generator=generator)
        # The difference of two exponential variables is a Laplace variable.
        part -= torch.empty_like(part).exponential_(generator=generator)
        part *= scale

    return _drawn(images, copies, dtype=images.dtype, draw=draw)


def score_sums_of_runs(_host, scores: torch.Tensor, copies: CopyRuns, *, steps: int) -> torch.Tensor:
    """Returns for each run: the scores in whole steps summed by class, their squares, and the number of copies. Integer sums do
    not depend on the order.
    """
    known = ~scores.isnan().any(1, keepdim=True)
    levels = (scores.double().nan_to_num(0).clamp(0, 1) * steps).round().to(torch.int64) * known
    columns = torch.cat([levels, levels.square(), known.to(torch.int64)], 1)
    counts = [run["count"] for run in copies.runs]
    return torch.stack([part.sum(0) for part in columns[: sum(counts)].split(counts)])


def step_noise(host, *, thresholds: list[str]) -> torch.Tensor:
    """The table of `discreteGaussian`, for signed 64-bit integers."""
    return torch.tensor([int(threshold) - 2**63 for threshold in thresholds], dtype=torch.int64, device=host.device)


def stepped_of_runs(host, images: torch.Tensor, copies: CopyRuns, table: torch.Tensor, *, steps: int) -> torch.Tensor:
    """Rounds images to whole steps and adds noise of whole steps: results depend only on the sums."""
    levels = ((images.double() + 1) * (steps / 2)).round().to(torch.int64)
    bits = _drawn(images, copies, dtype=torch.int64, draw=_draw_64_bits)
    sums = torch.searchsorted(table, bits, right=True) - len(table) // 2
    sums += images_of_runs(host, levels, copies)
    # As int64 they would be rounded by the division.
    return (sums.double() * (2 / steps) - 1).to(images.dtype)


def _draw_64_bits(part: torch.Tensor, generator: torch.Generator) -> None:
    part.random_(-(2**63), None, generator=generator)


def _drawn(images: torch.Tensor, copies: CopyRuns, *, dtype: torch.dtype, draw: Callable) -> torch.Tensor:
    """Returns blocks of copies filled by `draw`, each from the stream of its number; padding is zeros."""
    made = torch.zeros((copies.size, *images.shape[1:]), dtype=dtype, device=images.device)
    generator = torch.Generator(images.device)
    end = 0
    for run in copies.runs:
        start, count, block = run["start"], run["count"], copies.block
        first, last = start // block, -(-(start + count) // block)
        drawn = torch.empty(((last - first) * block, *images.shape[1:]), dtype=dtype, device=images.device)
        for number, part in enumerate(drawn.split(block), first):
            draw(part, begin(generator, *run["name"], number))
        made[end : end + count] = drawn.narrow(0, start - first * block, count)
        end += count
    return made


OPERATIONS = {
    "stack_tensors": stack_tensors,
    "join_rows": join_rows,
    "copy_runs": copy_runs,
    "images_of_runs": images_of_runs,
    "noise_of_runs": noise_of_runs,
    "uniform_of_runs": uniform_of_runs,
    "laplace_of_runs": laplace_of_runs,
    "score_sums_of_runs": score_sums_of_runs,
    "step_noise": step_noise,
    "stepped_of_runs": stepped_of_runs,
}
