"""Downloads weights. `ft-cadis fetch` runs it; nothing else in this package uses the network after setup.

    python -m ftcadis_host.fetch file URL PART
    python -m ftcadis_host.fetch hub ID [--revision R]

`file` appends the missing rest to PART. `hub` downloads a model into the hub's cache, which resumes and checks hashes.
Progress goes to stderr; the answer is one line of JSON on stdout, {"error", "why"} after a failure: why is "missing", "denied",
"space", "blocked", "changed" or "network".
"""

from __future__ import annotations

import argparse
import errno
import json
import os
from pathlib import Path
from typing import Any

from .errors import WeightsError
from .folders import appended_file

# Formats of a repository's weight file; the first available one is used, with all parts of a sharded file.
FORMATS = (".safetensors", ".bin")
DESCRIPTIONS = ("*.json",)
# Folders of a diffusers pipeline with a denoiser.
FOLDERS = ("", "unet/")


class Fetched(Exception):
    """A failed download, with its `why`."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


def main() -> None:
    parser = argparse.ArgumentParser()
    kinds = parser.add_subparsers(dest="kind", required=True)
    file = kinds.add_parser("file")
    file.add_argument("url")
    file.add_argument("part", type=Path)
    hub = kinds.add_parser("hub")
    hub.add_argument("id")
    hub.add_argument("--revision")
    arguments = parser.parse_args()

    # Libraries print: file descriptor 1 is reserved for the answer.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        if arguments.kind == "file":
            fetch_file(arguments.url, arguments.part)
            said: dict[str, Any] = {}
        else:
            said = fetch_from_hub(arguments.id, revision=arguments.revision)
    except Exception as error:
        said = {"error": " ".join(str(error).split()) or type(error).__name__, "why": _why(error)}
    json.dump(said, answer)
    answer.close()


def fetch_file(url: str, part: Path) -> None:
    """Appends the missing rest of the file at `url` to `part`; a server that cannot resume sends the whole file again."""
    from huggingface_hub.file_download import http_get

    size = _size_at(url)
    with appended_file(part) as file:
        begun = file.tell()
        # Without the total size, completeness cannot be checked.
        if size is None or begun > size:
            file.truncate(begun := 0)
        http_get(url, file, resume_size=begun, expected_size=size, displayed_filename=Path(url).name)


def _size_at(url: str) -> int | None:
    """Returns the size in bytes of the file at `url`, if the server states it."""
    from huggingface_hub.utils import get_session, hf_raise_for_status

    response = get_session().head(url, follow_redirects=True, headers={"Accept-Encoding": "identity"})
    hf_raise_for_status(response)
    length = response.headers.get("Content-Length")
    return None if length is None else int(length)


def fetch_from_hub(model: str, *, revision: str | None) -> dict[str, Any]:
    """Downloads a model's description and one copy of its weights into the hub's cache; returns {"folder", "commit", "files"}."""
    from huggingface_hub import HfApi, snapshot_download

    info = HfApi().model_info(model, revision=revision)
    names = [entry.rfilename for entry in info.siblings or []]
    weights = wanted_weights(names)
    if not weights:
        raise Fetched("missing", f"The model {model} has no weights among its {len(names)} files.")
    patterns = [f"{folder}{pattern}" for folder in (*FOLDERS, "scheduler/") for pattern in DESCRIPTIONS]
    described = [name for name in names if name.count("/") <= 1 and any(Path(name).match(pattern) for pattern in patterns)]
    folder = Path(snapshot_download(model, revision=info.sha, allow_patterns=[*described, *weights]))
    return {"folder": str(folder), "commit": info.sha, "files": sorted({*described, *weights})}


def wanted_weights(names: list[str]) -> list[str]:
    """Returns the weight files of the first folder and format that has any: safetensors before pickles, full before half
    precision.
    """
    for folder in FOLDERS:
        for suffix in FORMATS:
            found = [
                name
                for name in names
                if name.endswith(suffix) and name.startswith(folder) and "/" not in name.removeprefix(folder)
            ]
            whole = [name for name in found if ".fp16." not in name and "training_args" not in name]
            if whole or found:
                return sorted(whole or found)
    return []


def _why(error: Exception) -> str:
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    if isinstance(error, Fetched):
        return error.why
    if isinstance(error, WeightsError):
        return "blocked"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "space"
    if isinstance(error, GatedRepoError):
        return "denied"
    if isinstance(error, (EntryNotFoundError, RepositoryNotFoundError)):
        return "missing"
    status = getattr(getattr(error, "response", None), "status_code", None) if isinstance(error, HfHubHTTPError) else None
    if status in (401, 403):
        return "denied"
    if status in (404, 410):
        return "missing"
    if status == 416 or "Consistency check failed" in str(error):
        return "changed"
    return "network"


if __name__ == "__main__":
    main()
