"""Operations on networks: loading, saving, forward passes, and the modes of forward passes."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from ..delegates import lazy
from .tensors import DTYPES


def load_denoiser(host, *, spec: dict[str, Any], dtype: str):
    from ..networks.denoisers import load_denoiser

    return load_denoiser(spec, device=host.device, dtype=DTYPES[dtype])


def predict_noise(_host, denoiser, x, timesteps=None, *, timestep: float | None = None):
    told = timestep if timesteps is None else timesteps
    return denoiser(x.contiguous(memory_format=torch.channels_last), told)


def make_trainable(_host, module) -> None:
    # Its files no longer describe it.
    module.loaded = None
    module.train().requires_grad_(True)


def require_denoiser_of(_host, denoiser, *, spec: dict[str, Any], dtype: str) -> None:
    from ..networks.provenance import require_denoiser_of

    require_denoiser_of(denoiser, spec, dtype=DTYPES[dtype])


def describe_denoiser(_host, denoiser) -> dict[str, Any]:
    from ..networks.noise_schedule import named

    return named(denoiser.schedule)


def load_classifier(
    host, *, spec: dict[str, Any], dtype: str, autocast: str | None = None, activation_checkpointing: bool = False
):
    from ..networks.classifiers import load_classifier

    return load_classifier(
        spec,
        device=host.device,
        dtype=DTYPES[dtype],
        autocast=DTYPES.get(autocast),
        activation_checkpointing=activation_checkpointing,
    )


def in_its_mode(host, network, images):
    """Runs a forward pass in train mode inside `training` contexts of the network, in eval mode outside them."""
    # A change of mode visits all of the network's modules, so it waits until a forward pass needs it.
    training = any(module is network for module in host.training)
    if network.training != training:
        network.train(training)
    return network(images)


def describe_classifier(_host, classifier) -> dict[str, Any]:
    from ..networks.classifiers import describe_parameters
    from ..networks.parameter_groups import library_groups

    classes = classifier.classes
    return {
        "parameters": [
            {"name": name, "shape": list(shape), "trainable": trainable}
            for name, shape, trainable in describe_parameters(classifier)
        ],
        "groups": library_groups(classifier.model),
        "depth": classifier.depth,
        "classes": classes and {"names": classes.names, "areOfData": classes.are_of_data},
        "family": classifier.family,
        "usesBatchStatistics": classifier.uses_batch_statistics,
        "hasRunningStatistics": len(classifier.statistics) > 0,
        "hasFrozenStatistics": classifier.has_frozen_statistics,
        "random": classifier.random,
        "notes": classifier.notes,
    }


def provenance(_host, network, *, spec: dict[str, Any]) -> dict[str, Any]:
    """Returns the source of the weights of a network that was loaded from `spec`."""
    from ..networks.classifiers import Classifier, hub_id
    from ..networks.provenance import weights_provenance

    known = getattr(network, "provenance", {})
    if "sha256" in known:
        return known
    is_classifier = isinstance(network, Classifier)
    return weights_provenance(spec, hub_id(spec) if is_classifier else None, network.code if is_classifier else [])


def memory_now(host) -> dict[str, int | None]:
    from ..networks.footprint import memory_now

    return memory_now(host.device)


def set_tf32(_host, *, enabled: bool) -> None:
    """Sets whether CUDA rounds the factors of float32 products to 10 bits of mantissa, in matrix products and convolutions."""
    precision = "tf32" if enabled else "ieee"
    torch.backends.cuda.matmul.fp32_precision = precision
    torch.backends.cudnn.conv.fp32_precision = precision


def frozen_copy(_host, module):
    """Returns a copy in evaluation mode that training does not change."""
    return copy.deepcopy(module).eval().requires_grad_(False)


@contextlib.contextmanager
def _training(host, module):
    """Forward passes of this module run in training mode; those outside such contexts run in evaluation mode."""
    host.training.append(module)
    try:
        yield
    finally:
        host.training.pop()


@contextlib.contextmanager
def _without_parameter_gradients(module):
    trainable = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trainable:
            parameter.requires_grad_(True)


OPERATIONS = {
    "load_denoiser": load_denoiser,
    "describe_denoiser": describe_denoiser,
    "save_denoiser": lazy("networks.denoisers", "save_denoiser"),
    "restore_denoiser": lazy("networks.denoisers", "restore_denoiser"),
    "describe_parameters": lazy("networks.denoisers", "describe_parameters"),
    "describe_image_denoiser": lazy("networks.image_denoisers.image_denoiser", "describe_image_denoiser"),
    "restore_image_denoiser": lazy("networks.image_denoisers.image_denoiser", "restore_image_denoiser"),
    "save_image_denoiser": lazy("networks.image_denoisers.image_denoiser", "save_image_denoiser"),
    "clean_images": in_its_mode,
    "predict_noise": predict_noise,
    "make_trainable": make_trainable,
    "require_denoiser_of": require_denoiser_of,
    "load_classifier": load_classifier,
    "describe_classifier": describe_classifier,
    "save_classifier": lazy("networks.classifiers", "save_classifier"),
    "alike": lazy("networks.classifiers", "alike"),
    "export_adapter": lazy("networks.classifiers", "export_adapter"),
    "export_merged": lazy("networks.classifiers", "export_merged"),
    "export_onnx": lazy("onnx_export", "export_onnx"),
    "base_licence": lazy("base_licences", "base_licence"),
    "provenance": provenance,
    "network_bytes": lazy("networks.footprint", "network_bytes"),
    "denoising_peak": lazy("networks.footprint", "denoising_peak"),
    "training_peak": lazy("networks.footprint", "training_peak"),
    "memory_now": memory_now,
    "classify": in_its_mode,
    "set_tf32": set_tf32,
    "frozen_copy": frozen_copy,
    "live_values": lambda host: len(host.values),
    "math_attention": lambda host: host.enter(sdpa_kernel(SDPBackend.MATH)),
    "no_grad": lambda host: host.enter(torch.no_grad()),
    "training": lambda host, module: host.enter(_training(host, module)),
    "without_parameter_gradients": lambda host, module: host.enter(_without_parameter_gradients(module)),
    "leave": lambda host: host.leave(),
}
