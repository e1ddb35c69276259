"""The plain Python loop that `npm run bench` compares with: FT-CADIS on the same networks, data, noise and schedules.

An ordinary PyTorch program without a bridge. It runs every forward pass in the mode in which ft-cadis runs it, and attacks
either only the images whose mask is 1, or, as the released code does, all of them, of which those with mask 1 count.

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

from ftcadis_host.compilation import compile_network
from ftcadis_host.networks.classifiers import load_classifier
from ftcadis_host.data.datasets import open_dataset
from ftcadis_host.data.loaders import Loader
from ftcadis_host.networks.denoisers import load_denoiser
from ftcadis_host.streams import begin, begin_default


class Finetuning:
    """Everything that lives from step to step."""

    def __init__(self, setup: SimpleNamespace):
        self.setup = setup
        device = torch.device(setup.device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = setup.tf32
        begin_default(*setup.initial_stream)
        self.denoiser = load_denoiser(setup.denoiser, device=device, dtype=getattr(torch, setup.denoiser_dtype))
        if setup.compile_denoiser:
            compile_network(self.denoiser.unet)
        begin_default(*setup.initial_stream)
        autocast = getattr(torch, setup.autocast) if setup.autocast else None
        self.classifier = load_classifier(setup.classifier, device=device, dtype=torch.float32, autocast=autocast)
        if setup.compile_classifier:
            self.classifier.use_matrix_products(True)
            compile_network(self.classifier.model)
        self.loader = Loader(open_dataset(setup.data), **setup.loader, device=device)
        self.generator = torch.Generator(device)
        parameters = dict(self.classifier.model.named_parameters())
        groups = [{"params": [parameters[name] for name in names]} for names in setup.groups]
        self.optimizer = torch.optim.AdamW(groups, betas=tuple(setup.betas))
        self.parameters = [parameter for group in groups for parameter in group["params"]]

    def step(self, plan: SimpleNamespace) -> dict[str, float]:
        """One optimizer update."""
        for group, rate, decay in zip(self.optimizer.param_groups, plan.learning_rates, plan.weight_decays, strict=True):
            group["lr"], group["weight_decay"] = rate, decay
        if plan.starts_epoch is not None:
            self.loader.start(plan.starts_epoch)
        sums, attacked = 0, 0
        for module_stream, noise_stream in zip(plan.module_streams, plan.noise_streams, strict=True):
            begin_default(*module_stream)
            begin(self.generator, *noise_stream)
            losses, count = self.micro_batch(plan)
            sums, attacked = sums + losses, attacked + count
        if self.setup.loss_scale != 1:
            torch._foreach_mul_([parameter.grad for parameter in self.parameters], 1 / self.setup.loss_scale)
        norm = self.clip_gradients()
        figures = torch.stack((*sums, norm)).tolist()
        if not all(map(math.isfinite, figures)):
            raise FloatingPointError(f"The loss, its parts and the gradient norm are {figures}.")
        self.optimizer.step()
        self.optimizer.zero_grad()
        return dict(zip(("loss", "selective", "adversarial", "gradient_norm"), figures)) | {"attacked": attacked}

    def micro_batch(self, plan: SimpleNamespace) -> tuple[torch.Tensor, int]:
        """Adds the gradients of one micro-batch. Returns loss, selective and adversarial loss, and who counts in the last."""
        images, labels = self.loader.next_batch()
        clean = images * 2 - 1
        denoised = self.noise_and_denoise(clean)
        self.classifier.train()
        log_probs = self.predict(denoised)
        cross_entropy = -log_probs.gather(-1, labels.expand(log_probs.shape[:-1]).unsqueeze(-1)).squeeze(-1)
        correct = log_probs.argmax(-1) == labels
        attacked = self.attacked(correct, plan)

        # Cold start: where every denoised image is hallucinated, the one with the lowest cross-entropy stands in.
        stand_in = F.one_hot(cross_entropy.argmin(0), len(correct)).T.bool() & ~correct.any(0)
        selective = (cross_entropy * (correct | stand_in)).mean(0).sum()
        if plan.attacks_everything:
            adversarial = self.adversarial_loss(clean, denoised, log_probs, plan.epsilon)[attacked].sum()
        elif len(attacked) > 0:
            adversarial = self.adversarial_loss(
                clean[attacked], denoised[:, attacked], log_probs[:, attacked], plan.epsilon
            ).sum()
        else:
            adversarial = torch.zeros_like(selective)
        loss = (selective + self.setup.weight * adversarial) / plan.images
        (loss * self.setup.loss_scale).backward()
        return torch.stack((loss, selective, adversarial)).detach(), len(attacked)

    def attacked(self, correct: torch.Tensor, plan: SimpleNamespace) -> torch.Tensor:
        """Images whose mask is 1, or as many as were asked for. The mask has to come from the device to be counted."""
        if plan.attacked is not None:
            return torch.arange(plan.attacked, device=correct.device)
        return correct.all(0).nonzero().squeeze(1)

    @torch.no_grad()
    def noise_and_denoise(self, clean: torch.Tensor) -> torch.Tensor:
        """M denoised images [M, B, C, H, W] of each image."""
        noise_scale, image_scale = self.setup.noise_scale, self.setup.image_scale
        noise = torch.randn((self.setup.noises, *clean.shape), generator=self.generator, device=clean.device)
        noisy = (noise * noise_scale + clean * image_scale).flatten(0, 1)
        predicted = self.denoiser(noisy.contiguous(memory_format=torch.channels_last), self.setup.timestep)
        denoised = ((noisy - predicted * noise_scale) / image_scale).clamp(-1, 1)
        return denoised.unflatten(0, (self.setup.noises, -1))

    def predict(self, images: torch.Tensor) -> torch.Tensor:
        """Log-probabilities [M, B, K]."""
        return self.classifier(images.flatten(0, 1)).unflatten(0, (len(images), -1)).log_softmax(-1)

    def adversarial_loss(
        self, clean: torch.Tensor, denoised: torch.Tensor, log_probs: torch.Tensor, epsilon: float
    ) -> torch.Tensor:
        """Largest divergence from the mean prediction, of each of these images."""
        log_target = log_probs.logsumexp(0) - math.log(len(log_probs))
        self.classifier.eval()
        for parameter in self.parameters:
            parameter.requires_grad_(False)
        adversarial = self.attack(clean, denoised, log_target.detach(), epsilon)
        for parameter in self.parameters:
            parameter.requires_grad_(True)
        self.classifier.train()
        return self.divergence(log_target, adversarial).max(0).values

    def divergence(self, log_target: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        """KL(target || prediction) of each image [M, A]."""
        return (log_target.exp() * (log_target - self.predict(images))).sum(-1)

    def attack(
        self, clean: torch.Tensor, denoised: torch.Tensor, log_target: torch.Tensor, epsilon: float
    ) -> torch.Tensor:
        """l2-normalised gradient ascent, projected onto the ball, with the moments of the starting perturbation."""
        start = denoised - clean
        mean, rms = moments(start)
        eta = start
        for _ in range(self.setup.attack_steps):
            eta = eta.detach().requires_grad_()
            ascended = self.divergence(log_target, eta + clean).mean(0).sum()
            (gradient,) = torch.autograd.grad(ascended, eta)
            with torch.no_grad():
                eta = eta + gradient / (norms(gradient) + 1e-8) * (2 * epsilon / self.setup.attack_steps)
                moved = eta - start
                distance = norms(moved)
                eta = moved * torch.where(distance > epsilon, epsilon / (distance + 1e-7), 1) + start
                own_mean, own_rms = moments(eta)
                eta = (eta - own_mean) * (rms / own_rms.clamp(min=1e-30)) + mean
        return eta + clean

    def clip_gradients(self) -> torch.Tensor:
        """Clips each tensor by its own norm, and returns the global norm before that."""
        gradients = [parameter.grad for parameter in self.parameters]
        each = torch.stack(torch._foreach_norm(gradients))
        torch._foreach_mul_(gradients, list((self.setup.clip / (each + 1e-6)).clamp(max=1)))
        return torch.linalg.vector_norm(each)


def norms(images: torch.Tensor) -> torch.Tensor:
    return torch.linalg.vector_norm(images.flatten(2), dim=-1)[..., None, None, None]


def moments(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and root mean square of each image [M, A, 1, 1, 1]."""
    flat = images.flatten(2)
    return flat.mean(-1)[..., None, None, None], flat.square().mean(-1).sqrt()[..., None, None, None]


def main() -> None:
    requests = (SimpleNamespace(**json.loads(line)) for line in sys.stdin)
    setup = next(requests)
    torch.set_num_threads(setup.threads)
    finetuning = Finetuning(setup)
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    on_gpu = setup.device.startswith("cuda")
    for plan in requests:
        begun = time.perf_counter()
        figures = finetuning.step(plan)
        if on_gpu:
            torch.cuda.synchronize()
        figures["seconds"] = time.perf_counter() - begun
        figures["peak_bytes"] = torch.cuda.max_memory_allocated() if on_gpu else None
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
