"""Chooses the test images to certify."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import islice, zip_longest
from typing import Any

from ..streams import numpy_generator


def one_per_class(dataset: Any, seed: int) -> list[int]:
    """Returns one random image of each class, in class order; see `one_index_per_class`."""
    return one_index_per_class(dataset.labels.tolist(), seed)


def one_index_per_class(labels: Sequence[int], seed: int) -> list[int]:
    """Returns the index of one random item of each existing class, in class order.

    Chooses like the authors' released code for ImageNet: after `random.seed(seed)`, shuffles each class's list of indices
    in class order, and keeps its first.
    """
    generator = random.Random(seed)
    members: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        members.setdefault(label, []).append(index)
    chosen = []
    for label in sorted(members):
        generator.shuffle(members[label])
        chosen.append(members[label][0])
    return chosen


def seeded_subset(dataset: Any, count: int, seed: int) -> list[int]:
    """Returns `count` different indices, drawn with `seed`, in ascending order."""
    if not isinstance(count, int) or not 0 < count <= len(dataset):
        raise ValueError(f"A subset must have 1 to {len(dataset)} images, got {count!r}.")
    return sorted(random.Random(seed).sample(range(len(dataset)), count))


def over_classes(dataset: Any, count: int, seed: int) -> list[int]:
    """Returns `count` different indices drawn over the classes, in ascending order: equal numbers of each to within one, as far as
    available.

    Classes take turns in the order of their labels, each with its next image in its own order, which the seed determines.
    """
    if not isinstance(count, int) or not 0 < count <= len(dataset):
        raise ValueError(f"A subset must have 1 to {len(dataset)} images, got {count!r}.")
    members: dict[int, list[int]] = {}
    for index, label in enumerate(dataset.labels.tolist()):
        members.setdefault(label, []).append(index)
    for label, indices in members.items():
        numpy_generator(seed, "over classes", label).shuffle(indices)
    rounds = zip_longest(*(members[label] for label in sorted(members)))
    return sorted(islice((index for turn in rounds for index in turn if index is not None), count))
