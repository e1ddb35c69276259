import unittest

from data.test_datasets_folder import FolderCase
from dataset_files import make_image_folder
from ftcadis_host.data.data_errors import DatasetError
from ftcadis_host.data.datasets import class_names, open_dataset
from ftcadis_host.errors import SpecError


class ClassFoldersWithoutSplits(FolderCase):
    def open(self, split="test", **options):
        return super().open(split=split, **options)

    def test_are_all_test_images(self):
        paths = make_image_folder(self.root, {"cat": 3, "dog": 2})
        dataset = self.open()
        self.assertEqual([dataset.path(index) for index in range(len(dataset))], paths)
        self.assertEqual(list(dataset.classes), ["cat", "dog"])
        self.assertEqual(class_names({"source": "folder", "path": self.root})["names"], ["cat", "dog"])

    def test_are_trained_on_only_where_a_share_is_held_out(self):
        make_image_folder(self.root, {"cat": 3, "dog": 2})
        with self.assertRaisesRegex(DatasetError, "all its images are test images.*data.testShare"):
            self.open("train")

    def test_are_parted_by_names_within_each_class(self):
        paths = make_image_folder(self.root, {"cat": 10, "dog": 5, "one": 2})
        train, test = (self.open(split, test_share=0.2) for split in ("train", "test"))
        of = lambda dataset: {dataset.path(index) for index in range(len(dataset))}  # noqa: E731
        self.assertEqual(of(train) | of(test), set(paths))
        self.assertEqual(of(train) & of(test), set())
        self.assertEqual([int((test.labels == label).sum()) for label in range(3)], [2, 1, 1])
        self.assertEqual(of(test), of(self.open(test_share=0.2)))

    def test_refuse_a_share_where_there_are_splits(self):
        make_image_folder(f"{self.root}/train", {"cat": 1})
        make_image_folder(f"{self.root}/test", {"cat": 1})
        with self.assertRaisesRegex(DatasetError, "testShare would part them again"):
            self.open(test_share=0.2)
        for share in (0, 1, True, "half"):
            with self.assertRaisesRegex(SpecError, "between 0 and 1"):
                self.open(test_share=share)

    def test_folders_named_as_splits_are_no_classes(self):
        make_image_folder(f"{self.root}/Training", {"cat": 1})
        make_image_folder(f"{self.root}/other", {"cat": 1})
        with self.assertRaisesRegex(DatasetError, "no folder 'test'"):
            open_dataset({"source": "folder", "path": self.root, "split": "test"})


if __name__ == "__main__":
    unittest.main()
