import unittest

import numpy as np
import torch
from ftcadis_host.data.datasets import describe_dataset, get_images, open_dataset
from ftcadis_host.errors import SpecError
from loader_case import LoaderCase, read_all

SPEC = {"source": "synthetic", "train_images": 10, "test_images": 6, "classes": 3, "image_size": 8}


class SyntheticImages(LoaderCase):
    def test_has_the_numbers_asked_for(self):
        description = describe_dataset(open_dataset({**SPEC, "split": "train"}))
        self.assertEqual(description["length"], 10)
        self.assertEqual(description["image_shape"], [3, 8, 8])
        self.assertEqual(description["classes"], ["0", "1", "2"])
        self.assertEqual(description["class_counts"], [4, 3, 3])
        self.assertEqual(len(open_dataset({**SPEC, "split": "test"})), 6)

    def test_an_image_depends_on_split_and_place_alone(self):
        train, again, test = (open_dataset({**SPEC, "split": split}) for split in ("train", "train", "test"))
        images, labels = get_images(train, [4, 2])
        others, _ = get_images(again, [2, 4])
        self.assertTrue(torch.equal(images, others.flip(0)))
        self.assertFalse(torch.equal(images[0], images[1]))
        self.assertFalse(torch.equal(get_images(test, [4])[0][0], images[0]))
        self.assertTrue(np.array_equal(labels.numpy(), train.labels[[4, 2]]))
        self.assertTrue(0 <= images.min() < 0.1 and 0.9 < images.max() <= 1)

    def test_worker_processes_generate_the_same(self):
        dataset = open_dataset({**SPEC, "split": "train"})
        epochs = []
        for workers in (0, 2):
            loader = self.loader(dataset, workers=workers)
            loader.start(0)
            epochs.append(read_all(loader))
        self.assert_same(epochs[1], epochs[0])

    def test_says_what_is_missing_or_wrong(self):
        with self.assertRaisesRegex(SpecError, "'classes'"):
            open_dataset({**{key: value for key, value in SPEC.items() if key != "classes"}, "split": "train"})
        with self.assertRaisesRegex(SpecError, "length, got 0"):
            open_dataset({**SPEC, "train_images": 0, "split": "train"})


if __name__ == "__main__":
    unittest.main()
