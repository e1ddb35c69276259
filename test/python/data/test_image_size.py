import tempfile
import unittest
from pathlib import Path

import torch
from ftcadis_host.data.datasets import describe_dataset, get_images, open_dataset
from ftcadis_host.data.image_files import decode_image, read_image
from ftcadis_host.data.image_folder import _transforms
from ftcadis_host.data.image_size import resized_to_cover, sides_of
from ftcadis_host.errors import SpecError
from ftcadis_host.torchvision_compat import prepare_torchvision
from PIL import Image

prepare_torchvision()
from torchvision.transforms import v2  # noqa: E402


def gradient(width, height):
    """Red grows from left to right, green from top to bottom."""
    image = Image.new("RGB", (width, height))
    image.putdata([(255 * x // width, 255 * y // height, 0) for y in range(height) for x in range(width)])
    return image


class ASize(unittest.TestCase):
    def test_is_a_side_or_height_and_width(self):
        self.assertEqual(sides_of(8, "image_size"), (8, 8))
        self.assertEqual(sides_of([6, 8], "image_size"), (6, 8))
        for wrong in (0, -1, 2.0, True, "8", None, [], [8], [8, 0], [8, 8.0], [1, 2, 3]):
            with self.subTest(wrong), self.assertRaisesRegex(SpecError, r"resize is .*expected the side .* or \[height, width\]"):
                sides_of(wrong, "resize")


class Resizing(unittest.TestCase):
    def test_of_a_square_is_that_of_torchvision(self):
        for width in (7, 16, 33, 64, 101):
            for height in (9, 16, 50, 87):
                for side in (5, 16, 31, 64):
                    image = gradient(width, height)
                    self.assertEqual(resized_to_cover(side, side)(image).tobytes(), v2.Resize(side)(image).tobytes())

    def test_covers_both_sides_and_one_of_them_just(self):
        for width in range(3, 40):
            for height in (3, 7, 20, 41):
                for sides in ((12, 16), (16, 12), (5, 40), (40, 5)):
                    columns, rows = resized_to_cover(*sides)(Image.new("RGB", (width, height))).size
                    self.assertTrue(rows >= sides[0] and columns >= sides[1])
                    self.assertTrue(rows == sides[0] or columns == sides[1])

    def test_keeps_proportions(self):
        self.assertEqual(resized_to_cover(12, 16)(Image.new("RGB", (40, 20))).size, (24, 12))
        self.assertEqual(resized_to_cover(12, 16)(Image.new("RGB", (20, 40))).size, (16, 32))


class FilesThatAreNotSquare(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        (self.root / "train" / "a").mkdir(parents=True)
        gradient(64, 48).save(self.root / "train" / "a" / "wide.png")
        gradient(48, 64).save(self.root / "train" / "a" / "z high.png")

    def open(self, **options):
        spec = {"source": "folder", "path": str(self.root), "split": "train", "image_size": [24, 32], "resize_size": [24, 32]}
        return open_dataset({**spec, **options})

    def test_are_read_whole_where_they_have_the_proportions(self):
        dataset = self.open()
        self.assertEqual(describe_dataset(dataset)["image_shape"], [3, 24, 32])
        images, _ = get_images(dataset, [0, 1])
        self.assertEqual(tuple(images.shape), (2, 3, 24, 32))
        wide, high = images
        self.assertLess(float(wide[0, :, 0].max()), 0.05)
        self.assertGreater(float(wide[0, :, -1].min()), 0.95)
        self.assertLess(float(wide[1, 0].max()), 0.05)
        # Of the other only the middle rows: 32 × 42 pixels, of which 24 rows.
        self.assertGreater(float(high[1, 0].min()), 0.15)
        self.assertLess(float(high[1, -1].max()), 0.85)

    def test_are_the_same_images_alone(self):
        (image, _) = self.open()[1]
        path = str(self.root / "train" / "a" / "z high.png")
        options = {"channels": 3, "resize_size": [24, 32], "image_size": [24, 32]}
        self.assertTrue(torch.equal(read_image(path, **options), image))
        decoded, problem = decode_image(Path(path).read_bytes(), **options)
        self.assertIsNone(problem)
        self.assertTrue(torch.equal(decoded, image))
        self.assertEqual(tuple(decode_image(b"no image", **options)[0].shape), (3, 24, 32))

    def test_are_cropped_at_random_with_about_their_proportions(self):
        crop = _transforms((24, 48), (24, 48))[1].transforms[0]
        self.assertEqual(list(crop.size), [24, 48])
        self.assertEqual(tuple(crop.ratio), (1.5, 8 / 3))
        square = _transforms((24, 24), (24, 24))[1].transforms[0]
        self.assertEqual(tuple(square.ratio), v2.RandomResizedCrop(24).ratio)
        image = self.open(augment=True).read(0, seed=3)
        self.assertEqual(tuple(image.shape), (3, 24, 32))

    def test_are_not_made_larger_than_what_they_are_cut_from(self):
        with self.assertRaisesRegex(SpecError, "covers 24 × 24 pixels has no centre of 24 × 32: choose a resize_size"):
            self.open(resize_size=24)


class SyntheticImages(unittest.TestCase):
    def test_have_height_and_width(self):
        spec = {"source": "synthetic", "train_images": 2, "test_images": 1, "classes": 2, "split": "train"}
        self.assertEqual(describe_dataset(open_dataset({**spec, "image_size": [6, 8]}))["image_shape"], [3, 6, 8])
        with self.assertRaisesRegex(SpecError, "image_size is 0"):
            open_dataset({**spec, "image_size": 0})
