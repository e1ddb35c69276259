import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from ftcadis_host.torchvision_compat import prepare_torchvision

# Fails at import as the real package does beside a torch that it was not built for.
PACKAGE_THAT_NEEDS_ITS_OPERATORS = """
import torch

@torch.library.register_fake("torchvision::nms")
def nms(dets, scores, iou_threshold): ...

@torch.library.register_fake("torchvision::qnms")
def qnms(dets, scores, iou_threshold): ...
"""

USE_BROKEN_TORCHVISION = """
try:
    import torchvision
except RuntimeError as error:
    print("without:", error)
from ftcadis_host.torchvision_compat import prepare_torchvision
print("first:", prepare_torchvision())
import torchvision
print("second:", prepare_torchvision())
import torch
try:
    torch.ops.torchvision.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
except NotImplementedError:
    print("the operator itself: not implemented")
"""

USE_HEALTHY_TORCHVISION = """
from ftcadis_host.torchvision_compat import prepare_torchvision
print("first:", prepare_torchvision())
import torch
print("defined:", hasattr(torch.ops.torchvision, "nms"))
"""


class PrepareTorchvisionTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.site = Path(folder.name)
        self.package = self.site / "torchvision"
        self.package.mkdir()

    def run_script(self, script: str) -> list[str]:
        host = Path(__file__).parents[2] / "python"
        setup = f"import sys; sys.path[:0] = [{str(self.site)!r}, {str(host)!r}]\n"
        finished = subprocess.run([sys.executable, "-c", setup + script], capture_output=True, text=True)
        self.assertEqual(finished.returncode, 0, finished.stderr)
        return finished.stdout.splitlines()

    def test_defines_schemas_where_the_library_cannot_be_loaded(self):
        (self.package / "__init__.py").write_text(PACKAGE_THAT_NEEDS_ITS_OPERATORS)
        (self.package / "_C.so").write_bytes(b"built for another torch")
        self.assertEqual(
            self.run_script(USE_BROKEN_TORCHVISION),
            [
                "without: operator torchvision::nms does not exist",
                "first: schemas defined",
                "second: schemas defined",
                "the operator itself: not implemented",
            ],
        )

    def test_changes_nothing_where_the_library_can_be_loaded(self):
        import torch

        (self.package / "__init__.py").touch()
        loadable = next((Path(torch.__file__).parent / "lib").glob("libc10.*"))
        (self.package / "_C.so").symlink_to(loadable)
        self.assertEqual(self.run_script(USE_HEALTHY_TORCHVISION), ["first: native", "defined: False"])

    def test_reports_a_missing_torchvision(self):
        with mock.patch("importlib.util.find_spec", return_value=None):
            self.assertEqual(prepare_torchvision(), "not installed")

    def test_makes_the_installed_torchvision_and_timm_importable(self):
        self.assertIn(prepare_torchvision(), ("native", "schemas defined"))
        import timm
        import torchvision

        self.assertTrue(torchvision.__version__)
        self.assertTrue(timm.__version__)
