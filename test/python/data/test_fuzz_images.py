import io
import os
import random
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np
from dataset_files import make_cifar10
from ftcadis_host.data.data_errors import CorruptImageError, DatasetError
from ftcadis_host.data.datasets import open_dataset
from ftcadis_host.data.image_decoding import Limits, read_rgb
from PIL import Image

# How long to try for, in all. The same seed makes the same files.
SECONDS = float(os.environ.get("FT_CADIS_FUZZ_SECONDS", "4")) / 2
SEED = int(os.environ.get("FT_CADIS_FUZZ_SEED", "1"))
MOST_SECONDS = 10


def whole_files() -> list[bytes]:
    """A small image in each format and colour."""
    generator = np.random.default_rng(0)
    colour = Image.fromarray(generator.integers(256, size=(24, 32, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    files = []
    for name in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"):
        for image in (colour, colour.convert("L"), colour.convert("RGBA"), colour.quantize(8)):
            file = io.BytesIO()
            try:
                image.save(file, format=name, **({"exif": exif} if name in ("JPEG", "PNG", "WEBP", "TIFF") else {}))
            except (OSError, ValueError):
                continue  # the format has no such colours
            files.append(file.getvalue())
    return files


def mutated(files: list[bytes], chance: random.Random) -> bytes:
    content = bytearray(chance.choice(files))
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(content) + 1)
        piece = chance.choice((b"", bytes([chance.randrange(256)]), b"\xff\xff\xff\x7f", b"\0" * 8, chance.choice(files)[:200]))
        content[place : place + chance.choice((0, len(piece), chance.randrange(30)))] = piece
        if not content:
            content = bytearray(b"\0")
    return bytes(content)


class Files(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)

    def tried(self, files, read, error):
        chance = random.Random(SEED)
        until = time.monotonic() + SECONDS
        number = 0
        while number == 0 or time.monotonic() < until:
            content = mutated(files, chance)
            began = time.monotonic()
            with self.subTest(number=number, seed=SEED, content=content[:200]):
                try:
                    read(content)
                except error:
                    pass
                self.assertLess(time.monotonic() - began, MOST_SECONDS)
            number += 1

    def test_of_images_that_are_damaged_anyhow_give_an_image_or_one_error(self):
        path = self.root / "image.png"

        def read(content):
            path.write_bytes(content)
            read_rgb(str(path), limits=Limits(megapixels=10, megabytes=1))

        self.tried(whole_files(), read, CorruptImageError)

    def test_of_cifar10_that_are_damaged_anyhow_give_data_or_one_error(self):
        make_cifar10(self.root, per_batch=1)
        path = self.root / "cifar-10-batches-py" / "test_batch"
        whole = [path.read_bytes(), (path.parent / "batches.meta").read_bytes()]

        def read(content):
            path.write_bytes(content)
            open_dataset({"source": "cifar10", "path": str(self.root), "split": "test"})

        self.tried(whole, read, DatasetError)


if __name__ == "__main__":
    unittest.main()
