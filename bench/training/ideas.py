"""What ideas for a faster step are worth by themselves, on the networks of the digits and of CIFAR-10 with random weights.

    python bench/training/ideas.py [--device cuda] [--compile]

Prints a row for each idea: milliseconds without it and with it, medians of turns, and their ratio.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from ftcadis_host.networks.classifiers import load_classifier
from ftcadis_host.networks.denoisers import load_denoiser

# Images of a digits update, with their noises.
IMAGES, NOISES = 64, 4


class Bench:
    def __init__(self, device: torch.device, turns: int):
        self.device = device
        self.turns = turns

    def milliseconds(self, body: Callable[[], object]) -> float:
        begun = time.perf_counter()
        body()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return 1000 * (time.perf_counter() - begun)

    def compare(self, name: str, without: Callable[[], object], with_it: Callable[[], object], turns: int = 0) -> None:
        times: tuple[list[float], list[float]] = ([], [])
        for turn in range(1 + (turns or self.turns)):
            for side, body in enumerate((without, with_it)):
                milliseconds = self.milliseconds(body)
                if turn > 0:
                    times[side].append(milliseconds)
        before, after = map(statistics.median, times)
        ratio = statistics.median(b / a for a, b in zip(*times, strict=True))
        print(f"{name:86} {before:9.2f} {after:9.2f} {ratio:7.3f}", flush=True)


def digits(device: torch.device):
    assets = ROOT / "assets" / "digits"
    denoiser = load_denoiser({"source": "diffusers", "path": str(assets / "denoiser")}, device=device, dtype=torch.float32)
    spec = {"source": "timm", "path": str(assets / "classifier"), "tuning": {"kind": "full"}}
    return denoiser, load_classifier(spec, device=device, dtype=torch.float32)


def trainable(classifier) -> list[torch.nn.Parameter]:
    return [parameter for parameter in classifier.model.parameters() if parameter.requires_grad]


def channels_last(bench: Bench, name: str, denoiser, images: torch.Tensor, turns: int = 0) -> None:
    """Against memory as torch lays it out by itself. Moving the weights from one layout to the other is not timed."""
    other = copy.deepcopy(denoiser).to(memory_format=torch.contiguous_format)

    @torch.no_grad()
    def denoise(network, layout):
        network(images.contiguous(memory_format=layout), 100.0)

    bench.compare(
        f"{name}: denoiser with channels last in memory",
        lambda: denoise(other, torch.contiguous_format),
        lambda: denoise(denoiser, torch.channels_last),
        turns,
    )


def few_rows(bench: Bench, classifier) -> None:
    """What is left of an attack step where an eighth of the images is attacked."""

    def step(rows: int):
        images = torch.randn(rows, 1, 8, 8, device=bench.device, requires_grad=True)
        torch.autograd.grad(classifier(images).log_softmax(-1).square().sum(), images)

    bench.compare("digits: a pass to the images and back for 32 images in place of 256", lambda: step(256), lambda: step(32))


def zero_weight_rows(bench: Bench, classifier) -> None:
    """One pass with the graph over all rows, or one without, and one with the graph over those that have a weight."""
    rows = IMAGES * NOISES
    images = torch.randn(rows, 1, 8, 8, device=bench.device)
    labels = torch.randint(0, 10, (rows,), device=bench.device)
    for share in (0.3, 0.5, 0.7):
        kept = torch.arange(round(share * rows), device=bench.device)

        def without(kept=kept):
            log_probs = classifier(images).log_softmax(-1)
            F.nll_loss(log_probs[kept], labels[kept]).backward()

        def with_it(kept=kept):
            with torch.no_grad():
                classifier(images)
            F.nll_loss(classifier(images[kept]).log_softmax(-1), labels[kept]).backward()

        bench.compare(f"no graph for denoised images of weight 0, where {share:.0%} have weight 1", without, with_it)


def first_attack_step(bench: Bench, classifier) -> None:
    """The gradient of the first step comes from the graph of the judging pass, which then has to lead to the images."""
    for share in (0.45, 1.0):
        attacked = round(share * IMAGES * NOISES)
        images = torch.randn(IMAGES * NOISES, 1, 8, 8, device=bench.device)

        def without(images=images, attacked=attacked):
            log_probs = classifier(images).log_softmax(-1)
            chosen = images[:attacked].clone().requires_grad_()
            for parameter in parameters:
                parameter.requires_grad_(False)
            torch.autograd.grad(classifier(chosen).log_softmax(-1).square().sum(), chosen)
            for parameter in parameters:
                parameter.requires_grad_(True)
            log_probs.sum().backward()

        def with_it(images=images, attacked=attacked):
            watched = images.clone().requires_grad_()
            log_probs = classifier(watched).log_softmax(-1)
            torch.autograd.grad(log_probs[:attacked].square().sum(), watched, retain_graph=True)
            log_probs.sum().backward()

        parameters = trainable(classifier)
        bench.compare(f"first attack step from the judging pass, {share:.0%} attacked", without, with_it)


def vit(device: torch.device):
    spec = {"source": "timm", "name": "vit_base_patch16_224", "pretrained": False, "resize": 224, "tuning": {"kind": "full"}}
    return load_classifier(spec, device=device, dtype=torch.float32)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--device", default="cpu", help="torch device (default: cpu)")
    arguments.add_argument("--threads", type=int, default=1, help="torch threads (default: 1)")
    arguments.add_argument("--turns", type=int, default=15, help="turns of each side (default: 15)")
    arguments.add_argument("--compile", action="store_true", help="also a compiled classifier of the digits, which takes minutes")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    bench = Bench(device, options.turns)
    print(f"torch {torch.__version__}, {options.device}\n{'':86} {'without':>9} {'with':>9} {'ratio':>7}")

    denoiser, classifier = digits(device)
    copies = torch.randn(IMAGES * NOISES, 1, 8, 8, device=device)

    @torch.no_grad()
    def denoise():
        denoiser(copies.contiguous(memory_format=torch.channels_last), 100.0)

    @torch.inference_mode()
    def denoise_for_inference():
        denoiser(copies.contiguous(memory_format=torch.channels_last), 100.0)

    channels_last(bench, "digits", denoiser, copies)
    bench.compare("digits: inference mode in place of no_grad, denoiser", denoise, denoise_for_inference)
    few_rows(bench, classifier)
    zero_weight_rows(bench, classifier)
    first_attack_step(bench, classifier)

    def optimizers(of):
        classifier(copies).sum().backward() if of is classifier else None
        for parameter in trainable(of):
            parameter.grad = torch.randn_like(parameter)
        return [torch.optim.AdamW(trainable(of), lr=1e-9, fused=fused).step for fused in (False, True)]

    bench.compare("digits: fused AdamW, all parameters", *optimizers(classifier))
    if options.compile:
        compiled = digits(device)[1]
        compiled.model.compile(dynamic=True)

        def step(of, rows):
            of(copies[:rows]).square().sum().backward()

        for rows in (IMAGES * NOISES, 112, 24):
            bench.compare(f"digits: compiled classifier, {rows} rows forward and backward",
                          lambda rows=rows: step(classifier, rows), lambda rows=rows: step(compiled, rows))

    base = vit(device)
    images = torch.randn(4, 3, 32, 32, device=device)

    @torch.no_grad()
    def classify(taken):
        base(taken)

    def with_plain_attention():
        with sdpa_kernel(SDPBackend.MATH):
            classify(images)

    few = max(3, options.turns // 3)
    resized = F.interpolate(images, (224, 224), mode="bicubic", antialias=True)
    bench.compare("ViT-B/16: fused attention in place of products of matrices", with_plain_attention, lambda: classify(images), few)
    bench.compare("ViT-B/16: images that are resized already, 32 to 224", lambda: classify(images), lambda: classify(resized), few)
    bench.compare("ViT-B/16: fused AdamW, 86 million parameters", *optimizers(base), few)

    unet = load_denoiser({"source": "openai", "preset": "cifar10"}, device=device, dtype=torch.float32)
    channels_last(bench, "CIFAR-10", unet, images, few)
    last = unet.unet.conv_out
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        unet(images[:1], 100.0)
    total = counter.get_total_flops()
    unused = last.out_channels - 3
    spared = 2 * unused * last.in_channels * last.kernel_size[0] * last.kernel_size[1] * 32 * 32
    print(f"CIFAR-10 denoiser: share of its operations that the {unused} variance channels take: {spared / total:.2%}")


if __name__ == "__main__":
    main()
