import threading
import time
import unittest
from datetime import timedelta
from unittest import mock

import torch
from ftcadis_host.ranks import process_group, rank_watch
from ftcadis_host.ranks.process_group import _buckets, join_store
from ftcadis_host.ranks.rank_watch import RankLostError, RankWatch
from torch import distributed


def in_parallel(*functions):
    results = [None] * len(functions)

    def call(index):
        results[index] = functions[index]()

    threads = [threading.Thread(target=call, args=(index,)) for index in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class StoreCase(unittest.TestCase):
    def setUp(self):
        self.store = distributed.TCPStore("127.0.0.1", 0, is_master=True, timeout=timedelta(seconds=5))


class Joining(StoreCase):
    def join(self, rank, world_size=2, seconds=5, after=0.0):
        time.sleep(after)
        return join_store(rank, world_size, seconds)

    def setUp(self):
        super().setUp()
        meet = mock.Mock(side_effect=lambda *_, **__: iter([(self.store.clone(), 0, 2)]))
        patch = mock.patch.object(process_group.distributed, "rendezvous", meet)
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_new_start_finds_nothing_of_an_earlier_one(self):
        for start in (0, 1):
            # The one that comes late is greeted by nothing that it has left before.
            first, second = in_parallel(lambda: self.join(0), lambda: self.join(1, after=0.3))
            self.assertFalse(first.check(["mark"]), start)
            first.set("mark", "of this start")
            self.assertEqual(second.get("mark"), b"of this start")

    def test_a_rank_that_does_not_come_is_named(self):
        with self.assertRaisesRegex(TimeoutError, r"Of 2 ranks, \[1\] did not join within 0 s"):
            self.join(0, seconds=0.1)
        self.store.set_timeout(timedelta(seconds=0.1))
        with self.assertRaisesRegex(TimeoutError, "Rank 0 did not answer"):
            self.join(1, seconds=0.1)


class Watching(StoreCase):
    def setUp(self):
        super().setUp()
        with mock.patch.multiple(rank_watch, _machine=lambda: None, SILENCE_SECONDS=1.0):
            self.watches = in_parallel(*[lambda rank=rank: RankWatch(self.store, rank, 3) for rank in range(3)])
        for watch in self.watches:
            self.addCleanup(watch.close, "has ended its test")

    def found_by(self, rank):
        def broken(async_op):
            raise RuntimeError("Connection closed by peer")

        with self.assertRaises(RankLostError) as caught:
            self.watches[rank].run(broken)
        return str(caught.exception)

    def test_a_rank_that_ends_says_why(self):
        self.watches[1].note_failure("DatasetError: no such file.")
        self.watches[1].close("has closed its session")
        self.assertRegex(
            self.found_by(0),
            r"^Rank 1 \(host \S+, process \d+\) has closed its session; "
            r"its last failure was DatasetError: no such file\. Read",
        )

    def test_a_rank_that_ends_because_of_another_is_not_the_one(self):
        self.watches[2].close("has left the process group")
        first = self.found_by(0)
        self.watches[0].close("has closed its session")
        self.assertEqual(self.found_by(1), first)
        self.assertRegex(first, r"^Rank 2 .* has left the process group\.")

    def test_a_dead_process_of_this_machine_is_known_at_once(self):
        for watch in self.watches:
            watch._machine = "here"
        peer = self.watches[0]._peers[1]
        peer.machine, peer.pid = "here", 2**30
        begun = time.monotonic()
        self.assertRegex(self.found_by(0), r"^Rank 2 .* has ended\.")
        self.assertLess(time.monotonic() - begun, 1)

    def test_where_all_live_the_error_stays(self):
        with mock.patch.object(rank_watch, "SILENCE_AFTER_ERROR_SECONDS", 0.8):

            def broken(async_op):
                raise RuntimeError("Timed out waiting.")

            with self.assertRaisesRegex(RuntimeError, "^Timed out waiting. All 3 ranks still live") as caught:
                self.watches[0].run(broken)
        self.assertNotIsInstance(caught.exception, RankLostError)


class Buckets(unittest.TestCase):
    def test_hold_all_parameters_in_order_by_dtype_and_size(self):
        dtypes = [torch.float32, torch.float32, torch.float32, torch.float64, torch.float32]
        parameters = [torch.nn.Parameter(torch.zeros(10, dtype=dtype)) for dtype in dtypes]
        self.assertEqual(list(_buckets(parameters)), [[0, 1, 2], [3], [4]])
        with mock.patch.object(process_group, "BUCKET_BYTES", 80):
            self.assertEqual(list(_buckets(parameters)), [[0, 1], [2], [3], [4]])


if __name__ == "__main__":
    unittest.main()
