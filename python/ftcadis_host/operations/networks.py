"""Operations on networks: loading, saving, forward passes, and the modes that forward passes run in."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import torch

from .tensors import DTYPES


def load_denoiser(host, *, spec: dict[str, Any], dtype: str):
    from ..networks.denoisers import load_denoiser

    denoiser = load_denoiser(spec, device=host.device, dtype=DTYPES[dtype])
    # Convolutions of the UNet run about twice as fast with channels last, on CPU and on tensor cores.
    return denoiser.to(memory_format=torch.channels_last)


def predict_noise(_host, denoiser, x, timesteps=None, *, timestep: float | None = None):
    told = timestep if timesteps is None else timesteps
    return denoiser(x.contiguous(memory_format=torch.channels_last), told)


def make_trainable(_host, module) -> None:
    module.train().requires_grad_(True)


def describe_denoiser(_host, denoiser) -> dict[str, Any]:
    schedule = denoiser.schedule
    names = {"rescale_timesteps": "rescaleTimesteps", "beta_start": "betaStart", "beta_end": "betaEnd"}
    return {names.get(key, key): value for key, value in schedule.items()}


def save_denoiser(_host, denoiser, *, folder: str) -> None:
    from ..networks.denoisers import save_denoiser

    save_denoiser(denoiser, folder)


def check_unet_fixture(_host, *, path: str, levels: list[dict[str, float]]) -> list[dict[str, Any]]:
    from ..unet_fixtures import check_unet_fixture

    return check_unet_fixture(path, levels)


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


def classify(host, classifier, images):
    # A change of mode walks all of the network's modules, so it waits until a forward pass needs it.
    training = any(module is classifier for module in host.training)
    if classifier.training != training:
        classifier.train(training)
    return classifier(images)


def describe_classifier(_host, classifier) -> dict[str, Any]:
    from ..networks.classifiers import describe_parameters

    return {
        "parameters": [
            {"name": name, "shape": list(shape), "trainable": trainable}
            for name, shape, trainable in describe_parameters(classifier)
        ],
        "depth": classifier.depth,
        "family": classifier.family,
        "usesBatchStatistics": classifier.uses_batch_statistics,
    }


def save_classifier(_host, classifier, *, folder: str) -> None:
    from ..networks.classifiers import save_classifier

    save_classifier(classifier, folder)


def export_adapter(_host, classifier, *, folder: str) -> None:
    from ..networks.classifiers import export_adapter

    export_adapter(classifier, folder)


def export_merged(_host, classifier, *, folder: str) -> None:
    from ..networks.classifiers import export_merged

    export_merged(classifier, folder)


def provenance(_host, network, *, spec: dict[str, Any]) -> dict[str, Any]:
    """Where the weights of a network that was loaded from `spec` are from."""
    from ..networks.provenance import weights_provenance

    known = getattr(network, "provenance", {})
    return known if "sha256" in known else weights_provenance(spec)


def network_bytes(_host, network) -> dict[str, int]:
    from ..networks.footprint import network_bytes

    return network_bytes(network)


def denoising_peak(_host, denoiser, *, image_shape: list[int], images: int) -> int:
    from ..networks.footprint import denoising_peak

    return denoising_peak(denoiser, image_shape, images)


def training_peak(_host, classifier, *, image_shape: list[int], images: int, attacked: int) -> int:
    from ..networks.footprint import training_peak

    return training_peak(classifier, image_shape, images, attacked)


def memory_now(host) -> dict[str, int | None]:
    from ..networks.footprint import memory_now

    return memory_now(host.device)


def set_tf32(_host, *, enabled: bool) -> None:
    """Whether CUDA rounds the factors of float32 products to 10 bits of mantissa, in matrices and in convolutions."""
    precision = "tf32" if enabled else "ieee"
    torch.backends.cuda.matmul.fp32_precision = precision
    torch.backends.cudnn.conv.fp32_precision = precision


def frozen_copy(_host, module):
    """A copy that no training changes, in evaluation mode."""
    return copy.deepcopy(module).eval().requires_grad_(False)


@contextlib.contextmanager
def _training(host, module):
    """Forward passes of this module run in training mode; those outside of such contexts in evaluation mode."""
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
    "save_denoiser": save_denoiser,
    "predict_noise": predict_noise,
    "make_trainable": make_trainable,
    "check_unet_fixture": check_unet_fixture,
    "load_classifier": load_classifier,
    "describe_classifier": describe_classifier,
    "save_classifier": save_classifier,
    "export_adapter": export_adapter,
    "export_merged": export_merged,
    "provenance": provenance,
    "network_bytes": network_bytes,
    "denoising_peak": denoising_peak,
    "training_peak": training_peak,
    "memory_now": memory_now,
    "classify": classify,
    "set_tf32": set_tf32,
    "frozen_copy": frozen_copy,
    "live_values": lambda host: len(host.values),
    "no_grad": lambda host: host.enter(torch.no_grad()),
    "training": lambda host, module: host.enter(_training(host, module)),
    "without_parameter_gradients": lambda host, module: host.enter(_without_parameter_gradients(module)),
    "leave": lambda host: host.leave(),
}
