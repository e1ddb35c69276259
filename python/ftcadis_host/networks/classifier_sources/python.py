"""Networks of the user's: what a function of a Python file returns. The only source that executes code of the user's."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    model = factory(**(spec.get("arguments") or {}))
    if not isinstance(model, nn.Module):
        raise SpecError(
            f"'{spec['factory']}' of '{path}' returns a {type(model).__name__}, expected a torch.nn.Module. Return one."
        )
    if "path" in spec:
        tensors = read_tensors(weight_file(spec["path"]), inside=("state_dict", "model"))
        load_strictly(model, tensors, source=f"'{spec['path']}'", model=f"the network of '{spec['factory']}'")
    return Backbone(model, spec.get("heads") or [], None)


SOURCE = ClassifierSource(load_from_file)
