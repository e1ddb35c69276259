"""Batches of a data set, in an order that a seed and the epoch decide, from any position of the epoch on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch

from .batch_readers import FileReader, InMemoryReader
from .data_errors import DatasetError, EndOfData
from .image_folder import ImageFolderDataset
from .in_memory import InMemoryDataset


class EpochPlan(NamedTuple):
    """What an epoch reads, position by position: which image, and the seed of its augmentation."""

    indices: np.ndarray
    seeds: np.ndarray


def plan_epoch(length: int, *, seed: int, epoch: int, shuffle: bool) -> EpochPlan:
    """Order and augmentation seeds of one epoch: a function of the arguments alone."""
    generator = np.random.default_rng((seed, epoch))
    order = generator.permutation(length)
    seeds = generator.integers(2**63, size=length, dtype=np.int64)
    return EpochPlan(order if shuffle else np.arange(length), seeds)


class Loader:
    """Reads a data set batch by batch: images float32 [B, C, H, W] in [0, 1] and labels int64 [B], both on `device`.

    Order and augmentation depend on the seed, the epoch and the position in the epoch, and on nothing else: not on the
    number of workers, nor on where the epoch was entered.

    A data set in memory lies on the device and needs no `workers`. Image files are decoded by `workers` processes
    (0: by this one), which stay from epoch to epoch until `close`, an error, or the end of this process.

    Corrupt images of a data set opened with on_corrupt 'skip': with `shuffle`, another random image takes the place, so
    that batches stay full and ranks in step; without, batches are smaller, and one with nothing left is passed over.
    `skipped` counts them, `skipped_paths` names each once.
    """

    def __init__(
        self,
        dataset: InMemoryDataset | ImageFolderDataset,
        *,
        batch_size: int,
        seed: int,
        shuffle: bool,
        drop_last: bool,
        workers: int = 0,
        pin_memory: bool = False,
        device: torch.device | str = "cpu",
    ):
        for name, value, least in (("batch_size", batch_size, 1), ("seed", seed, 0), ("workers", workers, 0)):
            if not isinstance(value, int) or value < least:
                raise ValueError(f"The loader's {name} must be a whole number of at least {least}, got {value!r}.")
        self.batch_size = batch_size
        self.batches_per_epoch = len(dataset) // batch_size if drop_last else -(-len(dataset) // batch_size)
        if self.batches_per_epoch == 0:
            raise DatasetError(
                f"{len(dataset)} images do not fill one batch of {batch_size}. Use a smaller batch_size or drop_last False."
            )
        self.skipped = 0
        self.skipped_paths: list[str] = []
        self._length = len(dataset)
        self._seed = seed
        self._shuffle = shuffle
        self._epoch = 0
        self._batch = 0
        self._started = False
        device = torch.device(device)
        if isinstance(dataset, InMemoryDataset):
            self._reader = InMemoryReader(dataset, device)
        else:
            self._reader = FileReader(
                dataset,
                workers=workers,
                pin_memory=pin_memory and device.type == "cuda",
                device=device,
                replace_corrupt=shuffle,
            )

    def start(self, epoch: int, first_batch: int = 0) -> None:
        """Goes to a batch of an epoch, from wherever the loader is. `first_batch` may be the end of the epoch."""
        if not isinstance(epoch, int) or epoch < 0:
            raise ValueError(f"The epoch must be a whole number of at least 0, got {epoch!r}.")
        if not isinstance(first_batch, int) or not 0 <= first_batch <= self.batches_per_epoch:
            raise ValueError(
                f"first_batch must lie between 0 and the {self.batches_per_epoch} batches of an epoch, got {first_batch!r}. "
                "A position belongs to the data set and batch size that it was saved with."
            )
        plan = plan_epoch(self._length, seed=self._seed, epoch=epoch, shuffle=self._shuffle)
        positions = range(first_batch * self.batch_size, self.batches_per_epoch * self.batch_size, self.batch_size)
        with self._closed_on_error():
            self._reader.start(
                (plan.indices[at : at + self.batch_size], plan.seeds[at : at + self.batch_size]) for at in positions
            )
        self._epoch, self._batch, self._started = epoch, first_batch, True

    def next_batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The next batch. Raises EndOfData after the last one.

        What goes wrong in a worker is raised here as it was raised there, with the worker's traceback as a note. After
        an error the workers are gone, `state` still names the batch that failed, and the loader must be started anew.
        """
        if not self._started:
            raise RuntimeError("The loader is not started, or stopped at an error. Call start(epoch, first_batch) first.")
        while self._batch < self.batches_per_epoch:
            with self._closed_on_error():
                images, labels, skipped = self._reader.read()
            self._batch += 1
            self.skipped += len(skipped)
            self.skipped_paths.extend(path for path in dict.fromkeys(skipped) if path not in self.skipped_paths)
            if len(labels) > 0:
                return images, labels
        raise EndOfData(f"Epoch {self._epoch} has no more than {self.batches_per_epoch} batches.")

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def state(self) -> dict[str, int]:
        """Where the loader is: `start(epoch, batch)` goes on with the first batch that has not been read."""
        return {"epoch": self._epoch, "batch": self._batch}

    def close(self) -> None:
        """Ends the worker processes before it returns. The loader can be started again."""
        self._started = False
        self._reader.close()
