"""Regular expressions in the settings of adapters: peft matches them against the names of all layers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from re import _constants as codes
from re import _parser as parser
from typing import Any

from ..errors import SpecError

LONGEST = 1000
# A search goes back once for each letter of a name and each repetition, names have some 60 letters, ...
MOST_REPETITIONS = 2
# ... and once for each way to choose alternatives and what may be left out.
MOST_CHOICES = 200
REPETITIONS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


def check_pattern(pattern: Any, *, source: str) -> None:
    """Raises SpecError for a pattern that could take a search for hours, or is none.

    Repeated may be a single letter or a class of letters, as in `.*`, twice in a pattern; what is in a group, never. Of
    alternatives, as in `(query|value)`, and optional parts there may be 200 combinations.
    """
    if not isinstance(pattern, str):
        raise SpecError(f"{source} name a layer by a {type(pattern).__name__}, expected text. Give plain LoRA adapters.")
    shown = repr(pattern[:60]) + ("…" if len(pattern) > 60 else "")
    if len(pattern) > LONGEST:
        raise _refused(source, shown, f"has {len(pattern)} letters, at most {LONGEST} are taken")
    try:
        nodes = list(_nodes(parser.parse(pattern)))
    except (re.error, RecursionError, OverflowError) as error:
        raise _refused(source, shown, f"is none: {error}") from error
    repeats = [argument for code, argument in nodes if code in REPETITIONS]
    repeated = [part for _, most, part in repeats if most > 1]
    alternatives = [len(argument[1]) for code, argument in nodes if code is codes.BRANCH]
    choices = math.prod(alternatives) * 2 ** (len(repeats) - len(repeated))
    if choices > MOST_CHOICES:
        raise _refused(source, shown, f"has more than {MOST_CHOICES} combinations of alternatives")
    if len(repeated) > MOST_REPETITIONS:
        raise _refused(source, shown, f"repeats {len(repeated)} things, at most {MOST_REPETITIONS} are taken")
    if any(len(part) != 1 or part[0][0] not in (codes.ANY, codes.IN, codes.LITERAL, codes.NOT_LITERAL) for part in repeated):
        raise _refused(source, shown, "repeats more than single letters")


def _nodes(parts: Any) -> Iterator[tuple[Any, Any]]:
    """Every part of a parsed pattern, and what stands in it."""
    for code, argument in parts:
        yield code, argument
        for value in argument if isinstance(argument, tuple) else (argument,):
            for branch in value if isinstance(value, list) else (value,):
                if isinstance(branch, parser.SubPattern):
                    yield from _nodes(branch)


def _refused(source: str, pattern: str, reason: str) -> SpecError:
    return SpecError(
        f"{source} name layers by the regular expression {pattern}, which {reason}. "
        "Write the names of the layers as a list into adapter_config.json."
    )
