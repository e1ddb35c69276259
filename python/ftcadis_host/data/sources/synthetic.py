"""Generated images without files, in any number, to measure speed and memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import Dataset

from ...errors import SpecError
from ..image_dataset import DatasetSource
from ..image_size import ImageSize, sides_of
from ..in_memory import to_unit_range

# The two splits differ in their stream.
SPLITS = {"train": 0, "test": 1}


class SyntheticDataset(Dataset):
    """Random pixels and labels. `dataset[i]` is (float32 image [C, H, W] in [0, 1], int label), a function of split and i.

    For a Loader it is a data set of files: worker processes generate images instead of decoding them.
    """

    augment = False
    on_corrupt = "fail"
    class_order = "published"
    logits = None

    def __init__(self, split: str, *, length: int, classes: int, image_size: ImageSize, channels: int = 3):
        for name, value in (("length", length), ("classes", classes), ("channels", channels)):
            if not isinstance(value, int) or value < 1:
                raise SpecError(f"Synthetic data need a whole number of at least 1 as {name}, got {value!r}.")
        self.split = split
        self.classes = [str(label) for label in range(classes)]
        # In turn, so that every class has images; shuffled, so that neighbours differ in class.
        self.labels = np.random.default_rng(SPLITS[split]).permutation(np.arange(length, dtype=np.int64) % classes)
        self.image_shape = (channels, *sides_of(image_size, "image_size"))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return to_unit_range(self.read(index)), int(self.labels[index])

    def content(self) -> Iterator[bytes]:
        """Everything the images depend on, besides labels and classes."""
        yield f"synthetic {self.split} {list(self.image_shape)}".encode()

    def path(self, index: int) -> str:
        return f"synthetic {self.split} image {index}"

    def read(self, index: int, _seed: int | None = None) -> torch.Tensor:
        """Returns the image as uint8 [C, H, W]; never augmented."""
        generator = np.random.default_rng((SPLITS[self.split], index))
        return torch.from_numpy(generator.integers(256, size=self.image_shape, dtype=np.uint8))


def open_synthetic(
    split: str, *, train_images: int, test_images: int, classes: int, image_size: ImageSize, channels: int = 3
) -> SyntheticDataset:
    """Opens the training or test split of generated data."""
    length = train_images if split == "train" else test_images
    return SyntheticDataset(split, length=length, classes=classes, image_size=image_size, channels=channels)


NUMBERS = ("train_images", "test_images", "classes", "image_size")
SOURCE = DatasetSource(open_synthetic, splits=("train", "test"), options=dict.fromkeys((*NUMBERS, "channels")), required=NUMBERS)
