"""The executor: runs recorded programs against a table of operations, and holds the values of handles."""

from __future__ import annotations

import json
import math
import platform
import time
from contextlib import AbstractContextManager
from typing import Any

import torch

from .errors import SpecError
from .failure import describe
from .operations import OPERATIONS
from .streams import require_known_state


class Unmade:
    """Marks a value that does not exist, because the instruction that should have made it failed or never ran."""

    def __init__(self, operation: str, reason: str):
        self.operation = operation
        self.reason = reason


class UnmadeValueError(RuntimeError):
    """An instruction takes a value that an earlier failure left unmade."""

    def __init__(self, value: Unmade):
        super().__init__(f"This takes a value that was never made, because {value.operation} failed: {value.reason}")
        self.value = value


class InstructionError(Exception):
    """An instruction raised; its exception is the cause."""

    def __init__(self, index: int, operation: str):
        super().__init__(f"Instruction {index}, {operation}, failed.")
        self.index = index
        self.operation = operation


class Host:
    """Holds values by integer handle and runs programs over them, one at a time."""

    def __init__(self, device: str, threads: int | None, local_rank: int | None = None):
        if threads is not None:
            torch.set_num_threads(threads)
        require_known_state()
        self.device = _resolve_device(device, local_rank)
        # float32 means float32: by default torch lets convolutions round to TF32.
        OPERATIONS["set_tf32"](self, enabled=False)
        self.values: dict[int, Any] = {}
        # The modules that forward passes run in training mode, innermost context last.
        self.training: list[torch.nn.Module] = []
        self._contexts: list[AbstractContextManager] = []
        # The ranks that this one computes with, if any.
        self.process_group: Any = None

    def info(self) -> dict[str, Any]:
        """Returns information about this process for TypeScript, as plain data."""
        cuda = self.device.type == "cuda"
        return {
            "device": str(self.device),
            "deviceName": torch.cuda.get_device_name(self.device) if cuda else (platform.processor() or platform.machine()),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "threads": torch.get_num_threads(),
        }

    def run(self, text: str) -> str:
        """Runs one program and returns the JSON text of its answer.

        An exception is also an answer: the type, message and traceback of the first one, and the index of its
        instruction. Values that this and the following instructions should have made are marked as unmade; the program's frees
        are still executed, so that a failure leaks nothing.
        """
        begun = time.perf_counter()
        program = json.loads(text, object_hook=_decode_non_finite if '"$number"' in text else None)
        failure = self._execute(program)
        if failure is None:
            try:
                values = [_plain(_take(self.values, handle)) for handle in program["reads"]]
                return _dumps({"values": values, "seconds": time.perf_counter() - begun})
            except Exception as error:  # a device may report an earlier error, and not every value is plain
                failure = {**describe(error), "index": -1, "inner": None, "operation": "read"}
        if self.process_group is not None:
            self.process_group.note_failure(f"{failure['type']}: {failure['message']}".partition("\n")[0])
        return _dumps({"failure": failure, "seconds": time.perf_counter() - begun})

    def _execute(self, program: dict[str, Any]) -> dict[str, Any] | None:
        for handle in program["frees"]:
            self.values.pop(handle, None)
        instructions = program["instructions"]
        try:
            self.execute(instructions, self.values)
        except InstructionError as error:
            failure = _failure_of(error)
            cause = error.__cause__
            unmade = cause.value if isinstance(cause, UnmadeValueError) else Unmade(failure["operation"], failure["message"])
            for _, makes, _, _, frees in instructions[error.index :]:
                self.values.update(dict.fromkeys(makes, unmade))
                for handle in frees:
                    self.values.pop(handle, None)
            return failure
        finally:
            # Contexts end with the program that entered them.
            while self._contexts:
                self.leave()
        return None

    def execute(self, instructions: list[list[Any]], values: dict[int, Any]) -> None:
        """Runs instructions on values by handle. Raises InstructionError from the exception of the first one to fail."""
        for index, (operation, makes, takes, parameters, frees) in enumerate(instructions):
            try:
                function = OPERATIONS.get(operation)
                if function is None:
                    raise LookupError(f"Unknown operation '{operation}'.")
                made = function(self, *[_take(values, handle) for handle in takes], **parameters)
                if len(makes) == 1:
                    values[makes[0]] = made
                elif makes:
                    values.update(zip(makes, made, strict=True))
            except Exception as error:
                raise InstructionError(index, operation) from error
            del made
            for handle in frees:
                values.pop(handle, None)

    def enter(self, context: AbstractContextManager) -> None:
        """Enters a context that lasts until the matching `leave`, at most to the end of the program."""
        context.__enter__()
        self._contexts.append(context)

    def leave(self) -> None:
        """Leaves the most recently entered context."""
        self._contexts.pop().__exit__(None, None, None)

    def close(self) -> None:
        """Drops every value; loaders end their worker processes."""
        for value in self.values.values():
            if hasattr(value, "close"):
                value.close()
        self.values.clear()


def _resolve_device(name: str, local_rank: int | None) -> torch.device:
    """local_rank: the GPU of a launched process on its machine; None without a launch."""
    if name == "auto" and not torch.cuda.is_available():
        return torch.device("cpu")
    device = torch.device("cuda" if name == "auto" else name)
    if device.type != "cuda":
        return device
    if not torch.cuda.is_available():
        raise SpecError(
            f"The device '{name}' was asked for, but torch {torch.__version__} sees no CUDA device. "
            "Use the device 'cpu' or 'auto', or install a torch for your CUDA."
        )
    if local_rank is not None and device.index is None:
        if local_rank >= torch.cuda.device_count():
            raise SpecError(
                f"This is process {local_rank} of its machine, counted from 0, but torch sees {torch.cuda.device_count()} "
                "CUDA devices. Launch one process for each device."
            )
        device = torch.device("cuda", local_rank)
    if device.index is not None:
        if device.index >= torch.cuda.device_count():
            raise SpecError(
                f"The device '{name}' was asked for, but torch sees {torch.cuda.device_count()} CUDA devices, counted from 0. "
                "Use one of them, or the device 'cpu'."
            )
        torch.cuda.set_device(device)
    return device


def _take(values: dict[int, Any], handle: int) -> Any:
    value = values[handle]
    if isinstance(value, Unmade):
        raise UnmadeValueError(value)
    return value


def _failure_of(error: InstructionError) -> dict[str, Any]:
    """Returns the failure and its position: an instruction of the program, or one of the procedure that it calls."""
    cause = error.__cause__
    inner = cause if isinstance(cause, InstructionError) else None
    failed = inner or error
    return {
        **describe(failed.__cause__),
        "index": error.index,
        "inner": inner and inner.index,
        "operation": failed.operation,
    }


def _plain(value: Any) -> Any:
    """Converts tensors to nested lists; everything else that can be read is plain data already."""
    return value.tolist() if isinstance(value, torch.Tensor) else value


def _dumps(answer: dict[str, Any]) -> str:
    """JSON has no NaN and no infinities: the rare answer with one is rewritten."""
    try:
        return _ENCODER.encode(answer)
    except ValueError:
        return _ENCODER.encode(_encode_non_finite(answer))


def _refuse(value: Any) -> None:
    raise TypeError(f"A {type(value).__name__} cannot be read: it is neither a tensor nor plain data.")


_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_refuse)


def _encode_non_finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"$number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, (list, tuple)):
        return [_encode_non_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _encode_non_finite(item) for key, item in value.items()}
    return value


def _decode_non_finite(value: dict[str, Any]) -> Any:
    """The counterpart of `_encode_non_finite`, for parameters."""
    return float(value["$number"]) if "$number" in value else value
