import os
import signal
import time
import unittest
from pathlib import Path

from dataset_files import is_running, truncate
from ftcadis_host.data.data_errors import CorruptImageError, DatasetError
from loader_case import LoaderCase, read_all, workers_of_this_process


class CorruptImages(LoaderCase):
    counts = {"a": 8, "b": 7}

    def damage(self, *indices):
        for index in indices:
            truncate(self.paths[index])

    def test_fail_with_their_path_and_the_loader_can_be_started_again(self):
        dataset = self.folder(self.counts)
        whole = Path(self.paths[5]).read_bytes()
        self.damage(5)
        for workers in (0, 2):
            with self.subTest(workers=workers):
                loader = self.loader(dataset, shuffle=False, workers=workers)
                loader.start(0)
                first = loader.next_batch()
                with self.assertRaises(CorruptImageError) as caught:
                    loader.next_batch()
                self.assertEqual(caught.exception.path, self.paths[5])
                self.assertEqual(workers_of_this_process(), [])
                with self.assertRaisesRegex(RuntimeError, "stopped at an error"):
                    loader.next_batch()
                loader.start(0)
                self.assert_same([loader.next_batch()], [first])
                Path(self.paths[5]).write_bytes(whole)
                loader.start(0, 1)
                self.assertEqual(len(read_all(loader)), 3)
                self.damage(5)

    def test_skipped_in_order_leave_smaller_batches(self):
        dataset = self.folder(self.counts, on_corrupt="skip")
        self.damage(1, 4, 5, 6, 7)
        for workers in (0, 2):
            with self.subTest(workers=workers):
                loader = self.loader(dataset, shuffle=False, workers=workers)
                loader.start(0)
                batches = read_all(loader)
                self.assertEqual([len(labels) for _, labels in batches], [3, 4, 3])
                self.assertEqual(loader.skipped, 5)
                self.assertEqual(loader.skipped_paths, [self.paths[index] for index in (1, 4, 5, 6, 7)])
                loader.start(1)
                read_all(loader)
                self.assertEqual((loader.skipped, len(loader.skipped_paths)), (10, 5))

    def test_skipped_in_random_order_are_replaced(self):
        dataset = self.folder(self.counts, on_corrupt="skip")
        self.damage(1, 4, 5)
        readings = []
        for workers in (0, 2):
            loader = self.loader(dataset, drop_last=True, workers=workers)
            loader.start(0)
            readings.append(read_all(loader))
            self.assertEqual([len(labels) for _, labels in readings[-1]], [4, 4, 4])
            self.assertGreaterEqual(loader.skipped, 2)
            self.assertLessEqual(set(loader.skipped_paths), {self.paths[index] for index in (1, 4, 5)})
        self.assert_same(*readings)

    def test_all_of_them_are_an_error(self):
        dataset = self.folder({"a": 3}, on_corrupt="skip")
        self.damage(0, 1, 2)
        loader = self.loader(dataset)
        loader.start(0)
        with self.assertRaisesRegex(DatasetError, "32 images in a row cannot be decoded, the last of them '.*jpg'"):
            loader.next_batch()


class Unpicklable(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


class Workers(LoaderCase):
    def test_end_with_close(self):
        loader = self.loader(self.folder({"a": 40}), workers=2)
        loader.start(0)
        loader.next_batch()
        pids = workers_of_this_process()
        self.assertEqual(len(pids), 2)
        loader.start(1)
        self.assertEqual(workers_of_this_process(), pids, "they stay from epoch to epoch")
        loader.close()
        self.assertFalse(any(map(is_running, pids)))
        loader.close()

    def test_raise_what_was_raised_with_the_path(self):
        dataset = self.folder({"a": 6})
        for raised, expected, pattern in (
            (KeyError("a key"), KeyError, "'a key'"),
            (StopIteration(), StopIteration, ""),
            (Unpicklable("one", "two"), RuntimeError, "Unpicklable: one and two"),
        ):

            def read(index, seed, raised=raised):
                raise raised

            dataset.read = read
            loader = self.loader(dataset, shuffle=False, workers=1)
            loader.start(0)
            with self.subTest(raised=raised), self.assertRaisesRegex(expected, pattern) as caught:
                loader.next_batch()
            notes = "\n".join(caught.exception.__notes__)
            self.assertIn(f"While reading '{self.paths[0]}'", notes)
            self.assertRegex(notes, "In a worker process:\nTraceback(.|\n)*raise raised")

    def test_missing_file_is_named(self):
        dataset = self.folder({"a": 6})
        os.remove(self.paths[2])
        loader = self.loader(dataset, shuffle=False, workers=1)
        loader.start(0)
        with self.assertRaisesRegex(DatasetError, f"'{self.paths[2]}' cannot be read: No such file"):
            loader.next_batch()

    @unittest.skipUnless(hasattr(signal, "SIGCHLD"), "needs POSIX signals")
    def test_killed_one_is_an_error_of_the_next_batches_and_of_nothing_else(self):
        loader = self.loader(self.folder({"a": 80}), workers=2)
        loader.start(0)
        loader.next_batch()
        victim = workers_of_this_process()[0]
        os.kill(victim, signal.SIGKILL)
        time.sleep(0.5)  # a handler of DataLoader's would raise here
        begun = time.monotonic()
        try:
            read_all(loader)
        except RuntimeError as error:
            kept = error  # its traceback refers to what DataLoader made
        self.assertRegex(str(kept), "ended unexpectedly: DataLoader worker .*use fewer workers")
        self.assertLess(time.monotonic() - begun, 60)
        self.assertEqual(workers_of_this_process(), [])
        loader.start(0)
        self.assertEqual(len(read_all(loader)), 20)

    def test_killed_one_is_an_error_of_the_next_epoch_too(self):
        loader = self.loader(self.folder({"a": 8}), workers=1)
        loader.start(0)
        read_all(loader)
        os.kill(workers_of_this_process()[0], signal.SIGKILL)
        time.sleep(0.5)
        with self.assertRaisesRegex(RuntimeError, "ended unexpectedly"):
            loader.start(1)
        with self.assertRaisesRegex(RuntimeError, "Call start"):
            loader.next_batch()
        loader.start(1)
        self.assertEqual(len(read_all(loader)), 2)


if __name__ == "__main__":
    unittest.main()
