"""Selects the image files of a data set in a folder, and counts the others."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence

from .data_errors import DatasetError
from .image_decoding import EXTENSIONS

# Folders that operating systems add to the user's. No class has such a name.
SYSTEM_FOLDERS = frozenset(("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"))

HIDDEN = "hidden"
BROKEN_LINK = "links that lead nowhere"
BACK_LINK = "links to a folder that was read already"
SPECIAL = "pipes, sockets or devices"
LOOSE = "files beside the class folders"

Identity = tuple[int, int]  # device and inode


def is_hidden(name: str) -> bool:
    """Returns whether the name of a file or folder marks it as not data: `.ipynb_checkpoints`, `._0.png`, `__MACOSX`."""
    return name.startswith(".") or name in SYSTEM_FOLDERS


def is_image_name(name: str) -> bool:
    return name.lower().endswith(EXTENSIONS)


def folders_in(folder: str) -> list[str]:
    """Returns the folders that are not hidden, by name."""
    return sorted(entry.name for entry in _entries(folder) if not is_hidden(entry.name) and _is_folder(entry))


def loose_files(folder: str) -> list[str]:
    """Returns the files that are not hidden, by name."""
    return sorted(entry.name for entry in _entries(folder) if not is_hidden(entry.name) and not _is_folder(entry))


class ImageListing:
    """The image files below class folders, each a regular file, and `left_out`: the number of other files of each kind.

    Links to folders are followed, but never to an enclosing folder, and within a class no folder is read twice.
    """

    def __init__(self, folder: str):
        self._folder = folder
        self.left_out: Counter[str] = Counter()

    def of_classes(self, classes: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Returns class and path of each image in name order, whatever the order of the classes."""
        above = frozenset(map(_identity, _and_parents(os.path.realpath(self._folder))))
        for name in sorted(classes):
            for path in self._images(os.path.join(self._folder, name), above):
                yield name, path

    def _images(self, top: str, above: frozenset[Identity]) -> Iterator[str]:
        found: list[tuple[str, list[str]]] = []
        seen: set[Identity] = set()
        waiting = [(top, above)]
        while waiting:
            folder, above = waiting.pop()
            identity = _identity(folder)
            if os.path.islink(folder):
                above = above.union(map(_identity, _and_parents(os.path.dirname(os.path.realpath(folder)))))
            if identity in seen or identity in above:
                self.left_out[BACK_LINK] += 1
                continue
            seen.add(identity)
            files, folders = self._sorted_out(folder)
            found.append((folder, files))
            waiting.extend((inner, above | {identity}) for inner in reversed(folders))
        for folder, files in sorted(found):
            yield from (os.path.join(folder, name) for name in files)

    def _sorted_out(self, folder: str) -> tuple[list[str], list[str]]:
        """Returns names of the image files in a folder, and paths of the folders."""
        files, folders = [], []
        for entry in sorted(_entries(folder), key=lambda entry: entry.name):
            if is_hidden(entry.name):
                self.left_out[HIDDEN] += 1
            elif _is_folder(entry):
                folders.append(entry.path)
            elif not is_image_name(entry.name):
                self.left_out[os.path.splitext(entry.name)[1].lower() or "no extension"] += 1
            elif os.path.isfile(entry.path):
                files.append(entry.name)
            else:
                self.left_out[SPECIAL if os.path.exists(entry.path) else BROKEN_LINK] += 1
        return files, folders


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise DatasetError(
            f"The folder '{folder}' cannot be read: {error.strerror}. Give yourself the right to read it, or bring its disk back."
        ) from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    # A link to itself is an error to `DirEntry`, and not a folder to `os.path`.
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()


def _identity(folder: str) -> Identity:
    state = os.stat(folder)
    return state.st_dev, state.st_ino


def _and_parents(path: str) -> Iterator[str]:
    while True:
        yield path
        above = os.path.dirname(path)
        if above == path:
            return
        path = above


def left_out_notes(folder: str, left_out: Counter[str]) -> list[str]:
    """Returns one sentence about the omitted files of a folder, or none."""
    if not left_out:
        return []
    kinds = ", ".join(f"{count} {kind}" for kind, count in left_out.most_common(8))
    more = f" and {len(left_out) - 8} more kinds" if len(left_out) > 8 else ""
    return [f"Left out of '{folder}', as no image of the data: {kinds}{more}."]
