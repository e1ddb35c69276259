"""Reads a user's file in full: a regular file of limited size, or nothing."""

from __future__ import annotations

import errno
import os
import stat


def read_regular_file(path: str, *, most: int) -> bytes:
    """Returns the content of a file of at most `most` bytes.

    Raises ValueError, whose text is the reason, for a larger file and for anything but a regular file; OSError if it
    cannot be read.
    """
    # Opening a named pipe would wait for a writer, and a device may have no end.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if stat.S_ISDIR(state.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(state.st_mode):
            raise ValueError("it is not a regular file, but a pipe, socket or device")
        content = file.read(most + 1) if state.st_size <= most else None
    if content is None or len(content) > most:
        size = state.st_size if content is None else len(content)
        raise ValueError(f"it has {size / 1e6:.0f} MB, and at most {most / 1e6:g} MB are read")
    return content
