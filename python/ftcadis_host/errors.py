"""Errors that this side raises on purpose: the message names the thing, what was expected, what came, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

# How much of another library's text a message holds.
LONGEST_TEXT = 300
# Sequences that a terminal takes for commands, then any other control character.
COMMANDS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b.|[\x00-\x1f\x7f-\x9f]")


class SpecError(ValueError):
    """A description of a network is incomplete, contradictory, or asks for what the network does not have."""


class WeightsError(RuntimeError):
    """A weight file is missing, damaged, no weight file at all, or belongs to another architecture."""


def plain_text(text: object) -> str:
    """What somebody else says, as one line of a message: its first line, short, without control characters, with a full stop.

    text: an exception, a name, or any text.
    """
    said = str(text).strip() or type(text).__name__
    line = COMMANDS.sub("", said.splitlines()[0]).strip()
    line = line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"
    return line if line.endswith(".") else f"{line}."


@contextmanager
def explained(what: str, remedy: str, kind: type[Exception] = SpecError) -> Iterator[None]:
    """Turns what a library raises in this block into an error that says what was tried and what to do.

    Errors of this side pass, and those of memory, which the size of a batch decides about. what, remedy: sentences, the
    first without its full stop.
    """
    try:
        yield
    except (SpecError, WeightsError, MemoryError):
        raise
    except Exception as error:
        # torch has its own class for memory; it is not imported for its name alone.
        if type(error).__name__ == "OutOfMemoryError":
            raise
        name = "" if isinstance(error, (OSError, ValueError, RuntimeError)) else f"{type(error).__name__}: "
        raise kind(f"{what}: {name}{plain_text(error)} {remedy}") from error
