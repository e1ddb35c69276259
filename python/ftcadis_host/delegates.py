"""Operations that are functions and methods of other modules, without a host. A module is imported when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy(module: str, function: str) -> Callable[..., Any]:
    """The operation that calls a function of a module of this package, which is imported at the first call.

    The values that the operation takes are its positional arguments, the parameters its keyword arguments.
    """

    def operation(_host, *values, **parameters):
        return getattr(import_module(f"{__package__}.{module}"), function)(*values, **parameters)

    return operation


def method(name: str) -> Callable[..., Any]:
    """The operation that calls a method of the first value that it takes, with the other values and the parameters."""

    def operation(_host, subject, *values, **parameters):
        return getattr(subject, name)(*values, **parameters)

    return operation
