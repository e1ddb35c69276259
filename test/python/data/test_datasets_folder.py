import os
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from dataset_files import make_image_folder, truncate
from ftcadis_host.data.data_errors import CorruptImageError, DatasetError
from ftcadis_host.data.datasets import describe_dataset, get_images, open_dataset
from ftcadis_host.data.image_decoding import read_rgb
from ftcadis_host.streams import lent_default
from PIL import Image


class FolderCase(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="bilder für tests 図 ")
        self.addCleanup(temporary.cleanup)
        # Errors about the folder look at what lies beside it.
        self.root = f"{temporary.name}/images"
        os.mkdir(self.root)

    def open(self, **options):
        spec = {"source": "folder", "path": self.root, "split": "train", "image_size": 16, "resize_size": 20}
        return open_dataset({**spec, **options})


class Reading(FolderCase):
    def test_orders_classes_and_images_by_name(self):
        paths = make_image_folder(f"{self.root}/train", {"a dog": 2, "b": 1, "ça": 3})
        dataset = self.open()
        self.assertEqual([dataset.path(index) for index in range(6)], paths)
        self.assertEqual(
            describe_dataset(dataset),
            {"length": 6, "classes": ["a dog", "b", "ça"], "image_shape": [3, 16, 16], "class_counts": [2, 1, 3], "class_order": "unstated", "logits": None, "notes": []},
        )
        self.assertEqual(get_images(dataset, [0, 2, 5])[1].tolist(), [0, 1, 2])

    def test_agrees_with_torchvisions_image_folder(self):
        make_image_folder(f"{self.root}/val", {"b": 3, "a/nested": 2, "a/more/of it": 1})
        dataset = open_dataset({"source": "imagenet", "path": self.root, "split": "test"})
        from torchvision import datasets, transforms

        recipe = [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()]
        reference = datasets.ImageFolder(f"{self.root}/val", transforms.Compose(recipe))
        self.assertEqual(len(dataset), len(reference))
        self.assertEqual(list(dataset.classes), reference.classes)
        for index, (image, label) in enumerate(reference):
            with self.subTest(index=index):
                self.assertTrue(torch.equal(dataset[index][0], image))
                self.assertEqual(dataset[index][1], label)

    def test_augments_as_torchvision_does_by_the_seed_alone(self):
        make_image_folder(f"{self.root}/train", {"a": 1}, size=(300, 260))
        dataset = open_dataset({"source": "imagenet", "path": self.root, "split": "train", "augment": True})
        from torchvision import transforms

        recipe = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), transforms.PILToTensor()]
        state = torch.get_rng_state()
        augmented = [dataset.read(0, seed) for seed in (1, 2, 1)]
        self.assertTrue(torch.equal(torch.get_rng_state(), state), "the process's generator is as it was")
        self.assertTrue(torch.equal(augmented[0], augmented[2]))
        self.assertFalse(torch.equal(augmented[0], augmented[1]))
        with lent_default("augmentation", 1):
            expected = transforms.Compose(recipe)(Image.open(dataset.path(0)))
        self.assertTrue(torch.equal(augmented[0], expected))

    def test_makes_every_colour_rgb(self):
        red, grey = Image.new("RGB", (24, 24), (200, 30, 30)), Image.new("L", (24, 24), 90)
        palette = red.quantize(4)
        for image, name, colour in (
            (grey, "grey.png", (90, 90, 90)),
            (grey, "grey.jpg", (90, 90, 90)),
            (palette, "palette.png", (200, 30, 30)),
            (red.convert("RGBA"), "alpha.png", (200, 30, 30)),
            (red.convert("CMYK"), "cmyk.jpg", (200, 30, 30)),
            (Image.fromarray(np.full((24, 24), 90 * 256 + 17, dtype=np.uint16)), "grey16.png", (90, 90, 90)),
            (Image.new("1", (24, 24), 1), "bit.png", (255, 255, 255)),
        ):
            path = os.path.join(self.root, name)
            image.save(path)
            with self.subTest(name=name):
                read = read_rgb(path)
                self.assertEqual((read.mode, read.size), ("RGB", (24, 24)))
                np.testing.assert_allclose(np.asarray(read).reshape(-1, 3).mean(0), colour, atol=3)


class Damage(FolderCase):
    def test_names_the_image_that_does_not_decode(self):
        paths = make_image_folder(f"{self.root}/train", {"a": 4, "b": 1})
        truncate(paths[0])
        Path(paths[1]).write_bytes(b"")
        Path(paths[2]).write_bytes(b"<html>Not found</html>")
        Image.new("F", (9, 9)).save(f"{self.root}/train/a/003.tiff")
        dataset = self.open(on_corrupt="skip")
        for index, reason in (
            (0, "truncated"),
            (1, "the file is empty"),
            (2, "no image format is recognised in its 22 bytes, which begin with b'<html>Not found<'"),
            (4, "floating-point numbers"),
        ):
            with self.subTest(reason=reason), self.assertRaisesRegex(CorruptImageError, reason) as caught:
                get_images(dataset, [3, index])
            self.assertEqual(caught.exception.path, dataset.path(index))
            self.assertIn(f"'{dataset.path(index)}'", str(caught.exception))

    def test_a_file_that_cannot_be_read_is_no_corrupt_image(self):
        paths = make_image_folder(f"{self.root}/train", {"a": 1})
        dataset = self.open(on_corrupt="skip")
        os.remove(paths[0])
        with self.assertRaisesRegex(DatasetError, f"'{paths[0]}' cannot be read: No such file") as caught:
            dataset[0]
        self.assertNotIsInstance(caught.exception, CorruptImageError)


class Missing(FolderCase):
    def refuses(self, pattern, **options):
        with self.assertRaisesRegex(DatasetError, pattern):
            self.open(**options)

    def test_folder(self):
        self.refuses("nowhere' does not exist", path=f"{self.root}/nowhere")
        Path(self.root, "file").touch()
        self.refuses("file' is not a folder", path=f"{self.root}/file")

    def test_split(self):
        self.refuses("holds no class folders, but nothing. Sort the images")
        os.mkdir(f"{self.root}/training")
        self.refuses("no folder 'train' .*it holds 'training'. Give the path of the folder that contains 'train'")
        self.refuses("no folder 'test' or 'val'", split="test")

    def test_class_folders(self):
        os.mkdir(f"{self.root}/train")
        self.refuses("train' holds no class folders, but nothing")
        for number in range(3):
            Path(self.root, "train", f"{number}.JPEG").touch()
        self.refuses("no class folders, but 3 files, such as '0.JPEG'. Sort the images into one folder per class")

    def test_images_of_a_class(self):
        make_image_folder(f"{self.root}/train", {"a": 1, "b": 0, "c": 0})
        Path(self.root, "train", "b", "notes.txt").touch()
        self.refuses("2 of the 3 class folders .* hold no image: 'b', 'c'. Add images")

    def test_classes_that_training_had(self):
        make_image_folder(f"{self.root}/train", {"a": 1, "b": 1})
        make_image_folder(f"{self.root}/val", {"a": 1, "c": 1})
        self.refuses("differ in 'b', 'c'", split="val")
        shutil.move(f"{self.root}/val/c", f"{self.root}/val/b")
        self.assertEqual(len(self.open(split="val")), 2)


if __name__ == "__main__":
    unittest.main()
