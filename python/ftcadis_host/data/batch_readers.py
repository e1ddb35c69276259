"""Readers of a Loader's batches: from a tensor on the device, or from files through worker processes."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

from .data_errors import CorruptImageError, DatasetError, shown
from .image_dataset import FileDataset
from .in_memory import InMemoryDataset, to_unit_range
from ..streams import numpy_generator
from .worker_processes import prepare_worker, signals_guarded, worker_death_explained

# A batch to read: indices int64 [B] into the data set, and the augmentation seed of each.
Request = tuple[np.ndarray, np.ndarray]

# One corrupt image is an accident; this many in a row mean a broken disk or the wrong folder.
CORRUPT_IN_A_ROW_LIMIT = 32


class Batch(NamedTuple):
    """images [B, C, H, W], labels int64 [B], the paths of all skipped images, and the positions of the images in the data set,
    int64 [B].
    """

    images: torch.Tensor
    labels: torch.Tensor
    skipped: list[str]
    indices: torch.Tensor


class InMemoryReader:
    """Gathers batches on the device."""

    def __init__(self, dataset: InMemoryDataset, device: torch.device):
        self._images = dataset.images.to(device)
        self._labels = torch.from_numpy(dataset.labels).to(device)
        self._augment = dataset.augment
        self._requests: Iterator[Request] = iter(())

    def start(self, requests: Iterator[Request]) -> None:
        self._requests = requests

    def read(self) -> Batch:
        indices, seeds = (torch.from_numpy(part).to(self._images.device) for part in next(self._requests))
        images = self._images.index_select(0, indices)
        if self._augment is not None:
            images = self._augment(images, seeds)
        return Batch(to_unit_range(images), self._labels.index_select(0, indices), [], indices)

    def close(self) -> None:
        self._requests = iter(())


class FileReader:
    """Reads batches from image files through a DataLoader. Images are transferred as bytes and become float32 on the device."""

    def __init__(
        self,
        dataset: FileDataset,
        *,
        workers: int,
        pin_memory: bool,
        device: torch.device,
        replace_corrupt: bool,
    ):
        self._source = _FileBatches(dataset, replace_corrupt)
        self._workers = workers
        self._pin_memory = pin_memory
        self._device = device
        self._requests = _Requests()
        self._loader: DataLoader | None = None
        self._batches: Iterator[Batch | _Failure] = iter(())

    def start(self, requests: Iterator[Request]) -> None:
        if self._loader is None:
            self._loader = self._make_loader()
        self._requests.pending = requests
        with signals_guarded(), worker_death_explained():
            self._batches = iter(self._loader)

    def read(self) -> Batch:
        with worker_death_explained():
            batch = next(self._batches)
        if isinstance(batch, _Failure):
            raise batch.error
        images, labels, indices = (
            part.to(self._device, non_blocking=self._pin_memory)
            for part in (batch.images, batch.labels, batch.indices)
        )
        return Batch(to_unit_range(images), labels, batch.skipped, indices)

    def close(self) -> None:
        # Dropping the iterator also ends the workers, but only once no traceback refers to it.
        if hasattr(self._batches, "_shutdown_workers"):
            self._batches._shutdown_workers()
        self._batches = iter(())
        self._loader = None

    def _make_loader(self) -> DataLoader:
        return DataLoader(
            self._source,
            batch_size=None,  # an item of the source is already a batch
            sampler=self._requests,
            collate_fn=_unchanged,
            num_workers=self._workers,
            persistent_workers=self._workers > 0,
            pin_memory=self._pin_memory,
            # Other start methods import the main module again: it is the bridge's, and would start a second server.
            multiprocessing_context="fork" if self._workers > 0 and os.name == "posix" else None,
            worker_init_fn=partial(prepare_worker, os.getpid()),
            generator=torch.Generator(),  # otherwise each epoch draws from the training's generator
        )


class _Requests:
    """The sampler: lives in this process, and tells the workers which images to read."""

    def __init__(self) -> None:
        self.pending: Iterator[Request] = iter(())

    def __iter__(self) -> Iterator[Request]:
        return self.pending


class _Failure:
    """An exception from a worker. DataLoader would rebuild it from text, which loses its attributes."""

    def __init__(self, error: Exception):
        if get_worker_info() is not None:
            error.add_note("In a worker process:\n" + traceback.format_exc().rstrip())
            error = _portable(error)
        self.error = error


def _portable(error: Exception) -> Exception:
    """Returns the error itself if it survives pickling; otherwise it would be lost silently between the processes."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        substitute = RuntimeError(f"{type(error).__name__}: {error}")
        substitute.__notes__ = error.__notes__
        return substitute
    return error


def _share(batch: Batch) -> None:
    """Moves the batch to shared memory, as sending it would; but when sending, lack of memory is only printed, and the batch
    never arrives.
    """
    try:
        batch.images.share_memory_()
        batch.labels.share_memory_()
        batch.indices.share_memory_()
    except RuntimeError as error:
        raise RuntimeError(
            f"Shared memory has no room for a batch of {batch.images.nbytes / 1e6:.0f} MB: {error}. "
            "Give the machine or container more of it (docker run --shm-size), or use fewer workers or smaller batches."
        ) from error


class _FileBatches(Dataset):
    """A data set whose items are batches: `batches[indices, seeds]`."""

    def __init__(self, dataset: FileDataset, replace_corrupt: bool):
        self._dataset = dataset
        self._replace_corrupt = replace_corrupt

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, request: Request) -> Batch | _Failure:
        images: list[torch.Tensor] = []
        labels: list[int] = []
        indices: list[int] = []
        skipped: list[str] = []
        try:
            for index, seed in zip(*request, strict=True):
                self._read(int(index), int(seed), images, labels, indices, skipped)
            places = torch.tensor(indices, dtype=torch.int64)
            batch = Batch(self._stack(images), torch.tensor(labels, dtype=torch.int64), skipped, places)
            if get_worker_info() is not None:
                _share(batch)
            return batch
        except Exception as error:
            return _Failure(error)

    def _stack(self, images: list[torch.Tensor]) -> torch.Tensor:
        return torch.stack(images) if images else torch.empty(0, *self._dataset.image_shape, dtype=torch.uint8)

    def _read(self, index: int, seed: int, images: list, labels: list, indices: list, skipped: list) -> None:
        dataset = self._dataset
        others = numpy_generator("replacement", seed)
        for _ in range(CORRUPT_IN_A_ROW_LIMIT):
            try:
                images.append(dataset.read(index, seed if dataset.augment else None))
                labels.append(int(dataset.labels[index]))
                indices.append(index)
                return
            except CorruptImageError as error:
                if dataset.on_corrupt == "fail":
                    raise CorruptImageError(error.path, error.reason, can_skip=True) from error
                skipped.append(error.path)
            except Exception as error:
                error.add_note(f"While reading '{dataset.path(index)}'.")
                raise
            if not self._replace_corrupt:
                return
            index = int(others.integers(len(dataset)))
        raise DatasetError(
            f"{CORRUPT_IN_A_ROW_LIMIT} images in a row cannot be decoded, the last of them '{shown(dataset.path(index))}'. "
            "Check the disk and the folder, then start again."
        )


def _unchanged(batch: Batch | _Failure) -> Batch | _Failure:
    return batch
