"""ImageNet as published: image files in one folder per class, resized to 256 and cropped to 224."""

from __future__ import annotations

import functools

from ..image_dataset import DatasetSource
from ..image_folder import class_names, open_image_folder

SOURCE = DatasetSource(
    # The names of the published class folders sort in the order of the labels. Pixels are unrotated, as for published
    # accuracies.
    functools.partial(open_image_folder, class_order="published", as_shown=False),
    splits=("train", "val", "test"),
    options=dict.fromkeys(("path", "augment", "max_megapixels", "max_megabytes")),
    is_told_on_corrupt=True,
    class_names=class_names,
)
