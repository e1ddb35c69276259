"""Errors about data."""

from __future__ import annotations

import os


class DatasetError(Exception):
    """A data set is missing, damaged, or not of the stated kind."""


class CorruptImageError(DatasetError):
    """An image file was read, but does not decode to an image.

    can_skip: whether the data set is read for training, which can skip such images.
    """

    def __init__(self, path: str, reason: str, can_skip: bool = False):
        super().__init__(path, reason, can_skip)  # in `args`, so that the error survives pickling in a worker process
        self.path = path
        self.reason = reason
        self.can_skip = can_skip

    def __str__(self) -> str:
        remedy = ", or set data.onCorrupt to 'skip'" if self.can_skip else ""
        return f"The image '{shown(self.path)}' cannot be decoded: {self.reason}. Replace or remove the file{remedy}."


class EndOfData(Exception):
    """The epoch has no more batches. Not a StopIteration, which Python swallows in too many places."""


def shown(path: str) -> str:
    """Formats a path for a message: bytes that are not UTF-8 as `\\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
