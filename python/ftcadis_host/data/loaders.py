"""Batches of a data set, in an order determined by a seed and the epoch, from any position of the epoch on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch

from .batch_readers import FileReader, InMemoryReader
from .data_errors import DatasetError, EndOfData
from .image_dataset import FileDataset
from .in_memory import InMemoryDataset
from ..streams import numpy_generator


class EpochPlan(NamedTuple):
    """The reads of an epoch by position: the image, and the seed of its augmentation."""

    indices: np.ndarray
    seeds: np.ndarray


def plan_epoch(length: int, *, seed: int, epoch: int, shuffle: bool) -> EpochPlan:
    """Returns order and augmentation seeds of one epoch: a function of the arguments alone."""
    generator = numpy_generator(seed, "loader", epoch)
    order = generator.permutation(length)
    seeds = generator.integers(2**63, size=length, dtype=np.int64)
    return EpochPlan(order if shuffle else np.arange(length), seeds)


class Loader:
    """Reads a data set batch by batch: images float32 [B, C, H, W] in [0, 1] and labels int64 [B], both on `device`.

    Order and augmentation depend only on the seed, the epoch and the position in the epoch: not on the number of workers, nor
    on the starting position.

    The batches of an epoch are numbered from 0. With `ranks` processes, each with such a loader, number `rank` reads
    the batches rank, rank + ranks, rank + 2 ranks, …: together, the next `ranks` batches in each round.

    A data set in memory is on the device and needs no `workers`. Image files are decoded by `workers` processes
    (0: by this one), which stay from epoch to epoch until `close`, an error, or the end of this process.

    Corrupt images of a data set opened with on_corrupt 'skip': with `shuffle`, another random image replaces it,
    so that batches stay full and ranks in step; without, batches are smaller, and an empty one is skipped.
    `skipped` counts them, `skipped_paths` names each once.
    """

    def __init__(
        self,
        dataset: InMemoryDataset | FileDataset,
        *,
        batch_size: int,
        seed: int,
        shuffle: bool,
        drop_last: bool,
        workers: int = 0,
        pin_memory: bool = False,
        device: torch.device | str = "cpu",
        rank: int = 0,
        ranks: int = 1,
    ):
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("seed", seed, 0),
            ("workers", workers, 0),
            ("rank", rank, 0),
            ("ranks", ranks, rank + 1),
        ):
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
        # Positions of the last batch's images in the data set.
        self.batch_indices: torch.Tensor | None = None
        self._length = len(dataset)
        self._seed = seed
        self._shuffle = shuffle
        self._rank = rank
        self._ranks = ranks
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
        """Seeks to a round of batches of an epoch, from any position.

        first_batch: number of the first batch of the round, that of rank 0: a multiple of `ranks`, or the epoch's end.
        """
        if not isinstance(first_batch, int) or not 0 <= first_batch <= self.batches_per_epoch:
            raise ValueError(
                f"first_batch must lie between 0 and the {self.batches_per_epoch} batches of an epoch, got {first_batch!r}. "
                "A position belongs to the data set and batch size that it was saved with."
            )
        if first_batch % self._ranks != 0 and first_batch != self.batches_per_epoch:
            raise ValueError(
                f"{self._ranks} processes read in rounds of {self._ranks} batches, and first_batch {first_batch} lies "
                "within one. Start at a multiple."
            )
        plan = self._plan(epoch)
        batches = range(first_batch + self._rank, self.batches_per_epoch, self._ranks)
        with self._closed_on_error():
            self._reader.start((plan.indices[places], plan.seeds[places]) for places in map(self._places, batches))
        self._epoch, self._batch, self._started = epoch, first_batch, True

    def next_batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns the next batch. Raises EndOfData after the last one.

        An exception in a worker is raised here unchanged, with the worker's traceback as a note. After
        an error the workers are gone, and the loader must be restarted.
        """
        if not self._started:
            raise RuntimeError("The loader is not started, or stopped at an error. Call start(epoch, first_batch) first.")
        while self._batch + self._rank < self.batches_per_epoch:
            with self._closed_on_error():
                images, labels, skipped, indices = self._reader.read()
            self._batch += self._ranks
            self.skipped += len(skipped)
            self.skipped_paths.extend(path for path in dict.fromkeys(skipped) if path not in self.skipped_paths)
            if len(labels) > 0:
                self.batch_indices = indices
                return images, labels
        raise EndOfData(f"Epoch {self._epoch} has no more than {self.batches_per_epoch} batches.")

    def planned_indices(self, *, epoch: int, first_batch: int, batches: int) -> list[list[int]]:
        """Returns the positions of the images in this many batches of an epoch, for all ranks, without reading them.

        Corrupt images are included although others may replace them.
        """
        plan = self._plan(epoch)
        last = min(first_batch + batches, self.batches_per_epoch)
        return [plan.indices[self._places(batch)].tolist() for batch in range(first_batch, last)]

    def _plan(self, epoch: int) -> EpochPlan:
        if not isinstance(epoch, int) or epoch < 0:
            raise ValueError(f"The epoch must be a whole number of at least 0, got {epoch!r}.")
        return plan_epoch(self._length, seed=self._seed, epoch=epoch, shuffle=self._shuffle)

    def _places(self, batch: int) -> slice:
        return slice(batch * self.batch_size, (batch + 1) * self.batch_size)

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the worker processes before it returns. The loader can be restarted."""
        self._started = False
        self._reader.close()
