import unittest
from collections import Counter

import numpy as np
from ftcadis_host.data.subsets import over_classes


class Labelled:
    labels = np.repeat([0, 1, 2], [50, 3, 20])

    def __len__(self):
        return len(self.labels)


class OverClasses(unittest.TestCase):
    dataset = Labelled()

    def drawn(self, count, seed=0):
        return over_classes(self.dataset, count, seed)

    def test_takes_as_many_of_each_class_as_there_are(self):
        labels = lambda count: Counter(self.dataset.labels[self.drawn(count)].tolist())  # noqa: E731
        self.assertEqual(labels(9), {0: 3, 1: 3, 2: 3})
        self.assertEqual(labels(10), {0: 4, 1: 3, 2: 3})
        self.assertEqual(labels(73), {0: 50, 1: 3, 2: 20})

    def test_is_decided_by_the_seed_and_in_ascending_order(self):
        first = self.drawn(12)
        self.assertEqual(first, sorted(set(first)))
        self.assertEqual(first, self.drawn(12))
        self.assertNotEqual(first, self.drawn(12, seed=1))

    def test_refuses_more_than_there_are(self):
        for count in (0, 74):
            with self.assertRaisesRegex(ValueError, "1 to 73"):
                self.drawn(count)


if __name__ == "__main__":
    unittest.main()
