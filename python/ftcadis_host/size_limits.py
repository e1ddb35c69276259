"""Networks that a folder or settings describe, made within what their weights can fill.

A description of a few bytes can ask for any number of layers, of any width. It is made in proportion to the weights beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.modules import module as hooks

from .errors import WeightsError

# A network may be this many times as large as its weights, and so much larger: a new head, tables of positions.
TIMES = 10
NUMBERS_MORE = 100_000_000
TENSORS_MORE = 1_000

# The whole numbers of a description are sizes and counts of layers.
LARGEST_NUMBER = 1_000_000


def check_numbers(description: Any, *, source: str) -> None:
    """Raises WeightsError where a description, as JSON has it, has a whole number that no size of a network is."""
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
    """In this block no network is made that is far larger than its weights: WeightsError ends the making of it.

    source: what holds the weights, for the message.
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
