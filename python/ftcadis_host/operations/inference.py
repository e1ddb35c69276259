"""Operations that prepare networks for many forward passes: number types, memory format, compilation."""

from __future__ import annotations

import copy
import torch

from .. import compilation
from .tensors import DTYPES


def inference_copy(
    _host, classifier, *, dtype: str, autocast: str, channels_last: bool, compiled: bool
) -> torch.nn.Module:
    """Returns the classifier itself if it has the requested precision, else a copy that has; the original is unchanged."""
    wanted = (DTYPES[dtype], DTYPES.get(autocast))
    if wanted == (_dtype(classifier), classifier.autocast) and not channels_last and not compiled:
        return classifier
    made = copy.deepcopy(classifier).eval().requires_grad_(False)
    # Without the mean and std of the image normalisation: they are rounded with the images, once.
    made.model.to(DTYPES[dtype])
    made.autocast = DTYPES.get(autocast)
    if channels_last:
        made.to(memory_format=torch.channels_last)
    if compiled:
        compile_network(_host, made, compiled=True)
    return made


def compile_network(_host, network, *, compiled: bool) -> None:
    """Compiles a denoiser or a classifier in place, or makes it compute uncompiled again.

    A compiled classifier resizes and embeds patches by matrix products: kernels for both that the compiler cannot replace are slow.
    """
    if hasattr(network, "use_matrix_products"):
        network.use_matrix_products(compiled)
    (compilation.compile_network if compiled else compilation.leave_uncompiled)(_inner(network))


def compiled_graphs(_host, network) -> dict[str, int]:
    return compilation.compiled_graphs(_inner(network))


def network_dtype(_host, network) -> str:
    return str(_dtype(network)).removeprefix("torch.")


def _inner(network) -> torch.nn.Module:
    """Returns the part of a network to compile: without image pre- and postprocessing, which depends on more than sizes."""
    return network.unet if hasattr(network, "unet") else network.model


def _autocast(dtype: torch.dtype):
    return lambda host: host.enter(torch.autocast(host.device.type, dtype=dtype))


def _dtype(network) -> torch.dtype:
    return next(network.parameters()).dtype


OPERATIONS = {
    "inference_copy": inference_copy,
    "compile_network": compile_network,
    "compiled_graphs": compiled_graphs,
    "uncompiled": lambda host: host.enter(torch.compiler.set_stance("force_eager")),
    "network_dtype": network_dtype,
    "autocast_float16": _autocast(torch.float16),
    "autocast_bfloat16": _autocast(torch.bfloat16),
}
