"""Data sets by description: what a caller needs of data, in one place."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from .cifar10 import open_cifar10
from ..errors import SpecError
from .image_folder import ImageFolderDataset, open_image_folder
from .in_memory import InMemoryDataset, open_digits
from .synthetic_images import SyntheticDataset, open_synthetic

ImageDataset = InMemoryDataset | ImageFolderDataset | SyntheticDataset

# Per source: how to open it, its splits, and its options beside source, split and on_corrupt.
_SOURCES: dict[str, tuple[Callable[..., ImageDataset], tuple[str, ...], tuple[str, ...]]] = {
    "digits": (open_digits, ("train", "test"), ("held_out",)),
    "cifar10": (open_cifar10, ("train", "test"), ("path", "augment", "hashes")),
    "imagenet": (open_image_folder, ("train", "val", "test"), ("path", "augment")),
    "folder": (open_image_folder, ("train", "val", "test"), ("path", "augment", "image_size", "resize_size")),
    "synthetic": (open_synthetic, ("train", "test"), ("train_images", "test_images", "classes", "image_size")),
}


def open_dataset(spec: dict[str, Any]) -> ImageDataset:
    """Opens a data set for reading; an item is (float32 image [C, H, W] in [0, 1], int label), never augmented.

    spec:
        source: 'digits' | 'cifar10' | 'imagenet' | 'folder' | 'synthetic'; split: 'train' | 'test', for class folders also 'val'.
        path: the folder. CIFAR-10: `cifar-10-batches-py` or its parent. Class folders: what contains `train` and `val`.
        augment: whether a Loader augments (default false). CIFAR-10: crop with padding 4, mirror. Class folders: random
            resized crop, mirror; else the shorter side is resized to `resize_size` (default 256), then the centre of
            `image_size` (default 224) cropped. ImageNet has the default sizes.
        on_corrupt: 'fail' (default) | 'skip': what a Loader does about an image file that does not decode.
        train_images, test_images, classes, image_size: synthetic images only, all four.
        held_out: digits only; 'test' (default) | 'validation': what is not trained on and makes the split 'test'.
        hashes: CIFAR-10 only; 'any' (default) | 'published': whether files other than the published ones are accepted.

    Raises SpecError for an unacceptable spec, DatasetError for data that are missing, damaged or something else.
    """
    source = spec.get("source")
    if source not in _SOURCES:
        raise SpecError(f"The data source must be {_either(_SOURCES)}, got {source!r}.")
    opener, splits, names = _SOURCES[source]
    allowed = {"source", "split", "on_corrupt", *names}
    if unknown := sorted(set(spec) - allowed):
        raise SpecError(f"The data source '{source}' has no option {_either(unknown)}; it has {_either(sorted(allowed))}.")
    _check_choice(spec, "split", splits)
    _check_choice(spec, "on_corrupt", ("fail", "skip"), "fail")
    _check_choice(spec, "hashes", ("any", "published"), "any")
    _check_choice(spec, "held_out", ("test", "validation"), "test")
    options = {name: spec[name] for name in names if name in spec}
    if source == "synthetic" and (missing := [name for name in names if name not in options]):
        raise SpecError(f"Synthetic data need {_either(missing)} as well.")
    if "path" not in names:
        return opener(spec["split"], **options)
    path = options.pop("path", None)
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise SpecError(f"The data source '{source}' needs the path of its folder, got {path!r}.")
    if opener is open_image_folder:
        options["on_corrupt"] = spec.get("on_corrupt", "fail")
    return opener(os.path.abspath(os.path.expanduser(path)), spec["split"], **options)


def describe_dataset(dataset: ImageDataset) -> dict[str, Any]:
    """length, classes (names by label), image_shape [C, H, W], class_counts (images by label)."""
    return {
        "length": len(dataset),
        "classes": list(dataset.classes),
        "image_shape": list(dataset.image_shape),
        "class_counts": np.bincount(dataset.labels, minlength=len(dataset.classes)).tolist(),
    }


def get_images(dataset: ImageDataset, indices: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Images float32 [N, C, H, W] in [0, 1] and labels int64 [N] of the given items, without augmentation.

    A corrupt image raises CorruptImageError whatever `on_corrupt` says: a result belongs to the image that was asked for.
    """
    outside = [index for index in indices if not 0 <= index < len(dataset)]
    if outside:
        raise IndexError(f"The data set has the images 0 to {len(dataset) - 1}; there is no image {outside[0]}.")
    items = [dataset[index] for index in indices]
    images = torch.stack([image for image, _ in items]) if items else torch.empty(0, *dataset.image_shape)
    return images, torch.tensor([label for _, label in items], dtype=torch.int64)


def _check_choice(spec: dict[str, Any], name: str, choices: Sequence[str], default: str | None = None) -> None:
    value = spec.get(name, default)
    if value not in choices:
        raise SpecError(f"The {name} of a data set of source '{spec['source']}' must be {_either(choices)}, got {value!r}.")


def _either(choices: Any) -> str:
    return " or ".join(f"'{choice}'" for choice in choices)
