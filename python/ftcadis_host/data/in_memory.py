"""Data sets small enough to lie on the device as one tensor: a batch is a gather, without work per image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import Dataset

# The split of the digits is part of their definition: committed weights have seen the training half only.
# RandomState is numpy's frozen generator: its permutations are the same in every version.
DIGITS_SEED = 0
DIGITS_TRAIN_COUNT = 1200
DIGITS_VALIDATION_COUNT = 200


class InMemoryDataset(Dataset):
    """Images and labels as two tensors. `dataset[i]` is (float32 image [C, H, W] in [0, 1], int label), never augmented.

    images: [N, C, H, W], uint8 in 0..255 or float32 in [0, 1].
    augment: a function of (images [B, C, H, W], seeds int64 [B]) that a Loader applies; its result depends on nothing else.
    """

    def __init__(
        self,
        images: torch.Tensor,
        labels: np.ndarray,
        classes: Sequence[str],
        augment: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
    ):
        self.images = images
        self.labels = labels.astype(np.int64)
        self.classes = list(classes)
        self.augment = augment

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return tuple(self.images.shape[1:])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return to_unit_range(self.images[index]), int(self.labels[index])


def to_unit_range(images: torch.Tensor) -> torch.Tensor:
    """uint8 images as float32 in [0, 1], on their own device; float images as they are."""
    return images if images.is_floating_point() else images.float().div_(255)


def open_digits(split: str, held_out: str = "test") -> InMemoryDataset:
    """scikit-learn's 1,797 handwritten digits, 1x8x8 in 17 grey levels: 1,200 for training, 597 for testing.

    held_out: 'test' | 'validation'. With 'validation' the 597 stay untouched: the last 200 of the 1,200 make the split
        'test', and the 1,000 before them the split 'train'.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.RandomState(DIGITS_SEED).permutation(len(digits.target))
    train_count = DIGITS_TRAIN_COUNT
    if held_out == "validation":
        order = order[:DIGITS_TRAIN_COUNT]
        train_count -= DIGITS_VALIDATION_COUNT
    chosen = order[:train_count] if split == "train" else order[train_count:]
    images = torch.from_numpy(digits.images[chosen].astype(np.float32)).unsqueeze(1).div_(16)
    return InMemoryDataset(images, digits.target[chosen], [str(name) for name in digits.target_names])


def crop_and_flip(images: torch.Tensor, seeds: torch.Tensor, padding: int = 4) -> torch.Tensor:
    """Pads with black, crops back to the size at a random place, and mirrors every other image, as is usual on CIFAR-10.

    images: [B, C, H, W]. seeds: int64 [B], not negative; each decides place and mirroring of its own image alone.
    """
    _, channels, height, width = images.shape
    places = 2 * padding + 1
    top, left, mirrored = seeds % places, seeds // places % places, seeds // places**2 % 2 == 1
    across = torch.arange(width, device=images.device)
    rows = torch.arange(height, device=images.device) + top[:, None]
    columns = torch.where(mirrored[:, None], across.flip(0), across) + left[:, None]
    padded = functional.pad(images, (padding,) * 4)
    of_image = torch.arange(len(images), device=images.device)[:, None, None, None]
    of_channel = torch.arange(channels, device=images.device)[:, None, None]
    return padded[of_image, of_channel, rows[:, None, :, None], columns[:, None, None, :]]
