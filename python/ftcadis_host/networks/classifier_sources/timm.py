"""Classifiers from timm: by name from the hub's cache, from a folder written by timm, or from a weight file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from ...errors import SpecError, WeightsError, explained, plain_text
from ...folders import read_json, write_json, written_folder
from ...size_limits import check_numbers, within
from ...sources import either
from ..backbone import Backbone, ClassifierSource, load_weights, names_of
from ..class_names import names_in_order
from ..likely_causes import USUAL
from ..state_dicts import find_tensor, fit_names, read_tensors
from ..weights import cached_model, count_of, shapes_of, some

# Arguments of timm.create_model that do not belong to the architecture: they would load files without this package's checks.
LOADING = {"checkpoint_path", "pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "cache_dir"}

# timm's names of the weight file in a folder.
WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


def load_timm(spec: Mapping[str, Any]) -> Backbone:
    """The network of a description with `name` or `path`; see `classifiers.load_classifier`. Strict about every key."""
    arguments = dict(spec.get("model_args") or {})
    if spec.get("drop_path") is not None:
        arguments["drop_path_rate"] = spec["drop_path"]
    if loading := sorted(LOADING & set(arguments)):
        raise SpecError(
            f"classifier.modelArgs has '{loading[0]}', which says what timm loads. Give weights as classifier.path, and "
            "arguments of the architecture alone."
        )
    path = spec.get("path")
    if path is not None and not Path(path).exists():
        raise WeightsError(f"The folder or file '{path}' of a timm classifier does not exist. Give an existing one.")
    classes = spec.get("num_classes")
    random, notes = None, []
    if path is None:
        model = _named(spec, arguments)
        if not spec.get("pretrained"):
            random = "network"
        elif model.num_classes != model.pretrained_cfg["num_classes"]:
            random = "head"
    else:
        model, is_new, notes = _from_path(Path(path), spec, arguments)
        random = "head" if is_new else None
    if classes is not None and classes != model.num_classes:
        notes.append(f"The network has a new head with {classes} classes; the weights have {model.num_classes or 'none'}.")
        model.reset_classifier(classes)
        random = random or "head"
    elif model.num_classes == 0:
        raise SpecError(
            f"{_described(model)} has no head in its weights: they are a backbone. To train a new head, set "
            "classifier.numClasses; to certify, give weights with one."
        )
    depth = len(model.blocks) if hasattr(model, "blocks") else None
    # timm keeps the names if the head is new.
    labels = (model.pretrained_cfg or {}).get("label_names") if spec.get("pretrained") or path is not None else None
    names = names_in_order(labels, model.num_classes)
    heads = names_of(model, model.get_classifier())
    return Backbone(model, heads, depth, random=random, classes=names, notes=notes)


def _named(spec: Mapping[str, Any], arguments: dict[str, Any]) -> nn.Module:
    if "name" not in spec:
        raise SpecError("A timm classifier needs 'name' or 'path'.")
    if not spec.get("pretrained"):
        if spec.get("num_classes") is not None:
            arguments["num_classes"] = spec["num_classes"]
        return _made(spec["name"], arguments)
    import timm

    _require_known(spec["name"])
    model = _hub_id(spec)
    if model is None:
        raise WeightsError(
            f"The hub has no pretrained weights of timm's '{spec['name']}'. Give the 'path' of weights, or a name with them."
        )
    cached_model(model)
    try:
        return timm.create_model(spec["name"], pretrained=True, **arguments)
    except Exception as error:
        raise WeightsError(
            f"The pretrained weights of timm's '{spec['name']}' could not be loaded: {plain_text(error)} Run "
            f"`npx ft-cadis fetch {model}` where there is a network, or give the 'path' of the weights."
        ) from error


def _from_path(path: Path, spec: Mapping[str, Any], arguments: dict[str, Any]) -> tuple[nn.Module, bool, list[str]]:
    """Loads the network of a folder or a weight file; returns also whether its head is new, and notes."""
    classes = spec.get("num_classes")
    if path.is_dir():
        file = next((path / name for name in WEIGHT_FILES if (path / name).exists()), path / WEIGHT_FILES[0])
        config = read_json(path / "config.json")
        if not isinstance(config.get("architecture"), str):
            raise WeightsError(
                f"'{path / 'config.json'}' has no 'architecture': it is not of timm. Give a folder that timm wrote, or "
                f"set classifier.source to 'transformers' if that wrote it."
            )
        tensors = read_tensors(file)
        check_numbers(config.get("model_args"), source=f"'{path / 'config.json'}'")
        with _readable(path, config) as folder:
            model = _made_within(tensors, f"local-dir:{folder}", arguments, file)
        return _fill(model, file, tensors, classes)
    if "name" not in spec:
        raise SpecError(f"The timm weight file '{path}' needs the 'name' of its architecture.")
    _require_known(spec["name"])
    tensors = read_tensors(path)
    found = _classes_in(tensors, spec["name"])
    arguments = {"num_classes": classes if found is None else found, **arguments}
    if arguments["num_classes"] is None:
        del arguments["num_classes"]
    return _fill(_made_within(tensors, spec["name"], arguments, path), path, tensors, classes)


@contextmanager
def _readable(path: Path, config: Mapping[str, Any]) -> Iterator[Path]:
    """Returns the folder, or a copy of its config.json in UTF-8 without a byte order mark, the only encoding that timm reads."""
    if _is_plain(path / "config.json"):
        yield path
        return
    with TemporaryDirectory() as folder:
        write_json(Path(folder) / "config.json", config)
        yield Path(folder)


def _is_plain(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def _made_within(
    tensors: Mapping[str, torch.Tensor], name: str, arguments: Mapping[str, Any], path: Path
) -> nn.Module:
    """Makes the network unless it is far larger than its weights, which are checked before any memory is allocated."""
    check_numbers(arguments, source="classifier.modelArgs")
    try:
        with within(tensors, source=f"'{path}'"), torch.device("meta"):
            _made(name, arguments)
    except SpecError:
        pass  # Some compute with numbers during construction, and have none here.
    with within(tensors, source=f"'{path}'"):
        return _made(name, arguments)


def _made(name: str, arguments: Mapping[str, Any]) -> nn.Module:
    import timm

    if not name.startswith("local-dir:"):
        _require_known(name)
    given = f" with classifier.modelArgs {dict(arguments)}" if arguments else ""
    with explained(
        f"timm cannot make '{name.removeprefix('local-dir:')}'{given}", "Give arguments that this architecture takes."
    ):
        return timm.create_model(name, **arguments)


def _require_known(name: str) -> None:
    """Raises SpecError if timm has no architecture of this name, and suggests the nearest."""
    import timm

    if "/" in name or ":" in name or timm.is_model(name.partition(".")[0]):
        return
    close = get_close_matches(name, timm.list_models(), n=3, cutoff=0.5)
    remedy = f"Give {either(close)}" if close else "Give a name of `timm.list_models()`"
    raise SpecError(f"timm has no architecture '{name}'. {remedy}.")


def _classes_in(tensors: Mapping[str, torch.Tensor], name: str) -> int | None:
    """Returns the number of classes of a weight file's own head; None if it has none under the architecture's name for it."""
    import timm

    config = timm.get_pretrained_cfg(name)
    head = config.classifier if config is not None else None
    head = head[0] if isinstance(head, (list, tuple)) else head
    tensor = find_tensor(tensors, f"{head}.weight")
    return None if tensor is None or tensor.ndim < 2 else tensor.shape[0]


def _fill(
    model: nn.Module, path: Path, tensors: dict[str, torch.Tensor], classes: int | None
) -> tuple[nn.Module, bool, list[str]]:
    own = model.state_dict()
    fitted = fit_names(tensors, own, source=f"'{path}'")
    tensors = fitted.tensors
    if shapes_of(tensors) != shapes_of(own):
        # Foreign key names and other image sizes: timm knows how to adapt them for some architectures.
        adapt = getattr(sys.modules[type(model).__module__], "checkpoint_filter_fn", None)
        with explained(f"The weights in '{path}' cannot be adapted to {_described(model)}", USUAL, WeightsError):
            tensors = tensors if adapt is None else adapt(dict(tensors), model)
    heads = names_of(model, model.get_classifier())
    is_new, notes = load_weights(
        model, tensors, path=path, described=_described(model), heads=heads, classes=classes
    )
    if fitted.left_out:
        notes.append(f"Of '{path}' {count_of(fitted.left_out, 'key')} outside of the network, and not used: {some(fitted.left_out)}.")
    return model, is_new, notes


def _described(model: nn.Module) -> str:
    return f"timm's {model.default_cfg.get('architecture')}"


def save_timm(model: nn.Module, folder: Path | str, *, mean: list[float], std: list[float]) -> None:
    """Writes a folder that `timm.create_model("local-dir:…", pretrained=True)` loads, atomically.

    mean, std: map pixels in [0, 1] to the network's input; one number each, or one per channel.
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
