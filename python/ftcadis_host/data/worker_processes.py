"""Worker processes that read images: their signals, and the detection of their death in the parent."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# How soon a worker notices that its parent is gone.
PARENT_CHECK_SECONDS = 1.0


@contextmanager
def signals_guarded() -> Iterator[None]:
    """Keeps DataLoader from changing signal handling while it starts its workers.

    It installs a SIGCHLD handler that raises the death of a worker wherever this process happens to be, perhaps in the bridge,
    waiting for the next message. Without the handler the death is found when batches are read. In a worker it lets SIGTERM end
    the process. Workers start with the signal mask of this thread, so SIGTERM waits until `prepare_worker` has decided about
    it.
    """
    if os.name != "posix" or threading.current_thread() is not threading.main_thread():
        yield  # DataLoader does not touch signals there
        return
    handler = signal.getsignal(signal.SIGCHLD)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGCHLD, handler)


@contextmanager
def worker_death_explained() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise RuntimeError(
            f"A process that reads images ended unexpectedly: {error}. "
            "Most often memory ran out: use fewer workers or smaller batches."
        ) from error


def prepare_worker(parent: int, _worker: int) -> None:
    """Prepares a worker before its first batch: only its parent ends it, not signals to the whole process group.

    Such signals are Ctrl-C, SIGHUP of a closed terminal, and SIGTERM from launchers and queues.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if hasattr(signal, "sigtimedwait"):
        # Already so if the main thread started the worker, see `signals_guarded`.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    else:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _end_with_parent(parent: int) -> None:
    """The thread that ends a worker when its parent sends SIGTERM or is gone."""
    while os.getppid() == parent:
        received = signal.sigtimedwait({signal.SIGTERM}, PARENT_CHECK_SECONDS)
        if received is not None and received.si_pid == parent:
            break
    os._exit(0)
