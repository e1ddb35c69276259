"""One ONNX graph of denoiser and classifier. What needs onnxruntime is skipped where it is not installed."""

import importlib.util
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import torch
from torch import nn

from ftcadis_host import onnx_export
from ftcadis_host.errors import SpecError
from ftcadis_host.networks.classifiers import load_classifier
from ftcadis_host.networks.denoisers import load_denoiser
from ftcadis_host.onnx_export import NoisyImagesToLogits, export_onnx

HAS_ONNX = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime", "onnxscript"))
RESIZED = {"source": "lenet", "resize": 28}
NONE = {"image_scale": 1.0, "noise_scale": None, "timestep": None}


class TestNetwork(unittest.TestCase):
    def test_scales_and_denoises_in_one_step(self):
        class Predicts(nn.Module):
            def forward(self, x, timestep):
                return torch.full_like(x, timestep)

        network = NoisyImagesToLogits(
            Predicts(), nn.Identity(), image_scale=0.8, noise_scale=0.6, timestep=0.5, resizing=None
        )
        noisy = torch.tensor([[[[0.0, 0.5, 1.0]]]])
        # (0.8 · (2 x - 1) - 0.6 · 0.5) / 0.8, held within [-1, 1]
        self.assertTrue(torch.allclose(network(noisy), torch.tensor([[[[-1.0, -0.375, 0.625]]]])))


@unittest.skipUnless(HAS_ONNX, "onnx, onnxruntime or onnxscript is not installed: ft-cadis setup --with onnx")
class TestExport(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = Path(directory.name) / "graph"

    def export(self, *before):
        classifier = load_classifier(RESIZED, device="cpu", dtype=torch.float32)
        settings = {"image_shape": [1, 20, 36], "front": NONE, "metadata": {"sigma": 0.25, "classes": ["a"]}}
        return export_onnx(*before, classifier, folder=str(self.folder), **settings)

    def test_has_the_logits_of_torch_and_its_metadata_where_images_are_resized(self):
        import onnxruntime

        # As sessions set it: torch refuses to tell one setting of all of cuDNN then.
        before = torch.backends.cudnn.conv.fp32_precision
        self.addCleanup(setattr, torch.backends.cudnn.conv, "fp32_precision", before)
        torch.backends.cudnn.conv.fp32_precision = "ieee"
        self.assertLess(self.export(), 1e-4)
        self.assertEqual(torch.backends.cudnn.conv.fp32_precision, "ieee")
        session = onnxruntime.InferenceSession(str(self.folder / "model.onnx"))
        self.assertEqual(session.get_modelmeta().custom_metadata_map, {"sigma": "0.25", "classes": '["a"]'})

    def test_takes_a_denoiser_that_makes_a_clean_image(self):
        dncnn = {"source": "dncnn", "depth": 3, "width": 4, "channels": 1}
        self.assertLess(self.export(load_denoiser(dncnn, device="cpu", dtype=torch.float32)), 1e-4)

    def test_another_graph_is_not_kept(self):
        with mock.patch.object(onnx_export, "TOLERANCE", -1.0), self.assertRaisesRegex(SpecError, "other logits"):
            self.export()
        self.assertFalse(self.folder.exists())


if __name__ == "__main__":
    unittest.main()
