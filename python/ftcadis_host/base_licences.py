"""The licence of the weights that a classifier was fine-tuned from, as far as files state it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from .folders import read_json
from .regular_files import read_regular_file
from .torchvision_compat import prepare_torchvision

# A metadata line of a model card.
LICENCE = re.compile(r"license:\s*([\w.-]+)\s*")
MOST_CARD_BYTES = 1_000_000


def base_licence(*, spec: Mapping[str, Any]) -> str | None:
    """Returns the identifier of the licence, such as 'apache-2.0'; None if neither timm, the folder nor its model card states
    it.
    """
    path = spec.get("path")
    folder = None if path is None else Path(path)
    if folder is not None and not folder.is_dir():
        folder = _cached(str(path))
    if folder is not None:
        return _of_card(folder / "README.md") or _of_timm_folder(folder / "config.json")
    if spec["source"] == "timm" and path is None and spec.get("name") is not None and spec.get("pretrained", True):
        prepare_torchvision()
        import timm

        config = timm.get_pretrained_cfg(spec["name"])
        return None if config is None else config.license
    return None


def _cached(model: str) -> Path | None:
    """Returns the folder of a model in the hub's cache; None if the text is not an id, or the model is not cached."""
    if model.startswith((".", "/", "~")) or model.count("/") != 1 or Path(model).exists():
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


def _of_card(card: Path) -> str | None:
    """Reads the metadata at the start of a model card, between two lines of dashes."""
    if not card.is_file():
        return None
    text = read_regular_file(str(card), most=MOST_CARD_BYTES).decode("utf-8", errors="replace")
    first, *lines = text.splitlines() or [""]
    if first.strip() != "---":
        return None
    metadata = takewhile(lambda line: line.strip() != "---", lines)
    found = (LICENCE.fullmatch(line) for line in metadata)
    return next((match[1] for match in found if match is not None), None)


def _of_timm_folder(config: Path) -> str | None:
    content = read_json(config) if config.is_file() else {}
    pretrained = content.get("pretrained_cfg")
    licence = pretrained.get("license") if isinstance(pretrained, dict) else None
    return licence if isinstance(licence, str) else None
