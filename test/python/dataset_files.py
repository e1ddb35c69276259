"""Tiny data sets in the formats of the real ones, for the tests of the data module."""

import os
import struct
from pathlib import Path

import numpy as np
from PIL import Image

CIFAR10_CLASSES = [b"airplane", b"automobile", b"bird", b"cat", b"deer", b"dog", b"frog", b"horse", b"ship", b"truck"]


def python2_pickle(value) -> bytes:
    """A protocol 2 pickle as Python 2 and the NumPy of its time wrote it, which is how CIFAR-10 was published."""
    return b"\x80\x02" + _python2(value) + b"."


def _python2(value) -> bytes:
    if isinstance(value, bytes):
        return b"T" + struct.pack("<i", len(value)) + value  # BINSTRING
    if isinstance(value, bool) or value is None:
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, tuple):
        return b"(" + b"".join(map(_python2, value)) + b"t"
    if isinstance(value, list):
        return b"](" + b"".join(map(_python2, value)) + b"e"
    if isinstance(value, dict):
        return b"}(" + b"".join(_python2(key) + _python2(item) for key, item in value.items()) + b"u"
    order = b"|" if value.dtype.itemsize == 1 else b"<"
    element = b"cnumpy\ndtype\n" + _python2((value.dtype.str[1:].encode(), 0, 1)) + b"R"
    element += _python2((3, order, None, None, None, -1, -1, 0)) + b"b"
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + _python2((0,)) + _python2(b"b") + b"tR"
    state = _python2(1) + _python2(value.shape) + element + _python2(False) + _python2(value.tobytes())
    return array + b"(" + state + b"tb"


def cifar10_batch(count: int, seed: int) -> dict:
    generator = np.random.default_rng(seed)
    return {
        b"batch_label": b"a batch",
        b"labels": generator.integers(10, size=count).tolist(),
        b"data": generator.integers(256, size=(count, 3072), dtype=np.uint8),
        b"filenames": [b"image_%d.png" % number for number in range(count)],
    }


def make_cifar10(parent, per_batch: int = 4, dump=python2_pickle) -> dict[str, dict]:
    """Writes `cifar-10-batches-py` and returns its batches by file name."""
    folder = Path(parent) / "cifar-10-batches-py"
    folder.mkdir()
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    batches = {name: cifar10_batch(per_batch, seed) for seed, name in enumerate(names)}
    meta = {b"num_cases_per_batch": per_batch, b"label_names": CIFAR10_CLASSES, b"num_vis": 3072}
    for name, batch in {**batches, "batches.meta": meta}.items():
        (folder / name).write_bytes(dump(batch))
    return batches


def make_image_folder(root, counts: dict[str, int], size=(40, 30), seed: int = 0) -> list[str]:
    """Writes `<root>/<class>/<number>.jpg`, every image another, and returns their paths in the order of a data set."""
    generator = np.random.default_rng(seed)
    paths = []
    for name, count in counts.items():
        folder = os.path.join(root, name)
        os.makedirs(folder)
        for number in range(count):
            coarse = generator.integers(256, size=(4, 4, 3), dtype=np.uint8)
            paths.append(os.path.join(folder, f"{number:03}.jpg"))
            Image.fromarray(coarse).resize(size).save(paths[-1])
    return paths


def truncate(path) -> None:
    content = Path(path).read_bytes()
    Path(path).write_bytes(content[:-40])


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
