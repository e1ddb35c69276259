"""The Python half of ft-cadis: runs the programs that TypeScript records, and holds their values.

Importing this package has no cost and no side effects; `start` has both, once, before it imports torch.
"""

from __future__ import annotations

import faulthandler
import json
import os
import select
import signal
import socket
import sys
import threading
import time

from .failure import describe

# Time for this process to exit after Node is gone.
LEAVE_SECONDS = 5

_host = None
_is_running = False


def start(options: str) -> str:
    """Prepares the process, imports torch and creates the host.

    options: JSON `{"device": "auto" | torch device, "threads": int | null}`.
    Returns JSON: `{"info": …}`, see `host.Host.info`, or `{"failure": {"type", "message", "traceback"}}`.
    """
    global _host
    # Ctrl-C, SIGHUP of a closed terminal, and SIGTERM from launchers and queues reach the whole process group. Node decides
    # when to stop; torch is not interrupted in mid-step.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _redirect_output()
    # Only of the thread that crashed: Node keeps the last lines of a crash's trace.
    faulthandler.enable(all_threads=False)
    if "NODE_CHANNEL_FD" in os.environ:
        channel = int(os.environ["NODE_CHANNEL_FD"])
        threading.Thread(target=_end_with_node, args=(channel,), name="end with Node", daemon=True).start()

    try:
        from .host import Host

        _host = Host(**json.loads(options))
        answer = {"info": _host.info()}
    except Exception as error:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing is left but to exit
        answer = {"failure": describe(error)}
    return json.dumps(answer)


def run(program: str) -> str:
    """Runs one program and returns its answer; see `host.Host.run`."""
    global _is_running
    _is_running = True
    try:
        return _host.run(program)
    finally:
        _is_running = False


def stop() -> None:
    """Releases everything, so that loaders' worker processes end before SIGTERM ends this process."""
    global _host
    try:
        if _host is not None:
            _host.close()
            _host = None
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end_with_node(channel: int) -> None:
    """The thread that ends this process when Node is gone. Between two programs it exits cleanly."""
    poll = select.poll()
    poll.register(channel, 0)  # the other end's hang-up is always reported
    poll.poll()
    deadline = time.monotonic() + LEAVE_SECONDS
    while not _is_running and time.monotonic() < deadline:
        time.sleep(0.1)
    os._exit(1)


def _redirect_output() -> None:
    """Redirects standard output and error, including those of C libraries and worker processes, to the collector in Node."""
    address = os.environ.pop("FT_CADIS_OUTPUT", None)
    if address is None:
        return
    with socket.socket(socket.AF_UNIX) as collector:
        collector.connect(address)
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            stream.flush()
            os.dup2(collector.fileno(), stream.fileno())
            # A new stream, since one that was opened as a file would seek in the socket. Printing never fails a program,
            # whatever the locale and the characters.
            options = {"encoding": "utf-8", "errors": "backslashreplace", "buffering": 1, "closefd": False}
            setattr(sys, name, open(stream.fileno(), "w", **options))
