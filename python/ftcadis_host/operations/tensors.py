"""Operations on tensors. The TypeScript side (`src/torch/operations.ts`) documents each one."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from ..streams import begin, torch_generator

DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "int64": torch.int64,
    "bool": torch.bool,
}


def _insert(x: torch.Tensor, dims: list[int]) -> torch.Tensor:
    """Inserts dimensions of length one at these positions, given in ascending order."""
    for dim in dims:
        x = x.unsqueeze(dim)
    return x


def _binary(function):
    def operation(_host, first, second=None, *, other=None, unsqueeze=()):
        if second is None:
            return function(first, other)
        return function(first, _insert(second, unsqueeze) if unsqueeze else second)

    return operation


def _unary(function):
    return lambda _host, x, **parameters: function(x, **parameters)


def _reduction(over_axis, over_all):
    def operation(_host, x, dim=None):
        return over_all(x) if dim is None else over_axis(x, dim)

    return operation


def make_tensor(host, *, data: Any, dtype: str) -> torch.Tensor:
    return torch.tensor(data, dtype=DTYPES[dtype], device=host.device)


def make_generator(host, *, name: list[int | str]) -> torch.Generator:
    return torch_generator(*name, device=host.device)


def randn_like(_host, x, generator) -> torch.Tensor:
    return torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)


def randn_copies(_host, x, generator, *, count: int) -> torch.Tensor:
    return torch.randn((count, *x.shape), generator=generator, dtype=x.dtype, device=x.device)


def randint(_host, x, generator, *, dim: int, below: int) -> torch.Tensor:
    return torch.randint(below, (x.shape[dim],), generator=generator, device=x.device)


def noise_blocks(_host, x, *, name: list[int | str], start: int, count: int, block: int) -> torch.Tensor:
    first, end = start // block, -(-(start + count) // block)
    noise = torch.empty(((end - first) * block, *x.shape), dtype=x.dtype, device=x.device)
    generator = torch.Generator(x.device)
    for number, part in enumerate(noise.split(block), first):
        part.normal_(generator=begin(generator, *name, number))
    return noise.narrow(0, start - first * block, count)


def where(_host, x, condition, other=None, *, unsqueeze, otherwise=None):
    return torch.where(_insert(condition, unsqueeze), x, otherwise if other is None else other)


def topk(_host, x, *, dim: int, count: int):
    values, indices = x.topk(count, dim)
    return values, indices


def hardmax(_host, x, *, dim: int):
    return torch.zeros_like(x).scatter_(dim, x.argmax(dim, keepdim=True), 1)


def norm_of_each(_host, x, *, leading: int):
    return torch.linalg.vector_norm(x.flatten(leading), dim=-1)


def mean_of_each(_host, x, *, leading: int):
    return x.flatten(leading).mean(-1)


def pick(_host, x, index, *, dim: int, unsqueeze):
    shape = list(x.shape)
    del shape[dim]
    index = _insert(index, unsqueeze).expand(shape)
    return x.gather(dim, index.unsqueeze(dim)).squeeze(dim)


def index_select(_host, x, index, *, dim: int):
    return x.index_select(dim, index)


def rows_where(_host, condition):
    # Networks need not support an empty batch: if no row is selected, use the first one.
    rows = condition.nonzero().flatten()
    return rows if rows.numel() > 0 else rows.new_zeros(1)


def slice_axis(_host, x, *, dim: int, start: int, end: int):
    return x.narrow(dim, start, end - start)


def flatten(_host, x, *, start: int, end: int):
    return x.flatten(start, end)


def unflatten(_host, x, *, dim: int, count: int):
    return x.unflatten(dim, (count, -1))


def expand(_host, x, *, count: int):
    return x.unsqueeze(0).expand(count, *x.shape)


def bincount(_host, x, *, classes: int):
    # A comparison with every class is deterministic on CUDA, where torch.bincount is not.
    return (x.unsqueeze(-1) == torch.arange(classes, device=x.device)).sum(0)


def grad(_host, output, leaf):
    return torch.autograd.grad(output, leaf)[0]


def grad_with_graph(_host, output, leaf):
    return torch.autograd.grad(output, leaf, create_graph=True)[0]


def backward(_host, output) -> None:
    output.backward()


def gradient(_host, leaf):
    if leaf.grad is None:
        raise ValueError("This leaf has no gradient: call backward on something that depends on it.")
    return leaf.grad.detach().clone()


OPERATIONS = {
    "tensor": make_tensor,
    "generator": make_generator,
    "randn_like": randn_like,
    "randn_copies": randn_copies,
    "noise_blocks": noise_blocks,
    "randint": randint,
    "look_up": lambda _host, table, index: table[index],
    "add": _binary(torch.add),
    "sub": _binary(torch.sub),
    "mul": _binary(torch.mul),
    "div": _binary(torch.div),
    "eq": _binary(torch.eq),
    "ne": _binary(torch.ne),
    "gt": _binary(torch.gt),
    "where": where,
    "exp": _unary(torch.exp),
    "log": _unary(torch.log),
    "sqrt": _unary(torch.sqrt),
    "square": _unary(torch.square),
    "abs": _unary(torch.abs),
    "reciprocal": _unary(torch.reciprocal),
    "tanh": _unary(torch.tanh),
    "erfinv": _unary(torch.erfinv),
    "round": _unary(torch.round),
    "detach": _unary(torch.Tensor.detach),
    "stack": lambda _host, *tensors: torch.stack(tensors),
    "leaf": lambda _host, x: x.detach().requires_grad_(),
    "clamp": _unary(torch.clamp),
    "to": lambda _host, x, dtype: x.to(DTYPES[dtype]),
    "softmax": _unary(torch.softmax),
    "log_softmax": _unary(torch.log_softmax),
    "sum": _reduction(torch.sum, torch.sum),
    "mean": _reduction(torch.mean, torch.mean),
    "max": _reduction(lambda x, dim: x.max(dim).values, lambda x: x.flatten().max(0).values),
    "logsumexp": _reduction(torch.logsumexp, lambda x: x.flatten().logsumexp(0)),
    "argmax": _reduction(torch.argmax, torch.argmax),
    "topk": topk,
    "hardmax": hardmax,
    "norm_of_each": norm_of_each,
    "mean_of_each": mean_of_each,
    "pick": pick,
    "index_select": index_select,
    "rows_where": rows_where,
    "slice": slice_axis,
    "select": _unary(torch.select),
    "flatten": flatten,
    "unflatten": unflatten,
    "expand": expand,
    "linear": lambda _host, x, weights, bias: F.linear(x, weights, bias),
    "bincount": bincount,
    "grad": grad,
    "grad_with_graph": grad_with_graph,
    "backward": backward,
    "gradient": gradient,
}
