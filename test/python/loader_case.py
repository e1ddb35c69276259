"""What the tests of loaders share."""

import multiprocessing
import tempfile
import unittest

import torch
from dataset_files import make_image_folder
from ftcadis_host.data.data_errors import EndOfData
from ftcadis_host.data.datasets import open_dataset
from ftcadis_host.data.loaders import Loader


def read_all(loader):
    batches = []
    while True:
        try:
            batches.append(loader.next_batch())
        except EndOfData:
            return batches


def workers_of_this_process() -> list[int]:
    return [process.pid for process in multiprocessing.active_children()]


class LoaderCase(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="bilder für tests ")
        self.addCleanup(temporary.cleanup)
        self.root = temporary.name
        self.loaders = []
        self.addCleanup(lambda: [loader.close() for loader in self.loaders])

    def loader(self, dataset, **options):
        defaults = {"batch_size": 4, "seed": 0, "shuffle": True, "drop_last": False}
        self.loaders.append(Loader(dataset, **{**defaults, **options}))
        return self.loaders[-1]

    def folder(self, counts, **options):
        self.paths = make_image_folder(f"{self.root}/train", counts)
        return self.open_folder(**options)

    def open_folder(self, **options):
        spec = {"source": "folder", "path": self.root, "split": "train", "image_size": 16, "resize_size": 20}
        return open_dataset({**spec, **options})

    def assert_same(self, found, expected):
        self.assertEqual(len(found), len(expected))
        for (images, labels), (expected_images, expected_labels) in zip(found, expected, strict=True):
            self.assertTrue(torch.equal(images, expected_images) and torch.equal(labels, expected_labels))

    def same(self, found, expected):
        return all(torch.equal(one, other) for (one, _), (other, _) in zip(found, expected, strict=True))
