"""Classifiers from transformers: any AutoModelForImageClassification, with real stochastic depth for its plain ViTs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...errors import SpecError, WeightsError, explained, plain_text
from ...folders import read_json, written_folder
from ...size_limits import within
from ..backbone import Backbone, ClassifierSource, is_beside
from ..class_names import names_in_order
from ..state_dicts import without_wrappers
from ..weight_folders import read_folder
from ..weights import cached_model, check_folder_or_id, check_shapes, count_of, shapes_of, some

ROOM_FOR_A_HEAD = 100_000_000


def load_transformer(spec: Mapping[str, Any]) -> Backbone:
    """The network of a description with `path`, or with `config` for random weights; see `classifiers.load_classifier`.

    Executes no code of a model's repository. Every key must match, except for a head with a new number of classes.
    """
    from transformers import AutoConfig, AutoModelForImageClassification

    path = spec.get("path")
    if path is not None:
        config = _config(str(path))
    elif "config" in spec:
        with explained("transformers takes no such classifier.config", "Give the settings of a model that it has."):
            config = AutoConfig.for_model(**spec["config"])
    else:
        raise SpecError("A transformers classifier needs 'path', or 'config' with its 'model_type' for random weights.")
    own_classes = config.num_labels
    classes = spec.get("num_classes") or own_classes
    new_head = classes != own_classes
    if new_head:
        config.num_labels = classes
    drop_path = spec.get("drop_path")
    own_rate = hasattr(config, "drop_path_rate")
    if drop_path is not None and own_rate:
        config.drop_path_rate = drop_path
    notes: list[str] = []
    if path is None:
        # transformers fails on None if it has several classes for a kind of model, as for deit.
        config.architectures = config.architectures or []
        with explained("transformers cannot make this classifier.config", "Give one of an image classifier that it has."):
            model = AutoModelForImageClassification.from_config(config)
    else:
        wants_head = spec.get("num_classes") is not None
        model, new_head, notes = _pretrained(str(path), config, replaces_head=new_head, wants_head=wants_head)
    if drop_path and not own_rate:
        add_stochastic_depth(model, drop_path)
    depth = getattr(config, "num_hidden_layers", None)
    random = "network" if path is None else "head" if new_head else None
    names = None if random is not None else names_in_order(config.id2label, config.num_labels)
    blocks = depth if isinstance(depth, int) else None
    return Backbone(model, _heads(model), blocks, random=random, classes=names, notes=notes)


def save_transformer(model: nn.Module, folder: Path | str, **_input_range: list[float]) -> None:
    """Writes a folder that `AutoModelForImageClassification.from_pretrained` loads, atomically."""
    with written_folder(folder) as new, _quiet():
        model.save_pretrained(str(new), safe_serialization=True)


def add_stochastic_depth(model: nn.Module, rate: float) -> None:
    """Drops whole residual branches per image in training, with a rate that grows linearly to `rate` at the last layer.

    transformers' plain ViTs have dropout on their branches, but no stochastic depth. Their dropout is the last operation before
    each of a layer's two additions, so a module after it acts on the branch.
    """
    from timm.layers import DropPath
    from transformers.models.deit.modeling_deit import DeiTLayer
    from transformers.models.vit.modeling_vit import ViTLayer

    layers = [module for module in model.modules() if isinstance(module, (ViTLayer, DeiTLayer))]
    if not layers:
        raise SpecError(
            f"Stochastic depth is not available for {type(model).__name__}: its configuration has no 'drop_path_rate', "
            "and it is not built of ViT layers. Leave 'drop_path' out, or set it to 0."
        )
    for index, layer in enumerate(layers):
        own = rate * index / max(1, len(layers) - 1)
        layer.dropout = nn.Sequential(layer.dropout, DropPath(own))


def _config(path: str) -> Any:
    from transformers import AutoConfig

    check_folder_or_id(path)
    if Path(path).is_dir():
        content = read_json(Path(path) / "config.json")
        if "architecture" in content and "model_type" not in content:
            raise WeightsError(f"'{path}' is a folder of timm. Set classifier.source to 'timm'.")
        if "_class_name" in content:
            kind = plain_text(content["_class_name"]).removesuffix(".")
            raise WeightsError(f"'{path}' holds a {kind} of diffusers. Give the folder of an image classifier.")
    else:
        cached_model(path)
    try:
        return AutoConfig.from_pretrained(path, trust_remote_code=False)
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        raise WeightsError(
            f"'{path}' is not a model of transformers: {plain_text(error)} Give a folder with its config.json, or the id of "
            "a model on the hub."
        ) from error


def _pretrained(path: str, config: Any, *, replaces_head: bool, wants_head: bool) -> tuple[nn.Module, bool, list[str]]:
    """Returns the network of a folder or of the hub, whether its head is new, and notes for the user.

    replaces_head: whether the head of the weights has another number of classes. wants_head: whether
    weights without one are accepted.
    """
    from transformers import AutoModelForImageClassification

    file, family = path, AutoModelForImageClassification
    arguments = {"pretrained_model_name_or_path": path}
    with explained(f"transformers cannot load '{path}'", "Give a folder whose weights and config.json belong together."):
        if Path(path).is_dir():
            file, tensors = read_folder(Path(path), ("model", "pytorch_model"))
            with within(tensors, source=f"'{file}'"), torch.device("meta"):
                made = family.from_config(config)
            _require_size(made, tensors, source=f"'{file}'")
            # Only the concrete class accepts a state dict without a path.
            family, arguments = type(made), {"pretrained_model_name_or_path": None, "state_dict": without_wrappers(tensors)}
        with _quiet():
            model, report = family.from_pretrained(
                **arguments,
                config=config,
                dtype=torch.float32,
                trust_remote_code=False,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
    found = {kind: sorted(report.get(f"{kind}_keys", ()), key=str) for kind in ("missing", "unexpected", "mismatched")}
    heads = tuple(f"{head}." for head in _heads(model))
    described = f"{type(model).__name__} of its config.json"
    of_heads = [key for key in found["missing"] if key.startswith(heads)]
    headless = bool(of_heads) and len(of_heads) == len([key for key in model.state_dict() if key.startswith(heads)])
    if headless and of_heads == found["missing"] and not wants_head and not found["mismatched"]:
        raise WeightsError(
            f"'{file}' has no head: {' and '.join(of_heads[:2])} are missing, and all else of {described} is there. To train "
            "a new head, set classifier.numClasses; to certify, give weights with one."
        )
    notes = []
    if headless and wants_head:
        found["missing"] = [key for key in found["missing"] if key not in of_heads]
        beside = [key for key in found["unexpected"] if is_beside(model, key)]
        found["unexpected"] = [key for key in found["unexpected"] if key not in beside]
        notes.append(f"'{file}' has no head: the network has a new one with {config.num_labels} classes.")
        if beside:
            notes.append(f"Of '{file}' {count_of(beside, 'key')} not used, as the network has no such part: {some(beside)}.")
    elif replaces_head:
        for kind, keys in found.items():
            # A key with the wrong shape is reported with its two shapes.
            found[kind] = [key for key in keys if not (key if isinstance(key, str) else key[0]).startswith(heads)]
        notes.append(f"The network has a new head with {config.num_labels} classes, unlike the weights of '{file}'.")
    _require_nothing(found, dict(model.state_dict()), source=f"'{file}'", model=described)
    return model, headless or replaces_head, notes


def _require_size(made: nn.Module, tensors: Mapping[str, torch.Tensor], *, source: str) -> None:
    """Raises WeightsError if a network is far larger than its weights: transformers would initialise the rest randomly."""
    wanted = sum(parameter.numel() for parameter in made.parameters())
    held = sum(tensor.numel() for tensor in tensors.values())
    if wanted > 4 * held + ROOM_FOR_A_HEAD:
        raise WeightsError(
            f"{source} holds {held} numbers, but its config.json describes a network of {wanted}. Give a folder whose weights "
            "and config.json belong together."
        )


def _require_nothing(found: Mapping[str, list], own: Mapping[str, torch.Tensor], *, source: str, model: str) -> None:
    """Raises WeightsError if transformers reports keys that do not match."""
    expected = shapes_of(own)
    shapes = {key: shape for key, shape in expected.items() if key not in found["missing"]}
    shapes |= dict.fromkeys(found["unexpected"], ())
    shapes |= {key: tuple(shape) for key, shape, *_ in found["mismatched"]}
    check_shapes(expected, shapes, source=source, model=model)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences transformers' progress bars and load reports: important parts of a report are raised."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _heads(model: nn.Module) -> list[str]:
    return [
        name
        for name, child in model.named_children()
        if name != model.base_model_prefix and next(child.parameters(), None) is not None
    ]


SOURCE = ClassifierSource(load_transformer, save_transformer)
