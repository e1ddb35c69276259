import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from dataset_files import is_running, make_image_folder

# Stands for the host: ignores signals that ask for an end, writes its output elsewhere, reads a few batches, and then waits.
PARENT = """
import multiprocessing, os, signal, sys, time
root, report, ending = sys.argv[1:]
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
elsewhere = os.open(os.devnull, os.O_WRONLY)
os.dup2(elsewhere, 1); os.dup2(elsewhere, 2)
from ftcadis_host.data.datasets import open_dataset
from ftcadis_host.data.loaders import Loader
dataset = open_dataset({"source": "folder", "path": root, "split": "train", "image_size": 16, "resize_size": 20})
if ending == "starting":  # the second worker is long in what DataLoader does before it runs any code of ours
    import random
    random.seed = lambda _: time.sleep(3 if multiprocessing.current_process().name.endswith("-2") else 0)
loader = Loader(dataset, batch_size=2, seed=0, shuffle=True, drop_last=True, workers=2)
loader.start(0)
loader.next_batch()
def tell(word):
    with open(report + ".part", "w") as file:
        file.write(" ".join([word, *sorted(str(process.pid) for process in multiprocessing.active_children())]))
    os.rename(report + ".part", report)
tell("reading")
if ending == "wait":
    time.sleep(120)
if ending in ("interrupted", "starting"):
    while not os.path.exists(report + ".go"):
        time.sleep(0.05)
    for _ in range(19):
        loader.next_batch()
    loader.start(1)
    for _ in range(20):
        loader.next_batch()
    tell("read")
"""


@unittest.skipUnless(sys.platform == "linux", "looks at /proc")
class Processes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.root = temporary.name
        make_image_folder(f"{cls.root}/train", {"a": 40})

    def begin(self, ending):
        """Starts the parent in its own process group; returns it and the processes of its workers."""
        self.report = Path(self.root, ending)
        self.parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, self.root, str(self.report), ending], start_new_session=True
        )
        self.addCleanup(self.parent.wait)
        self.addCleanup(self.parent.kill)
        word, *pids = self.wait_for_report("reading")
        return [int(pid) for pid in pids]

    def wait_for_report(self, word):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            ended = self.parent.poll() is not None  # before the look at the report, which comes before the end
            if self.report.exists() and (text := self.report.read_text()).startswith(word + " "):
                return text.split()
            self.assertFalse(ended, "the parent ended early")
            time.sleep(0.05)
        self.fail(f"the parent did not report '{word}' in time")

    def assert_gone(self, pids, within_seconds):
        deadline = time.monotonic() + within_seconds
        while any(map(is_running, pids)):
            self.assertLess(time.monotonic(), deadline, "workers outlive their parent")
            time.sleep(0.05)

    def test_workers_end_when_the_parent_is_killed(self):
        pids = self.begin("wait")
        self.assertEqual([is_running(pid) for pid in pids], [True, True])
        self.parent.kill()
        self.parent.wait()
        self.assert_gone(pids, 4)

    def test_workers_end_when_the_parent_ends_without_closing(self):
        pids = self.begin("end")
        self.assertEqual(self.parent.wait(30), 0)
        self.assert_gone(pids, 5)

    def test_signals_to_the_whole_group_end_neither(self):
        for ending in ("interrupted", "starting"):
            with self.subTest(ending):
                pids = self.begin(ending)
                os.killpg(self.parent.pid, signal.SIGINT)
                os.killpg(self.parent.pid, signal.SIGTERM)
                time.sleep(0.3)
                Path(f"{self.report}.go").touch()
                self.assertEqual([int(pid) for pid in self.wait_for_report("read")[1:]], pids)
                self.assertEqual(self.parent.wait(30), 0)


if __name__ == "__main__":
    unittest.main()
