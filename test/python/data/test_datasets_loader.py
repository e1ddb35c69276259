import unittest

import numpy as np
import torch
from dataset_files import make_cifar10
from ftcadis_host.data.data_errors import DatasetError, EndOfData
from ftcadis_host.data.datasets import get_images, open_dataset
from ftcadis_host.data.loaders import plan_epoch
from loader_case import LoaderCase, read_all


class Order(LoaderCase):
    def test_plan_depends_on_seed_and_epoch_alone(self):
        plan = plan_epoch(50, seed=3, epoch=2, shuffle=True)
        again = plan_epoch(50, seed=3, epoch=2, shuffle=True)
        self.assertTrue(np.array_equal(plan.indices, again.indices) and np.array_equal(plan.seeds, again.seeds))
        self.assertEqual(sorted(plan.indices.tolist()), list(range(50)))
        for seed, epoch in ((3, 3), (4, 2), (2, 3)):
            other = plan_epoch(50, seed=seed, epoch=epoch, shuffle=True)
            self.assertFalse(np.array_equal(plan.indices, other.indices) or np.array_equal(plan.seeds, other.seeds))
        self.assertEqual(plan_epoch(5, seed=3, epoch=2, shuffle=False).indices.tolist(), [0, 1, 2, 3, 4])

    def sources(self):
        make_cifar10(self.root)
        yield "digits", open_dataset({"source": "digits", "split": "test"}), [0]
        yield "cifar10", open_dataset({"source": "cifar10", "path": self.root, "split": "train", "augment": True}), [0]
        yield "folder", self.folder({"a": 6, "b": 7}, augment=True), [0, 1, 2]

    def test_is_the_same_for_any_number_of_workers_and_from_any_batch_on(self):
        for name, dataset, worker_counts in self.sources():
            reference = self.loader(dataset)
            epochs = []
            for epoch in (0, 1):
                reference.start(epoch)
                epochs.append(read_all(reference))
            self.assertFalse(self.same(*epochs), "epochs must differ for this test to tell them apart")
            for workers in worker_counts:
                with self.subTest(name=name, workers=workers):
                    loader = self.loader(dataset, workers=workers)
                    loader.start(1)
                    self.assert_same([loader.next_batch()], epochs[1][:1])
                    loader.start(0, 2)  # in mid-epoch, with batches under way
                    self.assert_same(read_all(loader), epochs[0][2:])
                    loader.start(1)
                    self.assert_same(read_all(loader), epochs[1])

    def test_of_several_ranks_is_shared_out_batch_by_batch(self):
        for name, dataset, worker_counts in self.sources():
            whole = self.loader(dataset)
            whole.start(1)
            batches = read_all(whole)
            for rank in range(3):
                with self.subTest(name=name, rank=rank):
                    loader = self.loader(dataset, rank=rank, ranks=3, workers=worker_counts[-1])
                    self.assertEqual(loader.batches_per_epoch, len(batches))
                    loader.start(1)
                    self.assert_same([loader.next_batch()], batches[rank : rank + 1])
                    loader.start(1, 3)
                    self.assert_same(read_all(loader), batches[3 + rank :: 3])
                    loader.start(1, loader.batches_per_epoch)
                    self.assertEqual(read_all(loader), [])
        with self.assertRaisesRegex(ValueError, "first_batch 2 lies within one"):
            loader.start(0, 2)
        for wrong in ({"rank": 2, "ranks": 2}, {"rank": -1}, {"ranks": 0}):
            with self.assertRaisesRegex(ValueError, "The loader's ranks? must be"):
                self.loader(dataset, **wrong)

    def test_can_be_asked_without_reading(self):
        dataset = open_dataset({"source": "digits", "split": "test"})
        loader = self.loader(dataset, batch_size=50, rank=1, ranks=2)
        planned = loader.planned_indices(epoch=3, first_batch=10, batches=99)
        self.assertEqual([len(indices) for indices in planned], [50, 47])
        whole = self.loader(dataset, batch_size=50)
        whole.start(3, 10)
        for indices, (images, labels) in zip(planned, read_all(whole), strict=True):
            expected_images, expected_labels = get_images(dataset, indices)
            self.assertTrue(torch.equal(images, expected_images) and torch.equal(labels, expected_labels))

    def test_without_shuffling_is_that_of_the_data_set(self):
        for name, dataset, worker_counts in self.sources():
            dataset.augment = None
            loader = self.loader(dataset, shuffle=False, workers=worker_counts[-1])
            loader.start(5)
            images, labels = (torch.cat(parts) for parts in zip(*read_all(loader), strict=True))
            expected_images, expected_labels = get_images(dataset, range(len(dataset)))
            with self.subTest(name=name):
                self.assertTrue(torch.equal(images, expected_images) and torch.equal(labels, expected_labels))
                self.assertEqual((images.dtype, labels.dtype), (torch.float32, torch.int64))

    def test_augments_anew_in_every_epoch(self):
        for name, dataset, _ in self.sources():
            if name == "digits":
                continue
            loader = self.loader(dataset, shuffle=False)
            epochs = []
            for epoch in (0, 1):
                loader.start(epoch)
                epochs.append(read_all(loader))
            with self.subTest(name=name):
                self.assertFalse(self.same(*epochs))

    def test_leaves_the_generator_of_the_training_alone(self):
        for name, dataset, worker_counts in self.sources():
            state = torch.get_rng_state()
            loader = self.loader(dataset, workers=worker_counts[-1])
            for epoch in (0, 1):
                loader.start(epoch)
                read_all(loader)
            with self.subTest(name=name):
                self.assertTrue(torch.equal(torch.get_rng_state(), state))

    def test_batches_do_not_share_memory_with_the_data_set(self):
        dataset = open_dataset({"source": "digits", "split": "test"})
        before = dataset.images.clone()
        loader = self.loader(dataset)
        loader.start(0)
        loader.next_batch()[0].fill_(7)
        self.assertTrue(torch.equal(dataset.images, before))


class Position(LoaderCase):
    def test_counts_batches(self):
        dataset = open_dataset({"source": "digits", "split": "test"})
        for batch_size, drop_last, expected in ((64, True, 9), (64, False, 10), (597, True, 1), (199, False, 3)):
            loader = self.loader(dataset, batch_size=batch_size, drop_last=drop_last)
            loader.start(0)
            with self.subTest(batch_size=batch_size, drop_last=drop_last):
                self.assertEqual((loader.batches_per_epoch, len(read_all(loader))), (expected, expected))

    def test_epoch_can_be_entered_where_another_loader_stopped(self):
        dataset = open_dataset({"source": "digits", "split": "test"})
        loader = self.loader(dataset, batch_size=100)
        loader.start(4)
        for _ in range(3):
            loader.next_batch()
        rest = read_all(loader)
        self.assertEqual(len(rest), 3)
        resumed = self.loader(dataset, batch_size=100)
        resumed.start(4, 3)
        self.assert_same(read_all(resumed), rest)

    def test_end_is_an_exception_of_its_own_and_stays(self):
        self.assertFalse(issubclass(EndOfData, StopIteration))
        for dataset, workers in ((open_dataset({"source": "digits", "split": "test"}), 0), (self.folder({"a": 5}), 1)):
            loader = self.loader(dataset, workers=workers)
            loader.start(0, loader.batches_per_epoch)
            for _ in range(2):
                with self.assertRaises(EndOfData):
                    loader.next_batch()
            loader.start(1)
            self.assertEqual(len(read_all(loader)), loader.batches_per_epoch)

    def test_refuses_what_cannot_be(self):
        dataset = open_dataset({"source": "digits", "split": "test"})
        for options, pattern in (
            ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
            ({"batch_size": 2.5}, "got 2.5"),
            ({"seed": -1}, "seed must be"),
            ({"workers": -1}, "workers must be"),
        ):
            with self.subTest(options=options), self.assertRaisesRegex(ValueError, pattern):
                self.loader(dataset, **options)
        with self.assertRaisesRegex(DatasetError, "597 images do not fill one batch of 598"):
            self.loader(dataset, batch_size=598, drop_last=True)
        loader = self.loader(dataset)
        with self.assertRaisesRegex(RuntimeError, "Call start"):
            loader.next_batch()
        with self.assertRaisesRegex(ValueError, "between 0 and the 150 batches of an epoch, got 151"):
            loader.start(0, 151)
        with self.assertRaisesRegex(ValueError, "epoch must be"):
            loader.start(-1)


if __name__ == "__main__":
    unittest.main()
