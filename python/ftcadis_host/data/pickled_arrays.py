"""Reads pickles that hold plain data and NumPy arrays, and nothing that runs.

A pickle is a program. Its reader here knows five names, none of which is the real one: each is answered by a method that
only collects bytes and shapes. No code of NumPy's own unpickling runs, and any other name ends the reading.

Nor can a small file ask for much memory or time: what it makes is no larger than the file, and no list is in two places.
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
    """A pickle asks for something beyond plain data and arrays of numbers."""


class _Type:
    """A NumPy element type, by its code."""

    def __init__(self, code: str):
        self.code = code

    def __setstate__(self, state: tuple) -> None:
        self.code = _text(state[1]) + self.code  # byte order


class _Array:
    """An array in the making."""

    array: np.ndarray | None = None

    def __setstate__(self, state: tuple) -> None:
        _version, shape, element, is_fortran, content = state
        self.array = _make_array(content, element, shape, "F" if is_fortran else "C")


class _Unpickler(pickle.Unpickler):
    def __init__(self, content: bytes):
        super().__init__(io.BytesIO(content), encoding="bytes")
        # What encoded text may still make: a file holds each text that it encodes once.
        self._budget = len(content)

    def find_class(self, module: str, name: str) -> Any:
        # Bound methods and strings: a pickle can change neither, so that one file cannot reach the next.
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
        # How Python 3 writes bytes in the old protocols.
        if encoding != "latin1":
            raise RefusedPickleError(f"it asks for the encoding '{encoding}'")
        self._budget -= len(text)
        if self._budget < 0:
            raise RefusedPickleError("it holds more bytes than the file has")
        return text.encode("latin1")


def _make_array(content: bytes, element: _Type, shape: tuple, order: str) -> np.ndarray:
    kind = np.dtype(element.code.replace("|", ""))
    if len(content) != math.prod(shape) * kind.itemsize:
        raise RefusedPickleError(f"an array of shape {shape} comes with {len(content)} bytes")
    return np.frombuffer(content, dtype=kind).reshape(shape, order=order)


def _text(value: Any) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else value


def read_pickled_arrays(content: bytes) -> Any:
    """The plain data and arrays in a pickle, of Python 2 or 3; Python 2 strings are bytes. Arrays are read-only.

    Raises pickle.UnpicklingError for anything else: damage, truncation, another format, a name that is not known here.
    """
    try:
        _check_memo(content)
        return _unwrap(_Unpickler(content).load(), set())
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # damaged bytes fail in any way
        raise pickle.UnpicklingError(f"{type(error).__name__}: {error}") from error


def _check_memo(content: bytes) -> None:
    """Refuses a pickle that numbers what it remembers beyond what it can have: the memory for all numbers below is taken."""
    for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and argument > count:
            raise RefusedPickleError(f"it remembers a value as number {argument} after {count} steps")


def _unwrap(value: Any, seen: set[int]) -> Any:
    """seen: lists and dicts so far. One in several places could be walked through more often than memory and time allow."""
    if isinstance(value, _Array):
        return value.array
    if not isinstance(value, (dict, list)):
        return value
    if id(value) in seen:
        raise RefusedPickleError(f"it holds the same {type(value).__name__} in two places")
    seen.add(id(value))
    if isinstance(value, dict):
        return {key: _unwrap(item, seen) for key, item in value.items()}
    return [_unwrap(item, seen) for item in value]
