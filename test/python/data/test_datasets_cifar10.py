import os
import pickle
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from dataset_files import cifar10_batch, make_cifar10, python2_pickle
from ftcadis_host.data.sources.cifar10 import PUBLISHED_MD5
from ftcadis_host.data.data_errors import DatasetError
from ftcadis_host.data.datasets import class_names, describe_dataset, get_images, open_dataset
from ftcadis_host.data.in_memory import crop_and_flip
from ftcadis_host.data.pickled_arrays import read_pickled_arrays


class Runs:
    """Pickles to a call of os.system."""

    def __init__(self, command: str):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


class PickledArrays(unittest.TestCase):
    values = {
        b"uint8": np.arange(6, dtype=np.uint8).reshape(2, 3),
        b"big endian": np.arange(6, dtype=">i2"),
        b"columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        b"one": np.array([1], dtype=np.int64),
        b"list": [1, -1, None, True],
    }

    def test_reads_what_numpy_writes_in_every_protocol(self):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            read = read_pickled_arrays(pickle.dumps(self.values, protocol=protocol))
            for name, value in self.values.items():
                with self.subTest(protocol=protocol, name=name):
                    if isinstance(value, list):
                        self.assertEqual(read[name], value)
                    else:
                        np.testing.assert_array_equal(read[name], value, strict=True)

    def test_reads_what_python_2_wrote(self):
        batch = cifar10_batch(3, 0)
        content = python2_pickle(batch)
        for read in (read_pickled_arrays(content), pickle.loads(content, encoding="bytes")):
            np.testing.assert_array_equal(read.pop(b"data"), batch[b"data"], strict=True)
            self.assertEqual(read, {key: value for key, value in batch.items() if key != b"data"})

    def test_refuses_every_other_name(self):
        for content in (
            b"cos\nsystem\n(S'true'\ntR.",
            b"cbuiltins\neval\n.",
            b"cnumpy\nload\n.",
            b"cnumpy.core.multiarray\nscalar\n.",
            pickle.dumps(np.float64(1)),
            pickle.dumps(slice(1)),
            pickle.dumps(np.array([None, {}], dtype=object)),
            pickle.dumps(np.array(["text"])),
            b"Pname\n.",
            b"\x80\x02c_codecs\nencode\n(X\x01\x00\x00\x00aU\x05rot13tR.",
        ):
            with self.subTest(content=content[:40]), self.assertRaises(pickle.UnpicklingError):
                read_pickled_arrays(content)

    def test_refuses_what_a_small_file_makes_large(self):
        shared = [0]
        for _ in range(40):
            shared = [shared, shared]
        cyclic = []
        cyclic.append(cyclic)
        text = "é" * 1000
        # Python 2 writes bytes as text that is encoded; here the same text over and over.
        encoded = b"(c_codecs\nencode\n(X" + len(text.encode()).to_bytes(4, "little") + text.encode() + b"q\x01"
        encoded += b"X\x06\x00\x00\x00latin1q\x02tR" + b"c_codecs\nencode\n(h\x01h\x02tR" * 500 + b"l."
        for reason, content in (
            ("at two places", pickle.dumps(shared)),
            ("at two places", pickle.dumps({b"labels": cyclic})),
            ("more bytes than the file has", encoded),
            ("its memo has number 4294967295", b"]r\xff\xff\xff\xff."),
            ("its memo has number 99999999999", b"]p99999999999\n."),
        ):
            with self.subTest(reason), self.assertRaisesRegex(pickle.UnpicklingError, reason):
                read_pickled_arrays(content)

    def test_refuses_an_array_whose_bytes_do_not_fill_its_shape(self):
        content = python2_pickle(np.zeros((2, 3), dtype=np.uint8))
        forged = content.replace(b"J" + (3).to_bytes(4, "little") + b"t", b"J" + (4).to_bytes(4, "little") + b"t")
        self.assertNotEqual(forged, content)
        with self.assertRaisesRegex(pickle.UnpicklingError, r"shape \(2, 4\) comes with 6 bytes"):
            read_pickled_arrays(forged)


    def test_refuses_what_makes_a_small_file_endless_work(self):
        lists: list = [1]
        for _ in range(64):
            lists = [lists, lists]
        # A dict with a tuple of tuples of … as its key: its hash alone is 2 to the 64 steps.
        key = b"K\x01\x85q\x00" + b"".join(b"h%c\x86q%c" % (n, n + 1) for n in range(64))
        endless: list = []
        endless.append(endless)
        hole = b"\x80\x02}r" + (2**31 - 1).to_bytes(4, "little") + b"."
        for content in (pickle.dumps(lists), b"\x80\x02}" + key + b"K\x01s.", pickle.dumps(endless), hole):
            with self.subTest(content=content[:20]), self.assertRaisesRegex(pickle.UnpicklingError, "at two places|its memo has"):
                read_pickled_arrays(content)
        shape = (2**70,) * 2
        with self.assertRaises(pickle.UnpicklingError):
            read_pickled_arrays(pickle.dumps(np.zeros(3)).replace(b"K\x03\x85", pickle.dumps(shape)[2:-1]))


class Cifar10(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="cifär 10 ")
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        self.batches = make_cifar10(self.root)
        self.folder = self.root / "cifar-10-batches-py"

    def open(self, **options):
        return open_dataset({"source": "cifar10", "path": str(self.root), "split": "train", **options})

    def test_holds_the_batches_in_order(self):
        dataset = self.open()
        pixels = np.concatenate([self.batches[f"data_batch_{number}"][b"data"] for number in range(1, 6)])
        labels = sum((self.batches[f"data_batch_{number}"][b"labels"] for number in range(1, 6)), [])
        images, found = get_images(dataset, range(20))
        np.testing.assert_array_equal(images.numpy(), pixels.reshape(20, 3, 32, 32).astype(np.float32) / 255)
        self.assertEqual(found.tolist(), labels)
        described = describe_dataset(dataset)
        self.assertEqual(described["classes"][9], "truck")
        self.assertEqual(described["class_counts"], [labels.count(label) for label in range(10)])
        self.assertEqual((described["length"], described["image_shape"]), (20, [3, 32, 32]))

    def test_opens_by_its_own_folder_too_and_the_test_split(self):
        dataset = self.open(path=str(self.folder), split="test")
        self.assertEqual(dataset.labels.tolist(), self.batches["test_batch"][b"labels"])

    def test_names_its_classes_without_a_look_at_its_images(self):
        (self.folder / "test_batch").unlink()
        spec = {"source": "cifar10", "path": str(self.folder.parent)}
        found = class_names(spec)
        self.assertEqual(found["names"][:2], ["airplane", "automobile"])
        self.assertEqual((found["labels"], found["is_stated"]), (list(range(10)), True))
        self.assertIsNone(class_names({**spec, "path": str(self.folder / "nowhere")}))
        self.assertEqual(class_names({"source": "digits"})["names"], [str(digit) for digit in range(10)])
        self.assertIsNone(class_names({"source": "synthetic", "classes": 3}))

    def test_item_is_not_augmented(self):
        for index in range(20):
            self.assertTrue(torch.equal(self.open(augment=True)[index][0], self.open()[index][0]))

    def test_refuses_a_pickle_that_runs_a_command_and_does_not_run_it(self):
        marker = self.root / "marker"
        malicious = pickle.dumps({b"data": Runs(f"touch '{marker}'"), b"labels": []}, protocol=2)
        pickle.loads(malicious)
        self.assertTrue(marker.exists(), "the pickle of this test must be one that runs")
        marker.unlink()
        for name in ("data_batch_3", "batches.meta"):
            content = (self.folder / name).read_bytes()
            (self.folder / name).write_bytes(malicious)
            with self.subTest(name=name), self.assertRaises(DatasetError) as caught:
                self.open()
            self.assertRegex(str(caught.exception), rf"{name}' is damaged.*asks for '(posix|nt)\.system'.*Download")
            self.assertFalse(marker.exists())
            (self.folder / name).write_bytes(content)

    def test_names_the_file_that_is_damaged(self):
        path = self.folder / "data_batch_2"
        whole = path.read_bytes()
        batch = self.batches["data_batch_2"]
        for content, reason in (
            (whole[: len(whole) // 2], "it is cut off, or no pickle"),
            (b"", "it is cut off, or no pickle"),
            (b"<!DOCTYPE html><html></html>", "it is cut off, or no pickle"),
            (python2_pickle([1, 2]), "holds a list, expected a dict"),
            (python2_pickle({**batch, b"data": batch[b"data"][:, :1000]}), r"uint8 \[N, 3072\], got uint8 \[4, 1000\]"),
            (python2_pickle({**batch, b"data": b"pixels"}), "got bytes"),
            (python2_pickle({**batch, b"labels": batch[b"labels"][1:]}), "list of 4 labels.*got 3"),
            (python2_pickle({**batch, b"labels": [0, 1, 2, 10]}), "from 0 to 9"),
            (python2_pickle({b"fine_labels": [1]}), "got NoneType"),
        ):
            path.write_bytes(content)
            with self.subTest(reason=reason), self.assertRaisesRegex(DatasetError, f"data_batch_2' is damaged.*({reason})"):
                self.open()

    def test_opens_regular_files_alone(self):
        (self.folder / "data_batch_1").unlink()
        os.mkfifo(self.folder / "data_batch_1")
        with self.assertRaisesRegex(DatasetError, "data_batch_1' cannot be read: it is not a regular file"):
            self.open()

    def test_says_where_it_looked(self):
        (self.folder / "data_batch_5").unlink()
        with self.assertRaisesRegex(DatasetError, "data_batch_5' is missing"):
            self.open()
        (self.folder / "batches.meta").unlink()
        with self.assertRaisesRegex(DatasetError, "it holds cifar-10-batches-py"):
            self.open()
        with self.assertRaisesRegex(DatasetError, "it does not exist"):
            self.open(path=str(self.root / "nowhere"))
        with self.assertRaisesRegex(DatasetError, "it is not a folder"):
            self.open(path=str(self.folder / "test_batch"))
        (self.root / "cifar-10-python.tar.gz").touch()
        with self.assertRaisesRegex(DatasetError, "Unpack"):
            self.open()
        (self.folder / "test_batch.bin").touch()
        with self.assertRaisesRegex(DatasetError, "files for C;"):
            self.open(path=str(self.folder))

    def test_accepts_the_published_files_alone_where_asked(self):
        with self.assertRaisesRegex(DatasetError, f"expected MD5 {PUBLISHED_MD5['batches.meta']}, got .*data.hashes to 'any'"):
            self.open(hashes="published")


class CropAndFlip(unittest.TestCase):
    def test_equals_padding_cropping_and_mirroring_one_by_one(self):
        generator = np.random.default_rng(0)
        images = generator.integers(1, 256, size=(300, 3, 8, 6), dtype=np.uint8)
        seeds = generator.integers(2**63, size=300)
        seen = set()
        augmented = crop_and_flip(torch.from_numpy(images), torch.from_numpy(seeds), padding=2).numpy()
        for image, seed, found in zip(images, seeds.tolist(), augmented, strict=True):
            top, left, mirrored = seed % 5, seed // 5 % 5, seed // 25 % 2
            seen.add((top, left, mirrored))
            expected = np.pad(image, ((0, 0), (2, 2), (2, 2)))[:, top : top + 8, left : left + 6]
            np.testing.assert_array_equal(found, expected[:, :, ::-1] if mirrored else expected)
        self.assertEqual(len(seen), 50, "every place, mirrored and not, must occur")


if __name__ == "__main__":
    unittest.main()
