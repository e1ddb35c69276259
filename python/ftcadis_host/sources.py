"""Where networks and data sets come from: a source is a module in a folder of its kind, and has the module's name.

A new source is a new file there, with `SOURCE` in it. Only the module of a source that is asked for is imported.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from .errors import SpecError


def find_source(package: ModuleType, name: Any, kind: str) -> Any:
    """The `SOURCE` of the module of this name.

    kind: what comes from there, for the message of the SpecError where the module does not exist.
    """
    names = sorted(module.name for module in iter_modules(package.__path__))
    if name not in names:
        raise SpecError(f"The source of a {kind} must be {either(names)}, got {name!r}.")
    return import_module(f"{package.__name__}.{name}").SOURCE


def either(choices: Any) -> str:
    """'a' or 'b' or 'c'."""
    return " or ".join(f"'{choice}'" for choice in choices)
