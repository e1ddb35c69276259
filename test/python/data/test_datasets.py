import json
import pickle
import unittest
from pathlib import Path

import numpy as np
import torch
from ftcadis_host.data.datasets import describe_dataset, get_images, open_dataset
from ftcadis_host.data.data_errors import CorruptImageError
from ftcadis_host.errors import SpecError
from ftcadis_host.data.in_memory import InMemoryDataset
from ftcadis_host.data.subsets import one_index_per_class, one_per_class, seeded_subset

FIXTURES = Path(__file__).parents[2] / "fixtures"

# Of the split that the weights in assets/ were trained on: others would certify images that those weights have seen.
FIRST_LABELS = {"train": [2, 8, 2, 6, 6, 7, 1, 9, 8, 5, 2, 8], "test": [6, 1, 6, 0, 6, 4, 0, 1, 8, 2, 2, 3]}


class Digits(unittest.TestCase):
    def test_has_the_sizes_of_the_split(self):
        for split, length in (("train", 1200), ("test", 597)):
            described = describe_dataset(open_dataset({"source": "digits", "split": split}))
            self.assertEqual(described["length"], length)
            self.assertEqual(described["image_shape"], [1, 8, 8])
            self.assertEqual(described["classes"], [str(digit) for digit in range(10)])
            self.assertEqual(sum(described["class_counts"]), length)

    def test_split_is_the_one_that_the_committed_weights_know(self):
        for split, labels in FIRST_LABELS.items():
            self.assertEqual(open_dataset({"source": "digits", "split": split}).labels[:12].tolist(), labels)

    def test_splits_make_up_the_whole(self):
        from sklearn.datasets import load_digits

        halves = [open_dataset({"source": "digits", "split": split}) for split in ("train", "test")]
        found = torch.cat([half.images for half in halves]).mul(16).reshape(-1, 64).numpy()
        whole = load_digits()
        self.assertEqual(sorted(map(bytes, found.astype(np.uint8))), sorted(map(bytes, whole.data.astype(np.uint8))))
        self.assertEqual(
            np.bincount(np.concatenate([half.labels for half in halves])).tolist(), np.bincount(whole.target).tolist()
        )

    def test_item_is_an_image_in_the_unit_range_and_a_label(self):
        dataset = open_dataset({"source": "digits", "split": "test"})
        image, label = dataset[0]
        self.assertEqual((image.dtype, tuple(image.shape), type(label)), (torch.float32, (1, 8, 8), int))
        self.assertEqual((float(dataset.images.min()), float(dataset.images.max())), (0.0, 1.0))


class Spec(unittest.TestCase):
    def test_names_what_is_wrong(self):
        for spec, pattern in (
            ({}, "source of a data set must be 'cifar10' or 'digits' or .*got None"),
            ({"source": "kmnist"}, "got 'kmnist'"),
            ({"source": "digits"}, "split .* must be 'train' or 'test', got None"),
            ({"source": "digits", "split": "val"}, "got 'val'"),
            ({"source": "digits", "split": "test", "augment": True}, "no option 'augment'"),
            ({"source": "cifar10", "split": "test"}, "needs the path"),
            ({"source": "imagenet", "split": "test", "path": ""}, "needs the path"),
            ({"source": "imagenet", "split": "test", "path": "x", "image_size": 32}, "no option 'image_size'"),
            ({"source": "folder", "split": "test", "path": "x", "on_corrupt": "ignore"}, "'fail' or 'skip', got 'ignore'"),
            ({"source": "folder", "split": "test", "path": "x", "image_size": 64, "resize_size": 32}, "no centre of 64"),
            ({"source": "cifar10", "split": "test", "path": "x", "hashes": "some"}, "'any' or 'published'"),
        ):
            with self.subTest(spec=spec), self.assertRaisesRegex(SpecError, pattern):
                open_dataset(spec)


class Images(unittest.TestCase):
    def setUp(self):
        self.dataset = open_dataset({"source": "digits", "split": "test"})

    def test_come_in_the_order_asked_for(self):
        images, labels = get_images(self.dataset, [5, 0, 5])
        self.assertEqual((tuple(images.shape), labels.dtype), ((3, 1, 8, 8), torch.int64))
        self.assertTrue(torch.equal(images[0], self.dataset[5][0]) and torch.equal(images[1], self.dataset[0][0]))
        self.assertEqual(labels.tolist(), self.dataset.labels[[5, 0, 5]].tolist())

    def test_of_no_index_are_an_empty_batch(self):
        self.assertEqual([tuple(part.shape) for part in get_images(self.dataset, [])], [(0, 1, 8, 8), (0,)])

    def test_outside_are_refused(self):
        for index in (-1, 597):
            with self.subTest(index=index), self.assertRaisesRegex(IndexError, f"0 to 596, got {index}"):
                get_images(self.dataset, [0, index])


class Subsets(unittest.TestCase):
    def test_one_per_class_is_the_released_codes(self):
        for case in json.loads((FIXTURES / "imagenet_subset.json").read_text())["cases"]:
            counts = case["class_counts"] * (1000 if len(case["class_counts"]) == 1 else 1)
            labels = np.repeat(np.arange(1000), counts)
            with self.subTest(case=case["name"]):
                self.assertEqual(one_index_per_class(labels.tolist(), case["seed"]), case["indices"])
                self.assertNotEqual(one_index_per_class(labels.tolist(), case["seed"] + 1), case["indices"])
                dataset = InMemoryDataset(torch.zeros(len(labels), 1, 1, 1), labels, [str(name) for name in range(1000)])
                self.assertEqual(one_per_class(dataset, case["seed"]), case["indices"])

    def test_one_per_class_goes_by_class_not_by_appearance(self):
        self.assertEqual(one_index_per_class([3, 1, 0], 0), [2, 1, 0])

    def test_seeded_subset(self):
        dataset = open_dataset({"source": "digits", "split": "test"})
        chosen = seeded_subset(dataset, 50, 1)
        self.assertEqual(chosen, seeded_subset(dataset, 50, 1))
        self.assertNotEqual(chosen, seeded_subset(dataset, 50, 2))
        self.assertEqual(chosen, sorted(set(chosen)))
        self.assertEqual(seeded_subset(dataset, 597, 3), list(range(597)))
        for count in (0, 598):
            with self.subTest(count=count), self.assertRaisesRegex(ValueError, "1 to 597 images"):
                seeded_subset(dataset, count, 0)


class Errors(unittest.TestCase):
    def test_corrupt_image_survives_pickling(self):
        error = pickle.loads(pickle.dumps(CorruptImageError("/a/b.jpg", "it is empty")))
        self.assertEqual((error.path, error.reason), ("/a/b.jpg", "it is empty"))
        self.assertRegex(str(error), "'/a/b.jpg' cannot be decoded: it is empty. Replace")



if __name__ == "__main__":
    unittest.main()
