"""Regular expressions in the settings of adapters: peft matches them against the names of all layers."""

from __future__ import annotations

import re
from re import _constants as codes
from re import _parser as parser
from typing import Any

from ..errors import SpecError

LONGEST = 1000
# A search goes back at most once for each letter of a name and each of these, and names have some 60 letters.
MOST_REPETITIONS = 2
REPETITIONS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


def check_pattern(pattern: Any, *, source: str) -> None:
    """Raises SpecError for a pattern that could take a search for hours, or is none.

    Repeated may be a single letter or a class of letters, as in `.*`, twice in a pattern; what is in a group, never.
    """
    if not isinstance(pattern, str):
        raise SpecError(f"{source} name a layer by a {type(pattern).__name__}, expected text. Give plain LoRA adapters.")
    shown = repr(pattern[:60]) + ("…" if len(pattern) > 60 else "")
    if len(pattern) > LONGEST:
        raise _refused(source, shown, f"has {len(pattern)} letters, at most {LONGEST} are taken")
    try:
        repeated = list(_repeated(parser.parse(pattern)))
    except (re.error, RecursionError, OverflowError) as error:
        raise _refused(source, shown, f"is none: {error}") from error
    if len(repeated) > MOST_REPETITIONS:
        raise _refused(source, shown, f"repeats {len(repeated)} things, at most {MOST_REPETITIONS} are taken")
    if any(len(part) != 1 or part[0][0] not in (codes.ANY, codes.IN, codes.LITERAL, codes.NOT_LITERAL) for part in repeated):
        raise _refused(source, shown, "repeats more than single letters")


def _repeated(parts: Any) -> Any:
    """What is repeated anywhere in a parsed pattern. `?` counts as none: it doubles the work once."""
    for code, argument in parts:
        if code in REPETITIONS and argument[1] > 1:
            yield argument[2]
        for value in argument if isinstance(argument, tuple) else (argument,):
            for branch in value if isinstance(value, list) else (value,):
                if isinstance(branch, parser.SubPattern):
                    yield from _repeated(branch)


def _refused(source: str, pattern: str, reason: str) -> SpecError:
    return SpecError(
        f"{source} name layers by the regular expression {pattern}, which {reason}. "
        "Write the names of the layers as a list into adapter_config.json."
    )
