"""The identity of a data set, independent of its location: its classes, number of images, and a unique digest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import WeightsError
from ..folders import written_file
from .data_errors import DatasetError
from .image_dataset import ImageDataset
from ..regular_files import read_regular_file

# The sizes of more files than this are kept in the user's cache.
UNCACHED_FILES = 10_000
# Number of files, spread evenly, whose content is hashed, and their size limit in bytes.
READ_FILES = 256
READ_BYTES = 1_000_000


def dataset_identity(dataset: ImageDataset) -> dict[str, Any]:
    """images (how many), classes (names in the order of their labels), digest (16 hexadecimal digits of a SHA-256).

    The digest covers classes, labels, and either the pixels of images in memory, or for image files their names within the
    data set, their sizes in bytes, and the content of up to `READ_FILES` of them. It contains no path. Raises DatasetError
    if a file cannot be accessed.
    """
    sha256 = hashlib.sha256(json.dumps(list(dataset.classes)).encode())
    sha256.update(dataset.labels.astype("<i8").tobytes())
    for part in dataset.content():
        sha256.update(part)
    return {"images": len(dataset), "classes": list(dataset.classes), "digest": sha256.hexdigest()[:16]}


def content_of_files(folder: str, names: Sequence[bytes]) -> Iterator[bytes]:
    """Returns names and sizes of image files, and the content of some: enough to distinguish data without reading all.

    Names and sizes alone do not distinguish data with numbered, uncompressed files.

    names: of the files within the folder. The sizes of many are cached until one of their folders is modified.
    """
    listing = b"\0".join(name.replace(os.fsencode(os.sep), b"/") for name in names)
    yield listing
    yield _some_whole(folder, names)
    if len(names) <= UNCACHED_FILES:
        yield _sizes(folder, names)
        return
    state = {
        "names": hashlib.sha256(listing).hexdigest(),
        "modified": [os.stat(place).st_mtime_ns for place in _folders(folder, names)],
    }
    cache = _cache_folder() / f"{hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:32]}.json"
    kept = _read_cache(cache)
    if {name: kept.get(name) for name in state} != state:
        kept = {**state, "sizes": hashlib.sha256(_sizes(folder, names)).hexdigest()}
        _write_cache(cache, kept)
    yield kept["sizes"].encode()


def _some_whole(folder: str, names: Sequence[bytes]) -> bytes:
    sha256 = hashlib.sha256()
    count = min(len(names), READ_FILES)
    for position in range(count):
        path = os.path.join(os.fsencode(folder), names[position * len(names) // count])
        try:
            content = read_regular_file(os.fsdecode(path), most=READ_BYTES)
        except ValueError:
            continue  # larger files differ in size; the loader refuses anything that is not a file
        except OSError as error:
            raise _unreadable(error) from error
        sha256.update(hashlib.sha256(content).digest())
    return sha256.digest()


def _unreadable(error: OSError) -> DatasetError:
    return DatasetError(
        f"The image '{os.fsdecode(error.filename)}' cannot be read: {error.strerror}. Bring its folder or disk back."
    )


def _sizes(folder: str, names: Sequence[bytes]) -> bytes:
    root = os.fsencode(folder)
    try:
        return np.array([os.stat(os.path.join(root, name)).st_size for name in names], dtype="<i8").tobytes()
    except OSError as error:
        raise _unreadable(error) from error


def _folders(folder: str, names: Sequence[bytes]) -> list[str]:
    within = {os.fsdecode(os.path.dirname(name)) for name in names}
    return [folder, *(os.path.join(folder, name) for name in sorted(within))]


def _cache_folder() -> Path:
    given = os.environ.get("XDG_CACHE_HOME", "")
    return Path(given if os.path.isabs(given) else os.path.expanduser("~/.cache")) / "ft-cadis" / "data"


def _read_cache(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}  # read the sizes again
    return content if isinstance(content, dict) and isinstance(content.get("sizes"), str) else {}


def _write_cache(file: Path, content: dict[str, Any]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with written_file(file) as new:
            new.write_text(json.dumps(content))
    except (OSError, WeightsError):
        return  # without a cache, the sizes are read each time
