"""Where torch.compile keeps what it has compiled, for the next process: a folder that only its user can write.

What lies there is executed. So its place follows from the user's environment alone, and never from settings, a run or data:
a folder from a stranger cannot bring one along.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import SpecError

VARIABLE = "TORCHINDUCTOR_CACHE_DIR"
REMEDY = f"Set {VARIABLE} to a folder that is yours alone."


def use_own_cache() -> None:
    """Has torch.compile use the folder of `own_cache`, unless the user's environment names another in its variable.

    To be called before anything is compiled: torch's own choice is a folder in /tmp with a name that anyone can foresee.
    """
    if not os.environ.get(VARIABLE):
        os.environ[VARIABLE] = str(own_cache())


def own_cache() -> Path:
    """`ft-cadis/inductor` in XDG_CACHE_HOME or ~/.cache, made with mode 0700 if it is not there.

    Raises SpecError where it cannot be made, is not a folder, belongs to another user, or may be written by others.
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
    # The specification of XDG: what is not an absolute path is to be ignored.
    home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if home.is_absolute():
        return home
    try:
        return Path.home() / ".cache"
    except RuntimeError as error:
        raise SpecError(f"The cache of compiled networks has no place: this user has no home folder. {REMEDY}") from error


def _make_or_check(folder: Path) -> None:
    try:
        # Fails where something is there, a link too.
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
