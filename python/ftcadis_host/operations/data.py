"""Operations on data sets and loaders, and pictures of tensors."""

from __future__ import annotations

import base64
import io
from typing import Any

import torch


def open_dataset(_host, *, spec: dict[str, Any]):
    from ..datasets import open_dataset

    return open_dataset(spec)


def describe_dataset(_host, dataset) -> dict[str, Any]:
    from ..datasets import describe_dataset

    return describe_dataset(dataset)


def get_images(host, dataset, *, indices: list[int]):
    from ..datasets import get_images

    images, labels = get_images(dataset, indices)
    return images.to(host.device), labels.to(host.device)


def one_index_per_class(_host, *, labels: list[int], seed: int) -> list[int]:
    from ..subsets import one_index_per_class

    return one_index_per_class(labels, seed)


def one_image_per_class(_host, dataset, *, seed: int) -> list[int]:
    from ..subsets import one_per_class

    return one_per_class(dataset, seed)


def random_images(_host, dataset, *, count: int, seed: int) -> list[int]:
    from ..subsets import seeded_subset

    return seeded_subset(dataset, count, seed)


def make_loader(host, dataset, *, options: dict[str, Any]):
    from ..datasets import Loader

    return Loader(dataset, **options, device=host.device)


def describe_loader(_host, loader) -> dict[str, Any]:
    return {"batchesPerEpoch": loader.batches_per_epoch}


def start_epoch(_host, loader, *, epoch: int, first_batch: int) -> None:
    loader.start(epoch, first_batch)


def next_batch(_host, loader):
    return loader.next_batch()


def skipped_images(_host, loader) -> dict[str, Any]:
    return {"count": loader.skipped, "paths": loader.skipped_paths}


def close_loader(_host, loader) -> None:
    loader.close()


def encode_png(_host, images) -> list[str]:
    """Each image [C, H, W] in [-1, 1], C one or three, as the base64 text of a PNG file."""
    from PIL import Image

    pixels = ((images.detach() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    texts = []
    for picture in pixels:
        file = io.BytesIO()
        Image.fromarray(picture.squeeze(-1) if picture.shape[-1] == 1 else picture).save(file, format="PNG")
        texts.append(base64.b64encode(file.getvalue()).decode("ascii"))
    return texts


OPERATIONS = {
    "open_dataset": open_dataset,
    "describe_dataset": describe_dataset,
    "get_images": get_images,
    "one_index_per_class": one_index_per_class,
    "one_image_per_class": one_image_per_class,
    "random_images": random_images,
    "loader": make_loader,
    "describe_loader": describe_loader,
    "start_epoch": start_epoch,
    "next_batch": next_batch,
    "skipped_images": skipped_images,
    "close_loader": close_loader,
    "encode_png": encode_png,
}
