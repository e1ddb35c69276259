"""The plain Python loop for methods of Table 1: SmoothAdv and Consistency on the same network, data and noise.

An ordinary PyTorch program without a bridge, as `bench/training/python_loop.py` is one for FT-CADIS.

Reads JSON lines from standard input, the set-up first and then one line for each step, and answers each with one line.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from ftcadis_host.data.datasets import open_dataset
from ftcadis_host.data.loaders import Loader
from ftcadis_host.networks.classifiers import load_classifier
from ftcadis_host.streams import begin, begin_default


class Training:
    """Everything that lives from step to step."""

    def __init__(self, setup: SimpleNamespace):
        self.setup = setup
        device = torch.device(setup.device)
        begin_default(*setup.initial_stream)
        self.classifier = load_classifier(setup.classifier, device=device, dtype=torch.float32, autocast=None)
        self.loader = Loader(open_dataset(setup.data), **setup.loader, device=device)
        self.generator = torch.Generator(device)
        parameters = dict(self.classifier.model.named_parameters())
        groups = [{"params": [parameters[name] for name in names]} for names in setup.groups]
        self.optimizer = torch.optim.SGD(groups, lr=0, momentum=setup.momentum)
        self.parameters = [parameter for group in groups for parameter in group["params"]]

    def step(self, plan: SimpleNamespace) -> dict[str, float]:
        """One optimizer update."""
        for group, rate, decay in zip(self.optimizer.param_groups, plan.learning_rates, plan.weight_decays, strict=True):
            group["lr"], group["weight_decay"] = rate, decay
        if plan.starts_epoch is not None:
            self.loader.start(plan.starts_epoch)
        begin_default(*plan.module_stream)
        begin(self.generator, *plan.noise_stream)
        images, labels = self.loader.next_batch()
        clean = images * 2 - 1
        shape = (self.setup.noises, *clean.shape)
        # Images are in [-1, 1], where σ is twice as large.
        noise = torch.randn(shape, generator=self.generator, device=clean.device) * (2 * self.setup.sigma)
        loss, log_probs = getattr(self, self.setup.method)(clean, labels, noise, plan)
        loss.backward()
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm([p.grad for p in self.parameters])))
        recognized = (log_probs.argmax(-1) == labels).sum()
        figures = torch.stack((loss.detach(), norm, recognized)).tolist()
        if not all(map(math.isfinite, figures)):
            raise FloatingPointError(f"The loss and the gradient norm are {figures}.")
        self.optimizer.step()
        self.optimizer.zero_grad()
        return dict(zip(("loss", "gradient_norm", "recognized"), figures))

    def predict(self, images: torch.Tensor) -> torch.Tensor:
        """Log-probabilities [M, B, K]."""
        return self.classifier(images.flatten(0, 1)).unflatten(0, (len(images), -1)).log_softmax(-1)

    def consistency(self, clean, labels, noise, _plan):
        """Cross-entropy, divergence from the mean prediction, and the entropy of this."""
        self.classifier.train()
        log_probs = self.predict(clean + noise)
        log_mean = log_probs.logsumexp(0) - math.log(len(log_probs))
        mean = log_mean.exp()
        divergence = (mean * (log_mean - log_probs)).sum(-1).mean(0)
        entropy = -(mean * mean.clamp(min=1e-20).log()).sum(-1)
        regularizer = self.setup.weight * divergence + self.setup.entropy_weight * entropy
        return (cross_entropy(log_probs, labels).mean(0) + regularizer).mean(), log_probs

    def smooth_adv(self, clean, labels, noise, plan):
        """Cross-entropy on images that are adversarial for the mean prediction."""
        self.classifier.eval()
        for parameter in self.parameters:
            parameter.requires_grad_(False)
        adversarial = self.attack(clean, labels, noise, plan.epsilon)
        for parameter in self.parameters:
            parameter.requires_grad_(True)
        self.classifier.train()
        log_probs = self.predict(adversarial + noise)
        return cross_entropy(log_probs, labels).mean(0).mean(), log_probs

    def attack(self, clean, labels, noise, epsilon: float) -> torch.Tensor:
        """l2-normalised gradient ascent: into the pixel range, then onto the ball."""
        radius = 2 * epsilon
        images = clean
        for _ in range(self.setup.attack_steps):
            images = images.detach().requires_grad_()
            of_label = -cross_entropy(self.predict(images + noise), labels)
            ascended = -of_label.exp().mean(0).clamp(min=1e-20).log().sum()
            (gradient,) = torch.autograd.grad(ascended, images)
            with torch.no_grad():
                lengths = norms(gradient)
                direction = gradient / torch.where(lengths > 0, lengths, 1)
                is_zero = lengths == 0
                if is_zero.any():
                    direction = torch.where(is_zero, torch.randn_like(direction), direction)
                images = (images + direction * (2 * radius / self.setup.attack_steps)).clamp(-1, 1)
                shift = images - clean
                lengths = norms(shift)
                images = shift * torch.where(lengths > radius, radius / (lengths + 2e-7), 1) + clean
        return images


def cross_entropy(log_probs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Of each noisy copy [M, B]."""
    return F.nll_loss(log_probs.flatten(0, 1), labels.repeat(len(log_probs)), reduction="none").unflatten(0, (len(log_probs), -1))


def norms(images: torch.Tensor) -> torch.Tensor:
    return torch.linalg.vector_norm(images.flatten(1), dim=-1)[:, None, None, None]


def main() -> None:
    requests = (SimpleNamespace(**json.loads(line)) for line in sys.stdin)
    setup = next(requests)
    torch.set_num_threads(setup.threads)
    training = Training(setup)
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    on_gpu = setup.device.startswith("cuda")
    for plan in requests:
        begun = time.perf_counter()
        figures = training.step(plan)
        if on_gpu:
            torch.cuda.synchronize()
        figures["seconds"] = time.perf_counter() - begun
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
