"""Folders of weights and their JSON: written whole or not at all, read with a message where something is wrong."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import WeightsError


@contextmanager
def written_folder(folder: Path | str) -> Iterator[Path]:
    """A new folder to fill, which takes the place of `folder` once the block ends without an exception."""
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    replaced = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        # A folder cannot be renamed over one that holds files: the old one steps aside first.
        if folder.exists():
            os.replace(folder, replaced)
        try:
            os.replace(temporary, folder)
        except OSError:
            if replaced.exists():
                os.replace(replaced, folder)
            raise
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: Path | str, content: Any) -> None:
    """Writes JSON as people read it."""
    Path(path).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: Path | str) -> dict[str, Any]:
    """Reads a JSON object; `WeightsError` names the file where there is none."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WeightsError(f"There is no file '{path}'. Give a folder that has it.") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise WeightsError(f"'{path}' is not JSON: {error}. Write or download it again.") from error
    if not isinstance(content, dict):
        raise WeightsError(f"'{path}' holds a {type(content).__name__}, expected a JSON object.")
    return content
