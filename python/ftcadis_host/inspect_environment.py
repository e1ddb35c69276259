"""Lists the packages installed in this Python, as one line of JSON.

    python -m ftcadis_host.inspect_environment [--import] NAME...

NAME is a distribution as in requirements.txt. Without --import only installed versions are looked up (some ten
milliseconds); with it every package is imported, and the devices that torch sees are listed too.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import sys
import warnings

from .torchvision_compat import prepare_torchvision

# Distributions with a different import name.
_MODULE_NAMES = {"pillow": "PIL", "scikit-learn": "sklearn"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--import", dest="import_packages", action="store_true")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()

    # Libraries print while they are imported, some from C: file descriptor 1 is reserved for the answer.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    json.dump(inspect_environment(arguments.names, import_packages=arguments.import_packages), answer)
    answer.close()


def inspect_environment(names: list[str], *, import_packages: bool) -> dict:
    packages = {name: {"version": _installed_version(name), "import_error": None} for name in names}
    report = {"packages": packages, "torchvision_operators": None, "cuda": None}
    if not import_packages:
        return report

    # torchvision first: the others import it, and it may need preparation.
    for name in sorted(packages, key=lambda name: name != "torchvision"):
        package = packages[name]
        if package["version"] is None:
            continue
        try:
            if name == "torchvision":
                report["torchvision_operators"] = prepare_torchvision()
            importlib.import_module(_MODULE_NAMES.get(name, name))
        except Exception as error:  # a broken package may raise anything, which the report is about
            package["import_error"] = f"{type(error).__name__}: {error}".splitlines()[0]
    if "torch" in sys.modules and packages.get("torch", {}).get("import_error") is None:
        report["cuda"] = _inspect_cuda()
    return report


def _installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _inspect_cuda() -> dict:
    import torch

    # torch explains an unusable driver in a warning.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        available = torch.cuda.is_available()
    devices = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count() if available else 0)]
    return {
        "built_for": torch.version.cuda,
        "problem": str(caught[0].message).splitlines()[0] if caught else None,
        "devices": [{"name": device.name, "memory_bytes": device.total_memory} for device in devices],
    }


if __name__ == "__main__":
    main()
