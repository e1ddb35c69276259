"""Finds the folder with a split's class folders, and splits class folders without split folders."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence

from ..errors import SpecError
from .data_errors import DatasetError, shown
from .image_listing import folders_in, is_image_name, loose_files

# Folder names of a split, by preference. ImageNet's labelled test images are its validation set.
SPLIT_FOLDERS = {"train": ("train",), "val": ("val", "validation"), "test": ("test", "val", "validation")}
# Other common split names: such a folder is never a class.
ALL_SPLITS = frozenset(("train", "training", "test", "testing", "val", "valid", "validation"))


def is_unsplit(root: str) -> bool:
    """Returns whether a folder directly holds class folders, without a split folder."""
    names = _folders_if_any(root)
    return len(names) > 0 and not any(name.lower() in ALL_SPLITS for name in names)


def require_share(share: float | None, root: str, split: str) -> None:
    """Raises if class folders without splits are opened as another split than 'test' without a held-out share, or there are
    splits and a share.
    """
    if share is not None and (isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1):
        raise SpecError(f"data.testShare must lie between 0 and 1, got {share!r}.")
    if not is_unsplit(root):
        if share is not None:
            raise DatasetError(f"'{root}' has folders of its splits, and data.testShare would part them again. Leave it out.")
    elif share is None and split != "test":
        raise DatasetError(
            f"'{root}' holds class folders, and no folder '{split}': all its images are test images. To train too, set "
            "data.testShare (source 'folder') to the share that is held out, such as 0.2, or sort the images into 'train' and 'test'."
        )


def held_out(
    files: Sequence[tuple[str, int]], folder: str, share: float, split: str
) -> list[tuple[str, int]]:
    """Returns those of (path, label) that belong to a split: the share of each class with the smallest SHA-256 of names is
    'test'.

    At least one image of a class is 'test', and one is left for 'train'.
    """
    of_class: dict[int, list[str]] = {}
    for path, label in files:
        of_class.setdefault(label, []).append(path)
    tested = set()
    for paths in of_class.values():
        count = min(max(1, math.floor(share * len(paths) + 0.5)), max(len(paths) - 1, 1))
        tested.update(sorted(paths, key=lambda path: _digest(path, folder))[:count])
    return [(path, label) for path, label in files if (path in tested) == (split == "test")]


def _digest(path: str, folder: str) -> bytes:
    return hashlib.sha256(os.fsencode(os.path.relpath(path, folder))).digest()


def labelled_folders(root: str, split: str) -> tuple[str, list[str], list[str]]:
    """Returns the folder of a split, its class folders, and notes on skipped folders.

    If images are unlabelled, like those of ImageNet's own `test`, the next folder of the split is used.
    """
    if is_unsplit(root):
        return root, class_folders(root), []
    first, *others = _split_folders(root, split)
    if others and not _is_labelled(first, beside=(os.path.join(root, "train"), *others)):
        note = f"'{first}' holds no class folders of the data: its images have no labels, and '{others[0]}' is read."
        return others[0], class_folders(others[0]), [note]
    return first, class_folders(first), []


def _is_labelled(folder: str, *, beside: Sequence[str]) -> bool:
    own = folders_in(folder)
    known = next((names for names in map(_folders_if_any, beside) if names), own)
    return not set(own).isdisjoint(known)


def _folders_if_any(folder: str) -> list[str]:
    return folders_in(folder) if os.path.isdir(folder) else []


def _split_folders(root: str, split: str) -> list[str]:
    if not os.path.isdir(root):
        kind = "is not a folder" if os.path.exists(root) else "does not exist"
        raise DatasetError(f"The data set folder '{root}' {kind}. Give the path of a folder with class folders by split.")
    folders = [os.path.join(root, name) for name in SPLIT_FOLDERS[split]]
    if present := [folder for folder in folders if os.path.isdir(folder)]:
        return present
    if not folders_in(root):
        raise _without_classes(root)
    expected = " or ".join(f"'{name}'" for name in SPLIT_FOLDERS[split])
    raise DatasetError(
        f"'{root}' has no folder {expected} for the split '{split}'; "
        f"it holds {some(sorted(os.listdir(root))) or 'nothing'}. "
        f"Give the path of the folder that contains {expected}."
    )


def class_folders(folder: str) -> list[str]:
    if classes := folders_in(folder):
        return classes
    raise _without_classes(folder)


def _without_classes(folder: str) -> DatasetError:
    files = loose_files(folder)
    held = f"{len(files)} {'file' if len(files) == 1 else 'files'}, such as {some(files[:1])}" if files else "nothing"
    above = os.path.dirname(os.path.abspath(folder))
    siblings = classes_with_images(above)
    if os.path.basename(above).lower() in ALL_SPLITS:
        above = os.path.dirname(above)
    remedy = (
        f"Give '{above}', which holds the class folders {some(siblings)}."
        if len(siblings) > 1
        else "Sort the images into one folder per class. Folders 'train' and 'test' above the classes are optional."
    )
    return DatasetError(f"'{folder}' holds no class folders, but {held}. {remedy}")


def classes_with_images(folder: str) -> list[str]:
    """The folders in a folder that hold images themselves and are no splits; none where it cannot be read."""
    try:
        return [
            name
            for name in folders_in(folder)
            if name.lower() not in ALL_SPLITS and any(map(is_image_name, loose_files(os.path.join(folder, name))))
        ]
    except DatasetError:
        return []


def some(names: list[str], count: int = 5) -> str:
    listed = ", ".join(f"'{shown(name)}'" for name in names[:count])
    return listed if len(names) <= count else f"{listed} and {len(names) - count} more"
