"""Identifies a weight file or a folder of weights, classifier, denoiser or adapters, and the settings that load it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..errors import SpecError, WeightsError, plain_text
from ..folders import read_json
from ..networks.class_names import SMOOTHED_FILE
from ..networks.state_dicts import read_tensors
from .architectures import architectures_of, first_channels, timm_config, without_prefix
from .statements import Statements, size_of, statements_in

WEIGHT_SUFFIXES = (".pth", ".pt", ".safetensors", ".bin", ".tar", ".ckpt", ".th")
LOCUSLAB, LENET, DNCNN = "layer1.17.conv1.weight", ("conv1.weight", "fc2.weight"), "dncnn.0.weight"
LENET_CHANNELS = 20


def inspect_weights(*, path: str, architecture: str | None = None) -> dict[str, Any]:
    """Returns the content of a path, as plain data:

    kind: 'classifier' | 'denoiser' | 'adapter' | 'smoothed' | 'unknown'. what: the same for people, in a few words.
    settings: those that load it as `classifier` or `smoothing.denoiser`; None if incomplete.
    A classifier has: classes (the number), names, channels, imageSize (see `size_of`), ranges ([{mean, std, from}], most likely first),
        random (whether its head is missing), isFixedSize.
    A denoiser has: imageSize, schedule (see `describe_denoiser`), channels.
    An adapter has: rank, layers, base. notes: sentences for the user.
    architecture: the name of a weight file's architecture, if the user gives it.
    Raises WeightsError if weights are missing or damaged, or do not fit the given architecture.
    """
    place = Path(path).expanduser()
    if place.is_dir():
        return _of_folder(place)
    return _of_file(place, architecture)


def holds_weights(folder: Path) -> bool:
    """Returns whether a folder holds weights rather than images."""
    names = ("config.json", "adapter_config.json", "unet", "scheduler_config.json", SMOOTHED_FILE)
    return any((folder / name).exists() for name in names) or len(weight_files(folder)) > 0


def weight_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix in WEIGHT_SUFFIXES and file.is_file())


def _of_folder(folder: Path) -> dict[str, Any]:
    if (folder / SMOOTHED_FILE).is_file():
        return {**_nothing("smoothed", "a checkpoint of a run of this package"), "notes": [f"`certify {folder}` takes it as it is."]}
    if (folder / "adapter_config.json").is_file():
        return _adapter(folder)
    if (folder / "unet").is_dir() or (folder / "scheduler_config.json").is_file():
        return _diffusers(folder)
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    if str(config.get("_class_name", "")).startswith("UNet"):
        return _diffusers(folder)
    if isinstance(config.get("architecture"), str):
        return _timm_folder(folder, config)
    if config:
        return _transformers(folder)
    files = weight_files(folder)
    if len(files) == 1:
        return _of_file(files[0])
    raise WeightsError(
        f"'{folder}' holds {len(files)} weight files: {', '.join(file.name for file in files[:4])}. Name the one that you mean."
    )


def _of_file(path: Path, architecture: str | None = None) -> dict[str, Any]:
    tensors = read_tensors(path)
    plain = without_prefix(tensors)
    stated = Statements() if path.suffix == ".safetensors" else statements_in(path)
    if any(".lora_A." in key for key in plain):
        return {
            **_nothing("adapter", "a file of LoRA adapters"),
            "notes": ["Give the folder with its adapter_config.json as classifier.adapter, and the network's weights as classifier.path."],
        }
    if "input_blocks.0.0.weight" in plain:
        return _openai(path, plain)
    if DNCNN in plain:
        return _dncnn(path, plain)
    if LOCUSLAB in plain:
        return _loaded({"source": "resnet110", "path": str(path)}, "a ResNet-110 for CIFAR-10", plain, stated, [])
    if all(key in plain for key in LENET) and plain[LENET[0]].shape[0] == LENET_CHANNELS:
        return _loaded({"source": "lenet", "path": str(path)}, "a LeNet for MNIST", plain, stated, [])
    if architecture is None:
        return _timm_file(path, tensors, stated)
    if all(found.name != architecture for found in architectures_of(tensors, architecture, stated.image_size)):
        raise _does_not_fit(path, architecture, [found.name for found in architectures_of(tensors, stated.architecture, stated.image_size)])
    return _timm_file(path, tensors, replace(stated, architecture=architecture))


def _does_not_fit(path: Path, architecture: str, known: Sequence[str]) -> WeightsError:
    name = plain_text(architecture).removesuffix(".")
    said = f"The weights in '{path}' do not fit the given architecture {name} (--architecture)"
    if known:
        return WeightsError(f"{said}, but {' and '.join(known)} of timm. Leave --architecture out, or name {known[0]}.")
    return WeightsError(
        f"{said}, nor one of the common ones of timm. Name the one that they were trained with; "
        "if the network is your own, give source 'python' with the file and function that make it."
    )


def _timm_file(path: Path, tensors: Mapping[str, torch.Tensor], stated: Statements) -> dict[str, Any]:
    notes: list[str] = []
    said = stated.architecture
    found = architectures_of(tensors, said, stated.image_size)
    if said is not None and all(architecture.name != said for architecture in found):
        notes.append(f"The file is said to be a {plain_text(said).removesuffix('.')}, which it does not fit as timm has it.")
    if not found:
        first = ", ".join(list(tensors)[:3])
        remedy = (
            "Its architecture is not stated in the file, and none of the common ones of timm fits: if it is one of timm's, "
            "name it (--architecture); if the network is your own, give source 'python' with the file and function that make it."
        )
        what = f"weights of an unknown network, {len(tensors)} tensors such as {first}"
        return {**_nothing("unknown", what), "notes": [*notes, remedy]}
    channels = first_channels(without_prefix(tensors))
    names = [architecture.name for architecture in found]
    arguments = {**found[0].arguments, **({} if channels in (None, 3) else {"in_chans": channels})}
    settings = {"source": "timm", "name": names[0], "path": str(path), **({"modelArgs": arguments} if arguments else {})}
    if len(found) > 1:
        notes.append(f"It fits {', '.join(names)} of timm alike; {names[0]} is taken.")
    return _loaded(settings, f"timm's {names[0]}", tensors, stated, notes, alike=names[1:])


def _timm_folder(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    settings = {"source": "timm", "path": str(folder)}
    return _loaded(settings, f"timm's {config['architecture']}", {}, Statements(), [], config.get("pretrained_cfg"))


def _transformers(folder: Path) -> dict[str, Any]:
    file = folder / "preprocessor_config.json"
    said = read_json(file) if file.is_file() else {}
    size = said.get("size")
    if isinstance(size, Mapping):
        size = [size["height"], size["width"]] if {"height", "width"} <= set(size) else size.get("shortest_edge")
    described = {"mean": said.get("image_mean"), "std": said.get("image_std"), "size": size}
    return _loaded({"source": "transformers", "path": str(folder)}, "a model of transformers", {}, Statements(), [], described)


def _loaded(
    settings: dict[str, Any],
    what: str,
    tensors: Mapping[str, torch.Tensor],
    stated: Statements,
    notes: list[str],
    described: Mapping[str, Any] | None = None,
    alike: Sequence[str] = (),
) -> dict[str, Any]:
    """Loads a classifier as training will, so that its description is accurate."""
    from ..networks.classifiers import load_classifier

    spec = {"model_args" if key == "modelArgs" else key: value for key, value in settings.items()}
    try:
        classifier = load_classifier(spec, device="cpu", dtype=torch.float32)
    except (SpecError, WeightsError) as error:
        return {**_nothing("unknown", f"{what}, which does not load"), "notes": [*notes, str(error)]}
    config = described or getattr(_network(classifier), "pretrained_cfg", None) or {}
    names = stated.classes or (classifier.classes and classifier.classes.names)
    return {
        "kind": "classifier",
        "what": what,
        "settings": settings,
        "parameters": sum(parameter.numel() for parameter in classifier.parameters()),
        "classes": _head_size(classifier),
        "names": names,
        "channels": first_channels(without_prefix(tensors)) or (config.get("input_size") or [3])[0],
        "imageSize": size_of(settings.get("modelArgs", {}).get("img_size")) or stated.image_size or _size_of(classifier, config),
        "isFixedSize": bool(config.get("fixed_input_size")),
        "ranges": _ranges(stated, config, settings["source"], described is not None, alike),
        "random": classifier.random,
        "notes": [*notes, *classifier.notes],
    }


def _ranges(
    stated: Statements, config: Mapping[str, Any], source: str, of_folder: bool, alike: Sequence[str]
) -> list[dict[str, Any]]:
    """Returns normalisations that the weights may have been trained with, most likely first."""
    found: list[dict[str, Any]] = []
    if stated.mean is not None and stated.std is not None:
        found.append({"mean": stated.mean, "std": stated.std, "from": "the file"})
    if config.get("mean") is not None and config.get("std") is not None:
        whose = "its folder" if of_folder else f"{source}'s default for this architecture"
        found.append({"mean": _list(config["mean"]), "std": _list(config["std"]), "from": whose})
    for name in alike:
        known = timm_config(name)
        found.append({"mean": _list(known.mean), "std": _list(known.std), "from": f"{source}'s default for {name}"})
    return _merged(found)


def _merged(ranges: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Equal ranges as one, which names all its sources."""
    sources: dict[tuple[tuple[float, ...], tuple[float, ...]], list[str]] = {}
    for said in ranges:
        sources.setdefault((tuple(said["mean"]), tuple(said["std"])), []).append(said["from"])
    return [{"mean": [*mean], "std": [*std], "from": " and ".join(names)} for (mean, std), names in sources.items()]


def _head_size(classifier: Any) -> int | None:
    network = _network(classifier)
    config = getattr(network, "config", None)
    for place, name in ((network, "num_classes"), (config, "num_labels")):
        if isinstance(count := getattr(place, name, None), int):
            return count
    heads = [module for module in network.modules() if isinstance(module, torch.nn.Linear)]
    return heads[-1].out_features if heads else None


def _size_of(classifier: Any, config: Mapping[str, Any]) -> int | list[int] | None:
    own = getattr(getattr(_network(classifier), "config", None), "image_size", None)
    return size_of(config.get("size")) or size_of(own) or size_of(config.get("input_size"))


def _network(classifier: Any) -> Any:
    return classifier.model


def _openai(path: Path, plain: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    from ..networks.noise_schedule import named, noise_schedule
    from ..networks.openai_arguments import PRESETS, complete_arguments, scheduler_config
    from ..networks.openai_unet import build_unet, conversions, expected_shapes

    shapes = {key: tuple(tensor.shape) for key, tensor in plain.items()}
    for preset, given in PRESETS.items():
        arguments = complete_arguments(given)
        with torch.device("meta"):
            unet = build_unet(arguments)
        if shapes == {key: tuple(shape) for key, shape in expected_shapes(conversions(arguments, unet)).items()}:
            return {
                **_nothing("denoiser", f"a denoiser of OpenAI's, of the form of the preset {preset}"),
                "settings": {"source": "openai", "preset": preset, "path": str(path)},
                "imageSize": arguments["image_size"],
                "channels": 3,
                "schedule": named(noise_schedule(scheduler_config(arguments))),
            }
    return {
        **_nothing("denoiser", "a denoiser of OpenAI's code, of another form than the published ones"),
        "notes": ["The file does not hold its arguments: give smoothing.denoiser.arguments, as they were given to OpenAI's script."],
    }


def _diffusers(folder: Path) -> dict[str, Any]:
    from ..networks.denoisers import load_denoiser
    from ..networks.noise_schedule import named

    settings = {"source": "diffusers", "path": str(folder)}
    denoiser = load_denoiser(settings, device="cpu", dtype=torch.float32)
    size = denoiser.unet.config.sample_size
    return {
        **_nothing("denoiser", "a UNet2DModel of diffusers"),
        "settings": settings,
        "parameters": sum(parameter.numel() for parameter in denoiser.parameters()),
        "imageSize": size_of(size),
        "channels": denoiser.unet.config.in_channels,
        "schedule": named(denoiser.schedule),
    }


def _dncnn(path: Path, plain: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    width, channels = plain[DNCNN].shape[:2]
    depth = sum(tensor.ndim == 4 for tensor in plain.values())
    return {
        **_nothing("denoiser", f"a DnCNN of {depth} convolutions"),
        "settings": {"source": "dncnn", "path": str(path), "depth": depth, "width": width, "channels": channels},
        "channels": channels,
        "notes": ["It does not get the noise level: use it at the σ that it was trained for."],
    }


def _adapter(folder: Path) -> dict[str, Any]:
    config = read_json(folder / "adapter_config.json")
    base = config.get("base_model_name_or_path")
    targets = config.get("target_modules")
    layers = sorted(map(str, targets)) if isinstance(targets, (list, tuple)) else [str(targets)]
    return {
        **_nothing("adapter", f"{plain_text(config.get('peft_type', 'unknown')).removesuffix('.')} adapters of peft"),
        "settings": {"adapter": str(folder)},
        "rank": config.get("r"),
        "layers": [plain_text(layer).removesuffix(".") for layer in layers[:20]],
        "base": base if isinstance(base, str) else None,
    }


def _nothing(kind: str, what: str) -> dict[str, Any]:
    return {"kind": kind, "what": what, "settings": None, "notes": []}


def _list(value: Any) -> list[float]:
    return [float(number) for number in value] if isinstance(value, (list, tuple)) else [float(value)]
