"""Files and folders: written atomically, never through a link. JSON files: read with a clear message if invalid."""

from __future__ import annotations

import json
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from .errors import WeightsError, plain_text
from .regular_files import read_regular_file

# Size limit of a JSON file in bytes: the index of the largest models has a few MB.
MOST_JSON_BYTES = 100_000_000


@contextmanager
def written_file(path: Path | str) -> Iterator[Path]:
    """Yields a new file, which replaces `path` if the block ends without an exception.

    Raises WeightsError if `path` is a link or anything else that is not a file. Keeps the permissions of an existing file.
    """
    path = Path(path)
    mode = _require(path, stat.S_ISREG, "a file")
    temporary = path.with_name(_new_name())
    # Only if nothing of this name exists: a link that is planted there is not followed.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
    try:
        if mode is not None:
            os.fchmod(descriptor, mode)
        permissions = stat.S_IMODE(os.fstat(descriptor).st_mode)
        os.close(descriptor)
        yield temporary
        # Libraries may have put a private file of their own in its place.
        temporary.chmod(permissions)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def appended_file(path: Path | str) -> Iterator[BinaryIO]:
    """Yields a file to append to, created if missing; raises WeightsError if `path` is a link or anything else that is not a
    file.
    """
    _require(Path(path), stat.S_ISREG, "a file")
    # Another process may replace it meanwhile: a link is refused, and opening a pipe does not block.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    with os.fdopen(descriptor, "ab") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise WeightsError(f"'{path}' is not a file. Name a file.")
        yield file


@contextmanager
def written_folder(folder: Path | str) -> Iterator[Path]:
    """Yields a new folder, which replaces `folder` if the block ends without an exception.

    Its files have the permissions of new files: libraries make some of them private.
    Raises WeightsError if `folder` is a link or anything else that is not a folder.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _require(folder, stat.S_ISDIR, "a folder")
    temporary = folder.with_name(_new_name())
    replaced = folder.with_name(_new_name())
    temporary.mkdir()
    permissions = stat.S_IMODE(temporary.stat().st_mode) & 0o666
    try:
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file() and not file.is_symlink():
                file.chmod(permissions)
        # A folder cannot be renamed over one that holds files: the old one is moved aside first.
        if folder.exists():
            os.replace(folder, replaced)
        try:
            os.replace(temporary, folder)
        except OSError:
            if replaced.exists():
                os.replace(replaced, folder)
            raise
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: Path | str, content: Any) -> None:
    """Writes indented JSON."""
    with written_file(path) as new:
        new.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: Path | str) -> dict[str, Any]:
    """Reads a JSON object in UTF-8 or UTF-16, with or without a byte order mark.

    Raises WeightsError, which names the file, if it is missing, not a regular file, too large, or not JSON.
    """
    try:
        text = read_regular_file(str(path), most=MOST_JSON_BYTES)
    except FileNotFoundError as error:
        raise WeightsError(f"The file '{path}' does not exist. Give a folder that has it.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise WeightsError(f"'{path}' cannot be read: {reason}. Put a file of JSON there.") from error
    try:
        content = json.loads(text)
    except RecursionError as error:
        raise WeightsError(f"'{path}' has lists or objects too deep in one another. Write it again.") from error
    except ValueError as error:
        raise WeightsError(f"'{path}' is not JSON: {plain_text(error)} Write or download it again.") from error
    if not isinstance(content, dict):
        raise WeightsError(f"'{path}' holds a {type(content).__name__}, expected a JSON object.")
    return content


def _new_name() -> str:
    """Returns a hidden name that cannot be guessed, within the length limit of names."""
    return f".ft-cadis-{uuid.uuid4().hex}.tmp"


def _require(path: Path, is_right: Callable[[int], bool], expected: str) -> int | None:
    """Returns the permissions of an existing file or folder; None if there is none."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return None
    if not is_right(mode):
        found = f"a symbolic link to '{os.readlink(path)}'" if stat.S_ISLNK(mode) else f"not {expected}"
        raise WeightsError(
            f"'{path}' cannot be written: it is {found}, and what is written takes the place of {expected} or of nothing. "
            "Name another one: links are not followed."
        )
    return stat.S_IMODE(mode)
