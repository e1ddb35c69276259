"""The Python half of ft-cadis: runs the programs that TypeScript records, and holds what they name.

Importing this package costs nothing and changes nothing; `start` does both, once, before torch is imported.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import socket
import sys

from .failure import describe

_host = None


def start(options: str) -> str:
    """Prepares the process, imports torch and makes the host.

    options: JSON `{"device": "auto" | torch device, "threads": int | null}`.
    Returns JSON: `{"facts": …}`, see `host.Host.facts`, or `{"failure": {"type", "message", "traceback"}}`.
    """
    global _host
    # Ctrl-C reaches the whole process group. Node decides when to stop; torch is not interrupted in mid-step.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _redirect_output()
    faulthandler.enable()

    try:
        from .host import Host

        _host = Host(**json.loads(options))
        answer = {"facts": _host.facts()}
    except Exception as error:
        answer = {"failure": describe(error)}
    return json.dumps(answer)


def run(program: str) -> str:
    """Runs one program and returns its answer; see `host.Host.run`."""
    return _host.run(program)


def stop() -> None:
    """Releases everything, so that worker processes of loaders end before this process does."""
    global _host
    if _host is not None:
        _host.close()
        _host = None


def _redirect_output() -> None:
    """Points standard output and error, also those of C libraries and worker processes, at the collector in Node."""
    address = os.environ.pop("FT_CADIS_OUTPUT", None)
    if address is None:
        return
    with socket.socket(socket.AF_UNIX) as collector:
        collector.connect(address)
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            stream.flush()
            os.dup2(collector.fileno(), stream.fileno())
            # A new stream, since one that began as a file would seek in the socket. What is printed fails no program,
            # whatever the locale and the characters.
            options = {"encoding": "utf-8", "errors": "backslashreplace", "buffering": 1, "closefd": False}
            setattr(sys, name, open(stream.fileno(), "w", **options))
