"""Opens data sets by description, with everything a caller needs of data in one place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from . import sources
from ..errors import SpecError
from ..sources import either, find_source
from .data_errors import CorruptImageError
from .image_dataset import ClassList, DatasetSource, ImageDataset
from .image_folder import ImageFolderDataset

# Handling of an image that does not decode, the default first.
ON_CORRUPT = ("fail", "skip")


def open_dataset(spec: dict[str, Any]) -> ImageDataset:
    """Opens a data set for reading; an item is (float32 image [C, H, W] in [0, 1], int label), never augmented.

    spec:
        source: 'digits' | 'mnist' | 'cifar10' | 'imagenet' | 'folder' | 'synthetic'; split: 'train' | 'test', for class
            folders also 'val'.
        path: the folder. MNIST: that of the idx files, or a parent. CIFAR-10: `cifar-10-batches-py` or its parent. Class
            folders: the one with `train` and `val`.
        augment: whether a Loader augments (default false). CIFAR-10: crop with padding 4, mirror. Class folders: random
            resized crop, mirror; else resized to cover `resize_size` (default 256), then the centre of `image_size` (default 224)
            cropped: the side of a square, or [height, width]. ImageNet has the default sizes.
        test_share: own class folders only, without folders of splits; the share of each class for the split 'test'.
        classes: own class folders only; 'numeric' | 'text' | [names in order] | {folder: logit}, see `class_order`.
        channels: own class folders only; 3 (default) or 1.
        max_megapixels, max_megabytes: class folders; size limits of an image file (default 100 and 200).
        on_corrupt: 'fail' (default) | 'skip': how a Loader handles an image file that does not decode.
        train_images, test_images, classes, image_size: synthetic images only, all four; channels with them, default 3.
        held_out: digits only; 'test' (default) | 'validation': the held-out images for the split 'test'.
        hashes: MNIST and CIFAR-10; 'any' | 'published': whether to accept files other than the published ones. Default:
            'published' for MNIST, 'any' for CIFAR-10.

    Raises SpecError for an invalid spec, DatasetError for data that are missing, damaged or of another kind.
    """
    name = spec.get("source")
    source: DatasetSource = find_source(sources, name, "data set")
    allowed = {"source", "split", "on_corrupt", *source.options}
    if unknown := sorted(set(spec) - allowed):
        raise SpecError(f"The data source '{name}' has no option {either(unknown)}; it has {either(sorted(allowed))}.")
    _check_choice(spec, "split", source.splits)
    _check_choice(spec, "on_corrupt", ON_CORRUPT, ON_CORRUPT[0])
    for option, choices in source.options.items():
        if choices is not None:
            _check_choice(spec, option, choices, choices[0])
    if missing := [option for option in source.required if option not in spec]:
        raise SpecError(f"The data source '{name}' needs {either(missing)} as well.")
    options = {option: spec[option] for option in source.options if option in spec}
    if "path" in source.options:
        options["path"] = _absolute(spec)
    if source.is_told_on_corrupt:
        options["on_corrupt"] = spec.get("on_corrupt", ON_CORRUPT[0])
    return source.open(spec["split"], **options)


def describe_dataset(dataset: ImageDataset) -> dict[str, Any]:
    """length, classes (names in the order of labels), image_shape [C, H, W], class_counts (images by class).

    class_order, logits: see `ImageDataset`. notes: sentences for the user, for example about omitted files.
    """
    labels = range(len(dataset.classes)) if dataset.logits is None else dataset.logits
    counts = np.bincount(dataset.labels, minlength=max(labels) + 1)
    return {
        "length": len(dataset),
        "classes": list(dataset.classes),
        "image_shape": list(dataset.image_shape),
        "class_counts": counts[list(labels)].tolist(),
        "class_order": dataset.class_order,
        "logits": dataset.logits,
        "notes": list(getattr(dataset, "notes", ())),
    }


def class_names(spec: dict[str, Any]) -> ClassList | None:
    """Returns the class names of the data in a description, without reading images.

    spec: as for `open_dataset`, without a split. None if the data are missing, or their classes have no names.
    """
    source: DatasetSource = find_source(sources, spec.get("source"), "data set")
    if source.class_names is None:
        return None
    options = {option: spec[option] for option in ("path", "classes") if option in spec and option in source.options}
    if "path" in options:
        options["path"] = _absolute(spec)
    return source.class_names(**options)


def get_images(dataset: ImageDataset, indices: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns images float32 [N, C, H, W] in [0, 1] and labels int64 [N] of the given items, without augmentation.

    A corrupt image raises CorruptImageError regardless of `on_corrupt`: a result belongs to the requested image.
    """
    outside = [index for index in indices if not 0 <= index < len(dataset)]
    if outside:
        raise IndexError(f"The data set has the images 0 to {len(dataset) - 1}, got {outside[0]}.")
    items = [dataset[index] for index in indices]
    images = torch.stack([image for image, _ in items]) if items else torch.empty(0, *dataset.image_shape)
    return images, torch.tensor([label for _, label in items], dtype=torch.int64)


def labels_of(dataset: ImageDataset, *, indices: Sequence[int]) -> list[int]:
    """Returns the labels of the given items without reading images."""
    return dataset.labels[list(indices)].tolist()


def image_paths(dataset: ImageDataset, *, indices: Sequence[int]) -> list[str] | None:
    """Returns the files of the given items; None if the images are not single files."""
    return [dataset.path(index) for index in indices] if isinstance(dataset, ImageFolderDataset) else None


def corrupt_images(dataset: ImageDataset, *, indices: Sequence[int]) -> list[dict[str, Any]]:
    """Returns index and path of the given items whose files do not decode."""
    corrupt = []
    for index in indices:
        try:
            dataset[index]
        except CorruptImageError as error:
            corrupt.append({"index": index, "path": error.path})
    return corrupt


def _check_choice(spec: dict[str, Any], name: str, choices: Sequence[str], default: str | None = None) -> None:
    value = spec.get(name, default)
    if value not in choices:
        raise SpecError(f"The {name} of a data set of source '{spec['source']}' must be {either(choices)}, got {value!r}.")


def _absolute(spec: dict[str, Any]) -> str:
    path = spec.get("path")
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise SpecError(f"The data source '{spec['source']}' needs the path of its folder, got {path!r}.")
    return os.path.abspath(os.path.expanduser(path))
