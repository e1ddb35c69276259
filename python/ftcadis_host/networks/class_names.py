"""Class names of a classifier, from its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..folders import read_json

# Beside the weights of a checkpoint of this package.
SMOOTHED_FILE = "smoothed.json"


@dataclass(frozen=True)
class ClassNames:
    """Names in the order of the logits.

    are_of_data: whether they are those of the training data, according to `smoothed.json`; a library
        may have other words for the same classes.
    """

    names: list[str]
    are_of_data: bool


def known_classes(spec: Mapping[str, Any], of_library: list[str] | None) -> ClassNames | None:
    """Returns the weights' names of the logits: from `smoothed.json` beside them, else from their library."""
    stored = _stored_classes(spec)
    if stored is not None:
        return ClassNames(stored, are_of_data=True)
    return None if of_library is None else ClassNames(of_library, are_of_data=False)


def _stored_classes(spec: Mapping[str, Any]) -> list[str] | None:
    weights = spec.get("path") if spec.get("adapter") is None else spec["adapter"]
    if weights is None:
        return None
    path = Path(weights)
    file = (path.parent if path.is_file() else path) / SMOOTHED_FILE
    return names_in_order(read_json(file).get("classes"), spec.get("num_classes")) if file.is_file() else None


def names_in_order(labels: Any, count: int | None) -> list[str] | None:
    """Returns class names from a list, or from a mapping of logits to names; None if they do not name `count` logits.

    Placeholders such as LABEL_0, which transformers uses for unknown names, do not count.
    """
    if isinstance(labels, Mapping):
        numbered = {int(logit): name for logit, name in labels.items() if str(logit).isdecimal()}
        labels = [numbered[logit] for logit in sorted(numbered)] if sorted(numbered) == list(range(len(labels))) else None
    if not isinstance(labels, Sequence) or isinstance(labels, str) or not labels:
        return None
    names = [str(name) for name in labels]
    if count is not None and count != len(names):
        return None
    return None if all(name == f"LABEL_{logit}" for logit, name in enumerate(names)) else names
