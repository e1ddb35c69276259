"""Tests by computation whether the rows of a fused `qkv` layer are query, key and value in this order.

Attention weights are functions of query and key alone. So the rows are identified by what changes with them: the operands of a
scaled dot product, or of a softmax.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from ..errors import SpecError

# Parts of the query rows, and of the key rows, that are tested separately.
PARTS = 4
# Image sides in pixels to try for a network that does not state its size.
SIDES = (224, 32, 8, 16, 28, 64, 96, 128, 256, 384)
SOFTMAX = (torch.softmax, torch.Tensor.softmax, F.softmax)


class _Operands(TorchFunctionMode):
    """Records the inputs of attention weights: (query, key, mask) of scaled dot products, (scores,) of softmaxes."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[torch.Tensor, ...]] = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is F.scaled_dot_product_attention:
            named = {**dict(zip(("query", "key", "value", "attn_mask"), args, strict=False)), **kwargs}
            found = [named.get(name) for name in ("query", "key", "attn_mask")]
            self.kept.append(tuple(operand.clone() for operand in found if operand is not None))
        elif function in SOFTMAX:
            self.kept.append((args[0].clone() if args else kwargs["input"].clone(),))
        return function(*args, **kwargs)


def check_layouts(model: nn.Module) -> None:
    """Raises `SpecError` if a fused `qkv` layer of a model does not hold all query rows, then all key, then all value rows.

    Runs one forward pass of an image through the model, then a few of each kind of attention in it.
    """
    attentions = {name: module for name, module in model.named_modules() if _is_fused(module)}
    # The meta device has no numbers, and nothing is trained there.
    if not attentions or next(model.parameters()).is_meta:
        return
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            inputs = _inputs_of(model, attentions)
            seen = set()
            # Those without input in that pass are last: most resemble one that had input.
            for name, attention in sorted(attentions.items(), key=lambda item: item[0] not in inputs):
                if (kind := _kind(attention)) not in seen:
                    _check(name, attention, inputs.get(name))
                seen.add(kind)
    finally:
        for module, mode in modes.items():
            module.training = mode


def _is_fused(module: nn.Module) -> bool:
    return isinstance(getattr(module, "qkv", None), nn.Linear)


def _kind(attention: nn.Module) -> tuple[Any, ...]:
    """Properties shared by attentions that compute alike."""
    plain = sorted((name, value) for name, value in vars(attention).items() if isinstance(value, (bool, int, str)))
    return (type(attention), attention.qkv.in_features, attention.qkv.out_features, tuple(plain))


def _inputs_of(model: nn.Module, attentions: dict[str, nn.Module]) -> dict[str, tuple[tuple, dict]]:
    """Returns the inputs of each attention while the model classifies an image."""
    inputs: dict[str, tuple[tuple, dict]] = {}
    names = {module: name for name, module in attentions.items()}

    def keep(module: nn.Module, args: tuple, kwargs: dict) -> None:
        inputs[names[module]] = (args, kwargs)

    hooks = [module.register_forward_pre_hook(keep, with_kwargs=True) for module in names]
    problem: Exception | None = None
    try:
        for image in _images(model):
            inputs.clear()
            try:
                model(image)
            except Exception as error:  # an image size that the model does not accept
                problem = error
                continue
            return inputs
    finally:
        for hook in hooks:
            hook.remove()
    raise SpecError(
        f"How the attention of {type(model).__name__} orders query, key and value cannot be found out, since it takes none "
        f"of the images that were tried. Give it projections named q, k and v, or use full fine-tuning. Last: {problem}"
    ) from problem


def _images(model: nn.Module) -> Iterator[torch.Tensor]:
    first = next((module for module in model.modules() if isinstance(module, nn.Conv2d)), None)
    size = getattr(getattr(model, "patch_embed", None), "img_size", None)
    declared = (getattr(model, "pretrained_cfg", None) or {}).get("input_size")
    channels = first.in_channels if first is not None else declared[0] if declared else 3
    sizes = [tuple(size)] if isinstance(size, (tuple, list)) else []
    sizes += [tuple(declared[1:])] if declared else []
    like = next(parameter for parameter in model.parameters() if parameter.is_floating_point())
    for height, width in [*sizes, *((side, side) for side in SIDES)]:
        yield _waves((1, channels, height, width), like)


def _check(name: str, attention: nn.Module, call: tuple[tuple, dict] | None) -> None:
    rows = attention.qkv.out_features
    where = f"The attention '{name}' ({type(attention).__name__})"
    remedy = "which LoRA on query and value cannot address. Use full fine-tuning, or another architecture."
    if call is None:
        raise SpecError(f"{where} takes no part in classifying an image, so that its qkv layer is unknown, {remedy}")
    plain = _operands(attention, call, None)
    if not plain:
        raise SpecError(f"{where} has a qkv layer, but neither a softmax nor a scaled dot product, {remedy}")
    if not _differ(plain, _operands(attention, call, _only(rows, 0, rows))):
        raise SpecError(f"{where} takes the weights of its qkv layer, but not what that computes, {remedy}")

    def changes(first: int, last: int) -> bool:
        return _differ(plain, _operands(attention, call, _only(rows, first, last)))

    third = rows // 3
    edges = [part * 2 * third // (2 * PARTS) for part in range(2 * PARTS + 1)]
    weighing = all(changes(first, last) for first, last in zip(edges, edges[1:], strict=False) if first < last)
    if rows % 3 == 0 and weighing and not changes(2 * third, rows):
        if _differ_in_key_alone(plain, _operands(attention, call, _only(rows, 0, third))):
            raise SpecError(f"{where} orders the rows of its qkv layer as key, query, value, {remedy}")
        return
    raise SpecError(f"{where} {_layout(attention, call, plain)}, {remedy}")


def _layout(attention: nn.Module, call: tuple[tuple, dict], plain: list[tuple[torch.Tensor, ...]]) -> str:
    rows = attention.qkv.out_features
    heads = getattr(attention, "num_heads", None)
    if isinstance(heads, int) and rows % (3 * heads) == 0:
        mask = torch.zeros(heads, 3, rows // (3 * heads))
        mask[:, 2] = 1
        if not _differ(plain, _operands(attention, call, mask.flatten())):
            return "interleaves the rows of its qkv layer by head, as query, key and value of each"
    if rows % 2 == 0 and not _differ(plain, _operands(attention, call, _only(rows, rows // 2, rows))):
        return "has a qkv layer of key and value alone"
    return "has a qkv layer whose rows are not query, key, value in this order"


def _operands(
    attention: nn.Module, call: tuple[tuple, dict], rows: torch.Tensor | None
) -> list[tuple[torch.Tensor, ...]]:
    """Returns the inputs of the attention weights after replacing these rows of the qkv layer's output."""

    def perturb(_module, _inputs, output: torch.Tensor) -> torch.Tensor:
        return output + _waves(output.shape, output) * rows.to(output)

    hook = None if rows is None else attention.qkv.register_forward_hook(perturb)
    args, kwargs = call
    try:
        with _Operands() as operands:
            attention(*args, **kwargs)
    finally:
        if hook is not None:
            hook.remove()
    return operands.kept


def _only(rows: int, first: int, last: int) -> torch.Tensor:
    mask = torch.zeros(rows)
    mask[first:last] = 1
    return mask


def _differ(some: list[tuple[torch.Tensor, ...]], others: list[tuple[torch.Tensor, ...]]) -> bool:
    return any(
        not torch.equal(one, other)
        for pair in zip(some, others, strict=True)
        for one, other in zip(*pair, strict=True)
    )


def _differ_in_key_alone(some: list[tuple[torch.Tensor, ...]], others: list[tuple[torch.Tensor, ...]]) -> bool:
    """Returns whether all scaled dot products have the same query; a softmax does not distinguish query from key."""
    pairs = [pair for pair in zip(some, others, strict=True) if len(pair[0]) > 1]
    return bool(pairs) and all(torch.equal(one[0], other[0]) for one, other in pairs)


def _waves(shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
    """Returns numbers in [-1, 1] without repetition, and without using a random stream."""
    count = torch.Size(shape).numel()
    return torch.cos(torch.arange(count, dtype=torch.float32) * 1.7).reshape(shape).to(like.device, like.dtype)
