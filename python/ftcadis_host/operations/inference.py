"""Operations that prepare networks for many forward passes: number types, memory order, compilation."""

from __future__ import annotations

import copy
import torch

from ..errors import SpecError
from ..networks.image_denoisers.image_denoiser import ImageDenoiser
from .tensors import DTYPES


def inference_copy(
    _host, classifier, *, dtype: str, autocast: str, channels_last: bool, compiled: bool
) -> torch.nn.Module:
    """The classifier itself where it computes as asked for, else a copy that does; the original stays as it is."""
    wanted = (DTYPES[dtype], DTYPES.get(autocast))
    if wanted == (_dtype(classifier), classifier.autocast) and not channels_last and not compiled:
        return classifier
    made = copy.deepcopy(classifier).to(DTYPES[dtype]).eval().requires_grad_(False)
    made.autocast = DTYPES.get(autocast)
    if channels_last:
        made.to(memory_format=torch.channels_last)
    if compiled:
        _compile(made.model)
    return made


def compile_denoiser(_host, denoiser, *, compiled: bool) -> None:
    """Compiles a denoiser in place, or has it compute uncompiled again."""
    network = denoiser.model if isinstance(denoiser, ImageDenoiser) else denoiser.unet
    if not compiled:
        network._compiled_call_impl = None
    elif network._compiled_call_impl is None:
        _compile(network)


def network_dtype(_host, network) -> str:
    return str(_dtype(network)).removeprefix("torch.")


def _autocast(dtype: torch.dtype):
    return lambda host: host.enter(torch.autocast(host.device.type, dtype=dtype))


def _dtype(network) -> torch.dtype:
    return next(network.parameters()).dtype


def _compile(network: torch.nn.Module) -> None:
    """Compiles at the first forward pass; what is known to be missing is said before."""
    _require_compiler(next(network.parameters()).device)
    network.compile()


def _require_compiler(device: torch.device) -> None:
    if device.type == "cuda":
        from torch.utils._triton import has_triton

        if not has_triton():
            raise SpecError("torch.compile needs Triton for this GPU, which is not installed. Install it, or do without.")
        return
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler as error:
        raise SpecError("torch.compile needs a C++ compiler such as g++, which is not found. Install one, or do without.") from error


OPERATIONS = {
    "inference_copy": inference_copy,
    "compile_denoiser": compile_denoiser,
    "network_dtype": network_dtype,
    "autocast_float16": _autocast(torch.float16),
    "autocast_bfloat16": _autocast(torch.bfloat16),
}
