import os
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from dataset_files import make_cifar10, make_image_folder
from ftcadis_host.data import identity
from ftcadis_host.data.data_errors import DatasetError
from ftcadis_host.data.datasets import open_dataset
from ftcadis_host.data.identity import dataset_identity


class Identity(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        self.cache = self.root / "cache"
        environment = patch.dict(os.environ, {"XDG_CACHE_HOME": str(self.cache)})
        environment.start()
        self.addCleanup(environment.stop)

    def folder(self, name: str, counts=None, **options):
        path = self.root / name
        if not path.exists():
            make_image_folder(str(path / "train"), counts or {"a": 2, "b": 1})
        spec = {"source": "folder", "path": str(path), "split": "train", "image_size": 8, "resize_size": 8}
        return open_dataset({**spec, **options})

    def digest(self, *arguments, **options) -> str:
        return dataset_identity(self.folder(*arguments, **options))["digest"]

    def test_says_classes_and_images_and_names_no_path(self):
        first = dataset_identity(self.folder("one"))
        self.assertEqual({**first, "digest": ""}, {"images": 3, "classes": ["a", "b"], "digest": ""})
        self.assertRegex(first["digest"], "^[0-9a-f]{16}$")
        os.rename(self.root / "one", self.root / "moved")
        self.assertEqual(dataset_identity(self.folder("moved")), first)

    def test_is_another_with_a_name_a_size_a_class_or_an_order_changed(self):
        before = self.digest("one")
        self.assertNotEqual(self.digest("renamed class", {"a": 2, "c": 1}), before)
        self.assertNotEqual(self.digest("one", classes=["b", "a"]), before)
        self.assertNotEqual(self.digest("one", classes={"a": 0, "b": 7}), before)
        image = self.root / "one" / "train" / "a" / "000.jpg"
        content = image.read_bytes()
        image.write_bytes(content + b"x")
        self.assertNotEqual(self.digest("one"), before)
        image.write_bytes(content)
        self.assertEqual(self.digest("one"), before)
        image.rename(image.with_name("0.jpg"))
        self.assertNotEqual(self.digest("one"), before)

    def test_is_another_where_numbered_files_of_one_size_hold_others(self):
        before = self.digest("one")
        image = self.root / "one" / "train" / "b" / "000.jpg"
        content = bytearray(image.read_bytes())
        content[-3] ^= 1
        image.write_bytes(content)
        self.assertNotEqual(self.digest("one"), before)
        with patch.object(identity, "READ_BYTES", len(content) - 1):
            image.write_bytes(bytes(len(content)))
            self.digest("one")  # a larger one is known by its size alone

    def test_reads_so_many_files_and_spreads_them_evenly(self):
        read: list[str] = []
        with (
            patch.object(identity, "READ_FILES", 3),
            patch.object(identity, "read_regular_file", lambda path, most: read.append(path) or b""),
        ):
            self.digest("many", {"a": 4, "b": 3})
        self.assertEqual([path.split("/train/")[1] for path in read], ["a/000.jpg", "a/002.jpg", "b/000.jpg"])

    def test_is_of_the_pixels_of_images_in_memory(self):
        digits = [
            dataset_identity(open_dataset({"source": "digits", "split": split, "held_out": held_out}))
            for split, held_out in (("train", "test"), ("test", "test"), ("test", "validation"))
        ]
        self.assertEqual(len({found["digest"] for found in digits}), 3)
        make_cifar10(self.root)
        dataset = open_dataset({"source": "cifar10", "path": str(self.root), "split": "test"})
        before = dataset_identity(dataset)
        self.assertEqual(dataset_identity(dataset), before)
        dataset.images[0, 0, 0, 0] ^= 1
        self.assertNotEqual(dataset_identity(dataset)["digest"], before["digest"])

    def test_of_generated_images_is_what_they_are_a_function_of(self):
        spec = {"source": "synthetic", "train_images": 4, "test_images": 4, "classes": 2, "image_size": 8}
        found = [
            dataset_identity(open_dataset({**spec, **change}))["digest"]
            for change in ({"split": "train"}, {"split": "test"}, {"split": "train", "image_size": 9}, {"split": "train"})
        ]
        self.assertEqual((len(set(found)), found[0]), (3, found[3]))

    def test_keeps_the_sizes_of_many_files_until_a_folder_was_modified(self):
        looked_at: list[int] = []
        sizes = identity._sizes

        def counted(folder, names):
            looked_at.append(len(names))
            return sizes(folder, names)

        with patch.object(identity, "UNCACHED_FILES", 2), patch.object(identity, "_sizes", counted):
            first = self.digest("one")
            self.assertEqual(self.digest("one"), first)
            self.assertEqual(looked_at, [3])
            image = self.root / "one" / "train" / "a" / "000.jpg"
            replacement = image.with_name("new")
            replacement.write_bytes(b"other")
            replacement.replace(image)
            self.assertNotEqual(self.digest("one"), first)
            self.assertEqual(looked_at, [3, 3])
            [kept] = (self.cache / "ft-cadis" / "data").iterdir()
            kept.write_text("damaged")
            self.digest("one")
            self.assertEqual(looked_at, [3, 3, 3])

    def test_does_without_a_cache_that_cannot_be_written(self):
        self.cache.write_text("no folder")
        with patch.object(identity, "UNCACHED_FILES", 2):
            self.assertEqual(self.digest("one"), self.digest("one"))

    def test_names_a_file_that_is_gone(self):
        dataset = self.folder("one")
        (self.root / "one" / "train" / "b" / "000.jpg").unlink()
        with self.assertRaisesRegex(DatasetError, "b/000.jpg' cannot be read: No such file"):
            dataset_identity(dataset)
