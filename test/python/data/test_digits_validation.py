"""The validation split of the digits."""

import unittest

import torch

from ftcadis_host.data.datasets import open_dataset
from ftcadis_host.errors import SpecError


def digits(split, **options):
    return open_dataset({"source": "digits", "split": split, **options})


class DigitsValidation(unittest.TestCase):
    def test_validation_images_are_the_last_training_images(self):
        train = digits("train")
        kept, held_out = (digits(split, held_out="validation") for split in ("train", "test"))
        self.assertEqual((len(kept), len(held_out)), (1000, 200))
        self.assertTrue(torch.equal(torch.cat([kept.images, held_out.images]), train.images))
        self.assertEqual([*kept.labels, *held_out.labels], [*train.labels])

    def test_test_images_are_held_out_by_default(self):
        for split in ("train", "test"):
            self.assertTrue(torch.equal(digits(split).images, digits(split, held_out="test").images))

    def test_other_choices_are_refused(self):
        with self.assertRaisesRegex(SpecError, "held_out .* must be 'test' or 'validation', got 'all'"):
            digits("train", held_out="all")


if __name__ == "__main__":
    unittest.main()
