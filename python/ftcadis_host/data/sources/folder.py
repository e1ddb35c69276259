"""A user's image files, in one folder per class."""

from __future__ import annotations

from ..image_dataset import DatasetSource
from ..image_folder import class_names, open_image_folder

SOURCE = DatasetSource(
    open_image_folder,
    splits=("train", "val", "test"),
    options=dict.fromkeys(
        (
            *("path", "augment", "image_size", "resize_size", "channels", "classes", "test_share"),
            *("max_megapixels", "max_megabytes"),
        )
    ),
    is_told_on_corrupt=True,
    class_names=class_names,
)
