"""Image files in one folder per class: ImageNet, or a user's own."""

from __future__ import annotations

import functools
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch.utils.data import Dataset

from .class_order import Classes, labels_of_folders
from .data_errors import CorruptImageError, DatasetError
from ..errors import SpecError
from .identity import names_and_sizes
from .in_memory import to_unit_range
from ..streams import lent_default
from ..torchvision_compat import prepare_torchvision

# Folder names of a split, by preference. ImageNet's labelled test images are its validation set.
SPLIT_FOLDERS = {"train": ("train",), "val": ("val",), "test": ("test", "val")}
IMAGE_SIZE = 224
RESIZE_SIZE = 256


class ImageFolderDataset(Dataset):
    """Image files as RGB. `dataset[i]` is (float32 image [3, S, S] in [0, 1], int label), resized and cropped at the centre.

    Made by `open_image_folder`. `augment` and `on_corrupt` are instructions to a Loader.
    """

    def __init__(
        self,
        folder: str,
        files: Sequence[tuple[str, int]],
        labels: Mapping[str, int],
        *,
        class_order: str,
        image_size: int,
        resize_size: int,
        augment: bool,
        on_corrupt: str,
    ):
        self.folder = folder
        self.classes = list(labels)
        self.class_order = class_order
        # Of some classes of a classifier; those of all are counted through.
        self.logits = None if list(labels.values()) == list(range(len(labels))) else list(labels.values())
        # Arrays, not a list of strings: forked workers would come to copy the list, for its reference counts change.
        self._files = np.array([os.fsencode(os.path.relpath(file, folder)) for file, _ in files])
        self.labels = np.array([label for _, label in files], dtype=np.int64)
        self.image_shape = (3, image_size, image_size)
        self.resize_size = resize_size
        self.augment = augment
        self.on_corrupt = on_corrupt

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return to_unit_range(self.read(index)), int(self.labels[index])

    def content(self) -> Iterator[bytes]:
        """Names within the folder, and sizes."""
        return names_and_sizes(self.folder, self._files)

    def path(self, index: int) -> str:
        return os.path.join(self.folder, os.fsdecode(self._files[index]))

    def read(self, index: int, seed: int | None = None) -> torch.Tensor:
        """The image as uint8 [3, S, S]: a random crop and flip that `seed` alone decides, or the centre without one.

        Raises CorruptImageError where the file does not hold an image, DatasetError where it cannot be read.
        """
        plain, augmented = _transforms(self.image_shape[-1], self.resize_size)
        try:
            image = read_rgb(self.path(index))
        except OSError as error:
            raise DatasetError(
                f"The image '{self.path(index)}' cannot be read: {error.strerror}. Bring its folder or disk back."
            ) from error
        if seed is None:
            return plain(image)
        # torchvision draws from the process's CPU generator.
        with lent_default("augmentation", seed):
            return augmented(image)


@functools.cache
def _transforms(image_size: int, resize_size: int) -> tuple[Callable, Callable]:
    """RGB image → uint8 [3, S, S]: for evaluation, and for training."""
    prepare_torchvision()
    from torchvision.transforms import v2

    plain = v2.Compose([v2.Resize(resize_size), v2.CenterCrop(image_size), v2.PILToTensor()])
    augmented = v2.Compose([v2.RandomResizedCrop(image_size), v2.RandomHorizontalFlip(), v2.PILToTensor()])
    return plain, augmented


def plain_transform(image_size: int, resize_size: int) -> Callable[[Image.Image], torch.Tensor]:
    """Image → uint8 [C, S, S]: the shorter side is resized, then the centre cropped, as for test images."""
    return _transforms(image_size, resize_size)[0]


def read_rgb(path: str) -> Image.Image:
    """An image file as RGB, whatever its colours: grey, palette, CMYK, 16-bit grey, with alpha (which is dropped)."""
    with open(path, "rb") as file:
        content = file.read()
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.mode.startswith("I;16"):  # `convert` would cut off at 255 instead of scaling
                image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            elif image.mode in ("I", "F"):
                raise ValueError(f"its pixels are 32-bit numbers (mode {image.mode}) of unknown range")
            return image.convert("RGB")
    except MemoryError:
        raise
    except Exception as error:  # decoders raise whatever their format suggests
        raise CorruptImageError(path, _why(error, content)) from error


def _why(error: Exception, content: bytes) -> str:
    if not content:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return f"no image format is recognised in its {len(content)} bytes, which begin with {content[:16]!r}"
    return str(error).rstrip(".") or type(error).__name__


def open_image_folder(
    split: str,
    *,
    path: str,
    augment: bool = False,
    image_size: int = IMAGE_SIZE,
    resize_size: int = RESIZE_SIZE,
    classes: Classes | None = None,
    on_corrupt: str = "fail",
    class_order: str = "unstated",
) -> ImageFolderDataset:
    """`<path>/<split>/<class>/**/<image>`: classes and images in the order of their names, as torchvision's ImageFolder.

    classes: another order of the classes, or some of them with their logits; see `class_order.labels_of_folders`.
    class_order: what the order of the names is worth where `classes` are not given; see `ImageDataset`.
    Raises DatasetError for a folder that is missing, holds no class folders or a class without images, and where the
    class folders of a test split are not those of `train`, for then a label would mean two things.
    """
    if not 0 < image_size <= resize_size:
        raise SpecError(
            f"An image whose shorter side is {resize_size} pixels has no centre of {image_size}: "
            "choose an image_size above 0 and a resize_size of at least image_size."
        )
    _transforms(image_size, resize_size)  # forked workers find torchvision imported
    from torchvision.datasets.folder import IMG_EXTENSIONS, make_dataset

    folder = _split_folder(path, split)
    folders = _class_folders(folder)
    labels = labels_of_folders(folders, classes, where=folder)
    if not isinstance(classes, Mapping):
        _check_same_classes(os.path.join(path, "train"), folder, folders)
    files = make_dataset(folder, labels, extensions=IMG_EXTENSIONS, allow_empty=True)
    dataset = ImageFolderDataset(
        folder,
        files,
        labels,
        class_order=class_order if classes is None else "sorted" if isinstance(classes, str) else "listed",
        image_size=image_size,
        resize_size=resize_size,
        augment=augment,
        on_corrupt=on_corrupt,
    )
    counts = np.bincount(dataset.labels, minlength=max(labels.values()) + 1)
    empty = [name for name, label in labels.items() if counts[label] == 0]
    if empty:
        raise DatasetError(
            f"{len(empty)} of the {len(labels)} class folders in '{folder}' hold no image: {_some(empty)}. "
            f"Add images ({', '.join(IMG_EXTENSIONS)}) or remove the folders."
        )
    return dataset


def _split_folder(root: str, split: str) -> str:
    if not os.path.isdir(root):
        kind = "is not a folder" if os.path.exists(root) else "does not exist"
        raise DatasetError(f"The data set folder '{root}' {kind}. Give the path of a folder with class folders by split.")
    for name in SPLIT_FOLDERS[split]:
        folder = os.path.join(root, name)
        if os.path.isdir(folder):
            return folder
    expected = " or ".join(f"'{name}'" for name in SPLIT_FOLDERS[split])
    raise DatasetError(
        f"'{root}' has no folder {expected} for the split '{split}'; "
        f"it holds {_some(sorted(os.listdir(root))) or 'nothing'}. "
        f"Give the path of the folder that contains {expected}."
    )


def _class_folders(folder: str) -> list[str]:
    with os.scandir(folder) as entries:
        names = {entry.name: entry.is_dir() for entry in entries}
    classes = sorted(name for name, is_folder in names.items() if is_folder)
    if not classes:
        found = f"{len(names)} files, such as {_some(sorted(names), 1)}" if names else "nothing"
        raise DatasetError(
            f"'{folder}' holds no class folders, but {found}. "
            "Sort the images into one folder per class (for ImageNet's validation set, by its published labels)."
        )
    return classes


def _check_same_classes(train_folder: str, folder: str, classes: list[str]) -> None:
    if folder == train_folder or not os.path.isdir(train_folder):
        return
    trained = set(_class_folders(train_folder))
    differing = sorted(trained.symmetric_difference(classes))
    if differing:
        raise DatasetError(
            f"The class folders of '{folder}' and '{train_folder}' differ in {_some(differing)}, so that labels would not "
            "mean the same in both. Give both the same class folders."
        )


def _some(names: list[str], count: int = 5) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:count])
    return shown if len(names) <= count else f"{shown} and {len(names) - count} more"
