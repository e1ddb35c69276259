"""Analyses the structure of a pickle without building anything, to bound it before a reader touches it.

A pickle of a few hundred bytes can describe nested lists, each twice in the next, whose text or hash would take longer than the
age of the universe, or tuples so deep that hashing them crashes the process.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass, field
from typing import Any

from .errors import WeightsError

MOST_OPERATIONS = 3_000_000
# Limit of nested containers. Checkpoints have about ten levels.
DEEPEST = 200
# Limit of values counted once per reference, per operation of the pickle, and the minimum of that limit.
UNFOLDED_BY_OPERATION = 20
UNFOLDED = 1_000_000

_PLAIN = -1


@dataclass
class _Graph:
    """Containers by number, each with the numbers of its containers and the count of its plain values."""

    children: list[list[int]] = field(default_factory=list)
    plain: list[int] = field(default_factory=list)
    # Depth of each when it was made; later additions may be deeper.
    depth: list[int] = field(default_factory=list)

    def node(self, values: list[Any]) -> int:
        self.children.append([])
        self.plain.append(1)
        self.depth.append(1 + max((self.depth[value] for value in values if value != _PLAIN), default=0))
        number = len(self.children) - 1
        self.add(number, values)
        return number

    def add(self, number: int, values: list[Any]) -> None:
        if number == _PLAIN:
            return
        inner = [value for value in values if value != _PLAIN]
        self.children[number].extend(inner)
        self.plain[number] += len(values) - len(inner)


def globals_of(stream: Any, source: str) -> set[str]:
    """Returns the names of functions and classes that a pickle requires, as 'module.name'; leaves the stream after it.

    Raises WeightsError if the pickle is damaged, or its structure exceeds the limits.
    source: description of the file, for messages.
    """
    names: set[str] = set()
    graph, stack, marks, memo = _Graph(), [], [], {}
    operations = 0
    try:
        for operation, argument, _ in pickletools.genops(stream):
            operations += 1
            if operations > MOST_OPERATIONS:
                raise _too_large(source)
            _step(operation, argument, graph, (stack, marks, memo))
            if graph.depth and graph.depth[-1] > DEEPEST:
                raise _too_large(source)
            if operation.name == "GLOBAL":
                names.add(argument.replace(" ", "."))
    except WeightsError:
        raise
    # pickletools raises many kinds of exceptions for anything that is not a pickle.
    except Exception as error:
        raise WeightsError(
            f"{source} is damaged: what describes its tensors breaks off or is not a pickle. Get the file again from where "
            "it was made."
        ) from error
    _check_unfolded(graph, max(UNFOLDED, UNFOLDED_BY_OPERATION * operations), source)
    return names


def _step(operation: Any, argument: Any, graph: _Graph, state: tuple[list[int], list[int], dict[Any, int]]) -> None:
    """state: the stack, the positions of its marks, and the memo; containers by number, all else as _PLAIN."""
    stack, marks, memo = state
    name = operation.name
    if name in ("PUT", "BINPUT", "LONG_BINPUT"):
        memo[argument] = stack[-1]
        return
    if name == "MEMOIZE":
        memo[len(memo)] = stack[-1]
        return
    if name in ("GET", "BINGET", "LONG_BINGET"):
        stack.append(memo[argument])
        return
    if name == "DUP":
        stack.append(stack[-1])
        return
    before = operation.stack_before
    taken = []
    if pickletools.markobject in before:
        start = marks.pop()
        taken = stack[start:]
        del stack[start:]
        before = before[: before.index(pickletools.markobject)]
    own = [stack.pop() for _ in before][::-1]
    if name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "BUILD"):
        # The first is the container of the rest.
        graph.add(own[0], own[1:] + taken)
        stack.append(own[0])
    elif name == "MARK":
        marks.append(len(stack))
    elif own or taken or name.startswith("EMPTY_"):
        # A container, or a function's result; POP and STOP leave nothing.
        stack.extend(graph.node(own + taken) for _ in operation.stack_after)
    else:
        stack.extend(_PLAIN for _ in operation.stack_after)


def _check_unfolded(graph: _Graph, most: int, source: str) -> None:
    """Visits every container once, inner ones first; a container that holds itself is not entered again."""
    sizes: dict[int, tuple[int, int]] = {}
    for root in range(len(graph.children)):
        if root in sizes:
            continue
        entered, todo = set(), [root]
        while todo:
            number = todo[-1]
            if number not in entered:
                entered.add(number)
                todo.extend(child for child in graph.children[number] if child not in sizes and child not in entered)
                continue
            todo.pop()
            if number in sizes:
                continue
            inner = [sizes[child] for child in graph.children[number] if child in sizes]
            size = graph.plain[number] + sum(size for size, _ in inner)
            depth = 1 + max((depth for _, depth in inner), default=0)
            if size > most or depth > DEEPEST:
                raise _too_large(source)
            sizes[number] = (size, depth)


def _too_large(source: str) -> WeightsError:
    return WeightsError(
        f"{source} is not a weight file: what it describes beside its tensors is larger than anything that training writes. "
        "Save the state dict alone."
    )
