"""The rule that derives random numbers from names, for PyTorch and NumPy. Nothing else seeds a generator.

`src/streams.ts` is the same rule for TypeScript, and counts its versions. The key of a stream is the SHA-256 of
its name, written as JSON without spaces in UTF-8. Its bytes are SHA-256(key, 0), SHA-256(key, 1), ..., the counter as four
bytes, lowest first. On the CPU they fill the whole state of torch's generator, a Mersenne Twister; on other devices the first
64 bits are the key of its Philox generator, whose offset is 0; of NumPy's Philox the first 128 bits are the key.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

STATE_WORDS = 624

# CPUGeneratorImplState in ATen/CPUGeneratorImpl.cpp of torch 2.13; any other layout is refused when Python starts.
_MERSENNE_TWISTER = np.dtype(
    [
        ("initial_seed", "<u8"),
        ("left", "<i4"),
        ("seeded", "<i4"),
        ("next", "<u8"),
        ("words", "<u8", STATE_WORDS),
        ("normal_x", "<f8"),
        ("normal_y", "<f8"),
        ("normal_rho", "<f8"),
        ("normal_is_valid", "<i4"),
    ],
    align=True,
)
_CPU_STATE = np.dtype(
    [("engine", _MERSENNE_TWISTER), ("next_float_normal_sample", "<f4"), ("has_next_float_normal_sample", "?")], align=True
)

_COUNTERS = [block.to_bytes(4, "little") for block in range(4 * STATE_WORDS // hashlib.sha256().digest_size)]


def stream_bytes(*name: int | str, count: int) -> bytes:
    """Returns the first `count` bytes of a stream, at most those of a whole state of 624 words."""
    for part in name:
        if type(part) not in (int, str):
            raise TypeError(f"The name of a random stream consists of whole numbers and text, got {part!r}.")
    key = hashlib.sha256(json.dumps(name, separators=(",", ":"), ensure_ascii=False).encode()).digest()
    size = hashlib.sha256().digest_size
    return b"".join([hashlib.sha256(key + counter).digest() for counter in _COUNTERS[: -(-count // size)]])[:count]


def begin(generator: torch.Generator, *name: int | str) -> torch.Generator:
    """Moves a generator to the start of a stream, whatever it drew before, and returns it; raises as `require_known_state`."""
    if generator.device.type != "cpu":
        return generator.manual_seed(_first_64_bits(stream_bytes(*name, count=8)))
    content = stream_bytes(*name, count=4 * STATE_WORDS)
    state = _cpu_template().copy()
    _fill(state, _first_64_bits(content), np.frombuffer(content, "<u4"))
    return generator.set_state(torch.from_numpy(state))


def require_known_state() -> None:
    """Raises RuntimeError if this torch's CPU generator has another state layout than `begin` fills."""
    _cpu_template()


def torch_generator(*name: int | str, device: torch.device | str = "cpu") -> torch.Generator:
    """Returns a generator at the start of a stream."""
    return begin(torch.Generator(device), *name)


def begin_default(*name: int | str) -> None:
    """Moves torch's own generators of all devices to the start of a stream: dropout, stochastic depth, initialisation."""
    # Without an accelerator, torch would format a stack for each kind of device that is absent, at every call.
    if torch.accelerator.is_available():
        torch.manual_seed(_first_64_bits(stream_bytes(*name, count=8)))
    begin(torch.default_generator, *name)


@contextmanager
def lent_default(*name: int | str) -> Iterator[None]:
    """Lends torch's own CPU generator to a stream temporarily, then restores its state."""
    state = torch.default_generator.get_state()
    begin(torch.default_generator, *name)
    try:
        yield
    finally:
        torch.default_generator.set_state(state)


def numpy_generator(*name: int | str) -> np.random.Generator:
    """Returns NumPy's generator at the start of a stream."""
    key = np.frombuffer(stream_bytes(*name, count=16), "<u8")
    return np.random.Generator(np.random.Philox(key=key))


def _first_64_bits(content: bytes) -> int:
    return int.from_bytes(content[:8], "little")


def _fill(state: np.ndarray, initial_seed: int, words: np.ndarray) -> None:
    """Writes these words into the bytes of a CPU generator's state, with none of them drawn yet."""
    engine = state.view(_CPU_STATE)["engine"]
    engine["initial_seed"], engine["left"], engine["seeded"], engine["next"] = initial_seed, 1, 1, 0
    engine["words"][0] = words


@functools.cache
def _cpu_template() -> np.ndarray:
    """Returns the state of a CPU generator as bytes, after checking that it has the layout that `begin` fills."""
    seed = 5489
    state = torch.Generator().manual_seed(seed).get_state().numpy()
    expected = np.zeros(_CPU_STATE.itemsize, np.uint8)
    # NumPy's frozen Mersenne Twister fills its state from an integer as torch's does.
    _fill(expected, seed, np.random.RandomState(seed).get_state()[1])
    if not np.array_equal(state, expected):
        raise RuntimeError(
            f"torch {torch.__version__} keeps the state of its CPU generator in a layout of {state.nbytes} bytes that this "
            "version of ft-cadis does not know, so random streams cannot be set. Install the torch of "
            "python/requirements.txt: run `ft-cadis setup`."
        )
    return state
