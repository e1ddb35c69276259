"""LoRA on the query and value projections by peft, also where timm fuses query, key and value in one layer.

Source: Appendix B: rank 4, alpha 4, A Kaiming-uniform, B zero, everything else frozen but the classification head.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ..errors import SpecError
from ..folders import read_json, write_json, written_folder
from .attention_probe import check_layouts
from .layer_patterns import check_pattern
from .weights import check_shapes, read_tensors, shapes_of, write_tensors

if TYPE_CHECKING:
    from peft import LoraConfig

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"

# What of an adapter's configuration is followed. It is untrusted, and some of peft's settings import or download.
PLAIN_SETTINGS = {
    "r", "lora_alpha", "lora_dropout", "target_modules", "modules_to_save", "bias", "use_rslora", "rank_pattern",
    "alpha_pattern",
}  # fmt: skip
# What of it says nothing about the computation.
DESCRIPTIONS = {
    "peft_type", "peft_version", "task_type", "base_model_name_or_path", "revision", "auto_mapping", "inference_mode",
    "init_lora_weights",
}  # fmt: skip

# Last parts of the names that libraries give to the two projections that are adapted.
QUERY = {"q", "query", "q_proj"}
VALUE = {"v", "value", "v_proj"}


class SplitQkv(nn.Module):
    """Takes the place of a fused `qkv` linear layer: the same rows, in three layers that peft can address."""

    def __init__(self, fused: nn.Linear):
        super().__init__()
        weights = fused.weight.detach().chunk(3)
        biases = (None, None, None) if fused.bias is None else fused.bias.detach().chunk(3)
        self.q, self.k, self.v = (_linear(weight, bias) for weight, bias in zip(weights, biases, strict=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.q(x), self.k(x), self.v(x)], dim=-1)

    def fused(self) -> nn.Linear:
        """The fused layer again, from the three as they are now."""
        parts = [self.q, self.k, self.v]
        bias = None if self.q.bias is None else torch.cat([part.bias.detach() for part in parts])
        return _linear(torch.cat([part.weight.detach() for part in parts]), bias)


def split_qkv(model: nn.Module) -> None:
    """Splits every fused `qkv` layer of a timm model in place; what the model computes changes by rounding only."""
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
    """Undoes `split_qkv`, with the weights as they are now."""
    for module in list(model.modules()):
        if isinstance(getattr(module, "qkv", None), SplitQkv):
            module.qkv = module.qkv.fused()


def add_adapters(model: nn.Module, *, rank: int, alpha: float, heads: list[str]) -> nn.Module:
    """The model inside a peft model: adapters on query and value, `heads` trained, everything else frozen.

    The model itself is changed. Until the first update the outputs are the model's own. Raises SpecError where query
    and value are not known to be those: by the names of their layers, or for a fused layer by `attention_probe`.
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
            "adapt. Use full fine-tuning, or a transformer whose projections are named qkv, q, query or q_proj."
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
    return get_peft_model(model, config)


def load_adapters(model: nn.Module, folder: Path | str, tuning: Mapping[str, Any] | None) -> nn.Module:
    """The model with the adapters of a folder in PEFT's format; every key must match.

    tuning: {"rank", "alpha"}, which have to be the folder's, to train on; None to freeze everything.
    """
    from peft import get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict

    folder = Path(folder)
    config = _read_config(folder)
    if tuning is not None and (tuning["rank"], tuning["alpha"]) != (config.r, config.lora_alpha):
        raise SpecError(
            f"'{folder}' holds adapters of rank {config.r} and alpha {config.lora_alpha}, but rank {tuning['rank']} "
            f"and alpha {tuning['alpha']} are asked for. Ask for those of the folder."
        )
    # Adapters on a fused layer are for the model as timm makes it.
    if "qkv" not in config.target_modules:
        split_qkv(model)
    adapted = get_peft_model(model, config)
    tensors = read_tensors(folder / WEIGHTS_FILE)
    check_shapes(
        shapes_of(get_peft_model_state_dict(adapted)),
        shapes_of(tensors),
        source=f"The adapter in '{folder}'",
        model=f"{type(model).__name__} with the adapters of its {CONFIG_FILE}",
    )
    set_peft_model_state_dict(adapted, tensors)
    return adapted if tuning is not None else adapted.requires_grad_(False)


def saves(adapted: nn.Module, heads: list[str]) -> bool:
    """Whether the adapters hold all of these modules of the model as well."""
    held = adapted.peft_config["default"].modules_to_save or []
    return all(any(head == name or head.endswith(f".{name}") for name in held) for head in heads)


def save_adapters(adapted: nn.Module, folder: Path | str) -> None:
    """Writes adapters and head in PEFT's own format, all or nothing.

    For a timm model they belong to the model with `split_qkv` applied; `export_adapters` writes those for plain timm.
    """
    with written_folder(folder) as new:
        adapted.save_pretrained(str(new), safe_serialization=True, save_embedding_layers=False)


def export_adapters(adapted: nn.Module, folder: Path | str) -> None:
    """Writes adapters and head in PEFT's format for the library's unchanged model, with the same outputs.

    Where query, key and value were split, the two adapters of rank r become one of rank 2r on the fused layer, of
    blocks: A = [A_q; A_v], B = [[B_q, 0], [0, 0], [0, B_v]]. Its alpha is doubled, which keeps alpha/r.
    """
    from peft import get_peft_model_state_dict

    if not any(isinstance(module, SplitQkv) for module in adapted.modules()):
        save_adapters(adapted, folder)
        return
    tensors = {}
    parts = get_peft_model_state_dict(adapted)
    for key, tensor in parts.items():
        if key.endswith(".qkv.q.lora_A.weight"):
            block = key.removesuffix(".q.lora_A.weight")
            b_q, b_v = parts[f"{block}.q.lora_B.weight"], parts[f"{block}.v.lora_B.weight"]
            tensors[f"{block}.lora_A.weight"] = torch.cat([tensor, parts[f"{block}.v.lora_A.weight"]])
            nothing = torch.zeros_like(b_q)
            rows = ([b_q, nothing], [nothing, nothing], [nothing, b_v])
            tensors[f"{block}.lora_B.weight"] = torch.cat([torch.cat(row, dim=1) for row in rows])
        elif ".qkv." not in key:
            tensors[key] = tensor
    with written_folder(folder) as new:
        adapted.peft_config["default"].save_pretrained(str(new))
        config = read_json(new / CONFIG_FILE)
        config |= {"r": 2 * config["r"], "lora_alpha": 2 * config["lora_alpha"], "target_modules": ["qkv"]}
        write_json(new / CONFIG_FILE, {**config, "inference_mode": True})
        write_tensors(new / WEIGHTS_FILE, tensors, {"format": "pt"})


def merged(adapted: nn.Module) -> nn.Module:
    """A copy of the model without adapters whose weights contain them; the adapted model stays as it is."""
    model = copy.deepcopy(adapted).merge_and_unload()
    fuse_qkv(model)
    return model.requires_grad_(False)


def _read_config(folder: Path) -> LoraConfig:
    """The configuration of plain LoRA adapters; SpecError where it asks peft for anything else."""
    from peft import LoraConfig

    content = read_json(folder / CONFIG_FILE)
    if content.get("peft_type") != "LORA":
        raise SpecError(f"'{folder}' holds adapters of type {content.get('peft_type')!r}. Give LoRA adapters.")
    usual = LoraConfig().to_dict()
    unusual = sorted(
        key for key in content.keys() - PLAIN_SETTINGS - DESCRIPTIONS if content[key] and content[key] != usual.get(key)
    )
    if unusual:
        raise SpecError(f"The adapters in '{folder}' are more than plain LoRA: they set {unusual}. Give plain ones.")
    targets = content.get("target_modules")
    patterns = [*(content.get("rank_pattern") or ()), *(content.get("alpha_pattern") or ())]
    for pattern in [*patterns, *([targets] if isinstance(targets, str) else [])]:
        check_pattern(pattern, source=f"The adapters in '{folder}'")
    return LoraConfig(**{key: content[key] for key in PLAIN_SETTINGS & content.keys()})


def _linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    layer.weight = nn.Parameter(weight.clone())
    if bias is not None:
        layer.bias = nn.Parameter(bias.clone())
    return layer
