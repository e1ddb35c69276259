"""scikit-learn's handwritten digits."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import torch

from ..image_dataset import DatasetSource, published_classes
from ..in_memory import InMemoryDataset

# The split of the digits is part of their definition: committed weights were trained only on the training half.
# RandomState is numpy's frozen generator: its permutations are the same in every version.
DIGITS_SEED = 0
DIGITS_TRAIN_COUNT = 1200
DIGITS_VALIDATION_COUNT = 200
DIGITS = [str(digit) for digit in range(10)]


def open_digits(split: str, *, held_out: str = "test") -> InMemoryDataset:
    """scikit-learn's 1,797 handwritten digits, 1x8x8 in 17 grey levels: 1,200 for training, 597 for testing.

    held_out: 'test' | 'validation'. With 'validation' the 597 stay untouched: the last 200 of the 1,200 are the split
        'test', and the 1,000 before them the split 'train'.
    """
    pixels_and_label = _read_digits()
    order = np.random.RandomState(DIGITS_SEED).permutation(len(pixels_and_label))
    train_count = DIGITS_TRAIN_COUNT
    if held_out == "validation":
        order = order[:DIGITS_TRAIN_COUNT]
        train_count -= DIGITS_VALIDATION_COUNT
    chosen = order[:train_count] if split == "train" else order[train_count:]
    images = torch.from_numpy(pixels_and_label[chosen, :-1].astype(np.float32)).reshape(-1, 1, 8, 8).div_(16)
    return InMemoryDataset(images, pixels_and_label[chosen, -1].astype(np.int64), DIGITS)


def _read_digits() -> np.ndarray:
    """Returns the rows of scikit-learn's file: 64 pixels and the label.

    It is read without importing scikit-learn, which takes as long as importing torch.
    """
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")
    return np.loadtxt(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")


SOURCE = DatasetSource(
    open_digits,
    splits=("train", "test"),
    options={"held_out": ("test", "validation")},
    class_names=lambda: published_classes(DIGITS),
)
