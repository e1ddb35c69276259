"""What the tests of networks and weight files share. Imported before timm, which imports torchvision."""

import tempfile
import unittest
from pathlib import Path

from ftcadis_host.torchvision_compat import prepare_torchvision

prepare_torchvision()


class InFolder(unittest.TestCase):
    """Has its own folder, `self.folder`."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
