"""Classifiers from timm: by name from the hub's cache, from a folder that timm wrote, or from a weight file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...errors import SpecError, WeightsError
from ...folders import read_json, written_folder
from ..backbone import Backbone, ClassifierSource, names_of
from ..class_names import names_in_order
from ..weights import load_strictly, read_tensors, shapes_of

# What timm calls the weights of a folder.
WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


def load_timm(spec: Mapping[str, Any]) -> Backbone:
    """The network of a description with `name` or `path`; see `classifiers.load_classifier`. Strict about every key."""
    import timm

    arguments = dict(spec.get("model_args") or {})
    if spec.get("drop_path") is not None:
        arguments["drop_path_rate"] = spec["drop_path"]
    path = spec.get("path")
    if path is not None and not Path(path).exists():
        raise WeightsError(f"There is no folder or file '{path}' for a timm classifier. Give an existing one.")
    random = None
    if path is None:
        model = _named(spec, arguments)
        if not spec.get("pretrained"):
            random = "network"
        elif model.num_classes != model.pretrained_cfg["num_classes"]:
            random = "head"
    elif Path(path).is_dir():
        folder = Path(path)
        read_json(folder / "config.json")
        file = next((folder / name for name in WEIGHT_FILES if (folder / name).exists()), folder / WEIGHT_FILES[0])
        model = timm.create_model(f"local-dir:{folder}", **arguments)
        _fill(model, file, _tensors(file))
    else:
        if "name" not in spec:
            raise SpecError(f"The timm weight file '{path}' needs the 'name' of its architecture.")
        tensors = _tensors(Path(path))
        model = timm.create_model(spec["name"], num_classes=_classes_in(tensors, spec["name"]), **arguments)
        _fill(model, Path(path), tensors)
    classes = spec.get("num_classes")
    if classes is not None and classes != model.num_classes:
        model.reset_classifier(classes)
        random = random or "head"
    depth = len(model.blocks) if hasattr(model, "blocks") else None
    # timm keeps the names where the head is a new one.
    labels = (model.pretrained_cfg or {}).get("label_names") if spec.get("pretrained") or path is not None else None
    classes = names_in_order(labels, model.num_classes)
    return Backbone(model, names_of(model, model.get_classifier()), depth, random=random, classes=classes)


def _named(spec: Mapping[str, Any], arguments: dict[str, Any]) -> nn.Module:
    import timm

    if "name" not in spec:
        raise SpecError("A timm classifier needs 'name' or 'path'.")
    if not spec.get("pretrained"):
        if spec.get("num_classes") is not None:
            arguments["num_classes"] = spec["num_classes"]
        return timm.create_model(spec["name"], **arguments)
    try:
        return timm.create_model(spec["name"], pretrained=True, **arguments)
    except Exception as error:
        raise WeightsError(
            f"The pretrained weights of timm's '{spec['name']}' could not be loaded: {error} They are looked for in "
            "the hub's cache, then on the hub. Run once with a network, or give the 'path' of the weights."
        ) from error


def _tensors(path: Path) -> dict[str, torch.Tensor]:
    tensors = read_tensors(path, inside=("state_dict_ema", "state_dict", "model"))
    return {key.removeprefix("module."): tensor for key, tensor in tensors.items()}


def _classes_in(tensors: Mapping[str, torch.Tensor], name: str) -> int:
    """Number of classes that a weight file's own head has; as the name says where the file has other key names."""
    import timm

    config = timm.get_pretrained_cfg(name)
    if config is None:
        raise SpecError(f"timm has no architecture '{name}'. Give a name of `timm.list_models()`.")
    head = tensors.get(f"{config.classifier}.weight")
    return config.num_classes if head is None else head.shape[0]


def _fill(model: nn.Module, path: Path, tensors: dict[str, torch.Tensor]) -> None:
    if shapes_of(tensors) != shapes_of(model.state_dict()):
        # Foreign key names and other image sizes: timm knows how to adapt them for some architectures.
        adapt = getattr(sys.modules[type(model).__module__], "checkpoint_filter_fn", None)
        tensors = tensors if adapt is None else adapt(tensors, model)
    load_strictly(model, tensors, source=f"'{path}'", model=f"timm's {model.default_cfg.get('architecture')}")


def save_timm(model: nn.Module, folder: Path | str, *, mean: list[float], std: list[float]) -> None:
    """Writes a folder that `timm.create_model("local-dir:…", pretrained=True)` loads, all or nothing.

    mean, std: what turns pixels in [0, 1] into what the network takes; one number each, or one for each channel.
    """
    from timm.models import save_for_hf

    data = {"mean": tuple(mean), "std": tuple(std), "interpolation": "bicubic"}
    with written_folder(folder) as new:
        save_for_hf(model, new, safe_serialization=True, data_config=data)


def _hub_id(spec: Mapping[str, Any]) -> str | None:
    if not spec.get("pretrained"):
        return None
    import timm

    config = timm.get_pretrained_cfg(spec["name"])
    return config.hf_hub_id if config is not None and config.hf_hub_id else None


SOURCE = ClassifierSource(load_timm, save_timm, _hub_id)
