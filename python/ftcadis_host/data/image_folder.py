"""Image files in one folder per class: ImageNet, or a user's own."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from .class_order import Classes, labels_of_folders
from .data_errors import DatasetError, shown
from ..errors import SpecError
from .identity import content_of_files
from .image_dataset import ClassList
from .image_decoding import EXTENSIONS, Limits, limits_of, read_rgb
from .image_listing import LOOSE, ImageListing, left_out_notes, loose_files
from .image_size import ImageSize, resized_to_cover, sides_of
from .in_memory import to_unit_range
from .split_folders import class_folders, held_out, is_unsplit, labelled_folders, require_share, some
from ..streams import lent_default
from ..torchvision_compat import prepare_torchvision

IMAGE_SIZE = 224
RESIZE_SIZE = 256


class ImageFolderDataset(Dataset):
    """Image files. `dataset[i]` is (float32 image [C, H, W] in [0, 1], int label), resized and cropped at the centre.

    Made by `open_image_folder`. `augment` and `on_corrupt` are for the Loader. notes: sentences for the user about omitted files.
    """

    def __init__(
        self,
        folder: str,
        files: Sequence[tuple[str, int]],
        labels: Mapping[str, int],
        *,
        class_order: str,
        image_size: tuple[int, int],
        resize_size: tuple[int, int],
        channels: int,
        as_shown: bool,
        limits: Limits,
        augment: bool,
        on_corrupt: str,
        notes: Sequence[str],
    ):
        self.folder = folder
        self.classes = list(labels)
        self.class_order = class_order
        # For some classes of a classifier; those of all are numbered consecutively.
        self.logits = None if list(labels.values()) == list(range(len(labels))) else list(labels.values())
        # Arrays, not a list of strings: reference counts would make forked workers copy the list.
        self._files = np.array([os.fsencode(os.path.relpath(file, folder)) for file, _ in files])
        self.labels = np.array([label for _, label in files], dtype=np.int64)
        self.image_shape = (channels, *image_size)
        self.notes = list(notes)
        self._as_shown = as_shown
        self._limits = limits
        self.resize_size = resize_size
        self.augment = augment
        self.on_corrupt = on_corrupt

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return to_unit_range(self.read(index)), int(self.labels[index])

    def content(self) -> Iterator[bytes]:
        """Names within the folder, sizes, and some of the files."""
        return content_of_files(self.folder, self._files)

    def path(self, index: int) -> str:
        return os.path.join(self.folder, os.fsdecode(self._files[index]))

    def read(self, index: int, seed: int | None = None) -> torch.Tensor:
        """Returns the image as uint8 [C, H, W]: a random crop and flip determined by `seed` alone, or the centre without a seed.

        Raises CorruptImageError if the file does not hold an image, DatasetError if it cannot be read.
        """
        plain, augmented = _transforms(self.image_shape[1:], self.resize_size)
        try:
            image = read_rgb(self.path(index), limits=self._limits, as_shown=self._as_shown)
        except OSError as error:
            raise DatasetError(
                f"The image '{shown(self.path(index))}' cannot be read: {error.strerror}. Bring its folder or disk back."
            ) from error
        if self.image_shape[0] == 1:
            image = image.convert("L")
        if seed is None:
            return plain(image)
        # torchvision draws from the process's CPU generator.
        with lent_default("augmentation", seed):
            return augmented(image)


@functools.cache
def _transforms(image_size: tuple[int, int], resize_size: tuple[int, int]) -> tuple[Callable, Callable]:
    """RGB image → uint8 [3, H, W]: for evaluation, and for training."""
    prepare_torchvision()
    from torchvision.transforms import v2

    height, width = image_size
    plain = v2.Compose([resized_to_cover(*resize_size), v2.CenterCrop(image_size), v2.PILToTensor()])
    # The aspect ratio changes by 4/3 at most, as with torchvision's crops for squares.
    ratios = (3 / 4 * (width / height), 4 / 3 * (width / height))
    crop = v2.RandomResizedCrop(image_size, ratio=ratios)
    augmented = v2.Compose([crop, v2.RandomHorizontalFlip(), v2.PILToTensor()])
    return plain, augmented


def plain_transform(image_size: ImageSize, resize_size: ImageSize) -> Callable[[Image.Image], torch.Tensor]:
    """Image → uint8 [C, H, W]: resized to cover `resize_size`, then cropped at the centre, as for test images."""
    return _transforms(sides_of(image_size, "image_size"), sides_of(resize_size, "resize_size"))[0]


def open_image_folder(
    split: str,
    *,
    path: str,
    augment: bool = False,
    image_size: ImageSize = IMAGE_SIZE,
    resize_size: ImageSize = RESIZE_SIZE,
    channels: int = 3,
    classes: Classes | None = None,
    test_share: float | None = None,
    max_megapixels: float | None = None,
    max_megabytes: float | None = None,
    on_corrupt: str = "fail",
    class_order: str = "unstated",
    as_shown: bool = True,
) -> ImageFolderDataset:
    """`<path>/<split>/<class>/**/<image>`: classes and images in the order of their names, as torchvision's ImageFolder.

    Class folders without split folders above them, `<path>/<class>/**/<image>`, form one split, 'test'.

    test_share: for such class folders, the share of each class for 'test'; the others are 'train'. See `held_out`.
    channels: 3, or 1 for the luminance. as_shown: see `read_rgb`.
    classes: another order of the classes, or some of them with their logits; see `class_order.labels_of_folders`.
    class_order: the source of the order if `classes` are not given; see `ImageDataset`.
    max_megapixels, max_megabytes: see `Limits`.
    Raises DatasetError for a folder that is missing, holds no class folders or a class without images, and if the class folders
    of a test split are not those of `train`, since a label would be ambiguous.
    """
    sides, resized = sides_of(image_size, "image_size"), sides_of(resize_size, "resize_size")
    if any(side > whole for side, whole in zip(sides, resized, strict=True)):
        raise SpecError(
            f"An image that covers {resized[0]} × {resized[1]} pixels has no centre of {sides[0]} × {sides[1]}: choose a "
            "resize_size of at least image_size."
        )
    if channels not in (1, 3):
        raise SpecError(f"Images have 1 or 3 channels, got {channels!r}. Set data.channels to 1 or 3.")
    limits = limits_of({"max_megapixels": max_megapixels, "max_megabytes": max_megabytes})
    _transforms(sides, resized)  # imports torchvision before workers fork
    folder, folders, notes = labelled_folders(path, split)
    require_share(test_share, path, split)
    labels = labels_of_folders(folders, classes, where=folder)
    if not isinstance(classes, Mapping) and not is_unsplit(path):
        _check_same_classes(os.path.join(path, "train"), folder, folders)
    listing = ImageListing(folder)
    files = [(file, labels[name]) for name, file in listing.of_classes(list(labels))]
    if test_share is not None:
        files = held_out(files, folder, test_share, split)
    if loose := loose_files(folder):
        listing.left_out[LOOSE] += len(loose)
    dataset = ImageFolderDataset(
        folder,
        files,
        labels,
        class_order=class_order if classes is None else "sorted" if isinstance(classes, str) else "listed",
        image_size=sides,
        resize_size=resized,
        channels=channels,
        as_shown=as_shown,
        limits=limits,
        augment=augment,
        on_corrupt=on_corrupt,
        notes=[*notes, *left_out_notes(folder, listing.left_out)],
    )
    counts = np.bincount(dataset.labels, minlength=max(labels.values()) + 1)
    empty = [name for name, label in labels.items() if counts[label] == 0]
    if empty:
        raise DatasetError(
            f"{len(empty)} of the {len(labels)} class folders in '{folder}' hold no image: {some(empty)}. "
            f"Add images ({', '.join(EXTENSIONS)}) or remove the folders."
        )
    return dataset


def class_names(*, path: str, classes: Classes | None = None) -> ClassList | None:
    """Returns the classes of a folder of class folders, without reading images: names, labels, and whether the user has given
    their order. None without such folders."""
    for split in ("train", "test"):
        try:
            folder, folders, _notes = labelled_folders(path, split)
        except DatasetError:
            continue  # another split may have them, and names are optional
        labels = labels_of_folders(folders, classes, where=folder)
        return {"names": list(labels), "labels": list(labels.values()), "is_stated": classes is not None}
    return None


def _check_same_classes(train_folder: str, folder: str, classes: list[str]) -> None:
    if folder == train_folder or not os.path.isdir(train_folder):
        return
    trained = set(class_folders(train_folder))
    differing = sorted(trained.symmetric_difference(classes))
    if differing:
        raise DatasetError(
            f"The class folders of '{folder}' and '{train_folder}' differ in {some(differing)}, so that labels would not "
            "mean the same in both. Give both the same class folders."
        )
