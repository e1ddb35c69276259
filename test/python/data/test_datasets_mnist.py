import gzip
import hashlib
import os
import struct
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
from ftcadis_host.data.data_errors import DatasetError
from ftcadis_host.data.datasets import describe_dataset, get_images, open_dataset
from ftcadis_host.data.sources import mnist


def idx(array: np.ndarray) -> bytes:
    """An array as an idx file of unsigned bytes."""
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


class Mnist(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="mnïst ")
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        generator = np.random.default_rng(0)
        self.arrays = {}
        for (images, labels), count in zip(mnist.SPLIT_FILES.values(), (5, 3), strict=True):
            self.arrays[images] = generator.integers(256, size=(count, 28, 28), dtype=np.uint8)
            self.arrays[labels] = generator.integers(10, size=count, dtype=np.uint8)
        self.folder = self.write("files")

    def write(self, name: str, pack: bool = False) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True)
        for file, array in self.arrays.items():
            content = idx(array)
            (folder / (f"{file}.gz" if pack else file)).write_bytes(gzip.compress(content) if pack else content)
        return folder

    def open(self, path: Path | None = None, **options):
        return open_dataset(
            {"source": "mnist", "path": str(path or self.folder), "split": "train", "hashes": "any", **options}
        )

    def test_holds_the_images_in_order(self):
        for split, (images, labels) in mnist.SPLIT_FILES.items():
            dataset = self.open(split=split)
            pixels, found = get_images(dataset, range(len(dataset)))
            expected = self.arrays[images][:, None].astype(np.float32) / 255
            np.testing.assert_array_equal(pixels.numpy(), expected, strict=True)
            self.assertEqual(found.tolist(), self.arrays[labels].tolist())
        described = describe_dataset(self.open())
        self.assertEqual((described["length"], described["image_shape"]), (5, [1, 28, 28]))
        self.assertEqual(described["classes"], [str(digit) for digit in range(10)])

    def test_is_found_where_torchvision_and_the_npm_package_have_it_and_packed(self):
        for name in ("tv/MNIST/raw", "npm/data", "packed/raw"):
            self.write(name, pack=name.startswith("packed"))
            found = self.open(self.root / name.split("/")[0])
            np.testing.assert_array_equal(found.labels, self.open().labels)

    def test_takes_the_published_files_alone_unless_others_are_meant(self):
        with self.assertRaisesRegex(DatasetError, "train-images-idx3-ubyte' is not the published file: .*data.hashes to 'any'"):
            self.open(hashes="published")
        digest = {name: hashlib.md5(idx(array)).hexdigest() for name, array in self.arrays.items()}
        with mock.patch.dict(mnist.PUBLISHED_MD5, digest):
            packed = self.write("packed", pack=True)
            spec = {"source": "mnist", "path": str(packed), "split": "train"}
            # By default, and of the content, not of the packed file.
            self.assertEqual(len(open_dataset(spec)), 5)

    def test_names_the_file_that_is_damaged(self):
        images, labels = mnist.SPLIT_FILES["train"]
        whole = idx(self.arrays[images])
        for name, content, reason in (
            (images, whole[:-1], r"has 3935 bytes where its shape \[5, 28, 28\] takes 3936"),
            (images, whole + b"\0", "has 3937 bytes"),
            (images, b"", "begins with nothing, expected 00000803"),
            (images, b"<html>", "begins with 3c68746d, expected 00000803"),
            (images, idx(self.arrays[labels]), "begins with 00000801"),
            (images, bytes((0, 0, 8, 3)), "begins with 00000803"),
            (images, bytes((0, 0, 8, 3)) + b"\xff" * 12, "where its shape"),
            (images, idx(self.arrays[images][:, :27]), "have 27x28 pixels, expected 28x28"),
            (labels, idx(self.arrays[labels][1:]), "has 4 labels for 5 images"),
            (labels, idx(self.arrays[labels] + 10), "from 0 to 9"),
        ):
            kept = (self.folder / name).read_bytes()
            (self.folder / name).write_bytes(content)
            with self.subTest(reason), self.assertRaisesRegex(DatasetError, f"{name}' is damaged .*{reason}"):
                self.open()
            (self.folder / name).write_bytes(kept)

    def test_says_what_cannot_be_read(self):
        images, _ = mnist.SPLIT_FILES["train"]
        packed = self.write("packed", pack=True)
        whole = (packed / f"{images}.gz").read_bytes()
        for content in (whole[:50], whole[:-4], b"no gzip", whole[:100] + b"\xff" * 20 + whole[120:]):
            (packed / f"{images}.gz").write_bytes(content)
            with self.subTest(content[:8]), self.assertRaisesRegex(DatasetError, rf"{images}.gz' (cannot be read|is damaged)"):
                self.open(packed)
        with mock.patch.object(mnist, "MOST_BYTES", 3000):
            (packed / f"{images}.gz").write_bytes(gzip.compress(b"\0" * 9000))
            with self.assertRaisesRegex(DatasetError, "unpacks to more than 0.003 MB"):
                self.open(packed)
        (self.folder / images).unlink()
        with self.assertRaisesRegex(DatasetError, f"incomplete: neither '.*{images}' nor '.*{images}.gz' is there"):
            self.open()
        os.mkfifo(self.folder / images)
        with self.assertRaisesRegex(DatasetError, "not a regular file"):
            self.open()

    def test_says_where_it_looked(self):
        with self.assertRaisesRegex(DatasetError, "No MNIST at .*'raw', 'MNIST/raw', 'data', but it does not exist"):
            self.open(self.root / "nowhere")
        with self.assertRaisesRegex(DatasetError, "it holds files"):
            self.open(self.root)
        with self.assertRaisesRegex(DatasetError, "it is not a folder"):
            self.open(self.folder / mnist.SPLIT_FILES["train"][0])


if __name__ == "__main__":
    unittest.main()
