"""The cache of torch.compile for later processes: a folder that only its user can write.

Its content is executed. So its path depends only on the user's environment, never on settings, a run or data: a folder from a
stranger cannot supply one.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import SpecError

VARIABLE = "TORCHINDUCTOR_CACHE_DIR"
REMEDY = f"Set {VARIABLE} to a folder that is yours alone."


def use_own_cache() -> None:
    """Makes torch.compile use the folder of `own_cache`, unless the user's environment variable names another.

    Call this before compiling: torch's own default is a folder in /tmp with a predictable name.
    """
    if not os.environ.get(VARIABLE):
        os.environ[VARIABLE] = str(own_cache())


def own_cache() -> Path:
    """Returns `ft-cadis/inductor` in XDG_CACHE_HOME or ~/.cache, created with mode 0700 if missing.

    Raises SpecError if it cannot be created, is not a folder, belongs to another user, or others may write to it.
    """
    parent = _cache_home()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for name in ("ft-cadis", "inductor"):
            parent = parent / name
            _make_or_check(parent)
    except OSError as error:
        raise SpecError(f"The cache of compiled networks, {parent}, cannot be used: {error.strerror}. {REMEDY}") from error
    return parent


def _cache_home() -> Path:
    # The XDG specification ignores paths that are not absolute.
    home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if home.is_absolute():
        return home
    try:
        return Path.home() / ".cache"
    except RuntimeError as error:
        raise SpecError(f"The cache of compiled networks has no place: this user has no home folder. {REMEDY}") from error


def _make_or_check(folder: Path) -> None:
    try:
        # Fails if something exists there, even a link.
        os.mkdir(folder, 0o700)
        return
    except FileExistsError:
        found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode):
        problem = "is not a folder"
    elif found.st_uid != os.geteuid():
        problem = "belongs to another user"
    elif found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        problem = "may be written by other users"
    else:
        return
    raise SpecError(f"{folder}, for the cache of compiled networks, {problem}, and what lies there is executed. {REMEDY}")
