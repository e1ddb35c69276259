"""LoRA on the query and value projections by peft, also if timm fuses query, key and value in one layer.

Source: Appendix B: rank 4, alpha 4, A Kaiming-uniform, B zero, everything frozen except the classification head.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import SpecError, explained
from ..folders import written_folder
from .adapter_export import export_fused
from .adapter_folder import CONFIG_FILE, read_adapters
from .attention_probe import check_layouts
from .weights import check_shapes, shapes_of

UNFIT = "Give adapters of plain LoRA that were trained on this network."

# Last parts of the libraries' names for the two adapted projections.
QUERY = {"q", "query", "q_proj"}
VALUE = {"v", "value", "v_proj"}


class SplitQkv(nn.Module):
    """Replaces a fused `qkv` linear layer: the same rows, in three layers that peft can address."""

    def __init__(self, fused: nn.Linear):
        super().__init__()
        weights = fused.weight.detach().chunk(3)
        biases = (None, None, None) if fused.bias is None else fused.bias.detach().chunk(3)
        self.q, self.k, self.v = (_linear(weight, bias) for weight, bias in zip(weights, biases, strict=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.q(x), self.k(x), self.v(x)], dim=-1)

    def fused(self) -> nn.Linear:
        """Returns the fused layer again, from the current three."""
        parts = [self.q, self.k, self.v]
        bias = None if self.q.bias is None else torch.cat([part.bias.detach() for part in parts])
        return _linear(torch.cat([part.weight.detach() for part in parts]), bias)


def split_qkv(model: nn.Module) -> None:
    """Splits every fused `qkv` layer of a timm model in place; outputs change only by rounding."""
    for name, module in list(model.named_modules()):
        qkv = getattr(module, "qkv", None)
        if not isinstance(qkv, nn.Linear):
            continue
        if getattr(module, "q_bias", None) is not None:
            raise SpecError(
                f"The attention '{name}' ({type(module).__name__}) keeps the biases of query and value apart from its "
                "qkv layer, which cannot be split for LoRA. Use full fine-tuning, or another architecture."
            )
        module.qkv = SplitQkv(qkv)


def fuse_qkv(model: nn.Module) -> None:
    """Undoes `split_qkv`, with the current weights."""
    for module in list(model.modules()):
        if isinstance(getattr(module, "qkv", None), SplitQkv):
            module.qkv = module.qkv.fused()


def add_adapters(model: nn.Module, *, rank: int, alpha: float, heads: list[str]) -> nn.Module:
    """Returns the model inside a peft model: adapters on query and value, `heads` trained, everything else frozen.

    Changes the model itself. Until the first update the outputs are the model's own. Raises SpecError if query and value
    cannot be identified, by the names of their layers, or for a fused layer by `attention_probe`.
    """
    from peft import LoraConfig, get_peft_model

    if rank < 1 or alpha <= 0:
        raise SpecError(f"LoRA needs a rank of at least 1 and an alpha above 0, got rank {rank} and alpha {alpha}.")
    check_layouts(model)
    split_qkv(model)
    names = [name.rsplit(".", 1)[-1] for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    queries, values = (sum(name in wanted for name in names) for wanted in (QUERY, VALUE))
    if queries == 0 or queries != values:
        raise SpecError(
            f"The model ({type(model).__name__}) has {queries} query and {values} value projections that LoRA could "
            "adapt. Set tuning.kind to 'full', or give a transformer whose projections are named qkv, q, query or q_proj."
        )
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=0.0,
        bias="none",
        init_lora_weights=True,
        target_modules=sorted(set(names) & (QUERY | VALUE)),
        modules_to_save=heads,
    )
    with explained(f"LoRA cannot adapt the model ({type(model).__name__})", "Set tuning.kind to 'full'."):
        return get_peft_model(model, config)


def load_adapters(model: nn.Module, folder: Path | str, tuning: Mapping[str, Any] | None) -> nn.Module:
    """Returns the model with the adapters of a folder in PEFT's format; every key must match.

    tuning: {"rank", "alpha"}, which must be the folder's, to continue training; None to freeze everything.
    """
    from peft import get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict

    folder = Path(folder)
    # Adapters on a fused layer are for timm's own model.
    adapters = read_adapters(folder, model, split_qkv)
    config = adapters.config
    if tuning is not None and (tuning["rank"], tuning["alpha"]) != (config.r, config.lora_alpha):
        raise SpecError(
            f"'{folder}' holds adapters of rank {config.r} and alpha {config.lora_alpha}, but rank {tuning['rank']} "
            f"and alpha {tuning['alpha']} are asked for. Ask for those of the folder."
        )
    with explained(f"peft cannot put the adapters in '{folder}' on {type(model).__name__}", UNFIT):
        adapted = get_peft_model(model, config)
    check_shapes(
        shapes_of(get_peft_model_state_dict(adapted)),
        shapes_of(adapters.tensors),
        source=f"The adapter in '{folder}'",
        model=f"{type(model).__name__} with the adapters of its {CONFIG_FILE}",
    )
    with explained(f"peft cannot take the adapters in '{folder}' for {type(model).__name__}", UNFIT):
        set_peft_model_state_dict(adapted, adapters.tensors)
    return adapted if tuning is not None else adapted.requires_grad_(False)


def saves(adapted: nn.Module, heads: list[str]) -> bool:
    """Returns whether the adapters also hold all of these modules of the model."""
    held = adapted.peft_config["default"].modules_to_save or []
    return all(any(head == name or head.endswith(f".{name}") for name in held) for head in heads)


def save_adapters(adapted: nn.Module, folder: Path | str) -> None:
    """Writes adapters and head in PEFT's own format, atomically.

    For a timm model they belong to the model with `split_qkv` applied; `export_adapters` writes those for plain timm.
    """
    with written_folder(folder) as new:
        adapted.save_pretrained(str(new), safe_serialization=True, save_embedding_layers=False)


def export_adapters(adapted: nn.Module, folder: Path | str) -> None:
    """Writes adapters and head in PEFT's format for the library's unchanged model, with the same outputs.

    If query, key and value were split, their adapters become one on the fused layer; see `adapter_export`.
    """
    if any(isinstance(module, SplitQkv) for module in adapted.modules()):
        export_fused(adapted, folder)
    else:
        save_adapters(adapted, folder)


def merged(adapted: nn.Module) -> nn.Module:
    """Returns a copy of the model without adapters, with weights that include them; the adapted model is unchanged."""
    model = copy.deepcopy(adapted).merge_and_unload()
    fuse_qkv(model)
    return model.requires_grad_(False)


def _linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    layer.weight = nn.Parameter(weight.clone())
    if bias is not None:
        layer.bias = nn.Parameter(bias.clone())
    return layer
