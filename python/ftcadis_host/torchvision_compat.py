"""Lets torchvision's Python part be imported if its C++ operators cannot be loaded.

timm imports torchvision, and torchvision's wheel for CUDA beside a CPU build of torch fails at import with "operator
torchvision::nms does not exist". Nothing here computes with those operators, so the declarations alone suffice.
"""

import importlib.machinery
import importlib.util
from pathlib import Path

NATIVE = "native"
SCHEMAS_DEFINED = "schemas defined"
NOT_INSTALLED = "not installed"

# Operators that torchvision registers functions for at import, whether or not its library was loaded.
_IMPORT_TIME_OPERATORS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def prepare_torchvision() -> str:
    """Makes `import torchvision` work with the installed torch; call it before the first such import.

    Returns what was found or done: "native" (the C++ operators are loaded, nothing was changed), "schemas defined"
    (they cannot be loaded: they are declared without kernels, so torchvision imports, and its operators raise an error when
    called), or "not installed". Calling it again changes nothing and returns the same.
    """
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.submodule_search_locations is None:
        return NOT_INSTALLED

    import torch

    if _load_operators(Path(next(iter(spec.submodule_search_locations)))):
        return NATIVE
    for name, schema in _IMPORT_TIME_OPERATORS.items():
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", schema)
    return SCHEMAS_DEFINED


def _load_operators(folder: Path) -> bool:
    import torch

    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        library = folder / f"_C{suffix}"
        if library.is_file():
            try:
                torch.ops.load_library(str(library))
            except (ImportError, OSError):
                return False
            return True
    return False
