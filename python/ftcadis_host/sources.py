"""Sources of networks and data sets: a source is a module in the folder of its kind, with the module's name.

To add a source, add a file there with a `SOURCE`. Only the module of a requested source is imported.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from .errors import SpecError


def find_source(package: ModuleType, name: Any, kind: str) -> Any:
    """Returns the `SOURCE` of the module of this name.

    kind: what the sources provide, for the message of the SpecError if the module does not exist.
    """
    names = sorted(module.name for module in iter_modules(package.__path__))
    if name not in names:
        raise SpecError(f"The source of a {kind} must be {either(names)}, got {name!r}.")
    return import_module(f"{package.__name__}.{name}").SOURCE


def either(choices: Any) -> str:
    """Formats 'a' or 'b' or 'c'."""
    return " or ".join(f"'{choice}'" for choice in choices)
