"""Adapters for plain peft on the library's unchanged model: adapters of split query, key and value, on the fused layer."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from ..errors import SpecError
from ..folders import read_json, write_json, written_folder
from .adapter_folder import CONFIG_FILE, PREFIX, WEIGHTS_FILES
from .weights import write_tensors

PARTS = ("q", "k", "v")


def export_fused(adapted: nn.Module, folder: Path | str) -> None:
    """Writes adapters and head in PEFT's format for the library's model with its fused `qkv` layers, with the same outputs.

    The adapters of a fused layer's parts become one of the sum of their ranks, of blocks: for query and value
    A = [A_q; A_v], B = [[B_q, 0], [0, 0], [0, B_v]]. All adapters are padded with zeros to the largest rank, and
    share one alpha, which keeps alpha/r; a layer's different scaling is folded into its B.
    Raises SpecError if adapters also train biases.
    """
    from peft import get_peft_model_state_dict

    config = adapted.peft_config["default"]
    if config.bias != "none":
        raise SpecError(
            f"These adapters train biases too (bias '{config.bias}'), which cannot be exported for fused layers. Export the "
            "merged network instead."
        )
    state = get_peft_model_state_dict(adapted)
    others = {key: tensor for key, tensor in state.items() if ".lora_" not in key}
    scalings = {name: module.scaling["default"] for name, module in adapted.named_modules() if hasattr(module, "scaling")}
    usual = config.lora_alpha / config.r
    layers = {}
    for key in state:
        if ".lora_A." in key:
            layer = key.removesuffix(".lora_A.weight")
            factor = scalings[layer] / usual
            down, up = state[key], state[f"{layer}.lora_B.weight"]
            layers[layer] = (down, up if factor == 1 else up * factor)
    fused = _fused(adapted, layers)
    rank = max(down.shape[0] for down, _ in fused.values())
    tensors = dict(others)
    for layer, (down, up) in fused.items():
        missing = rank - down.shape[0]
        tensors[f"{layer}.lora_A.weight"] = nn.functional.pad(down, (0, 0, 0, missing))
        tensors[f"{layer}.lora_B.weight"] = nn.functional.pad(up, (0, missing))
    names = sorted(layer.removeprefix(PREFIX) for layer in fused)
    everywhere = all(name.endswith(".qkv") for name in names) and len(names) == len(_blocks(adapted))
    with written_folder(folder) as new:
        config.save_pretrained(str(new))
        content = read_json(new / CONFIG_FILE)
        content |= {"r": rank, "lora_alpha": usual * rank, "target_modules": ["qkv"] if everywhere else names}
        content |= {"use_rslora": False, "rank_pattern": {}, "alpha_pattern": {}, "inference_mode": True}
        if content["lora_alpha"] == int(content["lora_alpha"]):
            content["lora_alpha"] = int(content["lora_alpha"])
        write_json(new / CONFIG_FILE, content)
        write_tensors(new / WEIGHTS_FILES[0], tensors, {"format": "pt"})


def _fused(
    adapted: nn.Module, layers: dict[str, tuple[torch.Tensor, torch.Tensor]]
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Returns the adapters by layer, with those of a split layer's parts as one."""
    blocks = _blocks(adapted)
    fused = {layer: pair for layer, pair in layers.items() if layer.rpartition(".")[0] not in blocks}
    for block, split in blocks.items():
        parts = {part: layers[f"{block}.{part}"] for part in PARTS if f"{block}.{part}" in layers}
        if not parts:
            continue
        ups = list(parts.values())
        rows = []
        for part in PARTS:
            height = getattr(split, part).weight.shape[0]
            row = [up if part == name else up.new_zeros(height, up.shape[1]) for name, (_, up) in parts.items()]
            rows.append(torch.cat(row, dim=1))
        fused[block] = (torch.cat([down for down, _ in ups]), torch.cat(rows))
    return fused


def _blocks(adapted: nn.Module) -> dict[str, nn.Module]:
    """Returns the names of the layers that were split into query, key and value."""
    return {name: module for name, module in adapted.named_modules() if type(module).__name__ == "SplitQkv"}
