"""What a data set has to be, and what a source of data sets hands over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict

import numpy as np
import torch


class ImageDataset(Protocol):
    """An item is (float32 image [C, H, W] in [0, 1], int label), never augmented. labels: int64 [N].

    classes: their names in the order of the labels. class_order: where that is from. 'published': the same for all who
    have the data; 'listed': the user has given each class its label; 'sorted': the user has said how names are sorted;
    'unstated': names are sorted as text. logits: the labels of `classes` where they are not 0, 1, …: some of a
    classifier's classes, else None.

    A Loader reads an `InMemoryDataset` from the device, and all others as a `FileDataset`.
    """

    labels: np.ndarray
    classes: Sequence[str]
    image_shape: tuple[int, int, int]
    class_order: str
    logits: Sequence[int] | None

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]: ...

    def content(self) -> Iterator[bytes]:
        """What tells the images from others, in parts: their pixels, or what is known of their files without reading all of them."""


class FileDataset(ImageDataset, Protocol):
    """A data set whose images are read one by one, by worker processes if there are any.

    augment: whether a Loader asks for augmented images. on_corrupt: 'fail' | 'skip', what it does about a CorruptImageError.
    """

    augment: bool
    on_corrupt: str

    def path(self, index: int) -> str:
        """What the image is called in messages."""

    def read(self, index: int, seed: int | None = None) -> torch.Tensor:
        """The image as uint8 [C, H, W]; augmented as `seed` alone decides, or not at all."""


class ClassList(TypedDict):
    """Names of classes, their labels, and whether their order is known: published, or said by the user."""

    names: list[str]
    labels: list[int]
    is_stated: bool


def published_classes(names: Sequence[str]) -> ClassList:
    """The classes of data that are the same for all who have them."""
    return {"names": list(names), "labels": list(range(len(names))), "is_stated": True}


@dataclass(frozen=True)
class DatasetSource:
    """A source of data sets.

    open: makes the data set of a split, from the options that are given, by keyword; `path` is absolute then.
    options: by name, the values that one can have, the default first; None where it takes any. A `path` is required.
    required: what else is.
    is_told_on_corrupt: whether `open` takes `on_corrupt`, which every description may have.
    class_names: the classes, from those options of a description that it has by name, without a look at the images; None
        where the data are not there.
    """

    open: Callable[..., ImageDataset]
    splits: tuple[str, ...]
    options: Mapping[str, tuple[Any, ...] | None]
    required: tuple[str, ...] = ()
    is_told_on_corrupt: bool = False
    class_names: Callable[..., ClassList | None] | None = None
