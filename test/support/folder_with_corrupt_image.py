"""Writes a class folder for training, whose last image is cut off, and a whole one for testing.

    python folder_with_corrupt_image.py <folder>
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

from dataset_files import make_image_folder, truncate  # noqa: E402

root = Path(sys.argv[1])
paths = make_image_folder(root / "train", {"a": 4, "b": 4})
truncate(paths[-1])
make_image_folder(root / "val", {"a": 2, "b": 2}, seed=1)
