"""Deliberate errors of this side: the message gives the subject, the expectation, the actual value, and the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

# Length limit of another library's text in a message.
LONGEST_TEXT = 300
# Terminal escape sequences, then any other control character.
COMMANDS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b.|[\x00-\x1f\x7f-\x9f]")


class SpecError(ValueError):
    """A description of a network is incomplete, contradictory, or requires something that the network lacks."""


class WeightsError(RuntimeError):
    """A weight file is missing, damaged, not a weight file, or of another architecture."""


def plain_text(text: object) -> str:
    """Formats foreign text as one line of a message: its first line, shortened, without control characters, with a full stop.

    text: an exception, a name, or any text.
    """
    said = str(text).strip() or type(text).__name__
    line = COMMANDS.sub("", said.splitlines()[0]).strip()
    line = line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"
    return line if line.endswith(".") else f"{line}."


@contextmanager
def explained(what: str, remedy: str, kind: type[Exception] = SpecError) -> Iterator[None]:
    """Turns a library's exceptions in this block into an error with the attempted action and the remedy.

    Passes errors of this side, and memory errors, which depend on the batch size. what, remedy: sentences, the first without
    its full stop.
    """
    try:
        yield
    except (SpecError, WeightsError, MemoryError):
        raise
    except Exception as error:
        # torch has its own class for memory errors; it is not imported only for its name.
        if type(error).__name__ == "OutOfMemoryError":
            raise
        name = "" if isinstance(error, (OSError, ValueError, RuntimeError)) else f"{type(error).__name__}: "
        raise kind(f"{what}: {name}{plain_text(error)} {remedy}") from error
