"""Instructions that are sent once and run by name, for work that TypeScript repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Procedure:
    """Instructions on their own values: `inputs` are passed in, `outputs` are returned."""

    instructions: list[list[Any]]
    inputs: list[int]
    outputs: list[int]


def procedure(_host, *, instructions: list, inputs: list[int], outputs: list[int]) -> Procedure:
    return Procedure(instructions, inputs, outputs)


def call(host, called: Procedure, *given):
    values = dict(zip(called.inputs, given, strict=True))
    host.execute(called.instructions, values)
    made = [values[handle] for handle in called.outputs]
    return made[0] if len(made) == 1 else made


OPERATIONS = {"procedure": procedure, "call": call}
