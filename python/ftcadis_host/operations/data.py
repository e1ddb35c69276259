"""Operations on data sets and loaders, and pictures of tensors."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import torch

from ..delegates import lazy, method


def get_images(host, dataset, *, indices: list[int]):
    from ..data.datasets import get_images

    images, labels = get_images(dataset, indices)
    return images.to(host.device), labels.to(host.device)


def read_image(host, *, path: str, options: dict[str, Any]):
    from ..data.image_files import read_image

    return read_image(path, **options).to(host.device)


def decode_image(host, *, content: str, options: dict[str, Any]):
    """Decodes the content of an image file, in base64; returns also the problem with it, or None."""
    from ..data.image_files import decode_image

    image, problem = decode_image(base64.b64decode(content), **options)
    return image.to(host.device), problem


def make_loader(host, dataset, *, options: dict[str, Any]):
    from ..data.loaders import Loader

    return Loader(dataset, **options, device=host.device)


def describe_loader(_host, loader) -> dict[str, Any]:
    return {"batchesPerEpoch": loader.batches_per_epoch}


def skipped_images(_host, loader) -> dict[str, Any]:
    return {"count": loader.skipped, "paths": loader.skipped_paths}


def soft_label_rows(_host, frequencies: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """Returns rows of a table in host memory, on the device of the indices."""
    return frequencies[indices.to(frequencies.device)].to(indices.device)


def digest(_host, images: torch.Tensor) -> str:
    """Returns the first 16 hexadecimal digits of the SHA-256 of the values as little-endian float32 bytes, in axis order."""
    values = images.detach().to("cpu", torch.float32).contiguous().numpy().astype("<f4", copy=False)
    return hashlib.sha256(values.tobytes()).hexdigest()[:16]


def encode_png(_host, images: torch.Tensor, *, largest: int | None = None) -> list[str]:
    """Encodes each image [C, H, W] in [-1, 1], C one or three, as base64 of a PNG file, at most `largest` pixels a side."""
    from ..pictures import png_text, shrunk, to_picture

    pictures = [to_picture(image) for image in images]
    return [png_text(picture if largest is None else shrunk(picture, largest)) for picture in pictures]


OPERATIONS = {
    "open_dataset": lazy("data.datasets", "open_dataset"),
    "describe_dataset": lazy("data.datasets", "describe_dataset"),
    "dataset_identity": lazy("data.identity", "dataset_identity"),
    "class_names": lazy("data.datasets", "class_names"),
    "inspect_path": lazy("inspection.paths", "inspect_path"),
    "get_images": get_images,
    "labels_of": lazy("data.datasets", "labels_of"),
    "image_paths": lazy("data.datasets", "image_paths"),
    "corrupt_images": lazy("data.datasets", "corrupt_images"),
    "read_image": read_image,
    "decode_image": decode_image,
    "unreadable_images": lazy("data.image_files", "unreadable_images"),
    "one_image_per_class": lazy("data.subsets", "one_per_class"),
    "random_images": lazy("data.subsets", "seeded_subset"),
    "images_over_classes": lazy("data.subsets", "over_classes"),
    "loader": make_loader,
    "describe_loader": describe_loader,
    "start_epoch": method("start"),
    "next_batch": method("next_batch"),
    "batch_indices": lambda _host, loader: loader.batch_indices,
    "planned_indices": method("planned_indices"),
    "skipped_images": skipped_images,
    "close_loader": method("close"),
    "read_soft_labels": lazy("data.soft_labels", "read_soft_labels"),
    "soft_label_rows": soft_label_rows,
    "digest": digest,
    "encode_png": encode_png,
}
