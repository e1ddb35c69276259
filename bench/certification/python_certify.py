"""The plain Python loop that `bench/certification/certification.ts` compares with: CERTIFY of Cohen et al. (2019) on the same networks,
images and noise.

An ordinary PyTorch program without a bridge, after the authors' certify.py: votes are counted batch by batch on the host,
the bound comes from SciPy, a row is written and flushed for each image. Noise is drawn in blocks of 16 copies, so that the
votes of both sides can be compared.

Reads JSON lines from standard input, the set-up first and then one line for each round of images, and answers each with one.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import torch
from scipy.stats import beta, norm

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from ftcadis_host.compilation import compile_network
from ftcadis_host.networks.classifiers import load_classifier
from ftcadis_host.data.datasets import open_dataset
from ftcadis_host.networks.denoisers import load_denoiser
from ftcadis_host.streams import begin, begin_default

BLOCK = 16


class Certification:
    """Networks, images and the log."""

    def __init__(self, setup: SimpleNamespace, log):
        self.setup = setup
        self.device = torch.device(setup.device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = setup.tf32
        begin_default(*setup.initial_stream)
        self.denoiser = load_denoiser(setup.denoiser, device=self.device, dtype=getattr(torch, setup.denoiser_dtype))
        self.classifier = load_classifier(
            setup.classifier, device=self.device, dtype=getattr(torch, setup.classifier_dtype)
        ).requires_grad_(False)
        if setup.channels_last:
            self.classifier.to(memory_format=torch.channels_last)
        if setup.compiled:
            compile_network(self.denoiser.unet)
            self.classifier.use_matrix_products(True)
            compile_network(self.classifier.model)
        self.dataset = open_dataset(setup.data)
        self.generator = torch.Generator(self.device)
        self.log = log

    def certify(self, index: int, stream: list[int | str]) -> list[int]:
        """Certifies an image, writes its row, and returns the votes of the estimation."""
        setup = self.setup
        image, label = self.dataset[index]
        image = image.to(self.device) * 2 - 1
        candidate = self.votes(image, setup.n0, [*stream, "selection"]).argmax().item()
        votes = self.votes(image, setup.n, [*stream, "estimation"])
        count = votes[candidate].item()
        bound = beta.ppf(setup.alpha, count, setup.n - count + 1) if count > 0 else 0.0
        prediction, radius = (candidate, setup.sigma * norm.ppf(bound)) if bound >= 0.5 else (-1, 0.0)
        print(index, label, prediction, radius, int(prediction == label), sep="\t", file=self.log, flush=True)
        return votes.tolist()

    @torch.no_grad()
    def votes(self, image: torch.Tensor, count: int, stream: list[int | str]) -> torch.Tensor:
        """Votes of `count` noisy, denoised copies by class."""
        setup = self.setup
        scaled = image * setup.image_scale
        votes = torch.zeros(setup.classes, dtype=torch.int64)
        batch = setup.batch // BLOCK * BLOCK
        for drawn in range(0, count, batch):
            noise = self.noise(image.shape, stream, drawn, min(batch, count - drawn))
            noisy = noise * setup.noise_scale + scaled
            predicted = self.denoiser(noisy.contiguous(memory_format=torch.channels_last), setup.timestep)
            denoised = ((noisy - predicted * setup.noise_scale) / setup.image_scale).clamp(-1, 1)
            votes += self.classifier(denoised).argmax(-1).bincount(minlength=setup.classes).cpu()
        return votes

    def noise(self, shape: torch.Size, stream: list[int | str], drawn: int, count: int) -> torch.Tensor:
        noise = torch.empty((-(-count // BLOCK) * BLOCK, *shape), device=self.device)
        for number, block in enumerate(noise.split(BLOCK), drawn // BLOCK):
            block.normal_(generator=begin(self.generator, *stream, number))
        return noise[:count]


def main() -> None:
    requests = (SimpleNamespace(**json.loads(line)) for line in sys.stdin)
    setup = next(requests)
    torch.set_num_threads(setup.threads)
    with tempfile.TemporaryFile("w") as log:
        certification = Certification(setup, log)
        print(json.dumps({"torch": torch.__version__}), flush=True)
        for request in requests:
            begun = time.perf_counter()
            votes = [certification.certify(image["index"], image["stream"]) for image in request.images]
            print(json.dumps({"votes": votes, "seconds": time.perf_counter() - begun}), flush=True)


if __name__ == "__main__":
    main()
