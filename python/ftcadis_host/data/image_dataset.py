"""Interfaces of data sets and of their sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict

import numpy as np
import torch


class ImageDataset(Protocol):
    """An item is (float32 image [C, H, W] in [0, 1], int label), never augmented. labels: int64 [N].

    classes: their names in the order of the labels. class_order: the source of that order. 'published': the same for everyone
    with the data; 'listed': the user has given each class its label; 'sorted': the user has said how to sort names;
    'unstated': names are sorted as text. logits: the labels of `classes` if they are not 0, 1, …: some of a classifier's
    classes, else None.

    A Loader reads an `InMemoryDataset` from the device, and any other as a `FileDataset`.
    """

    labels: np.ndarray
    classes: Sequence[str]
    image_shape: tuple[int, int, int]
    class_order: str
    logits: Sequence[int] | None

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]: ...

    def content(self) -> Iterator[bytes]:
        """Parts that distinguish the images from others: their pixels, or facts about their files without reading all of them."""


class FileDataset(ImageDataset, Protocol):
    """A data set whose images are read one by one, by worker processes if there are any.

    augment: whether a Loader requests augmented images. on_corrupt: 'fail' | 'skip', how it handles a CorruptImageError.
    """

    augment: bool
    on_corrupt: str

    def path(self, index: int) -> str:
        """The name of the image in messages."""

    def read(self, index: int, seed: int | None = None) -> torch.Tensor:
        """Returns the image as uint8 [C, H, W]; augmented according to `seed` only, or not at all."""


class ClassList(TypedDict):
    """Class names, their labels, and whether their order is known: published, or given by the user."""

    names: list[str]
    labels: list[int]
    is_stated: bool


def published_classes(names: Sequence[str]) -> ClassList:
    """Returns the classes of published data."""
    return {"names": list(names), "labels": list(range(len(names))), "is_stated": True}


@dataclass(frozen=True)
class DatasetSource:
    """A source of data sets.

    open: makes the data set of a split, from the given options, by keyword, with an absolute `path`.
    options: by name, the allowed values, the default first; None if any value is allowed. A `path` is required.
    required: other required options.
    is_told_on_corrupt: whether `open` accepts `on_corrupt`, which every description may have.
    class_names: returns the classes, from the description's options that it names, without reading images; None if the
        data are missing.
    """

    open: Callable[..., ImageDataset]
    splits: tuple[str, ...]
    options: Mapping[str, tuple[Any, ...] | None]
    required: tuple[str, ...] = ()
    is_told_on_corrupt: bool = False
    class_names: Callable[..., ClassList | None] | None = None
