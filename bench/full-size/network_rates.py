"""Images a second of one of the paper's two networks alone, at full size with random weights, computed in one of several ways: the
limit of certification, without noise, votes or a driver.

    python bench/full-size/network_rates.py cifar10 denoiser compiled
    python bench/full-size/network_rates.py cifar10 classifier float8 --profile

Prints a line of JSON, and appends it to the file of `--json`. `--lock` names a file that is locked while passes are timed: processes
of other variants compile in the meantime.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch
from torch import nn
from torch._inductor import config as inductor

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from ftcadis_host.compilation import compile_network
from ftcadis_host.networks.classifiers import load_classifier
from ftcadis_host.networks.denoisers import load_denoiser

SCALES = {
    "cifar10": ("cifar10", {"name": "vit_base_patch16_224", "num_classes": 10, "resize": 224}, 32, 992),
    "imagenet": ("imagenet256", {"name": "vit_base_patch16_clip_384", "num_classes": 1000, "resize": 384}, 224, 64),
}

# For a run on a CPU that only shows that everything works.
SMALL = {"arguments": {"num_channels": 32, "num_res_blocks": 1, "image_size": 32, "channel_mult": "1,2"}}

FLOAT8 = torch.float8_e4m3fn

# Images that are compared with float32.
COMPARED = 8


class Float8Linear(nn.Module):
    """A linear layer in 8-bit floats: weights with a scale per output, inputs with one per row that is found in each pass."""

    def __init__(self, layer: nn.Linear):
        super().__init__()
        values, scale = quantized(layer.weight)
        self.register_buffer("weight", values)
        self.register_buffer("scale", scale.T.contiguous())
        self.register_buffer("bias", layer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values, scale = quantized(x.flatten(0, -2))
        product = torch._scaled_mm(
            values, self.weight.T, scale_a=scale, scale_b=self.scale, bias=self.bias, out_dtype=x.dtype, use_fast_accum=True
        )
        return product.unflatten(0, x.shape[:-1])


def quantized(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns rows [R, K] in 8-bit floats, and their scales [R, 1]."""
    scale = rows.abs().amax(1, keepdim=True).float().clamp(min=1e-12) / torch.finfo(FLOAT8).max
    return (rows.float() / scale).to(FLOAT8), scale


def with_float8(network: nn.Module) -> None:
    for module in list(network.modules()):
        for name, layer in list(module.named_children()):
            if isinstance(layer, nn.Linear) and layer.in_features % 16 == 0 and layer.out_features % 16 == 0:
                setattr(module, name, Float8Linear(layer))


# Settings of torch's compiler by variant.
COMPILER = {
    "compiled": {},
    "convolutions": {},
    "conv-1x1-as-mm": {"conv_1x1_as_mm": True},
    "coordinate-descent": {"coordinate_descent_tuning": True},
    "max-autotune": {"max_autotune": True},
    "max-autotune-gemm": {"max_autotune_gemm": True},
    "cudagraphs": {"triton.cudagraphs": True},
    "contiguous": {"layout_optimization": False},
    "whole": {},
    "cudnn-attention": {},
    "float8": {},
    "float8-tuned": {"coordinate_descent_tuning": True},
    "tokens-200": {},
    "tokens-208": {},
}
EAGER = ("float32", "autocast", "eager")
TOKENS = {"tokens-200": 3, "tokens-208": 11}


def attention(variant: str):
    if variant != "cudnn-attention":
        return nullcontext()
    from torch.nn.attention import SDPBackend, sdpa_kernel

    return sdpa_kernel([SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION], set_priority=True)


def network_of(scale: str, kind: str, variant: str, device: str, *, small: bool) -> tuple[Callable, nn.Module]:
    """Returns a function of images, and the network that it calls, in the number type of the variant."""
    preset, classifier, _, _ = SCALES[scale]
    dtype = torch.float32 if variant in ("float32", "autocast") else torch.bfloat16
    torch.manual_seed(0)
    if kind == "denoiser":
        spec = {"source": "openai", **(SMALL if small else {"preset": preset})}
        network = load_denoiser(spec, device=device, dtype=dtype)
        if variant == "contiguous":
            network.to(memory_format=torch.contiguous_format)
        return lambda images: network(images, 200.0), network
    spec = {"source": "timm", "pretrained": False, "input_range": "symmetric", **classifier}
    if small:
        spec |= {"name": "vit_tiny_patch16_224", "model_args": {"depth": 2, "img_size": classifier["resize"]}}
    if variant in TOKENS:
        spec["model_args"] = {**spec.get("model_args", {}), "reg_tokens": TOKENS[variant]}
    autocast = torch.bfloat16 if variant == "autocast" else None
    network = load_classifier(spec, device=device, dtype=torch.float32, autocast=autocast).requires_grad_(False)
    network.model.to(dtype)
    if dtype == torch.bfloat16:
        network.to(memory_format=torch.channels_last)
    network.use_matrix_products(variant not in EAGER and variant != "convolutions")
    if variant.startswith("float8"):
        with_float8(network.model)
    return network, network


def synchronize(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def seconds_of(call: Callable[[], object], passes: int, device: str) -> float:
    """Median over passes."""
    times = []
    for _ in range(passes):
        synchronize(device)
        begun = time.perf_counter()
        call()
        synchronize(device)
        times.append(time.perf_counter() - begun)
    return sorted(times)[passes // 2]


def kernel_shares(call: Callable[[], object]) -> list[dict]:
    """Time of a pass by kernel, the largest first."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA, ProfilerActivity.CPU]) as trace:
        call()
        torch.cuda.synchronize()
    found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])
    for event in trace.events():
        if event.device_type == torch.autograd.DeviceType.CUDA:
            found[event.name][0] += event.device_time / 1000
            found[event.name][1] += 1
    ordered = sorted(found.items(), key=lambda item: -item[1][0])
    return [{"kernel": name[:160], "ms": round(ms, 3), "calls": calls} for name, (ms, calls) in ordered]


@contextmanager
def alone(file: str | None):
    if file is None:
        yield
        return
    with open(file, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scale", choices=sorted(SCALES))
    parser.add_argument("network", choices=("denoiser", "classifier"))
    parser.add_argument("variant", choices=(*EAGER, *COMPILER))
    parser.add_argument("--batch", type=int)
    parser.add_argument("--passes", type=int, default=10)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--lock")
    parser.add_argument("--json")
    options = parser.parse_args()
    _, _, size, batch = SCALES[options.scale]
    batch, device, variant = options.batch or batch, options.device, options.variant
    if variant != "float32":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    inductor.load_config({**inductor.get_config_copy(), **COMPILER.get(variant, {})})
    call, network = network_of(options.scale, options.network, variant, device, small=options.small)
    images = torch.randn(batch, 3, size, size, device=device)
    if variant != "contiguous":
        images = images.contiguous(memory_format=torch.channels_last)
    exact, _ = network_of(options.scale, options.network, "float32", device, small=options.small)
    reference = exact(images[:COMPARED])
    del exact
    if variant not in EAGER:
        compile_network(network if variant == "whole" else network.unet if options.network == "denoiser" else network.model)
    with attention(variant):
        begun = time.perf_counter()
        found = call(images)[:COMPARED]
        synchronize(device)
        first = time.perf_counter() - begun
        with alone(options.lock):
            seconds_of(lambda: call(images), 3, device)
            seconds = seconds_of(lambda: call(images), options.passes, device)
            write(
                {
                    **{"scale": options.scale, "network": options.network, "variant": variant, "batch": batch},
                    "images_per_second": round(batch / seconds, 1),
                    "first_pass_seconds": round(first, 1),
                    "error": None if variant in TOKENS else ((found - reference).norm() / reference.norm()).item(),
                    "peak_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2) if device == "cuda" else None,
                },
                options.json,
            )
            if options.profile:
                kernels = kernel_shares(lambda: call(images))
                write({"network": options.network, "variant": variant, "kernels": kernels}, options.json)


def write(row: dict, file: str | None) -> None:
    line = json.dumps(row)
    print(line, flush=True)
    if file is not None:
        with open(file, "a") as rows:
            rows.write(f"{line}\n")


if __name__ == "__main__":
    main()
