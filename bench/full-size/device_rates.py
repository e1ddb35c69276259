"""What the networks cost and what the device can do: counted operations, and the measured rate of matrix products.

Reads one JSON line (device, denoiser, classifier, image_size) and answers with one.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from ftcadis_host.networks.classifiers import load_classifier
from ftcadis_host.networks.denoisers import load_denoiser

COPIES = 2
REPETITIONS = 20


def operations(network, *inputs) -> float:
    """Floating-point operations of a forward pass, for one image."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(*inputs)
    return counter.get_total_flops() / COPIES


def matrix_rate(device: torch.device, dtype: torch.dtype, size: int) -> float:
    """Operations in a second of products of two random square matrices."""
    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    synchronize = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    for _ in range(3):
        left @ right
    synchronize()
    begun = time.perf_counter()
    for _ in range(REPETITIONS):
        left @ right
    synchronize()
    return 2 * size**3 * REPETITIONS / (time.perf_counter() - begun)


def main() -> None:
    setup = json.loads(sys.stdin.readline())
    device = torch.device(setup["device"])
    images = torch.randn(COPIES, 3, setup["image_size"], setup["image_size"], device=device)
    denoiser = load_denoiser(setup["denoiser"], device=device, dtype=torch.float32)
    classifier = load_classifier(setup["classifier"], device=device, dtype=torch.float32)
    size = 8192 if device.type == "cuda" else 512
    rates = {str(dtype).removeprefix("torch."): matrix_rate(device, dtype, size) for dtype in (torch.bfloat16, torch.float32)}
    torch.backends.cuda.matmul.allow_tf32 = True
    rates["tf32"] = matrix_rate(device, torch.float32, size)
    answer = {
        "denoiser": operations(denoiser, images, 100.0),
        "classifier": operations(classifier, images),
        "rates": rates,
    }
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
