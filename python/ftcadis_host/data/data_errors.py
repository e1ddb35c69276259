"""What can go wrong with data."""

from __future__ import annotations


class DatasetError(Exception):
    """A data set is missing, damaged, or not what it was said to be."""


class CorruptImageError(DatasetError):
    """An image file was read, and does not decode to an image."""

    def __init__(self, path: str, reason: str):
        super().__init__(path, reason)  # both in `args`, so that the error survives the way out of a worker process
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"The image '{self.path}' cannot be decoded: {self.reason}. "
            "Replace or remove the file; training alone can leave it out, with data.onCorrupt 'skip'."
        )


class EndOfData(Exception):
    """The epoch has no further batch. Not a StopIteration, which Python swallows in too many places."""
