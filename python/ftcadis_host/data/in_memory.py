"""Data sets small enough for the device as one tensor: a batch is a gather, without work per image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import Dataset

class InMemoryDataset(Dataset):
    """Images and labels as two tensors. `dataset[i]` is (float32 image [C, H, W] in [0, 1], int label), never augmented.

    images: [N, C, H, W], uint8 in 0..255 or float32 in [0, 1].
    augment: a function of only (images [B, C, H, W], seeds int64 [B]) that a Loader applies.
    """

    class_order = "published"
    logits = None

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

    def content(self) -> Iterator[bytes]:
        """Type, shape and pixels."""
        images = self.images.cpu().contiguous().numpy()
        yield f"{images.dtype} {list(images.shape)}".encode()
        yield images.astype(images.dtype.newbyteorder("<"), copy=False).tobytes()


def to_unit_range(images: torch.Tensor) -> torch.Tensor:
    """Converts uint8 images to float32 in [0, 1], on their own device; returns float images unchanged."""
    return images if images.is_floating_point() else images.float().div_(255)


def crop_and_flip(images: torch.Tensor, seeds: torch.Tensor, padding: int = 4) -> torch.Tensor:
    """Pads with black, crops to the original size at a random position, and mirrors half of the images, as usual on CIFAR-10.

    images: [B, C, H, W]. seeds: int64 [B], not negative; each determines position and mirroring of its own image.
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
