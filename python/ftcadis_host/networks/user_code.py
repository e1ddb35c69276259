"""Runs a user's Python file, with its own folder importable only for it, while it runs."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import SpecError

# The file's folder as a package, so that `from .layers import Block` works too.
PACKAGE = "ftcadis_user"


class _FolderFinder:
    """Finds modules in one folder, like Python for a script in it, except those of the standard library."""

    def __init__(self, folder: Path):
        self.folder = folder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if path is not None or name in sys.stdlib_module_names:
            return None
        return PathFinder.find_spec(name, [str(self.folder)], target)


class UserFile:
    """An executed file: its `module`, and the other `files` of its folder that it has imported so far."""

    def __init__(self, module: ModuleType):
        self.module = module
        self.files: list[Path] = []


@contextmanager
def imported(path: Path) -> Iterator[UserFile]:
    """Yields the executed file. Its folder is importable inside the block, and no module remains afterwards."""
    folder = path.resolve().parent
    finder = _FolderFinder(folder)
    before = dict(sys.modules)
    # A module of the same name in another network's folder is a different module.
    package = ModuleType(PACKAGE)
    package.__path__ = [str(folder)]
    location = importlib.util.spec_from_file_location(f"{PACKAGE}.{path.stem}", path)
    if location is None:
        raise SpecError(f"'{path}' is not a Python file: its name does not end with .py. Give one that does.")
    module = importlib.util.module_from_spec(location)
    file = UserFile(module)
    sys.modules.update({PACKAGE: package, module.__name__: module})
    sys.meta_path.insert(0, finder)
    try:
        location.loader.exec_module(module)
        yield file
    finally:
        sys.meta_path.remove(finder)
        for name, imported_module in list(sys.modules.items()):
            if before.get(name) is not imported_module and _is_of(imported_module, name, folder):
                del sys.modules[name]
                origin = _origin(imported_module)
                if origin is not None and origin != path.resolve() and origin.is_file():
                    file.files.append(origin)
                if name in before:
                    sys.modules[name] = before[name]


def _is_of(module: ModuleType, name: str, folder: Path) -> bool:
    origin = _origin(module)
    return name == PACKAGE or name.startswith(f"{PACKAGE}.") or (origin is not None and origin.is_relative_to(folder))


def _origin(module: ModuleType) -> Path | None:
    origin = getattr(getattr(module, "__spec__", None), "origin", None)
    return Path(origin).resolve() if isinstance(origin, str) and origin.endswith(".py") else None
