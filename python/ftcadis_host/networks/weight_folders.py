"""Weight folders in the layout of Hugging Face's libraries: weight files, their parts, and their precision."""

from __future__ import annotations

from pathlib import Path

import torch

from ..errors import WeightsError
from ..folders import read_json
from .state_dicts import read_tensors

SUFFIXES = (".safetensors", ".bin")


def read_folder(folder: Path, stems: tuple[str, ...]) -> tuple[Path, dict[str, torch.Tensor]]:
    """Returns the tensors of a folder and their file, or the index if they are in several files.

    Prefers plain files to variants such as `.fp16.`, and safetensors to .bin.
    stems: the library's names of the file without suffix, for example 'model'.
    Raises WeightsError if there are none, or a part is missing.
    """
    for variant in ("", *_variants(folder, stems)):
        for suffix in SUFFIXES:
            for stem in stems:
                file = folder / f"{stem}{variant}{suffix}"
                if file.is_file():
                    return file, read_tensors(file)
                # diffusers puts the variant last, transformers puts it first.
                for index in (f"{stem}{suffix}.index{variant}.json", f"{stem}{variant}{suffix}.index.json"):
                    if (folder / index).is_file():
                        return folder / index, _read_parts(folder / index)
    wanted = f"{stems[0]}.safetensors"
    others = sorted(file.name for file in folder.iterdir() if file.suffix in (*SUFFIXES, ".pt", ".pth", ".msgpack", ".h5"))
    has = f", but {', '.join(others[:3])}" if others else ""
    raise WeightsError(f"'{folder}' has no weights{has}. Give a folder that has {wanted}.")


def _variants(folder: Path, stems: tuple[str, ...]) -> list[str]:
    """Returns the half-precision and other variants in a folder, for example '.fp16', starting with full training precision."""
    found = set()
    for file in folder.iterdir():
        for stem in stems:
            for suffix in (*SUFFIXES, ".json"):
                middle = file.name.removeprefix(f"{stem}.").removesuffix(suffix)
                if file.name == f"{stem}.{middle}{suffix}" and middle.isalnum() and middle != "safetensors":
                    found.add(f".{middle}")
        if ".index." in file.name and file.suffix == ".json":
            found.add(f".{file.name.removesuffix('.json').rpartition('.')[2]}")
    return sorted(found - {".index"})


def _read_parts(index: Path) -> dict[str, torch.Tensor]:
    files = read_json(index).get("weight_map")
    if not isinstance(files, dict) or not all(isinstance(name, str) for name in files.values()):
        raise WeightsError(f"'{index}' has no 'weight_map' that says which file holds what. Download the folder again.")
    names = sorted(set(files.values()))
    strange = [name for name in names if Path(name).name != name]
    if strange:
        raise WeightsError(f"'{index}' names a file outside of its folder. Give a folder that has all its files.")
    missing = [name for name in names if not (index.parent / name).is_file()]
    if missing:
        raise WeightsError(
            f"{len(missing)} of the {len(names)} files that '{index}' names are missing, first '{missing[0][:100]}'. "
            "Download the folder again."
        )
    tensors: dict[str, torch.Tensor] = {}
    for name in names:
        tensors.update(read_tensors(index.parent / name))
    return tensors
