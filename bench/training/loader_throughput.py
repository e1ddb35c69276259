"""Images per second that a Loader delivers, per worker process, from JPEG files that this script makes.

    .venv/bin/python bench/training/loader_throughput.py --workers 0 1 2

Times whole epochs from files in the page cache, without the epoch in which the workers start. Compare with the images per
second that the training takes: the loader is not a bottleneck while it delivers more.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from ftcadis_host.data.data_errors import EndOfData
from ftcadis_host.data.datasets import open_dataset
from ftcadis_host.data.loaders import Loader


def make_images(root: str, count: int, width: int, height: int) -> float:
    """Smooth random pictures at JPEG quality 90; returns the mean file size in kB."""
    generator = np.random.default_rng(0)
    folder = Path(root, "train", "a class")
    folder.mkdir(parents=True)
    for number in range(count):
        coarse = generator.integers(256, size=(height // 16, width // 16, 3), dtype=np.uint8)
        picture = np.asarray(Image.fromarray(coarse).resize((width, height)), dtype=np.int16)
        noisy = (picture + generator.integers(-8, 9, size=picture.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / f"{number:05}.jpg", quality=90)
    return sum(file.stat().st_size for file in folder.iterdir()) / count / 1000


def measure(dataset, workers: int, batch_size: int, epochs: int) -> float:
    """Images per second."""
    loader = Loader(dataset, batch_size=batch_size, seed=0, shuffle=True, drop_last=True, workers=workers)
    try:
        read_epoch(loader, 0)
        begun = time.perf_counter()
        images = sum(read_epoch(loader, epoch) for epoch in range(1, epochs + 1))
        return images / (time.perf_counter() - begun)
    finally:
        loader.close()


def read_epoch(loader: Loader, epoch: int) -> int:
    loader.start(epoch)
    count = 0
    while True:
        try:
            count += len(loader.next_batch()[1])
        except EndOfData:
            return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--sizes", nargs="+", default=["64x64", "500x375"], help="WIDTHxHEIGHT of the files")
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()

    print(f"{os.cpu_count()} cores, {options.images} images, batches of {options.batch_size}, {options.epochs} epochs")
    print(f"{'data':<34}{'workers':>8}{'images/s':>10}{'per worker':>12}")
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as root:
            kilobytes = make_images(root, options.images, *map(int, size.split("x")))
            for augment in (True, False):
                dataset = open_dataset({"source": "imagenet", "path": root, "split": "train", "augment": augment})
                name = f"{size}, {kilobytes:.0f} kB, {'random crop' if augment else 'centre crop'} 224"
                for workers in options.workers:
                    rate = measure(dataset, workers, options.batch_size, options.epochs)
                    print(f"{name:<34}{workers:>8}{rate:>10.0f}{rate / max(workers, 1):>12.0f}", flush=True)
    digits = open_dataset({"source": "digits", "split": "train"})
    print(f"{'digits, in memory':<34}{0:>8}{measure(digits, 0, options.batch_size, options.epochs):>10.0f}{'':>12}")


if __name__ == "__main__":
    main()
