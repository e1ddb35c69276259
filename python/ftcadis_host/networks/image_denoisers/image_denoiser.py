"""The common part of all denoisers that map noisy images to clean ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..backbone import save_state_dict, weight_file
from ..running_statistics import has_statistics
from ..state_dicts import read_tensors
from ..weights import check_shapes, file_hash, load_strictly, shapes_of

# The common base of all batch normalisation layers has no public name.
BatchNorm = nn.modules.batchnorm._BatchNorm


class ImageDenoiser(nn.Module):
    """Maps noisy images to clean ones, both in [-1, 1]; its network works on pixels in [0, 1].

    provenance: the source of the weights: `source`, and for a file `path` and `sha256`.
    """

    def __init__(self, network: nn.Module, provenance: Mapping[str, Any]):
        super().__init__()
        self.model = network
        self.provenance = dict(provenance)
        # The inputs of `load_denoiser`, as (description, dtype); None if the network has changed since.
        self.loaded: tuple[Mapping[str, Any], torch.dtype] | None = None

    @property
    def statistics(self) -> list[nn.Module]:
        """The modules whose running statistics train mode updates."""
        return [module for module in self.model.modules() if has_statistics(module)]

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        """The clean images [N, C, H, W] in the dtype of the noisy ones."""
        dtype = next(self.model.parameters()).dtype
        pixels = (noisy.to(dtype) + 1) / 2
        return (self.model(pixels) * 2 - 1).to(noisy.dtype)


def make_image_denoiser(network: nn.Module, spec: Mapping[str, Any]) -> ImageDenoiser:
    """A denoiser around a network with the weights of `spec`: `path`, a file or a folder that `save_image_denoiser` wrote.

    Without a path the network keeps its own. Raises WeightsError.
    """
    provenance = {"source": spec["source"]}
    if "path" in spec:
        file = weight_file(spec["path"])
        tensors = read_tensors(file)
        load_strictly(network, tensors, source=f"'{file}'", model=f"the {spec['source']} of these settings")
        provenance |= {"path": str(spec["path"]), "sha256": file_hash(file)}
    return ImageDenoiser(network, provenance)


def save_image_denoiser(denoiser: ImageDenoiser, folder: Path | str) -> None:
    """Writes a folder with the weights, under the names of the published checkpoints, atomically."""
    save_state_dict(denoiser.model, folder)


def restore_image_denoiser(denoiser: ImageDenoiser, folder: Path | str) -> None:
    """Loads the weights that `save_image_denoiser` wrote; the recorded provenance stays."""
    file = weight_file(folder)
    own = denoiser.model.state_dict()
    tensors = read_tensors(file)
    check_shapes(shapes_of(own), shapes_of(tensors), source=f"'{file}'", model="the denoiser of these settings")
    # In place: an optimizer may hold these parameters.
    denoiser.model.load_state_dict(tensors)


def describe_image_denoiser(denoiser: ImageDenoiser) -> dict[str, Any]:
    modules = list(denoiser.model.modules())
    return {
        "parameters": [
            # A trained denoiser is trained in full.
            {"name": name, "shape": list(value.shape), "trainable": True}
            for name, value in denoiser.model.named_parameters()
        ],
        "usesBatchStatistics": any(isinstance(module, BatchNorm) for module in modules),
        "hasRunningStatistics": len(denoiser.statistics) > 0,
    }
