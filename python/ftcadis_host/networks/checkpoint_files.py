"""Weight files as bytes: their kind, completeness and content. Nothing in them is executed.

Safetensors files hold numbers only. PyTorch files are pickles: they are always read with `weights_only=True`.
Objects that training scripts save beside weights are also read if their type is known; `_Inert` replaces them.
"""

from __future__ import annotations

import json
import mmap
import pickle
import re
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..errors import WeightsError, plain_text
from ..pickle_structure import globals_of

# Published files under the names that `ft-cadis fetch` gives them; src/config/published-weights.ts has their sources.
PUBLISHED_FILES = {"cifar10_uncond_50M_500K.pt": "cifar10", "256x256_diffusion_uncond.pt": "imagenet"}
# Length limit of a safetensors header, the same as in its own library.
LONGEST_HEADER = 100_000_000
# Pickles of a file in the format from before PyTorch 1.6.
LEGACY_PICKLES = 5

# Starts of files that people supply by mistake, their kind, and the remedy.
FOREIGN = (
    (b"\x89HDF", "an HDF5 file, as Keras saves them", "Give weights of PyTorch."),
    (b"\x1f\x8b", "compressed (gzip)", "Unpack it."),
    (b"7z\xbc\xaf", "an archive (7z)", "Unpack it."),
    (b"Rar!", "an archive (RAR)", "Unpack it."),
    (b"GGUF", "a GGUF file", "Give weights of PyTorch."),
    (b"\x93NUMPY", "a NumPy array", "Give weights of PyTorch."),
)


class _Inert:
    """Replaces an object beside the weights: accepts its constructor's arguments, stores nothing active and does nothing."""

    def __new__(cls, *_arguments: Any):
        return super().__new__(cls)

    def __init__(self, *_arguments: Any):
        pass

    def __setstate__(self, _state: Any) -> None:
        pass


class SavedSettings(_Inert):
    """Replaces a namespace of settings: keeps its fields as `values`, and does nothing."""

    values: Mapping[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        self.values = state if isinstance(state, dict) else {}


def _inert_dict(*_arguments: Any) -> OrderedDict:
    """The same for a function that returns a dict."""
    return OrderedDict()


# Objects that training scripts save beside weights: their arguments, NumPy numbers and arrays, paths, settings, dates.
NAMESPACES = ("argparse.Namespace", "types.SimpleNamespace")
KNOWN_TYPES = (
    *NAMESPACES, "builtins.complex", "builtins.slice",
    "builtins.range", "builtins.object", "builtins.list", "builtins.int", "builtins.float", "builtins.dict",
    "_codecs.encode", "copyreg._reconstructor",
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    "numpy.dtype", "numpy.ndarray", "numpy.float64", "numpy.float32", "numpy.int64", "numpy.int32", "numpy.bool_",
    *(f"numpy.dtypes.{name}DType" for name in ("Float64", "Float32", "Float16", "Int64", "Int32", "UInt32", "UInt8", "Bool")),
    *(f"pathlib.{name}" for name in ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")),
    *(f"pathlib._local.{name}" for name in ("PosixPath", "WindowsPath")),
    "datetime.datetime", "datetime.timedelta", "datetime.date", "typing.Any",
    *(f"omegaconf.{name}" for name in (
        "dictconfig.DictConfig", "listconfig.ListConfig", "base.ContainerMetadata", "base.Metadata", "nodes.AnyNode",
    )),
    *(f"{package}.callbacks.{module}" for package in ("pytorch_lightning", "lightning.pytorch") for module in (
        "model_checkpoint.ModelCheckpoint", "early_stopping.EarlyStopping",
    )),
)  # fmt: skip
KNOWN_DICTS = (
    "yacs.config.CfgNode", "easydict.EasyDict", "addict.addict.Dict", "ml_collections.config_dict.config_dict.ConfigDict",
    "lightning_fabric.utilities.data.AttributeDict", "pytorch_lightning.utilities.parsing.AttributeDict",
    "lightning.fabric.utilities.data.AttributeDict", "mmengine.config.config.ConfigDict",
)  # fmt: skip
# Torch's own types, the only ones that a state dict needs.
TORCH_TYPES = re.compile(
    r"^(torch\.(_utils\.|_tensor\.|storage\.|nn\.parameter\.|\w*(Storage|Tensor)$|(Size|device)$|(b?float|u?int|complex|bool)\w*$)"
    r"|collections\.(OrderedDict|Counter|defaultdict)$)"
)


def check_file(path: Path | str) -> None:
    """Raises `WeightsError` if a file cannot be a complete weight file: missing, empty, a web page, truncated, …"""
    path = Path(path)
    if path.is_dir():
        raise WeightsError(f"'{path}' is a folder, expected a weight file. Give a file in it.")
    if path.exists() and not path.is_file():
        raise WeightsError(f"'{path}' is not a regular file, but a pipe, socket or device, expected a weight file. Name a file.")
    if not path.is_file():
        fetched = PUBLISHED_FILES.get(path.name)
        remedy = f"Run `npx ft-cadis fetch {fetched}`, or give" if fetched else "Give"
        raise WeightsError(f"The weight file '{path}' does not exist. {remedy} the path of an existing file.")
    with open(path, "rb") as file:
        head = file.read(512)
    start = head.lstrip().lower()
    if not head:
        raise WeightsError(f"The weight file '{path}' is empty (0 bytes). Get it again from where it was made.")
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise WeightsError(
            f"'{path}' is a web page, no weight file: it starts with {_quote(start)} at byte 0. The download was "
            "answered with a page, usually an error or a sign-in. Download the file itself."
        )
    if start.startswith(b"version https://git-lfs"):
        raise WeightsError(f"'{path}' is a Git LFS pointer, no weight file. Run `git lfs pull` where it came from.")
    for prefix, what, remedy in FOREIGN:
        if head.startswith(prefix):
            raise WeightsError(f"'{path}' is {what}, no weight file of PyTorch. {remedy}")
    if head.startswith(b"PK\x03\x04"):
        _check_zip(path)
    elif path.suffix == ".safetensors":
        _check_safetensors(path)
    elif not head.startswith(b"\x80"):
        raise WeightsError(
            f"'{path}' is not a PyTorch weight file: it starts with {_quote(head)} at byte 0, but a PyTorch file starts "
            "with 'PK' or with byte 0x80. Get it again from where it was made, or give it its proper name if it is a "
            ".safetensors file."
        )


def read_checkpoint(path: Path | str) -> Any:
    """Returns the content of a weight file, on the CPU and memory-mapped; for a safetensors file, the dict of its tensors."""
    path = Path(path)
    check_file(path)
    is_zip = _is_archive(path)
    if path.suffix == ".safetensors" and not is_zip:
        return _read_safetensors(path)
    asked_for = _globals(path, is_zip)
    with torch.serialization.safe_globals(_stand_ins()):
        try:
            # Files from before PyTorch 1.6 are plain pickles, which cannot be mapped.
            return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
        except pickle.UnpicklingError as error:
            raise WeightsError(_more_than_weights(path, asked_for, error)) from error
        # For damaged files, torch's reader raises errors of any type, including AttributeError and MemoryError.
        except Exception as error:
            raise WeightsError(
                f"'{path}' cannot be read as a weight file ({path.stat().st_size} bytes): {plain_text(error)} "
                "Get it again from where it was made."
            ) from error


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError, AttributeError, RuntimeError) as error:
        raise WeightsError(
            f"'{path}' cannot be read: {plain_text(error)} Get the file again from where it was made."
        ) from error


def _globals(path: Path, is_zip: bool) -> set[str]:
    """Returns the functions and classes that the pickles of a file require."""
    with open(path, "rb") as file:
        if not is_zip:
            # Memory-mapped, so a false length in it costs nothing.
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                names: set[str] = set()
                for _ in range(LEGACY_PICKLES):
                    if content.tell() < len(content):
                        names |= globals_of(content, f"'{path}'")
                return names
        try:
            with zipfile.ZipFile(file) as archive:
                pickles = [archive.read(entry) for entry in archive.infolist() if entry.filename.endswith(".pkl")]
        # Besides BadZipFile, zipfile raises the errors of a damaged entry's parts.
        except Exception as error:
            raise WeightsError(
                f"'{path}' is damaged: an entry of the archive cannot be read. Get it again from where it was made."
            ) from error
        return {name for pickled in pickles for name in globals_of(pickled, f"'{path}'")}


def _stand_ins() -> list[tuple[Any, str]]:
    inert = [(SavedSettings if name in NAMESPACES else _Inert, name) for name in KNOWN_TYPES] + [(OrderedDict, name) for name in KNOWN_DICTS]
    return [*inert, (_inert_dict, "collections.defaultdict")]


def _more_than_weights(path: Path, asked_for: set[str], error: pickle.UnpicklingError) -> str:
    """Returns the message for a file that torch refuses, with the types in it if they are the reason."""
    unknown = {name for name in asked_for - {*KNOWN_TYPES, *KNOWN_DICTS} if not TORCH_TYPES.match(name)}
    if not unknown:
        return (
            f"'{path}' is damaged or of an unusual kind, and nothing in it was executed: {plain_text(error)} "
            "Get it again from where it was made, or have it saved there as a state dict alone."
        )
    names = [plain_text(name).removesuffix(".") for name in sorted(unknown)]
    others = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (
        f"'{path}' holds more than weights: {', '.join(names[:3])}{others}. Objects of a program, such as a whole network, "
        "run code when they are read; nothing in the file was executed. If the file is yours, load it where its program "
        "is, and save `model.state_dict()` alone."
    )


def _is_archive(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:
        # zipfile already reports some kinds of damage here.
        return False


def _check_zip(path: Path) -> None:
    if not _is_archive(path):
        raise WeightsError(
            f"'{path}' is cut off: it starts as a PyTorch archive, but ends at byte {path.stat().st_size} without the "
            "archive's directory, which comes last. Get it again from where it was made."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise WeightsError(
            f"'{path}' is damaged: the directory of the archive cannot be read. Get it again from where it was made."
        ) from error
    names = [entry.filename for entry in entries]
    if any(name.endswith(".npy") for name in names):
        raise WeightsError(f"'{path}' holds NumPy arrays (.npz), no weights of PyTorch. Give weights of PyTorch.")
    if any(name.endswith("/constants.pkl") for name in names):
        raise WeightsError(
            f"'{path}' is a TorchScript program, which would have to be executed. Give the state dict that it was made of."
        )
    if not any(name.endswith("data.pkl") for name in names):
        raise WeightsError(
            f"'{path}' is a zip archive, but not one that `torch.save` wrote. Unpack it, and give the weight file in it."
        )
    size = path.stat().st_size
    # torch.save stores without compression: anything that unpacks to more than the file is not a weight file.
    if any(entry.compress_type != zipfile.ZIP_STORED or entry.file_size > size for entry in entries):
        raise WeightsError(
            f"'{path}' is a compressed archive, which `torch.save` does not write. Unpack it, and give the weight file in it."
        )


def _check_safetensors(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt"):
            pass
    except (SafetensorError, OSError, ValueError) as error:
        end = _safetensors_end(path)
        size = path.stat().st_size
        where = f"ends at byte {size} of {end}" if end is not None and end > size else f"has {size} bytes"
        raise WeightsError(
            f"'{path}' is cut off, damaged or no safetensors file: it {where}. {plain_text(error)} "
            "Get it again from where it was made."
        ) from error


def _safetensors_end(path: Path) -> int | None:
    """Returns the end of the file according to its own header, if readable."""
    try:
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > path.stat().st_size:
                return 8 + length
            if length > LONGEST_HEADER:
                return None
            header = json.loads(file.read(length))
        ends = [entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"]
        return 8 + length + max(int(end) for end in ends)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, struct.error):
        return None


def _quote(head: bytes) -> str:
    return repr(re.sub(r"[^\x20-\x7e]", "\ufffd", head[:24].decode("ascii", errors="replace")))
