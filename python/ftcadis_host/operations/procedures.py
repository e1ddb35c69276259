"""Instructions that are sent once and run by name: what TypeScript does again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Procedure:
    """Instructions on values of their own: those of `inputs` are given, those of `outputs` handed over."""

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
