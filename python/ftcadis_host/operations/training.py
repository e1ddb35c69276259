"""Operations that update weights: optimizer, gradient clipping, running statistics, moving averages."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ..delegates import lazy, method
from ..streams import begin_default


def adamw(_host, *modules, groups: list[dict[str, Any]], betas: list[float]) -> torch.optim.AdamW:
    """AdamW over named parameters. groups: `[{"parameters": [names] | "all", "learning_rate", "weight_decay"}]`."""
    return torch.optim.AdamW(_named_groups(modules, groups), betas=tuple(betas))


def sgd(_host, *modules, groups: list[dict[str, Any]], momentum: float) -> torch.optim.SGD:
    """SGD over named parameters, grouped as for `adamw`."""
    return torch.optim.SGD(_named_groups(modules, groups), momentum=momentum)


def _named_groups(modules, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Parameters of a classifier have the names in the library's own network; with several networks, prefixed by the position of
    # theirs.
    named = {
        f"{place}.{name}" if len(modules) > 1 else name: parameter
        for place, module in enumerate(modules)
        for name, parameter in getattr(module, "model", module).named_parameters()
        if parameter.requires_grad
    }
    names = [list(named) if group["parameters"] == "all" else group["parameters"] for group in groups]
    # Groups carry the names, which identify the parameters in a saved optimizer.
    return [
        {
            "params": [(name, named[name]) for name in members],
            "lr": group["learning_rate"],
            "weight_decay": group["weight_decay"],
        }
        for group, members in zip(groups, names, strict=True)
    ]


# Optimizer state of a parameter.
_STATE = {torch.optim.AdamW: ("step", "exp_avg", "exp_avg_sq"), torch.optim.SGD: ("momentum_buffer",)}


def save_optimizer(_host, optimizer, *, path: str) -> None:
    """Writes the moments and step counts of every parameter that has been updated, by its name, as safetensors."""
    from ..networks.weights import write_tensors

    tensors = {
        f"{name}.{key}": value
        for name, parameter in _named_parameters(optimizer)
        for key, value in optimizer.state.get(parameter, {}).items()
        if value is not None  # SGD without momentum
    }
    write_tensors(path, tensors, {"format": "pt"})


def load_optimizer(_host, optimizer, *, path: str) -> None:
    """Restores a file of `save_optimizer` for the same parameters."""
    from ..errors import WeightsError
    from ..networks.checkpoint_files import read_checkpoint

    saved = read_checkpoint(path)
    for name, parameter in _named_parameters(optimizer):
        state = {key: saved.pop(f"{name}.{key}", None) for key in _STATE[type(optimizer)]}
        if all(value is None for value in state.values()):
            continue
        wrong = [
            key for key, value in state.items() if value is None or (key != "step" and value.shape != parameter.shape)
        ]
        if wrong:
            raise WeightsError(
                f"'{path}' has no {' and '.join(wrong)} of the shape {list(parameter.shape)} for '{name}'. "
                "Resume with the checkpoint of this classifier."
            )
        # A copy has its own memory, aligned like torch's; the step count stays on the host, where AdamW keeps it.
        optimizer.state[parameter] = {
            key: value.clone() if key == "step" else value.to(parameter.device, copy=True)
            for key, value in state.items()
        }
    if saved:
        raise WeightsError(
            f"'{path}' has state for {len(saved)} tensors that are not trained, first '{next(iter(saved))}'. "
            "Resume with the checkpoint of this classifier."
        )


def _named_parameters(optimizer):
    for group in optimizer.param_groups:
        yield from zip(group["param_names"], group["params"], strict=True)


def set_hyperparameters(_host, optimizer, *, learning_rates: list[float], weight_decays: list[float]) -> None:
    groups = zip(optimizer.param_groups, learning_rates, weight_decays, strict=True)
    for group, learning_rate, weight_decay in groups:
        group["lr"] = learning_rate
        group["weight_decay"] = weight_decay


def _gradients(owner) -> list[torch.Tensor]:
    parameters = [parameter for group in owner.param_groups for parameter in group["params"]]
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def scale_gradients(_host, optimizer, *, factor: float) -> None:
    torch._foreach_mul_(_gradients(optimizer), factor)


def clip(gradients: list[torch.Tensor], per: str, norm: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Scales gradients in place and returns their global l2 norm before and after that.

    per "tensor": each one by min(1, norm / (its norm + 1e-6)), as in the released code;
    per "global": all by min(1, norm / (global norm + 1e-6)), like torch.nn.utils.clip_grad_norm_.
    """
    norms = torch.stack(torch._foreach_norm(gradients))
    total = torch.linalg.vector_norm(norms)
    coefficients = (norm / ((norms if per == "tensor" else total) + 1e-6)).clamp(max=1.0)
    torch._foreach_mul_(gradients, list(coefficients.expand(len(gradients))))
    return total, torch.linalg.vector_norm(norms * coefficients)


def clip_gradients(_host, optimizer, *, per: str, norm: float) -> tuple[torch.Tensor, torch.Tensor]:
    return clip(_gradients(optimizer), per, norm)


def gradient_norm(_host, optimizer) -> torch.Tensor:
    return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(_gradients(optimizer))))


def manual_seed(_host, *, name: list[int | str]) -> None:
    begin_default(*name)


def averaged_copy(_host, module, *, decay: float) -> AveragedModel:
    """Returns an exponential moving average of a module's weights, starting at its first update."""
    return AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def average_of(_host, average) -> torch.nn.Module:
    return average.module.eval().requires_grad_(False)


def restore_average(_host, average, *, folder: str) -> None:
    """Resumes from the averaged weights that `save_denoiser` wrote."""
    from ..networks.denoisers import restore_denoiser

    restore_denoiser(average.module, folder)
    # The next update moves the average; only the first update copies the weights.
    average.n_averaged.fill_(1)


OPERATIONS = {
    "adamw": adamw,
    "sgd": sgd,
    "set_hyperparameters": set_hyperparameters,
    "zero_gradients": method("zero_grad"),
    "optimizer_step": method("step"),
    "save_optimizer": save_optimizer,
    "load_optimizer": load_optimizer,
    "scale_gradients": scale_gradients,
    "clip_gradients": clip_gradients,
    "gradient_norm": gradient_norm,
    "manual_seed": manual_seed,
    "running_statistics": lazy("networks.classifiers", "running_statistics"),
    "begin_statistics": method("begin_update"),
    "add_statistics": method("end_micro_batch"),
    "non_finite_statistics": method("non_finite"),
    "apply_statistics": method("apply"),
    "averaged_copy": averaged_copy,
    "update_average": method("update_parameters"),
    "average_of": average_of,
    "restore_average": restore_average,
}
