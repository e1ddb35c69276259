import json
import os
import pickle
import unittest
import unittest.mock
from pathlib import Path

import torch
from ftcadis_host.errors import WeightsError
from ftcadis_host.folders import read_json, written_folder
from ftcadis_host.networks.checkpoint_files import check_file
from ftcadis_host.networks.weights import (
    cached_model,
    check_folder_or_id,
    check_shapes,
    file_hash,
    load_strictly,
    write_tensors,
)
from ftcadis_host.networks.state_dicts import read_tensors
from network_files import InFolder
from torch import nn


class CallsPrint:
    """A pickle of this prints when it is loaded by a reader that executes what is in it."""

    def __reduce__(self):
        return print, ("executed",)


class WithTensors(InFolder):
    def setUp(self):
        super().setUp()
        self.tensors = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4, dtype=torch.float16)}

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path


class TestReading(WithTensors):
    def assert_same(self, found):
        self.assertEqual(list(found), list(self.tensors))
        for key, tensor in self.tensors.items():
            self.assertTrue(torch.equal(found[key], tensor) and found[key].dtype == tensor.dtype)

    def test_reads_every_format_back(self):
        write_tensors(self.folder / "new.safetensors", self.tensors)
        torch.save(self.tensors, self.folder / "new.pt")
        torch.save(self.tensors, self.folder / "old.pt", _use_new_zipfile_serialization=False)
        torch.save({"epoch": 3, "state_dict": self.tensors}, self.folder / "inside.pt")
        for name in ("new.safetensors", "new.pt", "old.pt", "inside.pt"):
            with self.subTest(name):
                self.assert_same(read_tensors(self.folder / name))

    @unittest.skipUnless(Path("/proc/self/maps").exists(), "needs the list of mapped files")
    def test_a_new_file_is_mapped_not_copied_and_stays_as_it_is(self):
        torch.save({"a": torch.zeros(1 << 20)}, self.folder / "large.pt")
        tensors = read_tensors(self.folder / "large.pt")
        self.assertIn(str(self.folder / "large.pt"), Path("/proc/self/maps").read_text())
        tensors["a"][:] = 1
        self.assertEqual(read_tensors(self.folder / "large.pt")["a"].sum().item(), 0)

    def test_damaged_and_foreign_files_are_named(self):
        torch.save(self.tensors, self.folder / "whole.pt")
        torch.save(self.tensors, self.folder / "old.pt", _use_new_zipfile_serialization=False)
        write_tensors(self.folder / "whole.safetensors", self.tensors)
        whole, old, safe = ((self.folder / name).read_bytes() for name in ("whole.pt", "old.pt", "whole.safetensors"))
        cases = [
            ("page.pt", b"\n <!DOCTYPE html><html>403</html>", "is a web page.*byte 0"),
            ("denied.pt", b"<?xml version='1.0'?><Error/>", "is a web page"),
            ("pointer.bin", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer"),
            ("empty.pt", b"", "is empty"),
            ("words.pt", b"not a model at all", "starts with 'not a model at all'"),
            ("cut.pt", whole[: len(whole) // 2], f"ends at byte {len(whole) // 2} without"),
            ("cut-old.pt", old[: len(old) - 7], "cannot be read|is damaged"),
            ("cut.safetensors", safe[:-5], f"ends at byte {len(safe) - 5} of {len(safe)}"),
            ("cut-head.safetensors", safe[:20], "ends at byte 20 of"),
            ("page.safetensors", b"<html>404</html>", "is a web page"),
            ("words.safetensors", b"not a model at all", "no safetensors file"),
        ]
        for name, content, message in cases:
            with self.subTest(name), self.assertRaisesRegex(WeightsError, message) as caught:
                read_tensors(self.write(name, content))
            self.assertIn(name, str(caught.exception))
        with self.assertRaisesRegex(WeightsError, "The weight file .* does not exist"):
            read_tensors(self.folder / "missing.pt")

    def test_code_in_a_checkpoint_is_refused_unexecuted(self):
        torch.save({"a": CallsPrint()}, self.folder / "code.pt")
        for path in (self.folder / "code.pt", self.write("code.pkl", pickle.dumps(CallsPrint()))):
            with self.subTest(path.name), unittest.mock.patch("builtins.print") as printed:
                with self.assertRaises(WeightsError):
                    read_tensors(path)
                printed.assert_not_called()

    def test_what_is_no_state_dict_is_named(self):
        torch.save([1, 2], self.folder / "list.pt")
        torch.save({"epoch": 3}, self.folder / "numbers.pt")
        with self.assertRaisesRegex(WeightsError, "holds a list"):
            read_tensors(self.folder / "list.pt")
        with self.assertRaisesRegex(WeightsError, "holds a int under the key 'epoch'"):
            read_tensors(self.folder / "numbers.pt")

    def test_file_hash_is_sha256(self):
        self.assertEqual(file_hash(self.write("abc", b"abc"))[:16], "ba7816bf8f01cfea")

    def test_json_errors_name_the_file(self):
        for content, message in ((b"{", "is not JSON"), (b"[]", "holds a list")):
            with self.subTest(message), self.assertRaisesRegex(WeightsError, message):
                read_json(self.write("config.json", content))
        with self.assertRaisesRegex(WeightsError, "The file .* does not exist"):
            read_json(self.folder / "none.json")

    def test_a_path_is_not_taken_for_a_hub_id(self):
        for path in ("/no/such/folder", "./none", "a/b/c", "none"):
            with self.subTest(path), self.assertRaisesRegex(WeightsError, "The folder .* does not exist"):
                check_folder_or_id(path)
        check_folder_or_id("owner/name")
        with self.assertRaisesRegex(WeightsError, "is not a folder"):
            check_folder_or_id(str(self.write("weights.pt", b"")))

    def test_a_pipe_is_refused_unopened(self):
        os.mkfifo(self.folder / "weights.pt")
        with self.assertRaisesRegex(WeightsError, "is not a regular file, but a pipe, socket or device"):
            check_file(self.folder / "weights.pt")

    def test_a_model_that_is_not_in_the_hubs_cache_is_named_with_the_command_that_fetches_it(self):
        with self.assertRaisesRegex(WeightsError, "'owner/no-such-model'.*Run `npx ft-cadis fetch owner/no-such-model`"):
            cached_model("owner/no-such-model")

    def test_a_published_file_that_is_missing_is_named_with_the_command_that_fetches_it(self):
        with self.assertRaisesRegex(WeightsError, "Run `npx ft-cadis fetch imagenet`"):
            check_file(self.folder / "256x256_diffusion_uncond.pt")


class TestComparing(unittest.TestCase):
    def test_names_the_first_keys_of_each_kind(self):
        expected = {"a": (2,), "b": (3, 1), "c": (1,), "d": (1,), "e": (1,), "f": (1,)}
        with self.assertRaises(WeightsError) as caught:
            check_shapes(expected, {"b": (3, 2), "z": (1,)}, source="'x.pt'", model="the model")
        message = str(caught.exception)
        self.assertIn("5 of 6 keys are missing, first a, c, d.", message)
        self.assertIn("1 key is not expected, first z.", message)
        self.assertIn("1 tensor is of another shape, first b is [3, 2], expected [3, 1].", message)

    def test_loading_assigns_the_very_tensors(self):
        with torch.device("meta"):
            layer = nn.Linear(3, 2)
        weight = torch.ones(2, 3)
        load_strictly(layer, {"weight": weight, "bias": torch.zeros(2)}, source="x", model="y")
        self.assertEqual(layer.weight.data_ptr(), weight.data_ptr())
        with self.assertRaises(WeightsError):
            load_strictly(layer, {"weight": weight}, source="x", model="y")


class TestWriting(WithTensors):
    def test_a_failed_write_leaves_what_was_there(self):
        with written_folder(self.folder / "out") as new:
            (new / "one").write_text("1")
        with self.assertRaises(KeyError), written_folder(self.folder / "out") as new:
            (new / "two").write_text("2")
            raise KeyError
        self.assertEqual([path.name for path in (self.folder / "out").iterdir()], ["one"])
        with written_folder(self.folder / "out") as new:
            (new / "three").write_text("3")
        self.assertEqual([path.name for path in (self.folder / "out").iterdir()], ["three"])
        self.assertEqual([path.name for path in self.folder.iterdir()], ["out"])

    def test_tensors_are_written_whole_or_not_at_all(self):
        path = self.folder / "w.safetensors"
        write_tensors(path, self.tensors, {"k": "v"})
        before = path.read_bytes()
        with self.assertRaises(Exception):
            write_tensors(path, {"a": "no tensor"})
        self.assertEqual(path.read_bytes(), before)
        self.assertEqual([entry.name for entry in self.folder.iterdir()], ["w.safetensors"])
        header = before[8 : 8 + int.from_bytes(before[:8], "little")]
        self.assertEqual(json.loads(header)["__metadata__"], {"k": "v"})


if __name__ == "__main__":
    unittest.main()
