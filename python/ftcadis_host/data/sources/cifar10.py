"""CIFAR-10 in the published Python files (Krizhevsky, 2009)."""

from __future__ import annotations

import hashlib
import os
import pickle
from typing import Any

import numpy as np
import torch

from ...regular_files import read_regular_file
from ..data_errors import DatasetError
from ..image_dataset import ClassList, DatasetSource, published_classes
from ..in_memory import InMemoryDataset, crop_and_flip
from ..pickled_arrays import read_pickled_arrays

FOLDER = "cifar-10-batches-py"
META = "batches.meta"
SPLIT_FILES = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}
PIXELS = 3 * 32 * 32

# Size limit of one file: the published ones have 31 MB.
MOST_BYTES = 2_000_000_000

# MD5 of the published files, to recognise them, not for security.
PUBLISHED_MD5 = {
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}


def open_cifar10(split: str, *, path: str, augment: bool = False, hashes: str = "any") -> InMemoryDataset:
    """Images 3x32x32 in the order of the files; `augment` pads by 4, crops and mirrors.

    path: the folder `cifar-10-batches-py` or its parent. The files may hold any number of images.
    hashes: 'published' accepts only the published files, 'any' every file of the format.
    Executes nothing in the files. Raises DatasetError for a file that is missing, damaged or of another kind.
    """
    folder = _batches_folder(path)
    classes = _read_names(folder, hashes)
    batches = [_read_batch(folder, name, hashes) for name in SPLIT_FILES[split]]
    images = torch.from_numpy(np.concatenate([images for images, _ in batches]))
    labels = np.concatenate([labels for _, labels in batches])
    return InMemoryDataset(images, labels, classes, crop_and_flip if augment else None)


def class_names(*, path: str) -> ClassList | None:
    """Returns the names in the files; None without CIFAR-10."""
    try:
        folder = _batches_folder(path)
    except DatasetError:
        return None  # names are optional
    return published_classes(_read_names(folder, "any"))


def _read_names(folder: str, hashes: str) -> list[str]:
    meta = _read_file(folder, META, hashes)
    try:
        classes = [_text(name) for name in meta[b"label_names"]]
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise _not_cifar10(os.path.join(folder, META), "it has no list b'label_names'") from error
    if len(classes) != 10:
        raise _not_cifar10(os.path.join(folder, META), f"it names {len(classes)} classes, expected 10")
    return classes


def _text(name: object) -> str:
    if isinstance(name, bytes):
        return name.decode("ascii")
    if isinstance(name, str):
        return name
    raise TypeError(f"a {type(name).__name__} is not a name")


def _batches_folder(root: str) -> str:
    for folder in (root, os.path.join(root, FOLDER)):
        if os.path.isfile(os.path.join(folder, META)):
            return folder
    names = sorted(os.listdir(root)) if os.path.isdir(root) else None
    if names is None:
        found = "it is not a folder" if os.path.exists(root) else "it does not exist"
    else:
        found = f"it holds {', '.join(names[:5]) or 'nothing'}{', …' if len(names) > 5 else ''}"
    remedy = f"Give the path of '{FOLDER}' or of the folder that contains it."
    if names is not None and "cifar-10-python.tar.gz" in names:
        remedy = f"Unpack '{os.path.join(root, 'cifar-10-python.tar.gz')}' there first."
    elif names is not None and any(name.endswith("_batch.bin") for name in names):
        remedy = "These are the files for C; the ones for Python are in cifar-10-python.tar.gz."
    raise DatasetError(f"No CIFAR-10 at '{root}': expected '{META}' there or in '{FOLDER}', but {found}. {remedy}")


def _read_batch(folder: str, name: str, hashes: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns images uint8 [N, 3, 32, 32] and labels int64 [N] of one file."""
    path = os.path.join(folder, name)
    content = _read_file(folder, name, hashes)
    images = content.get(b"data")
    labels = content.get(b"labels")
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.ndim != 2 or images.shape[1] != PIXELS:
        got = f"{images.dtype} {list(images.shape)}" if isinstance(images, np.ndarray) else type(images).__name__
        raise _not_cifar10(path, f"b'data' must be uint8 [N, {PIXELS}], got {got}")
    if not isinstance(labels, list) or len(labels) != len(images):
        got = len(labels) if isinstance(labels, list) else type(labels).__name__
        raise _not_cifar10(path, f"b'labels' must be a list of {len(images)} labels, one per image, got {got}")
    if any(type(label) is not int or not 0 <= label <= 9 for label in labels):
        raise _not_cifar10(path, "its labels are not all whole numbers from 0 to 9")
    return images.reshape(-1, 3, 32, 32), np.array(labels, dtype=np.int64)


def _read_file(folder: str, name: str, hashes: str) -> dict[Any, Any]:
    path = os.path.join(folder, name)
    try:
        content = read_regular_file(path, most=MOST_BYTES)
    except FileNotFoundError as error:
        raise DatasetError(f"CIFAR-10 is incomplete: '{path}' is missing. Unpack cifar-10-python.tar.gz again.") from error
    except (ValueError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DatasetError(f"'{path}' cannot be read: {reason}. Put the file of CIFAR-10 there.") from error
    found = hashlib.md5(content, usedforsecurity=False).hexdigest() if hashes == "published" else None
    if found is not None and found != PUBLISHED_MD5[name]:
        raise DatasetError(
            f"'{path}' is not the published file: expected MD5 {PUBLISHED_MD5[name]}, got {found}. "
            "Download it again, or set data.hashes to 'any' if the file is meant to be another."
        )
    try:
        value = read_pickled_arrays(content)
    except pickle.UnpicklingError as error:
        raise _not_cifar10(path, str(error)) from error
    if not isinstance(value, dict):
        raise _not_cifar10(path, f"it holds a {type(value).__name__}, expected a dict")
    return value


def _not_cifar10(path: str, reason: str) -> DatasetError:
    return DatasetError(
        f"'{path}' is damaged or not a file of CIFAR-10: {reason}. "
        "Nothing in it was executed. Download cifar-10-python.tar.gz again and unpack it."
    )


SOURCE = DatasetSource(
    open_cifar10,
    splits=("train", "test"),
    options={"path": None, "augment": None, "hashes": ("any", "published")},
    class_names=class_names,
)
