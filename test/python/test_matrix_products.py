import copy
import unittest

import torch
import torch.nn.functional as F
from torch import nn

from ftcadis_host.matrix_products import PatchConvolution, patches_by_products, resize_by_products
from ftcadis_host.networks.classifiers import load_classifier

VIT = {"source": "timm", "name": "vit_tiny_patch16_224", "pretrained": False, "num_classes": 10, "input_range": "symmetric"}


def images(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


class TestResizing(unittest.TestCase):
    def test_is_torchs_own_in_both_directions_and_to_other_proportions(self):
        for shape, size in (((32, 32), (224, 224)), ((40, 24), (16, 18)), ((8, 8), (8, 16)), ((1, 5), (3, 5))):
            given = images(2, 3, *shape)
            wanted = F.interpolate(given, size, mode="bicubic", antialias=True)
            torch.testing.assert_close(resize_by_products(given, size), wanted, atol=1e-12, rtol=0)

    def test_has_torchs_gradient(self):
        given = images(2, 3, 8, 8).requires_grad_()
        weights = images(2, 3, 20, 12)
        (own,) = torch.autograd.grad((resize_by_products(given, (20, 12)) * weights).sum(), given)
        resized = F.interpolate(given, (20, 12), mode="bicubic", antialias=True)
        (wanted,) = torch.autograd.grad((resized * weights).sum(), given)
        torch.testing.assert_close(own, wanted, atol=1e-12, rtol=0)


class TestPatches(unittest.TestCase):
    def test_are_embedded_as_by_the_convolution(self):
        for bias in (True, False):
            layer = nn.Conv2d(3, 5, (4, 2), (4, 2), bias=bias, dtype=torch.float64)
            network = nn.Sequential(copy.deepcopy(layer))
            patches_by_products(network, enabled=True)
            # 13 is no multiple of 4: a convolution leaves the last row out.
            given = images(2, 3, 13, 6)
            self.assertIs(type(network[0]), PatchConvolution)
            torch.testing.assert_close(network(given), layer(given), atol=1e-12, rtol=0)
            patches_by_products(network, enabled=False)
            self.assertIs(type(network[0]), nn.Conv2d)

    def test_other_convolutions_stay(self):
        others = nn.Sequential(
            nn.Conv2d(3, 4, 1),
            nn.Conv2d(4, 4, 2, 2, padding=1),
            nn.Conv2d(4, 4, 2, 2, groups=2),
            nn.Conv2d(4, 4, 3),
            nn.Conv2d(4, 4, 2, 2, dilation=2),
        )
        patches_by_products(others, enabled=True)
        self.assertEqual({type(layer) for layer in others}, {nn.Conv2d})


class TestClassifier(unittest.TestCase):
    def test_has_the_same_logits_and_parameters(self):
        spec = {**VIT, "model_args": {"img_size": 32, "depth": 2}, "resize": 32}
        classifier = load_classifier(spec, device="cpu", dtype=torch.float64)
        given = images(2, 3, 20, 20)
        before, names = classifier(given), list(classifier.model.state_dict())
        classifier.use_matrix_products(True)
        self.assertIsInstance(classifier.model.patch_embed.proj, PatchConvolution)
        torch.testing.assert_close(classifier(given), before, atol=1e-12, rtol=0)
        self.assertEqual(list(classifier.model.state_dict()), names)
        classifier.use_matrix_products(False)
        self.assertEqual((classifier(given) - before).abs().max().item(), 0)


if __name__ == "__main__":
    unittest.main()
