"""Reads pickles that hold only plain data and NumPy arrays, without executing code.

A pickle is a program. This reader knows five names, none of which is the real one: each maps to a method that only collects
bytes and shapes. No code of NumPy's unpickling runs, and any other name stops the reading.

Nor can a small file require much memory or time: its result is no larger than the file, and no list appears in two places.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from typing import Any

import numpy as np

_NUMBERS = frozenset(("u1", "i1", "i2", "i4", "i8", "u2", "u4", "u8", "f4", "f8"))


class RefusedPickleError(pickle.UnpicklingError):
    """A pickle requires something beyond plain data and arrays of numbers."""


class _Type:
    """A NumPy element type, by its code."""

    def __init__(self, code: str):
        self.code = code

    def __setstate__(self, state: tuple) -> None:
        self.code = _text(state[1]) + self.code  # byte order


class _Array:
    """An array under construction."""

    array: np.ndarray | None = None

    def __setstate__(self, state: tuple) -> None:
        _version, shape, element, is_fortran, content = state
        self.array = _make_array(content, element, shape, "F" if is_fortran else "C")


class _Unpickler(pickle.Unpickler):
    def __init__(self, content: bytes):
        super().__init__(io.BytesIO(content), encoding="bytes")
        # Remaining size of decoded text: a file holds each text that it encodes once.
        self._budget = len(content)

    def find_class(self, module: str, name: str) -> Any:
        # Bound methods and strings: a pickle can change neither, so one file cannot affect the next.
        known = {
            ("numpy.core.multiarray", "_reconstruct"): self._reconstruct,
            ("numpy._core.multiarray", "_reconstruct"): self._reconstruct,
            ("numpy.core.numeric", "_frombuffer"): self._from_buffer,
            ("numpy._core.numeric", "_frombuffer"): self._from_buffer,
            ("numpy", "dtype"): self._element,
            ("numpy", "ndarray"): "ndarray",
            ("_codecs", "encode"): self._encode,
        }
        if (module, name) not in known:
            raise RefusedPickleError(f"it asks for '{module}.{name}', which a file of images and labels does not need")
        return known[module, name]

    def _reconstruct(self, _kind: str, _shape: tuple, _element: Any) -> _Array:
        return _Array()

    def _from_buffer(self, content: bytes, element: _Type, shape: tuple, order: str) -> _Array:
        made = _Array()
        made.array = _make_array(content, element, shape, order)
        return made

    def _element(self, code: Any, *_flags: Any) -> _Type:
        code = _text(code)
        if code not in _NUMBERS:
            raise RefusedPickleError(f"it holds an array of type '{code}', expected numbers")
        return _Type(code)

    def _encode(self, text: str, encoding: str) -> bytes:
        # Python 3's form of bytes in the old protocols.
        if encoding != "latin1":
            raise RefusedPickleError("it asks for an encoding other than latin1")
        self._budget -= len(text)
        if self._budget < 0:
            raise RefusedPickleError("it holds more bytes than the file has")
        return text.encode("latin1")


def _make_array(content: bytes, element: _Type, shape: tuple, order: str) -> np.ndarray:
    if not isinstance(shape, tuple) or any(type(length) is not int or length < 0 for length in shape):
        raise RefusedPickleError("an array has a shape that is not a tuple of whole numbers")
    kind = np.dtype(element.code.replace("|", ""))
    if len(content) != math.prod(shape) * kind.itemsize:
        raise RefusedPickleError(f"an array of shape {shape} comes with {len(content)} bytes")
    return np.frombuffer(content, dtype=kind).reshape(shape, order=order)


def _text(value: Any) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else value


# Opcodes that build a container, and those that fetch an earlier value.
_BUILDS = frozenset(
    ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "LIST", "EMPTY_LIST", "DICT", "EMPTY_DICT", "EMPTY_SET", "FROZENSET")
)
_KEEPS = frozenset(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"))
_FETCHES = frozenset(("GET", "BINGET", "LONG_BINGET"))


def _check_structure(content: bytes) -> None:
    """Refuses structures that make a small file endless work: a container that is used twice, and a memo with holes.

    Lists that hold a list twice unfold to a tree of any size. Memory for a memo is allocated up to its largest number.
    """
    containers: set[int] = set()
    kept = 0
    before = ""
    for opcode, argument, _place in pickletools.genops(content):
        name = opcode.name
        if name in _KEEPS:
            place = kept if name == "MEMOIZE" else argument
            if place > kept + 1:  # Python 2 counts from 1
                raise RefusedPickleError(f"its memo has number {place} after {kept} entries")
            kept = max(kept, place + 1)
            (containers.add if before in _BUILDS else containers.discard)(place)
        elif name == "DUP" or (name in _FETCHES and argument in containers):
            raise RefusedPickleError("it holds a list, tuple or dict at two places")
        before = name


def read_pickled_arrays(content: bytes) -> Any:
    """Returns the plain data and arrays in a pickle, of Python 2 or 3; Python 2 strings are bytes. Arrays are read-only.

    The work is proportional to the content: a container in two places is refused.

    Raises pickle.UnpicklingError for anything else: damage, truncation, another format, an unknown name.
    """
    try:
        _check_structure(content)
        return _unwrap(_Unpickler(content).load())
    except pickle.UnpicklingError:
        raise
    except ValueError as error:
        raise pickle.UnpicklingError(f"it is cut off, or no pickle ({error})") from error
    except Exception as error:  # damaged bytes can raise anything
        raise pickle.UnpicklingError(f"{type(error).__name__}: {error}") from error


def _unwrap(value: Any) -> Any:
    if isinstance(value, _Array):
        return value.array
    if isinstance(value, dict):
        return {key: _unwrap(item) for key, item in value.items()}
    return [_unwrap(item) for item in value] if isinstance(value, list) else value
