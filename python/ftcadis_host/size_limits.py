"""Limits networks from a folder or settings to a size that their weights can fill.

A description of a few bytes can request any number of layers of any width. The limit is proportional to the weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.modules import module as hooks

from .errors import WeightsError

# Largest ratio of a network to its weights, and an additional allowance: a new head, tables of positions.
TIMES = 10
NUMBERS_MORE = 100_000_000
TENSORS_MORE = 1_000

# The integers of a description are sizes and counts of layers.
LARGEST_NUMBER = 1_000_000


def check_numbers(description: Any, *, source: str) -> None:
    """Raises WeightsError if a JSON description has an integer beyond any size of a network."""
    pending = [description]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            pending.extend(value.values())
        elif isinstance(value, (list, tuple)):
            pending.extend(value)
        elif isinstance(value, (int, float)) and value == value and abs(value) > LARGEST_NUMBER:
            raise WeightsError(
                f"{source} has the number {value:.3g}, and sizes of networks are at most {LARGEST_NUMBER:,}. Correct it, or "
                "get the file again from where it was made."
            )


@contextmanager
def within(tensors: Mapping[str, torch.Tensor], *, source: str) -> Iterator[None]:
    """Stops the construction of a network in this block that is far larger than its weights, with WeightsError.

    source: description of the weights, for the message.
    """
    held = sum(tensor.numel() for tensor in tensors.values())
    numbers, count = 0, 0

    def add(_module: nn.Module, _name: str, tensor: torch.Tensor | None) -> None:
        nonlocal numbers, count
        if tensor is None:
            return
        numbers, count = numbers + tensor.numel(), count + 1
        if numbers > TIMES * held + NUMBERS_MORE or count > TIMES * len(tensors) + TENSORS_MORE:
            raise WeightsError(
                f"{source} holds {held:,} numbers in {len(tensors)} tensors, and its architecture is far larger. Give "
                "weights and an architecture that belong together."
            )

    handles = [
        hooks.register_module_parameter_registration_hook(add),
        hooks.register_module_buffer_registration_hook(add),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
