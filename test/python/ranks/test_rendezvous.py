import base64
import os
import pickle
import tempfile
import unittest
from datetime import UTC, datetime, timedelta
from unittest import mock

from ftcadis_host.ranks import rendezvous
from ftcadis_host.ranks.rendezvous import JsonBackend, LoopbackRendezvous
from torch import distributed
from torch.distributed.elastic.rendezvous import RendezvousStateError, c10d_rendezvous_backend, dynamic_rendezvous


class Touch:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def some_state():
    nodes = [dynamic_rendezvous._NodeDesc(f"node{place}", 10 + place, place) for place in range(3)]
    state = dynamic_rendezvous._RendezvousState()
    state.round = 4
    state.complete = True
    state.deadline = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    state.participants = {nodes[1]: 1, nodes[0]: 0}
    state.wait_list = {nodes[2]}
    state.redundancy_list = {nodes[0], nodes[2]}
    state.last_heartbeats = {node: state.deadline for node in nodes}
    return state


class SeveralMachines(unittest.TestCase):
    def setUp(self):
        store = distributed.TCPStore("127.0.0.1", 0, is_master=True, timeout=timedelta(seconds=5))
        self.store = store
        self.inner = c10d_rendezvous_backend.C10dRendezvousBackend(store, "launch")
        self.backend = JsonBackend(self.inner)

    def test_share_every_part_of_the_state_without_a_pickle(self):
        self.assertIsNone(self.backend.get_state())
        bits, token, is_set = self.backend.set_state(pickle.dumps(some_state()))
        self.assertTrue(is_set)
        self.assertEqual(vars(pickle.loads(bits)), vars(some_state()))
        self.assertEqual(vars(pickle.loads(self.backend.get_state()[0])), vars(some_state()))
        self.assertTrue(base64.b64decode(self.store.get("torch.rendezvous.launch")).startswith(b'{"round": 4'))
        later = some_state()
        later.round = 5
        self.assertTrue(self.backend.set_state(pickle.dumps(later), token)[2])
        self.assertFalse(self.backend.set_state(pickle.dumps(some_state()), token)[2])

    def test_run_no_pickle_that_somebody_put_into_the_store(self):
        with tempfile.TemporaryDirectory() as folder:
            mark = os.path.join(folder, "ran")
            self.inner.set_state(pickle.dumps(Touch(mark)))
            with self.assertRaisesRegex(RendezvousStateError, "not a state of this rendezvous"):
                self.backend.get_state()
            self.assertFalse(os.path.exists(mark))

    def test_refuse_a_state_of_other_types(self):
        for change in ({"round": "4"}, {"participants": [["a", 1]]}, {"wait_list": [[1, 2, 3]]}, {"deadline": "soon"}):
            content = rendezvous.json.loads(rendezvous._to_json(some_state())) | change
            with self.subTest(change), self.assertRaises(RendezvousStateError):
                rendezvous._pickled(rendezvous.json.dumps(content).encode())


class OneMachine(unittest.TestCase):
    def test_has_a_store_of_its_own_for_each_start_on_loopback(self):
        handler = LoopbackRendezvous("launch")
        first, second = handler.next_rendezvous(), handler.next_rendezvous()
        first.store.set("mark", "of the first start")
        self.assertFalse(second.store.check(["mark"]))
        self.assertEqual((first.rank, first.world_size, handler.num_nodes_waiting()), (0, 1, 0))
        self.assertEqual(first.bootstrap_store_info.master_addr, "127.0.0.1")

    def test_are_known_to_torchrun(self):
        registry = mock.Mock()
        with mock.patch.object(rendezvous, "rendezvous_handler_registry", registry):
            rendezvous.register()
        names = [call.args[0] for call in registry.register.call_args_list]
        self.assertEqual(names, ["ftcadis-loopback", "ftcadis-json"])
