import tempfile
import unittest
from pathlib import Path

from dataset_files import make_image_folder
from ftcadis_host.data.data_errors import DatasetError
from ftcadis_host.errors import SpecError, WeightsError
from ftcadis_host.inspection.paths import inspect_path
from PIL import Image


class AFolderOfImages(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = temporary.name

    def test_of_class_folders_alone_is_one_split(self):
        make_image_folder(self.root, {"cat": 3, "dog": 2}, size=(30, 20))
        Image.new("L", (20, 20)).save(f"{self.root}/dog/grey.png")
        Path(f"{self.root}/cat/torn.jpg").write_bytes(b"torn")
        found = inspect_path(path=self.root)
        test = found["splits"]["test"]
        self.assertEqual((found["kind"], found["unsplit"], list(found["splits"])), ("images", True, ["test"]))
        self.assertEqual((test["images"], test["counts"], test["grey"], test["notSquare"]), (7, [4, 3], 1, 5))
        self.assertEqual(test["sides"], {"smallest": 20, "median": 20, "largest": 20})
        self.assertEqual(test["unreadableCount"], 1)
        self.assertRegex(test["unreadable"][0], "torn.jpg: no image format is recognised")

    def test_with_splits_has_both_and_the_order_of_numbers(self):
        make_image_folder(f"{self.root}/train", {"1": 1, "2": 1, "10": 1})
        make_image_folder(f"{self.root}/val", {"1": 1, "2": 1, "10": 1})
        found = inspect_path(path=self.root)
        self.assertEqual((list(found["splits"]), found["unsplit"], found["order"]), (["train", "test"], False, "numeric"))

    def test_that_is_none_is_refused(self):
        with self.assertRaises(DatasetError):
            inspect_path(path=self.root)
        with self.assertRaisesRegex(WeightsError, "nothing at"):
            inspect_path(path=f"{self.root}/none")
        Image.new("L", (8, 8)).save(f"{self.root}/one.png")
        with self.assertRaisesRegex(SpecError, "is one image. Name the folder"):
            inspect_path(path=f"{self.root}/one.png")


if __name__ == "__main__":
    unittest.main()
