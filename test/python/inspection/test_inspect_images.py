import tempfile
import unittest
from pathlib import Path

import torch
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

    def test_of_one_class_names_the_folder_above_if_that_holds_the_classes(self):
        make_image_folder(f"{self.root}/photos", {"fence": 2, "kite": 1, "mug": 1})
        Path(f"{self.root}/photos/notes").mkdir()
        for name in ("photos/mug", "photos/mug/"):
            with self.assertRaises(DatasetError) as refused:
                inspect_path(path=f"{self.root}/{name}")
            self.assertRegex(
                str(refused.exception),
                f"mug/?' holds no class folders, but 1 file, such as '.*'. Give '{self.root}/photos', which holds the class folders "
                "'fence', 'kite', 'mug'.$",
            )

    def test_of_images_alone_says_that_class_folders_are_enough(self):
        make_image_folder(self.root, {"mug": 2})
        with self.assertRaisesRegex(
            DatasetError, "mug' holds no class folders, but 2 files, .* into one folder per class. Folders 'train' and 'test' above"
        ):
            inspect_path(path=f"{self.root}/mug")

    def test_of_a_class_of_a_split_names_the_folder_with_the_splits(self):
        make_image_folder(f"{self.root}/photos/train", {"fence": 2, "kite": 1})
        with self.assertRaisesRegex(DatasetError, f"Give '{self.root}/photos', which holds the class folders 'fence', 'kite'."):
            inspect_path(path=f"{self.root}/photos/train/kite")

    def test_beside_weights_is_named_in_a_note_on_them(self):
        torch.save({"fc.weight": torch.zeros(3, 8), "fc.bias": torch.zeros(3)}, f"{self.root}/x.pth")
        alone = inspect_path(path=self.root)["notes"]
        make_image_folder(self.root, {"pictures": 2})
        self.assertEqual(inspect_path(path=self.root)["notes"], alone)
        for photos, classes in ("others", "others/train"), ("photos", "photos"):
            make_image_folder(f"{self.root}/{classes}", {"fence": 2, "kite": 1})
            *notes, last = inspect_path(path=self.root)["notes"]
            self.assertEqual(notes, alone)
            self.assertRegex(last, f"^'{self.root}' also holds the folders? of images .*'{photos}', which the answer leaves out. ")
        self.assertRegex(last, f"Name images and weights: npx ft-cadis inspect {self.root}/others {self.root}/x.pth$")

    def test_whose_classes_lie_beside_weights_is_named_in_a_note_on_them(self):
        torch.save({"fc.weight": torch.zeros(3, 8), "fc.bias": torch.zeros(3)}, f"{self.root}/x.pth")
        make_image_folder(self.root, {"fence": 2, "kite": 1})
        self.assertEqual(
            inspect_path(path=self.root)["notes"][-1],
            f"'{self.root}' also holds the class folders 'fence', 'kite', which the answer leaves out. Move the weights out of it, and name both.",
        )

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
