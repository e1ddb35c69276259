"""Operations that are functions and methods of other modules, without a host. Modules are imported on demand."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy(module: str, function: str) -> Callable[..., Any]:
    """Returns the operation that calls a function of a module of this package, importing it at the first call.

    The operation's input values are its positional arguments, the parameters its keyword arguments.
    """

    def operation(_host, *values, **parameters):
        return getattr(import_module(f"{__package__}.{module}"), function)(*values, **parameters)

    return operation


def method(name: str) -> Callable[..., Any]:
    """Returns the operation that calls a method of its first input value, with the other values and the parameters."""

    def operation(_host, subject, *values, **parameters):
        return getattr(subject, name)(*values, **parameters)

    return operation
