"""diffusers without the dependencies of its pipelines.

Importing a network of diffusers imports transformers, peft and scipy's statistics if they are installed, which is half of the
time from the start of Python to the networks of the digits. diffusers works without packages that it does not find, so they are
hidden while it is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


def diffusers() -> ModuleType:
    """Returns the package, with UNet2DModel and DDPMScheduler imported."""
    if "diffusers" not in sys.modules:
        with _hidden("transformers", "peft", "scipy"):
            from diffusers import DDPMScheduler, UNet2DModel
    return sys.modules["diffusers"]


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Hides packages that are not imported yet from imports in this block."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
