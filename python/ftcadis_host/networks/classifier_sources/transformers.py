"""Classifiers from transformers: any AutoModelForImageClassification, with real stochastic depth for its plain ViTs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...errors import SpecError, WeightsError
from ...folders import written_folder
from ..backbone import Backbone, ClassifierSource
from ..class_names import names_in_order
from ..weights import check_file, check_folder_or_id


def load_transformer(spec: Mapping[str, Any]) -> Backbone:
    """The network of a description with `path`, or with `config` for random weights; see `classifiers.load_classifier`.

    No code of a model's repository is executed, and every key must match, but for a head whose number of classes is
    changed.
    """
    from transformers import AutoConfig, AutoModelForImageClassification

    path = spec.get("path")
    if path is not None:
        config = _config(str(path))
    elif "config" in spec:
        config = AutoConfig.for_model(**spec["config"])
    else:
        raise SpecError("A transformers classifier needs 'path', or 'config' with its 'model_type' for random weights.")
    classes = spec.get("num_classes") or config.num_labels
    new_head = classes != config.num_labels
    if new_head:
        config.num_labels = classes
    drop_path = spec.get("drop_path")
    own_rate = hasattr(config, "drop_path_rate")
    if drop_path is not None and own_rate:
        config.drop_path_rate = drop_path
    if path is None:
        model = AutoModelForImageClassification.from_config(config)
    else:
        model = _pretrained(str(path), config, new_head=new_head)
    if drop_path and not own_rate:
        add_stochastic_depth(model, drop_path)
    depth = getattr(config, "num_hidden_layers", None)
    random = "network" if path is None else "head" if new_head else None
    classes = None if random is not None else names_in_order(config.id2label, config.num_labels)
    blocks = depth if isinstance(depth, int) else None
    return Backbone(model, _heads(model), blocks, random=random, classes=classes)


def save_transformer(model: nn.Module, folder: Path | str, **_input_range: list[float]) -> None:
    """Writes a folder that `AutoModelForImageClassification.from_pretrained` loads, all or nothing."""
    with written_folder(folder) as new, _quiet():
        model.save_pretrained(str(new), safe_serialization=True)


def add_stochastic_depth(model: nn.Module, rate: float) -> None:
    """Drops whole residual branches per image in training, with a rate that grows linearly to `rate` at the last layer.

    transformers' plain ViTs have dropout on their branches, but no stochastic depth. Theirs is the last operation
    before each of a layer's two additions, so that what follows it acts on the branch.
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
        for file in Path(path).iterdir():
            if file.suffix in (".safetensors", ".bin"):
                check_file(file)
    try:
        return AutoConfig.from_pretrained(path, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"'{path}' is not a transformers model in reach: {error} Give a folder with its config.json, or the id of a "
            "model that is in the hub's cache or that the network reaches."
        ) from error


def _pretrained(path: str, config: Any, *, new_head: bool) -> nn.Module:
    from transformers import AutoModelForImageClassification

    try:
        with _quiet():
            model, report = AutoModelForImageClassification.from_pretrained(
                path,
                config=config,
                dtype=torch.float32,
                trust_remote_code=False,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
    except OSError as error:
        raise WeightsError(f"The weights of '{path}' could not be loaded: {error} Give a folder whose weights are whole.") from error
    heads = tuple(f"{head}." for head in _heads(model)) if new_head else ()
    problems = {}
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        # A mis-shaped key comes with its two shapes.
        keys = [key for key in report.get(kind, ()) if not (key if isinstance(key, str) else key[0]).startswith(heads)]
        if keys:
            problems[kind.replace("_", " ")] = sorted(keys)[:3]
    if problems:
        raise WeightsError(
            f"The weights of '{path}' do not fit {type(model).__name__} of its config.json: {problems}. "
            "Give a folder whose weights and config.json belong together."
        )
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' progress bars and load reports: what matters in a report is raised."""
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
