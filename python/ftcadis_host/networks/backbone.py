"""What every source of classifiers hands over."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Backbone:
    """A network that maps images [N, C, H, W] to logits, or to an object with `logits`.

    heads: names of the modules that classify. depth: number of transformer blocks, where there are any.
    """

    model: nn.Module
    heads: list[str]
    depth: int | None


def names_of(model: nn.Module, modules: nn.Module | tuple[nn.Module, ...]) -> list[str]:
    """The names under which a model holds these modules."""
    wanted = modules if isinstance(modules, tuple) else (modules,)
    return [name for name, module in model.named_modules() if any(module is one for one in wanted)]
