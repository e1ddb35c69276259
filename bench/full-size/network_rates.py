"""Images a second of the paper's two networks alone, with random weights, in number types and compiled: the device's limit for
certification, without noise, votes or a driver.

    python bench/full-size/network_rates.py cifar10 --batch 1000
    python bench/full-size/network_rates.py imagenet --batch 32
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from ftcadis_host.networks.classifiers import load_classifier
from ftcadis_host.networks.denoisers import load_denoiser

NETWORKS = {
    "cifar10": ("cifar10", {"name": "vit_base_patch16_224", "num_classes": 10, "resize": 224}, 32),
    "imagenet": ("imagenet256", {"name": "vit_base_patch16_clip_384", "num_classes": 1000, "resize": 384}, 224),
}


def rate(name: str, network: Callable[[], object], batch: int, passes: int) -> None:
    """Prints images a second; the first pass, in which a compiler compiles, is not counted."""
    begun = time.perf_counter()
    network()
    torch.cuda.synchronize()
    first = time.perf_counter() - begun
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(passes):
        network()
    end.record()
    torch.cuda.synchronize()
    seconds = start.elapsed_time(end) / 1000 / passes
    print(f"{name}: {batch / seconds:.0f} images/s; first pass {first:.1f} s", flush=True)


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scale", choices=sorted(NETWORKS))
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--passes", type=int, default=10)
    options = parser.parse_args()
    preset, classifier_spec, size = NETWORKS[options.scale]
    images = torch.randn(options.batch, 3, size, size, device="cuda").contiguous(memory_format=torch.channels_last)
    spec = {"source": "timm", "pretrained": False, "input_range": "symmetric", **classifier_spec}
    classifier = load_classifier(spec, device="cuda", dtype=torch.float32, autocast=torch.bfloat16)
    for tf32 in (False, True):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        denoiser = load_denoiser({"source": "openai", "preset": preset}, device="cuda", dtype=torch.float32)
        rate(f"denoiser, {'TF32' if tf32 else 'float32'}", lambda: denoiser(images, 200.0), options.batch, options.passes)
    denoiser = denoiser.to(torch.bfloat16)
    rate("denoiser, bfloat16", lambda: denoiser(images, 200.0), options.batch, options.passes)
    rate("classifier, bfloat16 autocast", lambda: classifier(images), options.batch, options.passes)
    denoiser.unet.compile()
    rate("denoiser, bfloat16, compiled", lambda: denoiser(images, 200.0), options.batch, options.passes)
    classifier.model.compile()
    rate("classifier, bfloat16 autocast, compiled", lambda: classifier(images), options.batch, options.passes)


if __name__ == "__main__":
    main()
