"""Classifiers behind the denoiser: loaded, prepared for fine-tuning, saved, exported."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import nn

from . import classifier_sources, lora
from ..data.image_size import sides_of
from ..errors import SpecError, explained
from ..matrix_products import patches_by_products, resize_by_products
from ..sources import find_source
from ..torchvision_compat import prepare_torchvision
from .backbone import ClassifierSource
from .class_names import ClassNames, known_classes
from .running_statistics import RunningStatistics, count_once, has_statistics

UNFORESEEN = "Look at the settings of `classifier` and at its files; --traceback shows where it failed."

# The common base of all batch normalisation layers has no public name.
BatchNorm = nn.modules.batchnorm._BatchNorm


class Classifier(nn.Module):
    """Maps images in [-1, 1] to logits; preprocessing for the network is done inside and differentiably.

    model: the network, inside a peft model if it has adapters.
    family: its source, 'timm' | 'transformers' | 'resnet110' | 'lenet' | 'python'.
    depth: number of transformer blocks, for layer-wise decay; None if there are none.
    classes: the weights' names of the logits; None if they have none.
    uses_batch_statistics: whether outputs in train mode depend on who else is in the batch (batch normalisation).
    statistics: the modules whose running statistics train mode updates.
    has_frozen_statistics: whether there are others, below adapters, whose running statistics it does not update.
    random: the part with random weights at loading, "network" | "head" | None.
    notes: sentences about weights that were unused or are new.
    code: the user's files that made it, besides the one that the description names.
    autocast: the number type for autocasting the network's operations if torch considers it safe, or None.
    first_layer: the name of the layer before the noise, once found; see `layer_noise`.
    by_products: whether resizing and patch embedding are matrix products.
    """

    def __init__(
        self,
        model: nn.Module,
        spec: Mapping[str, Any],
        *,
        depth: int | None,
        classes: ClassNames | None = None,
        autocast: torch.dtype | None = None,
        random: Literal["network", "head"] | None = None,
        notes: list[str] | None = None,
        code: list[Path] | None = None,
    ):
        super().__init__()
        self.notes = notes or []
        self.code = code or []
        self.model = model
        self.autocast = autocast
        self.family: str = spec["source"]
        self.depth = depth
        self.random = random
        self.classes = classes
        self.first_layer: str | None = None
        self.by_products = False
        tuning = (spec.get("tuning") or {}).get("kind")
        self.adapted = tuning == "lora" or (spec.get("adapter") is not None and tuning != "full")
        resize = spec.get("resize")
        self.resize = None if resize is None else sides_of(resize, "resize")
        # Adapters are saved only with the head, so the frozen part must not change: it stays in eval mode.
        named = [(name, module) for name, module in model.named_modules() if has_statistics(module)]
        self._frozen = [module for name, module in named if self.adapted and ".modules_to_save." not in f".{name}."]
        self.has_frozen_statistics = len(self._frozen) > 0
        self.statistics = [module for _, module in named if not _is_among(module, self._frozen)]
        self.uses_batch_statistics = any(
            isinstance(module, BatchNorm) and not _is_among(module, self._frozen) for module in model.modules()
        )
        # A float64 network uses the numbers as given; all others use their float32 values.
        is_double = any(parameter.dtype == torch.float64 for parameter in model.parameters())
        dtype = torch.float64 if is_double else torch.float32
        mean, std = _input_range(spec.get("input_range", "symmetric"), dtype)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)

    def train(self, mode: bool = True) -> Classifier:
        """Train or eval mode; frozen running statistics stay in eval mode in both."""
        super().train(mode)
        for module in self._frozen:
            module.training = False
        return self

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Returns logits [N, K] in the dtype of the images [N, C, H, W], which are in [-1, 1].

        If the classifier has a size, images are resized bicubically with antialiasing (the paper: 32 to 224, 224 to
        384), then moved to the network's input range. The network computes in its own dtype, or under autocast; operations
        after the logits never do.
        """
        x = self.ranged(images)
        x = x.to(next(self.model.parameters()).dtype)
        with self._autocast(x.device):
            logits = self.model(x)
        return getattr(logits, "logits", logits).to(images.dtype)

    def ranged(self, images: torch.Tensor) -> torch.Tensor:
        """Returns images in [-1, 1] in the network's size and input range."""
        x = images
        size = self.resize
        if size is not None and x.shape[-2:] != size:
            x = (resize_by_products if self.by_products else _resize)(x, size)
        if self.mean is not None:
            if len(self.mean) not in (1, x.shape[-3]):
                raise SpecError(
                    f"classifier.inputRange has a mean of {len(self.mean)} channels, and images of the data have "
                    f"{x.shape[-3]}. Give one number, or one for each channel."
                )
            x = ((x + 1) / 2 - self.mean.to(x.dtype)) / self.std.to(x.dtype)
        return x

    def use_matrix_products(self, enabled: bool) -> None:
        """Chooses whether resizing and patch embedding are matrix products; see `matrix_products`."""
        self.by_products = enabled
        patches_by_products(self.model, enabled=enabled)

    def _autocast(self, device: torch.device) -> AbstractContextManager:
        # Shapes propagate on the meta device, which has no autocast.
        if self.autocast is None or device.type == "meta":
            return nullcontext()
        return torch.autocast(device.type, dtype=self.autocast)


def load_classifier(
    spec: Mapping[str, Any],
    *,
    device: torch.device | str,
    dtype: torch.dtype,
    autocast: torch.dtype | None = None,
    activation_checkpointing: bool = False,
) -> Classifier:
    """Loads the classifier of a description, in eval mode.

    dtype: of the parameters. To train in half precision, load in float32 with an `autocast` dtype: an optimizer
        needs float32 parameters.
    activation_checkpointing: whether a backward pass recomputes the activations of each block instead of keeping
        them: less memory, one more forward pass, the same gradients.

    spec: one of
        {"source": "timm", "name", "pretrained": bool, "model_args": {…}}: by name, from the hub's cache or random
        {"source": "timm", "path": folder that timm or `save_classifier` wrote, "model_args"}
        {"source": "timm", "path": weight file, "name", "model_args"}
        {"source": "transformers", "path": folder or hub id} or {…, "config": {"model_type", …}} for random weights
        {"source": "resnet110", "path": checkpoint of locuslab/smoothing or saved folder}, without `path` random
        {"source": "lenet", "path": checkpoint or saved folder}, without `path` random
        {"source": "python", "file", "factory", "arguments": {…}, "path": saved folder or weight file}:
            the result of the function `factory` of the file. The only source that executes the user's code;
            "heads": names of its classification modules, which LoRA trains in full
    and
        "input_range": "symmetric" (the network takes [-1, 1]) | {"mean": […], "std": […]} (of pixels in [0, 1])
        "resize": side of the network's square inputs, or [height, width], or None
        "drop_path": stochastic depth, growing linearly to this rate at the last block, or the library's default
        "num_classes": if it differs from the weights' own, the head is replaced by a new one
        "adapter": folder of LoRA adapters in PEFT's format; to tune in full they are merged into the network
        "tuning": {"kind": "full"} | {"kind": "lora", "rank", "alpha"} | None: the part that requires gradients
    Raises SpecError and WeightsError.
    """
    prepare_torchvision()
    source = _source(spec.get("source"))
    tuning = spec.get("tuning") or {"kind": None}
    if tuning["kind"] not in (None, "full", "lora"):
        raise SpecError(f"Unknown kind of tuning {tuning['kind']!r}. Give 'full' or 'lora'.")
    with explained(f"The classifier of source '{spec['source']}' could not be loaded", UNFORESEEN):
        backbone = source.load(spec)
    model = backbone.model.to(device=device, dtype=dtype).requires_grad_(tuning["kind"] == "full")
    random, notes = backbone.random, backbone.notes
    if spec.get("adapter") is not None:
        with explained(f"The adapters in '{spec['adapter']}' could not be loaded", UNFORESEEN):
            model = lora.load_adapters(model, spec["adapter"], tuning if tuning["kind"] == "lora" else None)
        if random == "head" and lora.saves(model, backbone.heads):
            # Their head replaces the new one.
            random, notes = None, []
        if tuning["kind"] == "full":
            model = lora.merged(model).requires_grad_(True)
    elif tuning["kind"] == "lora":
        model = lora.add_adapters(model, rank=tuning["rank"], alpha=tuning["alpha"], heads=backbone.heads)
    classes = known_classes(spec, backbone.classes)
    facts = {"depth": backbone.depth, "random": random, "notes": notes, "code": backbone.code}
    classifier = Classifier(model, spec, **facts, classes=classes, autocast=autocast)
    classifier = classifier.to(device).eval()
    if activation_checkpointing:
        _checkpoint_activations(model)
        count_once(classifier.statistics)
    return classifier


def hub_id(spec: Mapping[str, Any]) -> str | None:
    """Returns the hub's id of a description's weights without a path; None if it names none, or a path."""
    return None if "path" in spec else _source(spec["source"]).hub_id(spec)


def running_statistics(*networks) -> RunningStatistics:
    """Returns the state besides parameters that training updates in networks, to accumulate and apply update by update."""
    return RunningStatistics(module for network in networks for module in network.statistics)


def alike(*networks) -> list[list[int]]:
    """Returns the pairs of networks with equal trained parameters, by position."""
    trained = [[value for value in network.parameters() if value.requires_grad] for network in networks]
    places = range(len(trained))
    return [
        [first, second]
        for first in places
        for second in places[first + 1 :]
        if all(torch.equal(a, b) for a, b in zip(trained[first], trained[second], strict=True))
    ]


def describe_parameters(classifier: Classifier) -> list[tuple[str, list[int], bool]]:
    """(name, shape, requires_grad) of every parameter of `classifier.model`, named and ordered as its library does."""
    return [(name, list(value.shape), value.requires_grad) for name, value in classifier.model.named_parameters()]


def save_classifier(classifier: Classifier, folder: Path | str) -> None:
    """Writes the tuned weights atomically: in PEFT's adapter format if there are adapters, else the whole network.

    A folder of adapters loads with `{…, "adapter": folder}`, any other with `{…, "path": folder}`.
    """
    if classifier.adapted:
        lora.save_adapters(classifier.model, folder)
    else:
        _save_network(classifier, classifier.model, folder)


def export_adapter(classifier: Classifier, folder: Path | str) -> None:
    """Writes the adapters for plain peft on the library's unchanged model, with equal outputs; see `lora`."""
    _require_adapters(classifier)
    lora.export_adapters(classifier.model, folder)


def export_merged(classifier: Classifier, folder: Path | str) -> None:
    """Writes the whole network, with adapters merged into it, for the library alone, with equal outputs."""
    _save_network(classifier, lora.merged(classifier.model) if classifier.adapted else classifier.model, folder)


def _source(name: Any) -> ClassifierSource:
    return find_source(classifier_sources, name, "classifier")


def _require_adapters(classifier: Classifier) -> None:
    if not classifier.adapted:
        raise SpecError("This classifier has no adapters to export. Save it with save_classifier.")


def _save_network(classifier: Classifier, model: nn.Module, folder: Path | str) -> None:
    half = torch.tensor([0.5])
    mean, std = (half if part is None else part.flatten() for part in (classifier.mean, classifier.std))
    _source(classifier.family).save(model, folder, mean=mean.tolist(), std=std.tolist())


def _is_among(module: nn.Module, modules: list[nn.Module]) -> bool:
    return any(module is one for one in modules)


def _checkpoint_activations(model: nn.Module) -> None:
    network = model.get_base_model() if hasattr(model, "get_base_model") else model
    if hasattr(network, "set_grad_checkpointing"):  # timm
        network.set_grad_checkpointing(True)
    elif hasattr(network, "activation_checkpointing_enable"):  # transformers
        network.activation_checkpointing_enable({"use_reentrant": False})
    else:
        raise SpecError(
            f"Activation checkpointing needs a network whose library knows its blocks; {type(network).__name__} has "
            "none. Lower the images in a micro-batch instead."
        )


def _resize(images: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return F.interpolate(images, size, mode="bicubic", antialias=True)


def _input_range(value: Any, dtype: torch.dtype) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    if value == "symmetric":
        return None, None
    if isinstance(value, Mapping) and set(value) == {"mean", "std"} and len(value["mean"]) == len(value["std"]):
        return tuple(torch.tensor(value[part], dtype=dtype).reshape(-1, 1, 1) for part in ("mean", "std"))
    raise SpecError(f"'input_range' is {value!r}. Give 'symmetric', or 'mean' and 'std' of the channels.")
