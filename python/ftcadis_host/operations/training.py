"""Operations that change weights: optimizer, gradient clipping, moving averages."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def adamw(_host, module, *, groups: list[dict[str, Any]], betas: list[float]) -> torch.optim.AdamW:
    """AdamW over named parameters. groups: `[{"parameters": [names] | "all", "learning_rate", "weight_decay"}]`."""
    # A classifier describes its parameters by the names that they have in the library's own network.
    network = getattr(module, "model", module)
    named = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
    return torch.optim.AdamW(
        [
            {
                "params": [named[name] for name in (named if group["parameters"] == "all" else group["parameters"])],
                "lr": group["learning_rate"],
                "weight_decay": group["weight_decay"],
            }
            for group in groups
        ],
        betas=tuple(betas),
    )


def set_hyperparameters(_host, optimizer, *, learning_rates: list[float], weight_decays: list[float]) -> None:
    groups = zip(optimizer.param_groups, learning_rates, weight_decays, strict=True)
    for group, learning_rate, weight_decay in groups:
        group["lr"] = learning_rate
        group["weight_decay"] = weight_decay


def zero_gradients(_host, optimizer) -> None:
    optimizer.zero_grad(set_to_none=True)


def optimizer_step(_host, optimizer) -> None:
    optimizer.step()


def _gradients(owner) -> list[torch.Tensor]:
    parameters = [parameter for group in owner.param_groups for parameter in group["params"]]
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def _clip(gradients: list[torch.Tensor], per: str, norm: float) -> torch.Tensor:
    """Scales gradients in place and returns their global l2 norm before that.

    per "tensor": each one by min(1, norm / (its norm + 1e-6)), as the released code does;
    per "global": all by min(1, norm / (global norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ does.
    """
    norms = torch.stack(torch._foreach_norm(gradients))
    total = torch.linalg.vector_norm(norms)
    coefficients = (norm / ((norms if per == "tensor" else total) + 1e-6)).clamp(max=1.0)
    torch._foreach_mul_(gradients, list(coefficients.expand(len(gradients))))
    return total


def clip_gradients(_host, optimizer, *, per: str, norm: float) -> torch.Tensor:
    return _clip(_gradients(optimizer), per, norm)


def gradient_norm(_host, optimizer) -> torch.Tensor:
    return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(_gradients(optimizer))))


def clip_leaf_gradients(_host, *leaves, per: str, norm: float) -> torch.Tensor:
    return _clip([leaf.grad for leaf in leaves if leaf.grad is not None], per, norm)


def manual_seed(_host, *, seed: int) -> None:
    """Seeds torch's own stream on every device: dropout, stochastic depth, initialisation."""
    torch.manual_seed(seed)


def averaged_copy(_host, module, *, decay: float) -> AveragedModel:
    """An exponential moving average of a module's weights, starting at them."""
    return AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def update_average(_host, average, module) -> None:
    average.update_parameters(module)


def average_of(_host, average) -> torch.nn.Module:
    return average.module.eval()


OPERATIONS = {
    "adamw": adamw,
    "set_hyperparameters": set_hyperparameters,
    "zero_gradients": zero_gradients,
    "optimizer_step": optimizer_step,
    "clip_gradients": clip_gradients,
    "gradient_norm": gradient_norm,
    "clip_leaf_gradients": clip_leaf_gradients,
    "manual_seed": manual_seed,
    "averaged_copy": averaged_copy,
    "update_average": update_average,
    "average_of": average_of,
}
