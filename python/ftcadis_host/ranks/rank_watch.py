"""Tracks which ranks of a process group are alive, and names the lost one.

Torch itself reports a closed connection without naming the rank, or on GPUs waits for minutes without a message.
"""

from __future__ import annotations

import json
import math
import os
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
import torch
from torch import distributed

# Interval of a rank's heartbeat.
BEAT_SECONDS = 1.0
# A rank without a heartbeat for this long counts as lost. The launcher kills the others 30 s after the first of its
# ranks has ended; by then they must have reported which one it was.
SILENCE_SECONDS = 15.0
# A rank that ends breaks its connections at once: after a broken one, this much silence is enough.
SILENCE_AFTER_ERROR_SECONDS = 3.5
# Collectives that take longer are checked.
PATIENCE_SECONDS = 3.0

REMEDY = "Read what that rank printed, then resume from the last checkpoint; `launch --max-restarts` does so automatically."


class RankLostError(RuntimeError):
    """A rank has ended, or is silent, while this one waits for it."""


@dataclass
class Peer:
    """The state of another rank."""

    rank: int
    host: str
    pid: int
    machine: str | None
    beat: int = 0
    heard: float = 0.0
    # Why it no longer takes part; None while it does.
    end: str | None = None
    # The rank that it found lost before that, in words for a message.
    lost: str | None = None

    def __str__(self) -> str:
        return f"Rank {self.rank} (host {self.host}, process {self.pid})"

    def is_dead(self, machine: str | None) -> bool:
        """Whether its process is known to have ended; unknown for another machine."""
        if machine is None or self.machine != machine:
            return False
        try:
            return psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


class RankWatch:
    """Sends heartbeats to the other ranks, checks theirs, and names those that are lost.

    store: of this process group only.
    """

    def __init__(self, store: distributed.Store, rank: int, world_size: int):
        self._silence = float(os.environ.get("FT_CADIS_RANK_SILENCE_SECONDS", SILENCE_SECONDS))
        self._beat_seconds = min(BEAT_SECONDS, self._silence / 5)
        # Its own connection: a collective may block the group's.
        self._store = store.clone()
        self._rank = rank
        self._world_size = world_size
        self._machine = _machine()
        self._beat = 0
        self._sign: dict[str, Any] = {}
        self._failure: str | None = None
        self._peers: list[Peer] = []
        self._asked = 0.0
        self._pending: deque[tuple[distributed.Work, float]] = deque()
        self._is_closed = threading.Event()
        self._look = threading.Event()
        about = {"host": socket.gethostname(), "pid": os.getpid(), "machine": self._machine}
        self._show_sign()
        self._store.set(f"about/{rank}", json.dumps(about))
        # Waits for those that have not arrived yet.
        others = [other for other in range(world_size) if other != rank]
        texts = self._store.multi_get([f"about/{other}" for other in others])
        self._asked = time.monotonic()
        self._peers = [
            Peer(rank, **json.loads(text), heard=self._asked) for rank, text in zip(others, texts, strict=True)
        ]
        for work in (self._exchange_signs, self._end_when_stuck):
            threading.Thread(target=work, name="rank watch", daemon=True).start()

    def run(self, collective: Callable[..., distributed.Work], *operands: Any) -> None:
        """Runs a collective and waits for it; on a GPU, the stream waits. Raises RankLostError if a rank is gone."""
        try:
            work = collective(*operands, async_op=True)
            self._pending.append((work, time.monotonic()))
            work.wait()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self._pending.clear()
            raise self._explain(error) from error

    def note_failure(self, failure: str) -> None:
        """Stores the latest error for the other ranks to read if this rank ends."""
        self._failure = failure

    def close(self, reason: str) -> None:
        """Tells the others that this rank no longer takes part, and stops the watch. Never raises."""
        if self._is_closed.is_set():
            return
        self._is_closed.set()
        self._look.set()
        self._sign["end"] = reason if self._failure is None else f"{reason}; its last failure was {self._failure}"
        try:
            self._show_sign()
        except RuntimeError:
            pass  # the store has ended with the launcher, and no reader is left

    def _show_sign(self) -> None:
        self._beat += 1
        self._store.set(f"sign/{self._rank}", json.dumps({**self._sign, "beat": self._beat}))

    def _exchange_signs(self) -> None:
        """The thread that talks to the store, and hangs if the store does not answer."""
        keys = [f"sign/{peer.rank}" for peer in self._peers]
        while not self._is_closed.is_set():
            asked = time.monotonic()
            try:
                self._show_sign()
                signs = [json.loads(text) for text in self._store.multi_get(keys)]
            except RuntimeError:
                signs = []  # `_asked` does not advance
            for peer, sign in zip(self._peers, signs, strict=False):
                if sign["beat"] != peer.beat:
                    peer.beat, peer.heard = sign["beat"], asked
                peer.end, peer.lost = sign.get("end"), sign.get("lost")
            if signs:
                self._asked = asked
            self._look.wait(self._beat_seconds)
            self._look.clear()

    def _end_when_stuck(self) -> None:
        """The thread that ends this process if a collective waits for a lost rank without noticing."""
        while not self._is_closed.wait(self._beat_seconds):
            if time.monotonic() - self._pending_since() > min(PATIENCE_SECONDS, self._silence):
                found = self._find_lost(self._silence)
                if found is not None:
                    print(f"RankLostError: {found} {REMEDY}", file=sys.stderr, flush=True)
                    os._exit(1)

    def _pending_since(self) -> float:
        """Returns the start of the collective that this rank waits for; infinity if none."""
        try:
            while self._pending[0][0].is_completed():
                self._pending.popleft()
            return self._pending[0][1]
        except IndexError:  # also if the other thread has removed them
            return math.inf

    def _explain(self, error: RuntimeError) -> RuntimeError:
        deadline = time.monotonic() + SILENCE_AFTER_ERROR_SECONDS + 2 * self._beat_seconds
        while time.monotonic() < deadline:
            found = self._find_lost(SILENCE_AFTER_ERROR_SECONDS)
            if found is not None:
                return RankLostError(f"{found} {REMEDY}")
        return RuntimeError(
            f"{error} All {self._world_size} ranks still live: "
            "look whether they take part in the same operations, and whether the network between them works."
        )

    def _find_lost(self, silence: float) -> str | None:
        """Returns the lost rank, if any, and tells the others."""
        self._wait_for_news()
        found = self._judge(silence)
        if found is not None:
            self._sign["lost"] = found
            self._wait_for_news()
        return found

    def _judge(self, silence: float) -> str | None:
        # A rank that ended because of another one is not the cause.
        suspects = [peer for peer in self._peers if peer.lost is None]
        for peer in suspects:
            if peer.end is not None:
                return f"{peer} {peer.end.rstrip('.')}."
        for peer in suspects:
            if peer.is_dead(self._machine):
                return f"{peer} has ended."
        for peer in self._peers:
            if peer.lost is not None:
                return peer.lost
        now = time.monotonic()
        if now - self._asked > silence:
            keeper = self._peers[0] if self._rank > 0 else "Rank 0"
            return f"{keeper}, or its launcher, has been silent for {now - self._asked:.0f} s, and with it every rank."
        for peer in suspects:
            if now - peer.heard > silence:
                return f"{peer} has been silent for {now - peer.heard:.0f} s."
        return None

    def _wait_for_news(self) -> None:
        """Returns when the others' current signs are known, and this rank's can be known to them."""
        now = time.monotonic()
        while self._asked < now and time.monotonic() < now + BEAT_SECONDS:
            self._look.set()
            time.sleep(0.01)


def _machine() -> str | None:
    """Returns the same value for processes of one machine that can see each other's process ids; None if unknown."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return " ".join([file.read().strip(), *(os.readlink(f"/proc/self/ns/{kind}") for kind in ("pid", "net"))])
    except OSError:
        return None
