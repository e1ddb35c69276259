"""Operations on data sets and loaders, and pictures of tensors."""

from __future__ import annotations

import hashlib
from typing import Any

import torch


def open_dataset(_host, *, spec: dict[str, Any]):
    from ..data.datasets import open_dataset

    return open_dataset(spec)


def describe_dataset(_host, dataset) -> dict[str, Any]:
    from ..data.datasets import describe_dataset

    return describe_dataset(dataset)


def get_images(host, dataset, *, indices: list[int]):
    from ..data.datasets import get_images

    images, labels = get_images(dataset, indices)
    return images.to(host.device), labels.to(host.device)


def read_image(host, *, path: str, channels: int, resize_size: int, image_size: int):
    from ..data.image_files import read_image

    return read_image(path, channels=channels, resize_size=resize_size, image_size=image_size).to(host.device)


def unreadable_images(_host, *, paths: list[str]) -> list[str]:
    from ..data.image_files import unreadable_images

    return unreadable_images(paths)


def one_index_per_class(_host, *, labels: list[int], seed: int) -> list[int]:
    from ..data.subsets import one_index_per_class

    return one_index_per_class(labels, seed)


def one_image_per_class(_host, dataset, *, seed: int) -> list[int]:
    from ..data.subsets import one_per_class

    return one_per_class(dataset, seed)


def random_images(_host, dataset, *, count: int, seed: int) -> list[int]:
    from ..data.subsets import seeded_subset

    return seeded_subset(dataset, count, seed)


def make_loader(host, dataset, *, options: dict[str, Any]):
    from ..data.datasets import Loader

    return Loader(dataset, **options, device=host.device)


def describe_loader(_host, loader) -> dict[str, Any]:
    return {"batchesPerEpoch": loader.batches_per_epoch}


def start_epoch(_host, loader, *, epoch: int, first_batch: int) -> None:
    loader.start(epoch, first_batch)


def next_batch(_host, loader):
    return loader.next_batch()


def planned_indices(_host, loader, *, epoch: int, first_batch: int, batches: int) -> list[list[int]]:
    return loader.planned_indices(epoch=epoch, first_batch=first_batch, batches=batches)


def skipped_images(_host, loader) -> dict[str, Any]:
    return {"count": loader.skipped, "paths": loader.skipped_paths}


def close_loader(_host, loader) -> None:
    loader.close()


def digest(_host, images: torch.Tensor) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the values as little-endian float32 bytes, in the order of the axes."""
    values = images.detach().to("cpu", torch.float32).contiguous().numpy().astype("<f4", copy=False)
    return hashlib.sha256(values.tobytes()).hexdigest()[:16]


def encode_png(_host, images: torch.Tensor, *, largest: int | None = None) -> list[str]:
    """Each image [C, H, W] in [-1, 1], C one or three, as the base64 text of a PNG file, at most `largest` pixels a side."""
    from ..pictures import png_text, shrunk, to_picture

    pictures = [to_picture(image) for image in images]
    return [png_text(picture if largest is None else shrunk(picture, largest)) for picture in pictures]


OPERATIONS = {
    "open_dataset": open_dataset,
    "describe_dataset": describe_dataset,
    "get_images": get_images,
    "read_image": read_image,
    "unreadable_images": unreadable_images,
    "one_index_per_class": one_index_per_class,
    "one_image_per_class": one_image_per_class,
    "random_images": random_images,
    "loader": make_loader,
    "describe_loader": describe_loader,
    "start_epoch": start_epoch,
    "next_batch": next_batch,
    "planned_indices": planned_indices,
    "skipped_images": skipped_images,
    "close_loader": close_loader,
    "digest": digest,
    "encode_png": encode_png,
}
