"""The user's own networks: the result of a function in a Python file. The only source that executes the user's code."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...errors import SpecError, plain_text
from ..backbone import Backbone, ClassifierSource, load_weights, weight_file
from ..state_dicts import read_tensors
from ..user_code import imported


def load_from_file(spec: Mapping[str, Any]) -> Backbone:
    path = Path(spec["file"])
    if not path.is_file():
        raise SpecError(f"The Python file '{path}' of the classifier does not exist. Give an existing one.")
    # Read first: if the weights cannot be read, nothing is executed.
    tensors = read_tensors(weight_file(spec["path"])) if "path" in spec else None
    is_random, is_new, notes = False, False, []
    try:
        with imported(path) as file:
            factory = getattr(file.module, spec["factory"], None)
            if not callable(factory):
                raise SpecError(f"'{path}' has no function '{spec['factory']}'. Give the one that makes the network.")
            make = partial(factory, **(spec.get("arguments") or {}))
            model = make()
            if not isinstance(model, nn.Module):
                raise SpecError(
                    f"'{spec['factory']}' of '{path}' returns a {type(model).__name__}, expected a torch.nn.Module. "
                    "Return one."
                )
            if next(model.parameters(), None) is None:
                raise SpecError(f"The network of '{spec['factory']}' in '{path}' has no parameters. Return one that has.")
            # For training, it does not matter.
            is_random = tensors is None and not spec.get("tuning") and _differs(model, make)
    except (SpecError, MemoryError, torch.OutOfMemoryError):
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise SpecError(_failed(path, spec, error)) from error
    heads = spec.get("heads") or []
    unknown = [head for head in heads if head not in dict(model.named_modules())]
    if unknown:
        names = ", ".join(f"'{name}'" for name, _ in model.named_children())
        raise SpecError(
            f"The network of '{spec['factory']}' in '{path}' has no module '{unknown[0]}' for classifier.heads. Give some "
            f"of its modules: {names}."
        )
    if tensors is not None:
        is_new, notes = load_weights(
            model,
            tensors,
            path=spec["path"],
            described=f"the network of '{spec['factory']}'",
            heads=heads,
            classes=spec.get("num_classes"),
        )
    random = "network" if is_random else "head" if is_new else None
    return Backbone(model, heads, None, random, notes=notes, code=file.files)


def _failed(path: Path, spec: Mapping[str, Any], error: BaseException) -> str:
    """Returns the line of the user's files at which an exception was raised."""
    folder = path.resolve().parent
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)]
    where = f"line {frames[-1].lineno} of '{Path(frames[-1].filename).name}'" if frames else f"'{spec['factory']}'"
    if isinstance(error, SyntaxError):
        where = f"line {error.lineno} of '{Path(error.filename or path).name}'"
    given = f" with classifier.arguments {dict(spec.get('arguments') or {})}" if spec.get("arguments") else ""
    return (
        f"'{path}' could not make the network by '{spec['factory']}'{given}: in {where}, {type(error).__name__}: "
        f"{plain_text(error)} Correct it, or the arguments."
    )


def _differs(model: nn.Module, make: Callable[[], nn.Module]) -> bool:
    """Returns whether making the network again gives other weights, and restores torch's random state."""
    with torch.random.fork_rng():
        torch.manual_seed(torch.initial_seed() + 1)
        again = make().state_dict()
    return any(not _equal(tensor, again.get(name)) for name, tensor in model.state_dict().items())


def _equal(tensor: torch.Tensor, other: torch.Tensor | None) -> bool:
    # Compared as bytes: NaN is equal to itself.
    same = other is not None and (other.shape, other.dtype) == (tensor.shape, tensor.dtype)
    return same and torch.equal(*(part.cpu().contiguous().flatten().view(torch.uint8) for part in (tensor, other)))


SOURCE = ClassifierSource(load_from_file)
