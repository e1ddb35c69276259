import tempfile
import unittest
from pathlib import Path

from dataset_files import make_image_folder
from ftcadis_host.data.class_order import labels_of_folders
from ftcadis_host.data.data_errors import DatasetError
from ftcadis_host.data.datasets import describe_dataset, open_dataset
from ftcadis_host.errors import SpecError

NUMBERS = ["1", "10", "2"]


class LabelsOfFolders(unittest.TestCase):
    def labels(self, asked, folders=NUMBERS):
        return labels_of_folders(folders, asked, where="data/train")

    def test_follow_text_numbers_a_list_or_a_mapping(self):
        self.assertEqual(self.labels(None), {"1": 0, "10": 1, "2": 2})
        self.assertEqual(self.labels("text"), self.labels(None))
        self.assertEqual(self.labels("numeric"), {"1": 0, "2": 1, "10": 2})
        self.assertEqual(self.labels(["10", "2", "1"]), {"10": 0, "2": 1, "1": 2})
        self.assertEqual(list(self.labels({"2": 281, "1": 7}).items()), [("1", 7), ("2", 281)])

    def test_refuse_what_does_not_fit_the_folders(self):
        for asked, folders, reason in (
            ("numeric", ["1", "b"], "'b' is not a whole number"),
            (["1", "2"], NUMBERS, "the folder '10' is not listed"),
            (["1", "2", "10", "3"], NUMBERS, "the folder '3' is missing"),
            (["1", "2", "10", "1"], NUMBERS, "'1' is listed twice"),
            ({"3": 0}, NUMBERS, "names '3', but 'data/train' has no such"),
        ):
            with self.subTest(asked=asked), self.assertRaisesRegex(DatasetError, reason):
                self.labels(asked, folders)
        for asked in ("alphabetic", 3, {}, {"1": 0, "2": 0}, {"1": -1}, {"1": "x"}):
            with self.subTest(asked=asked), self.assertRaises(SpecError):
                self.labels(asked)


class Folder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = temporary.name
        for split in ("train", "val"):
            make_image_folder(str(Path(self.root) / split), {"1": 1, "10": 2, "2": 3})

    def describe(self, split="val", source="folder", **options):
        dataset = open_dataset({"source": source, "path": self.root, "split": split, **options})
        facts = describe_dataset(dataset)
        labels = [(dataset.path(index).split("/")[-2], label) for index, label in enumerate(dataset.labels)]
        return facts, dict(labels)

    def test_says_where_its_order_is_from(self):
        for options, order in (
            ({}, "unstated"),
            ({"classes": "text"}, "sorted"),
            ({"classes": "numeric"}, "sorted"),
            ({"classes": ["1", "2", "10"]}, "listed"),
            ({"source": "imagenet"}, "published"),
        ):
            with self.subTest(options=options):
                self.assertEqual(self.describe(**options)[0]["class_order"], order)
        digits = describe_dataset(open_dataset({"source": "digits", "split": "test"}))
        self.assertEqual((digits["class_order"], digits["logits"]), ("published", None))

    def test_has_the_labels_that_were_asked_for_in_both_splits(self):
        for split in ("train", "val"):
            facts, labels = self.describe(split, classes="numeric")
            self.assertEqual((facts["classes"], facts["class_counts"]), (["1", "2", "10"], [1, 3, 2]))
            self.assertEqual((labels, facts["logits"]), ({"1": 0, "2": 1, "10": 2}, None))

    def test_reads_some_classes_under_their_logits(self):
        facts, labels = self.describe(classes={"10": 3, "2": 281})
        self.assertEqual(
            {name: facts[name] for name in ("length", "classes", "class_counts", "logits")},
            {"length": 5, "classes": ["10", "2"], "class_counts": [2, 3], "logits": [3, 281]},
        )
        self.assertEqual(labels, {"10": 3, "2": 281})
