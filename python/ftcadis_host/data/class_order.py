"""Maps class folders of a data set to labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..errors import SpecError
from .data_errors import DatasetError

# Alternatives to a list or a mapping.
TEXT, NUMERIC = "text", "numeric"

Classes = str | Sequence[str] | Mapping[str, int]


def labels_of_folders(folders: Sequence[str], asked: Classes | None, *, where: str) -> dict[str, int]:
    """Returns the label of each class folder to read, in the order of the labels.

    folders: the existing class folders, in text order.
    asked: None or 'text' for the order of the names as text, 'numeric' for their order as numbers, a list of
        all names in order, or a mapping of some names to their logits, each at least 0 and used once.
    where: the folder, for messages. Raises DatasetError if the folders do not match.
    """
    if asked is None or asked == TEXT:
        names = list(folders)
    elif asked == NUMERIC:
        if others := [name for name in folders if not _is_number(name)]:
            raise DatasetError(
                f"The class folders of '{where}' have no order of numbers: '{others[0]}' is not a whole number. "
                "Set data.classes to 'text' or to a list of the names in their order."
            )
        names = sorted(folders, key=int)
    elif isinstance(asked, Mapping):
        return _mapped(folders, asked, where)
    elif isinstance(asked, Sequence) and not isinstance(asked, str):
        names = _listed(folders, asked, where)
    else:
        raise SpecError(f"The classes of a data set must be 'numeric', 'text', a list or a mapping, got {asked!r}.")
    return {name: label for label, name in enumerate(names)}


def _is_number(name: str) -> bool:
    return re.fullmatch(r"[0-9]+", name) is not None


def _listed(folders: Sequence[str], asked: Sequence[str], where: str) -> list[str]:
    names = list(asked)
    problems = [
        *(f"'{name}' is listed twice" for name in sorted({name for name in names if names.count(name) > 1})),
        *(f"the folder '{name}' is missing" for name in names if name not in set(folders)),
        *(f"the folder '{name}' is not listed" for name in folders if name not in set(names)),
    ]
    if problems:
        raise DatasetError(
            f"data.classes is not a list of the class folders of '{where}': {'; '.join(problems[:5])}. "
            "List each folder once, in the order of the logits; to certify some of them, give { folder: logit }."
        )
    return names


def _mapped(folders: Sequence[str], asked: Mapping[str, int], where: str) -> dict[str, int]:
    if absent := [name for name in asked if name not in set(folders)]:
        raise DatasetError(
            f"data.classes names '{absent[0]}', but '{where}' has no such class folder. Name folders that are there."
        )
    logits = list(asked.values())
    if not logits or len(set(logits)) < len(logits) or any(type(logit) is not int or logit < 0 for logit in logits):
        raise SpecError(f"data.classes must give each folder its own logit, counted from 0, got {dict(asked)!r}.")
    return dict(sorted(asked.items(), key=lambda item: item[1]))
