"""torchrun for `ft-cadis launch`: `python -P -m ftcadis_host.ranks.launch_ranks <torchrun's arguments>`.

It is torch.distributed.run with another start, see `rendezvous`, and another end: one line per failed rank, the exit code of
the rank that failed first, 128 + the signal's number after a signal, and a clean end when its parent process is gone.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping

import psutil
from torch.distributed import run
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.elastic.rendezvous import RendezvousError

from . import rendezvous

# `ft-cadis launch` holds the other end of this pipe as long as it lives.
LAUNCHER_FD = 3

NOT_MET_REMEDY = (
    "Give all machines the same --rdzv-endpoint: a host that they reach, and a port of it that no other program has."
)


def main() -> int:
    rendezvous.register()
    _handle_signals()
    threading.Thread(target=_stop_with_launcher, daemon=True).start()
    try:
        run.main(sys.argv[1:])
    except ChildFailedError as error:
        return _report(error.failures)
    except RendezvousError as error:
        reason = str(error.__cause__ or error).rstrip(".")
        print(f"error: The machines of this launch did not meet: {reason}. {NOT_MET_REMEDY}", file=sys.stderr)
        return 1
    except SignalException as stop:
        return 128 + stop.sigval
    return 0


def _handle_signals() -> None:
    """Forwards the first signal to the ranks, and a second Ctrl-C as SIGTERM; nothing after that.

    Queues send SIGTERM to all processes, repeatedly. By default, torchrun forwards each, and abandons the ranks at the third,
    before they have saved their work.
    """
    received: list[int] = []

    def handle(number: int, _frame) -> None:
        received.append(number)
        if len(received) == 1 or (number == signal.SIGINT and received.count(number) == 2):
            raise SignalException(f"Received signal {number}", signal.Signals(number))

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    os.environ["PET_SIGNALS_TO_HANDLE"] = "SIGHUP,SIGQUIT"  # the default of torchrun's option, without these two
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    threading.Thread(target=_end_without_ranks, args=(read,), daemon=True).start()


def _end_without_ranks(signals: int) -> None:
    """The thread that ends this process on a signal while it waits for another machine, in code that ignores signals."""
    while True:
        (number,) = os.read(signals, 1)
        if number in (signal.SIGINT, signal.SIGTERM) and not psutil.Process().children():
            os._exit(128 + number)


def _stop_with_launcher() -> None:
    os.read(LAUNCHER_FD, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _report(failures: Mapping[int, ProcessFailure]) -> int:
    """Reports the failed ranks in order of time; returns the exit code of the first."""
    in_order = sorted(failures.items(), key=lambda item: item[1].timestamp)
    for place, (rank, failure) in enumerate(in_order):
        code = failure.exitcode
        how = f"on signal {-code}" if code < 0 else f"with exit code {code}"
        first = " first," if place == 0 and len(in_order) > 1 else ""
        print(f"Rank {rank} (process {failure.pid}) ended{first} {how}.", file=sys.stderr)
    code = in_order[0][1].exitcode
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main())
