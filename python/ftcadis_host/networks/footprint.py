"""Estimates the memory of a training step without computing: only shapes are propagated through the networks.

The networks run on torch's meta device, where tensors have a shape and no numbers. Counts the bytes
alive at the peak. Kernels also use workspaces, and allocators keep more than they need: the estimate is a lower bound.
"""

from __future__ import annotations

import platform
import resource
import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from .denoisers import Denoiser


class _LiveBytes(TorchDispatchMode):
    """Counts the bytes of the tensors that operations make, while anything references them."""

    def __init__(self) -> None:
        super().__init__()
        self.live = 0
        self.peak = 0
        self._known = weakref.WeakSet()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        made = operation(*args, **(kwargs or {}))
        for value in tree_leaves(made):
            if isinstance(value, torch.Tensor):
                self._count(value.untyped_storage())
        return made

    def _count(self, storage: torch.UntypedStorage) -> None:
        if storage in self._known:
            return
        self._known.add(storage)
        size = storage.nbytes()
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._release, size)

    def _release(self, size: int) -> None:
        self.live -= size


def network_bytes(module: nn.Module) -> dict[str, int]:
    """Returns the number of parameters of a network, and the bytes of its weights and of the trained ones."""
    parameters = list(module.parameters())
    # peft keeps the original head besides the trained one, and never computes with it.
    used = [value for name, value in module.named_parameters() if ".original_module." not in name]
    return {
        "parameters": sum(parameter.numel() for parameter in used),
        "weights": sum(tensor.nbytes for tensor in [*parameters, *module.buffers()]),
        "trainable": sum(parameter.nbytes for parameter in parameters if parameter.requires_grad),
    }


def denoising_peak(denoiser: nn.Module, image_shape: list[int], images: int) -> int:
    """Returns the bytes, without the weights, for denoising this many images at once."""
    tensors = _shapes_of(denoiser)
    noisy = torch.empty(images, *image_shape, device="meta")
    with _LiveBytes() as counted, torch.no_grad():
        functional_call(denoiser, tensors, _inputs_of(denoiser, noisy))
    return counted.peak


def training_peak(network: nn.Module, image_shape: list[int], images: int, attacked: int) -> int:
    """Returns the bytes of a micro-batch, without weights and optimizer: both graphs at once, the attack, the gradients.

    network: a classifier, or a trained denoiser, without attacked images.
    images, attacked: their numbers, counting each noise.
    """
    trained = _shapes_of(network)
    frozen = {name: tensor.detach() for name, tensor in trained.items()}
    seen = torch.empty(images, *image_shape, device="meta")
    network.train()
    try:
        with _LiveBytes() as counted:
            loss = functional_call(network, trained, _inputs_of(network, seen)).sum()
            if attacked > 0:
                adversarial = torch.empty(attacked, *image_shape, device="meta", requires_grad=True)
                torch.autograd.grad(functional_call(network, frozen, (adversarial,)).sum(), adversarial)
                loss = loss + functional_call(network, trained, (adversarial.detach(),)).sum()
            loss.backward()
    finally:
        network.eval()
    return counted.peak


def _inputs_of(network: nn.Module, images: torch.Tensor) -> tuple[Any, ...]:
    """Returns the inputs of a network: a diffusion model also gets a timestep."""
    return (images, 1.0) if isinstance(network, Denoiser) else (images,)


def memory_now(device: torch.device) -> dict[str, int | None]:
    """Returns bytes: this process's peak on the host so far, the host's free memory, and both for a CUDA device."""
    import psutil

    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if platform.system() == "Darwin" else 1024
    cuda = device.type == "cuda"
    return {
        "hostPeak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        "hostFree": psutil.virtual_memory().available,
        "devicePeak": torch.cuda.max_memory_allocated(device) if cuda else None,
        "deviceFree": torch.cuda.mem_get_info(device)[0] if cuda else None,
    }


def _shapes_of(module: nn.Module) -> Mapping[str, Any]:
    """Returns every parameter and buffer on the meta device, requiring gradients if the real one does."""
    named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {
        name: tensor.detach().to("meta").requires_grad_(tensor.requires_grad) for name, tensor in named.items()
    }
