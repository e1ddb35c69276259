import os
import shutil
import sys
import unittest
from pathlib import Path

import numpy as np
from data.test_datasets_folder import FolderCase
from dataset_files import make_image_folder
from ftcadis_host.data.data_errors import DatasetError
from ftcadis_host.data.datasets import describe_dataset, labels_of, open_dataset
from ftcadis_host.data.image_folder import class_names
from PIL import Image


class ListingCase(FolderCase):
    def notes(self, **options):
        return describe_dataset(self.open(**options))["notes"]

    def paths(self, **options):
        dataset = self.open(**options)
        return [os.path.relpath(dataset.path(index), dataset.folder) for index in range(len(dataset))]


class LeftOut(ListingCase):
    def test_are_hidden_files_and_folders(self):
        make_image_folder(f"{self.root}/train", {"a": 2, "b": 1, ".ipynb_checkpoints": 1, "__MACOSX/a": 1, "@eaDir": 1})
        for name in ("a/._000.jpg", "a/.hidden.png", "b/.DS_Store"):
            Path(self.root, "train", name).write_bytes(b"\0\5\26\7")
        make_image_folder(f"{self.root}/train/a", {".ipynb_checkpoints": 1})
        self.assertEqual(self.open().classes, ["a", "b"])
        self.assertEqual(self.paths(), ["a/000.jpg", "a/001.jpg", "b/000.jpg"])
        self.assertEqual(self.notes(), [f"Left out of '{self.root}/train', as no image of the data: 4 hidden."])

    def test_are_links_back_and_folders_that_were_read_already(self):
        make_image_folder(f"{self.root}/train", {"a": 2, "b": 1, "b/inner": 1})
        for name, target in (("a/loop", "."), ("a/up", ".."), ("a/top", "../.."), ("a/self", "self"), ("b/twice", "inner"), ("b/gone.jpg", "x.jpg")):
            os.symlink(target, f"{self.root}/train/{name}")
        self.assertEqual(self.paths(), ["a/000.jpg", "a/001.jpg", "b/000.jpg", "b/inner/000.jpg"])
        [note] = self.notes()
        for kind in ("4 links to a folder that was read already", "1 no extension", "1 links that lead nowhere"):
            self.assertIn(kind, note)

    def test_are_not_links_to_data_elsewhere(self):
        make_image_folder(f"{self.root}/store", {"a": 2, "b": 1})
        os.makedirs(f"{self.root}/train/b")
        os.symlink("../store/a", f"{self.root}/train/a")
        os.symlink("../../store/b/000.jpg", f"{self.root}/train/b/0.jpg")
        os.symlink("..", f"{self.root}/store/a/up")  # leads to all classes, once the class folder is a link
        self.assertEqual(self.paths(), ["a/000.jpg", "a/001.jpg", "b/0.jpg"])

    def test_are_counted_by_kind(self):
        make_image_folder(f"{self.root}/train", {"a": 2})
        for name in ("a/one.HEIC", "a/two.heic", "a/readme", "a/notes.txt", "labels.csv"):
            Path(self.root, "train", name).touch()
        os.mkfifo(f"{self.root}/train/a/pipe.png")
        [note] = self.notes()
        for kind in ("2 .heic", "1 no extension", "1 .txt", "1 pipes, sockets or devices", "1 files beside the class folders"):
            self.assertIn(kind, note)

    @unittest.skipUnless(sys.platform == "linux", "names that are not text")
    def test_are_not_files_whose_names_are_no_utf_8(self):
        make_image_folder(f"{self.root}/train", {"a": 1})
        odd = os.fsencode(f"{self.root}/train/a/") + b"caf\xe9.jpg"
        shutil.copy(f"{self.root}/train/a/000.jpg", odd)
        os.makedirs(os.fsencode(f"{self.root}/train/") + b"\xff\xfe")
        self.assertRaisesRegex(DatasetError, r"hold no image: '\\xff\\xfe'", self.open)
        os.rmdir(os.fsencode(f"{self.root}/train/") + b"\xff\xfe")
        dataset = self.open()
        self.assertEqual(os.fsencode(dataset.path(1)), odd)
        self.assertEqual(dataset[1][0].shape, (3, 16, 16))

    @unittest.skipIf(os.name != "posix" or os.geteuid() == 0, "rights do not bind root")
    def test_are_never_folders_that_cannot_be_read(self):
        make_image_folder(f"{self.root}/train", {"a": 1})
        os.chmod(f"{self.root}/train/a", 0)
        self.addCleanup(os.chmod, f"{self.root}/train/a", 0o700)
        self.assertRaisesRegex(DatasetError, "train/a' cannot be read: Permission denied", self.open)


class Splits(ListingCase):
    def test_of_imagenet_as_it_is_distributed(self):
        for layout in ("flat", "unknown"):
            for source in ("folder", "imagenet"):
                for has_train in (True, False):
                    with self.subTest(layout=layout, source=source, has_train=has_train):
                        shutil.rmtree(self.root)
                        make_image_folder(f"{self.root}/val", {"a": 2, "b": 1})
                        make_image_folder(f"{self.root}/test", {"" if layout == "flat" else layout: 3})
                        if has_train:
                            make_image_folder(f"{self.root}/train", {"a": 1, "b": 1})
                        dataset = open_dataset({"source": source, "path": self.root, "split": "test"})
                        self.assertEqual((dataset.classes, len(dataset)), (["a", "b"], 3))
                        self.assertRegex(describe_dataset(dataset)["notes"][0], "/test' .* no labels, and '.*/val' is read")

    def test_may_be_called_validation(self):
        make_image_folder(f"{self.root}/validation", {"a": 2, "b": 1})
        self.assertEqual([len(self.open(split=split)) for split in ("val", "test")], [3, 3])

    def test_with_labels_are_read_as_before(self):
        make_image_folder(f"{self.root}/test", {"a": 2, "b": 1})
        make_image_folder(f"{self.root}/val", {"a": 1, "b": 1})
        self.assertEqual(len(self.open(split="test")), 3)
        make_image_folder(f"{self.root}/train", {"a": 1, "c": 1})
        self.assertRaisesRegex(DatasetError, "differ in 'b', 'c'", self.open, split="test")

    def test_without_labels_alone_are_refused(self):
        make_image_folder(f"{self.root}/test", {"": 3})
        self.assertRaisesRegex(DatasetError, "no class folders, but 3 files", self.open, split="test")


class Channels(ListingCase):
    def test_may_be_one(self):
        os.makedirs(f"{self.root}/train/a")
        Image.fromarray(np.full((30, 40), 90, dtype=np.uint8)).save(f"{self.root}/train/a/0.png")
        dataset = self.open(channels=1)
        self.assertEqual(dataset.image_shape, (1, 16, 16))
        image, _ = dataset[0]
        self.assertEqual((tuple(image.shape), round(float(image.mean()) * 255)), ((1, 16, 16), 90))


class Names(ListingCase):
    def test_of_classes_are_known_without_a_look_at_images(self):
        make_image_folder(f"{self.root}/val", {"10": 0, "9": 0, ".hidden": 0})
        self.assertEqual(class_names(path=self.root), {"names": ["10", "9"], "labels": [0, 1], "is_stated": False})
        self.assertEqual(class_names(path=self.root, classes="numeric"), {"names": ["9", "10"], "labels": [0, 1], "is_stated": True})
        self.assertEqual(class_names(path=self.root, classes={"9": 4}), {"names": ["9"], "labels": [4], "is_stated": True})
        self.assertIsNone(class_names(path=f"{self.root}/nowhere"))

    def test_of_labels_of_some_images(self):
        make_image_folder(f"{self.root}/train", {"a": 2, "b": 1})
        self.assertEqual(labels_of(self.open(), indices=[2, 0]), [1, 0])


if __name__ == "__main__":
    unittest.main()
