"""Networks of the user's: what a function of a Python file returns. The only source that executes code of the user's."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...errors import SpecError
from ..backbone import Backbone, ClassifierSource, weight_file
from ..weights import load_strictly, read_tensors


def load_from_file(spec: Mapping[str, Any]) -> Backbone:
    path = Path(spec["file"])
    if not path.is_file():
        raise SpecError(f"There is no Python file '{path}' to take a classifier from. Give an existing one.")
    location = importlib.util.spec_from_file_location(f"ftcadis_user_{path.stem}", path)
    module = importlib.util.module_from_spec(location)
    location.loader.exec_module(module)
    factory = getattr(module, spec["factory"], None)
    if not callable(factory):
        raise SpecError(f"'{path}' has no function '{spec['factory']}'. Give the one that makes the network.")
    make = partial(factory, **(spec.get("arguments") or {}))
    model = make()
    if not isinstance(model, nn.Module):
        raise SpecError(
            f"'{spec['factory']}' of '{path}' returns a {type(model).__name__}, expected a torch.nn.Module. Return one."
        )
    if "path" in spec:
        tensors = read_tensors(weight_file(spec["path"]), inside=("state_dict", "model"))
        load_strictly(model, tensors, source=f"'{spec['path']}'", model=f"the network of '{spec['factory']}'")
    # To train it, it does not matter.
    is_random = "path" not in spec and not spec.get("tuning") and _differs(model, make)
    return Backbone(model, spec.get("heads") or [], None, "network" if is_random else None)


def _differs(model: nn.Module, make: Callable[[], nn.Module]) -> bool:
    """Whether making the network again gives other weights; torch's random numbers go on as if it had not been made."""
    with torch.random.fork_rng():
        torch.manual_seed(torch.initial_seed() + 1)
        again = make().state_dict()
    return any(not _equal(tensor, again.get(name)) for name, tensor in model.state_dict().items())


def _equal(tensor: torch.Tensor, other: torch.Tensor | None) -> bool:
    # As bytes: NaN is equal to itself.
    same = other is not None and (other.shape, other.dtype) == (tensor.shape, tensor.dtype)
    return same and torch.equal(*(part.cpu().contiguous().flatten().view(torch.uint8) for part in (tensor, other)))


SOURCE = ClassifierSource(load_from_file)
