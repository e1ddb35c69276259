"""How the launchers of one launch connect: on one machine only over loopback, on several without pickles.

torchrun's own rendezvous listens on every address even on a single machine, and unpickles data from its store, which has no
password: anyone who reaches its port can run code. These two replace it.
"""

from __future__ import annotations

import json
import pickle
import socket
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from torch import distributed
from torch.distributed.elastic.rendezvous import (
    RendezvousHandler,
    RendezvousInfo,
    RendezvousParameters,
    RendezvousStateError,
    RendezvousStoreInfo,
    rendezvous_handler_registry,
)
from torch.distributed.elastic.rendezvous import dynamic_rendezvous as dynamic
from torch.distributed.elastic.rendezvous.c10d_rendezvous_backend import create_backend

# Values of `--rdzv-backend`: one machine, several machines.
ONE_MACHINE = "ftcadis-loopback"
SEVERAL_MACHINES = "ftcadis-json"

LOOPBACK = "127.0.0.1"


def register() -> None:
    """Registers both with torchrun."""
    rendezvous_handler_registry.register(ONE_MACHINE, lambda parameters: LoopbackRendezvous(parameters.run_id))
    rendezvous_handler_registry.register(SEVERAL_MACHINES, _on_several_machines)


class LoopbackRendezvous(RendezvousHandler):
    """The launcher of a single machine; its store listens only on 127.0.0.1."""

    def __init__(self, run_id: str):
        self._run_id = run_id
        self._round = 0
        self._is_closed = False
        # Given a port, a store listens on every address; so it is given a socket.
        listener = socket.create_server((LOOPBACK, 0), backlog=1024)
        self._port = listener.getsockname()[1]
        self._store = distributed.TCPStore(
            LOOPBACK, self._port, is_master=True, wait_for_workers=False, master_listen_fd=listener.detach()
        )

    @property
    def use_agent_store(self) -> bool:
        return True

    def get_backend(self) -> str:
        return ONE_MACHINE

    def next_rendezvous(self) -> RendezvousInfo:
        """Returns a separate store for each start of the ranks, without data of an earlier one."""
        store = distributed.PrefixStore(f"{self._run_id}/{self._round}", self._store)
        self._round += 1
        return RendezvousInfo(store, 0, 1, RendezvousStoreInfo(LOOPBACK, self._port))

    def is_closed(self) -> bool:
        return self._is_closed

    def set_closed(self) -> None:
        self._is_closed = True

    def num_nodes_waiting(self) -> int:
        return 0

    def get_run_id(self) -> str:
        return self._run_id

    def shutdown(self) -> bool:
        self._is_closed = True
        return True


def _on_several_machines(parameters: RendezvousParameters) -> RendezvousHandler:
    backend, store = create_backend(parameters)
    return dynamic.create_handler(store, JsonBackend(backend), parameters)


class JsonBackend(dynamic.RendezvousBackend):
    """Keeps the state of a rendezvous as JSON. torch pickles and unpickles its own copy: it only unpickles data made here."""

    def __init__(self, backend: dynamic.RendezvousBackend):
        self._backend = backend

    @property
    def name(self) -> str:
        return SEVERAL_MACHINES

    def get_state(self) -> tuple[bytes, dynamic.Token] | None:
        found = self._backend.get_state()
        return found and (_pickled(found[0]), found[1])

    def set_state(
        self, state: bytes, token: dynamic.Token | None = None
    ) -> tuple[bytes, dynamic.Token, bool] | None:
        # From this process: torch has just pickled it.
        found = self._backend.set_state(_to_json(pickle.loads(state)), token)
        return found and (_pickled(found[0]), *found[1:])


def _to_json(state: dynamic._RendezvousState) -> bytes:
    content = {
        "round": state.round,
        "complete": state.complete,
        "deadline": state.deadline and state.deadline.isoformat(),
        "closed": state.closed,
        "participants": [[*_words(node), rank] for node, rank in state.participants.items()],
        "wait_list": sorted(map(_words, state.wait_list)),
        "redundancy_list": sorted(map(_words, state.redundancy_list)),
        "last_heartbeats": [[*_words(node), beat.isoformat()] for node, beat in state.last_heartbeats.items()],
    }
    return json.dumps(content).encode()


def _pickled(text: bytes) -> bytes:
    try:
        return pickle.dumps(_from_json(json.loads(text)))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise RendezvousStateError(
            "The store holds something that is not a state of this rendezvous: another program writes there. "
            "Give every launch its own endpoint, in a network that strangers do not reach."
        ) from error


def _from_json(content: Mapping[str, Any]) -> dynamic._RendezvousState:
    state = dynamic._RendezvousState()
    state.round = _whole(content["round"])
    state.complete = content["complete"] is True
    state.deadline = None if content["deadline"] is None else datetime.fromisoformat(content["deadline"])
    state.closed = content["closed"] is True
    state.participants = {_node(*words): _whole(rank) for *words, rank in content["participants"]}
    state.wait_list = {_node(*words) for words in content["wait_list"]}
    state.redundancy_list = {_node(*words) for words in content["redundancy_list"]}
    state.last_heartbeats = {_node(*words): datetime.fromisoformat(beat) for *words, beat in content["last_heartbeats"]}
    return state


def _words(node: dynamic._NodeDesc) -> list[Any]:
    return [node.addr, node.pid, node.local_id]


def _node(address: Any, pid: Any, local_id: Any) -> dynamic._NodeDesc:
    if not isinstance(address, str):
        raise TypeError(f"The address of a machine must be text, got {type(address).__name__}.")
    return dynamic._NodeDesc(address, _whole(pid), _whole(local_id))


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"Expected a whole number, got {type(value).__name__}.")
    return value
