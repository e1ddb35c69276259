"""Compiles networks with torch.compile: one graph per pass size, never one for all sizes.

By default, torch compiles a second size with a symbolic number of images, which takes twice as long and computes slower.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from weakref import WeakKeyDictionary

import torch
from torch import nn

from .compiler_cache import use_own_cache
from .errors import SpecError

# For tests: `eager` and `aot_eager` trace like torch.compile, but need no compiler.
BACKEND_VARIABLE = "FT_CADIS_COMPILE_BACKEND"
BACKENDS = ("inductor", "aot_eager", "eager")

# More than training with a compiled classifier needs; beyond its default limit of 8, torch silently computes uncompiled.
MOST_GRAPHS = 64

# Lines of standard output when torch starts and finishes compiling; `src/bridge/compiling-lines.ts` reads them.
BEGIN_LINE = "\x1eft-cadis: compiling"
END_LINE = "\x1eft-cadis: compiled"


class CountingBackend:
    """Compiles like the backend of this name, and counts.

    graphs: number of graphs.
    symbolic: number of graphs with dynamic sizes.
    """

    def __init__(self, name: str):
        from torch._dynamo.backends.registry import lookup_backend

        self.graphs = 0
        self.symbolic = 0
        self._compile = lookup_backend(name)

    def __call__(self, graph: torch.fx.GraphModule, inputs: list) -> Callable:
        self.graphs += 1
        self.symbolic += any(isinstance(value, torch.SymInt) for value in inputs)
        return self._compile(graph, inputs)


_backends: WeakKeyDictionary[nn.Module, CountingBackend] = WeakKeyDictionary()


def compile_network(network: nn.Module) -> None:
    """Compiles a network in place at its first pass of each size; copies of it are not compiled.

    Raises SpecError if a requirement is known to be missing, before any computation.
    """
    if network in _backends:
        return
    name = os.environ.get(BACKEND_VARIABLE) or "inductor"
    if name not in BACKENDS:
        raise SpecError(f"{BACKEND_VARIABLE} is {name!r}. It takes {', '.join(BACKENDS)}; leave it unset to compile.")
    if name == "inductor":
        _require_compiler(next(network.parameters()).device)
        use_own_cache()
    backend = CountingBackend(name)
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, MOST_GRAPHS)
    _announce_compiling()
    call = network._call_impl

    # torch skips frames of its own files, and so the forward pass of a bare nn.Sequential, unless another frame calls it.
    def forward(*arguments, **named):
        return call(*arguments, **named)

    network._compiled_call_impl = torch.compile(forward, backend=backend, dynamic=False)
    _backends[network] = backend


def leave_uncompiled(network: nn.Module) -> None:
    """Makes a network compute uncompiled again."""
    network._compiled_call_impl = None
    _backends.pop(network, None)


def compiled_graphs(network: nn.Module) -> dict[str, int]:
    """Returns the number of compiled graphs of a network, and of those with dynamic sizes; 0 if it is not compiled."""
    backend = _backends.get(network)
    return {"graphs": backend.graphs if backend else 0, "symbolic": backend.symbolic if backend else 0}


def _announce_compiling() -> None:
    """Prints a line when torch starts and finishes compiling, in forward and backward passes."""
    from torch._dynamo.callback import callback_handler

    if _print_begin not in callback_handler.start_callbacks:
        callback_handler.register_start_callback(_print_begin)
        callback_handler.register_end_callback(_print_end)


def _print_begin(*_) -> None:
    print(BEGIN_LINE, flush=True)


def _print_end(*_) -> None:
    print(END_LINE, flush=True)


def _require_compiler(device: torch.device) -> None:
    if device.type == "cuda":
        from torch.utils._triton import has_triton

        if not has_triton():
            raise SpecError("torch.compile needs Triton for this GPU, which is not installed. Install it, or do without.")
        return
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler as error:
        raise SpecError("torch.compile needs a C++ compiler such as g++, which is not found. Install one, or do without.") from error
