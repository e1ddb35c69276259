"""Running statistics: buffers that forward passes in training mode update, as in batch normalisation.

A module has them if it owns a floating-point buffer in its state dict.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

# Attribute for a module's own buffers while a forward pass works on copies of them.
_SET_ASIDE = "_buffers_set_aside"


def has_statistics(module: nn.Module) -> bool:
    """Returns whether a module itself, not its children, may have running statistics."""
    return any(buffer.is_floating_point() for _, buffer in _own_buffers(module))


def count_once(modules: Iterable[nn.Module]) -> None:
    """Keeps running statistics unchanged if a backward pass recomputes a forward pass.

    For activation checkpointing: the first forward pass has updated them already.
    """
    for module in modules:
        module.register_forward_pre_hook(_set_aside)
        module.register_forward_hook(_put_back, always_call=True)


class RunningStatistics:
    """The running statistics of modules over one update.

    Every micro-batch starts from those at the start of the update, and the update leaves the mean of the micro-batches'
    results; integers, such as the count of batches, become the largest. So the order of the micro-batches and the number of
    ranks do not matter. An update that is not applied changes nothing.
    """

    def __init__(self, modules: Iterable[nn.Module]):
        places = [(module, name, buffer) for module in modules for name, buffer in _own_buffers(module)]
        self._fractions = [place[:2] for place in places if place[2].is_floating_point()]
        self._counts = [place[:2] for place in places if not place[2].is_floating_point()]
        self.begin_update()

    @torch.no_grad()
    def begin_update(self) -> None:
        """Saves the current statistics as the start of every micro-batch of an update."""
        self._start = self._last = self._read()
        self._moved: torch.Tensor | None = None
        self._counted: torch.Tensor | None = None

    @torch.no_grad()
    def end_micro_batch(self) -> None:
        """Adds a micro-batch's changes of the statistics, and restores those of the start."""
        self._last = self._read()
        (start, _), (last, counts) = self._start, self._last
        # Not where the start is not finite, as in a mask of -inf.
        moves = torch.where(torch.isfinite(start), last - start, 0)
        self._moved = moves if self._moved is None else self._moved + moves
        self._counted = counts if self._counted is None else torch.maximum(self._counted, counts)
        self._write(*self._start)

    def non_finite(self) -> torch.Tensor:
        """Returns how many statistics the micro-batches so far would make NaN or infinite that were finite before."""
        return (~torch.isfinite(self._moved)).sum().to(torch.float32)

    def all_reduce(self, group) -> None:
        """Sums the changes of the statistics over the micro-batches of all ranks."""
        self._moved = group.all_reduce_sum(self._moved)
        if self._counts:
            self._counted = group.all_reduce_max(self._counted)

    @torch.no_grad()
    def apply(self, micro_batches: int) -> None:
        """Sets the statistics to the result of an update of that many micro-batches, over all ranks."""
        if micro_batches == 1:
            self._write(*self._last)
        else:
            self._write(self._start[0] + self._moved / micro_batches, self._counted)

    def _read(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns the current statistics as two vectors: fractions, and counts."""
        return _flat(_now(self._fractions)), _flat(_now(self._counts))

    def _write(self, fractions: torch.Tensor, counts: torch.Tensor) -> None:
        for places, vector in ((self._fractions, fractions), (self._counts, counts)):
            tensors = _now(places)
            if not tensors:
                continue
            parts = vector.split([tensor.numel() for tensor in tensors])
            torch._foreach_copy_(tensors, [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)])


def _now(places: list[tuple[nn.Module, str]]) -> list[torch.Tensor]:
    # A module may replace its buffer in a forward pass.
    return [module._buffers[name] for module, name in places]


def _flat(tensors: list[torch.Tensor]) -> torch.Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors]) if tensors else torch.zeros(0)


def _own_buffers(module: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """Returns a module's own buffers in its state dict; empty if none is floating-point."""
    kept = module._non_persistent_buffers_set
    own = [(name, buffer) for name, buffer in module._buffers.items() if buffer is not None and name not in kept]
    own = [(name, buffer) for name, buffer in own if buffer.dtype != torch.bool and not buffer.is_complex()]
    return own if any(buffer.is_floating_point() for _, buffer in own) else []


def _set_aside(module: nn.Module, _inputs) -> None:
    # The id of the current backward pass, by which torch.utils.checkpoint also detects recomputation.
    if module.training and torch._C._current_graph_task_id() != -1:
        setattr(module, _SET_ASIDE, dict(module._buffers))
        copies = {name: buffer.clone() for name, buffer in module._buffers.items() if buffer is not None}
        module._buffers.update(copies)


def _put_back(module: nn.Module, _inputs, _output) -> None:
    module._buffers.update(module.__dict__.pop(_SET_ASIDE, {}))
