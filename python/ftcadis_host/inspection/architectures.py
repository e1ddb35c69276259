"""Finds timm's architecture for the weights in a file that does not name it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from ..networks.state_dicts import fit_names, without_wrappers
from ..torchvision_compat import prepare_torchvision

# Common architectures by a tensor that identifies their kind, in order of trial. timm uses torchvision's names for its ResNets
# and VGGs.
KINDS: Mapping[str, tuple[str, ...]] = {
    "layer1.0.conv1.weight": (
        "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnet26", "resnext50_32x4d", "wide_resnet50_2",
    ),
    "conv_stem.weight": (
        *(f"efficientnet_b{size}" for size in range(5)), "mobilenetv3_small_100", "mobilenetv3_large_100",
        "mobilenetv2_100", "efficientnet_lite0", "mnasnet_100",
    ),
    "stages.0.blocks.0.conv_dw.weight": tuple(
        f"convnext_{size}" for size in ("atto", "femto", "pico", "nano", "tiny", "small", "base", "large")
    ),
    "stem.conv.weight": ("regnety_002", "regnety_004", "regnety_008", "regnety_016", "regnety_032", "regnetx_002"),
    "layers.0.blocks.0.attn.qkv.weight": tuple(
        f"swin_{size}_patch4_window7_224" for size in ("tiny", "small", "base", "large")
    ),
    "features.conv0.weight": ("densenet121", "densenet169", "densenet201"),
    "features.0.weight": ("vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"),
}  # fmt: skip
# Vision transformers by the width of their tokens; their other numbers follow from the tensors.
WIDTHS = {192: "tiny", 384: "small", 768: "base", 1024: "large"}
PATCHES, POSITIONS = "patch_embed.proj.weight", "pos_embed"


@dataclass(frozen=True)
class Architecture:
    """An architecture of timm, and its arguments besides the number of classes."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


def architectures_of(
    tensors: Mapping[str, torch.Tensor], stated: str | None = None, size: int | list[int] | None = None
) -> list[Architecture]:
    """Returns the architectures of timm with the tensors of a file, except for the head, most likely first.

    stated: the architecture according to the file: returned alone if it fits.
    size: of its images, according to the file: without it, a vision transformer's positions are assumed to form a square.
    """
    plain = without_prefix(tensors)
    if stated is not None:
        for arguments in ({}, *_image_sizes(plain, size)):
            if fits(tensors, Architecture(stated, arguments)):
                return [Architecture(stated, arguments)]
    return [candidate for candidate in _candidates(plain, size) if fits(tensors, candidate)]


def fits(tensors: Mapping[str, torch.Tensor], architecture: Architecture) -> bool:
    """Returns whether an architecture has the names and shapes of a file's tensors, except for the head and the image channels."""
    prepare_torchvision()
    import timm

    if not timm.is_model(architecture.name.partition(".")[0]):
        return False
    try:
        with torch.device("meta"):
            own = timm.create_model(architecture.name, **architecture.arguments)
    except TypeError:
        return False  # It does not accept img_size.
    expected = {key: tensor.shape for key, tensor in own.state_dict().items()}
    found = {key: tensor.shape for key, tensor in fit_names(tensors, expected, source="the file").tensors.items()}
    config = own.pretrained_cfg or {}
    free = tuple(f"{part}." for part in _texts(config.get("classifier")))
    first = {f"{part}.weight" for part in _texts(config.get("first_conv"))}
    compared = {key for key in expected if not key.startswith(free) and not key.endswith("num_batches_tracked")}
    extra = {key for key in found if not key.startswith(free) and not key.endswith("num_batches_tracked")} - compared
    return not extra and all(
        key in found and (found[key] == expected[key] or (key in first and _differs_in_channels(found[key], expected[key])))
        for key in compared
    )


def timm_config(name: str) -> Any:
    """Returns timm's data for an architecture: mean, std, input size."""
    import timm

    return timm.get_pretrained_cfg(name)


def without_prefix(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Returns tensors without wrappers' prefixes, and without one prefix that all of them share."""
    plain = without_wrappers(tensors)
    prefixes = {key.partition(".")[0] for key in plain}
    if len(prefixes) == 1 and all("." in key for key in plain):
        return {key.partition(".")[2]: tensor for key, tensor in plain.items()}
    return plain


def first_channels(tensors: Mapping[str, torch.Tensor]) -> int | None:
    """Returns the image channels of a file's first convolution."""
    return next((tensor.shape[1] for tensor in tensors.values() if tensor.ndim == 4), None)


def _candidates(plain: Mapping[str, torch.Tensor], size: int | list[int] | None) -> Iterator[Architecture]:
    if "blocks.0.attn.qkv.weight" in plain and PATCHES in plain:
        yield from _transformers(plain, size)
    for telling, names in KINDS.items():
        if telling in plain:
            yield from map(Architecture, names)


def _transformers(plain: Mapping[str, torch.Tensor], size: int | list[int] | None) -> Iterator[Architecture]:
    import timm

    width, _, patch, _ = plain[PATCHES].shape
    for kind in ("vit", "deit", "deit3") if width in WIDTHS else ():
        for arguments in _image_sizes(plain, size):
            own = f"{kind}_{WIDTHS[width]}_patch{patch}_{arguments['img_size']}"
            yield Architecture(own) if timm.is_model(own) else Architecture(f"{kind}_{WIDTHS[width]}_patch{patch}_224", arguments)


def _image_sizes(
    plain: Mapping[str, torch.Tensor], size: int | list[int] | None
) -> Iterator[dict[str, int | list[int]]]:
    """Returns image sizes that fit the positions of a vision transformer, with and without a class token: squares, and `size`."""
    patches, positions = plain.get(PATCHES), plain.get(POSITIONS)
    if patches is None or positions is None or positions.ndim != 3:
        return
    rows, columns = patches.shape[-2:]
    for tokens in (positions.shape[1] - 1, positions.shape[1]):
        if isinstance(size, list) and (size[0] // rows) * (size[1] // columns) == tokens:
            yield {"img_size": size}
        side = round(max(tokens, 0) ** 0.5)
        if side * side == tokens:
            yield {"img_size": side * patches.shape[-1]}


def _differs_in_channels(found: torch.Size, expected: torch.Size) -> bool:
    return len(found) == len(expected) == 4 and (found[0], *found[2:]) == (expected[0], *expected[2:])


def _texts(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else () if value is None else (str(value),)
