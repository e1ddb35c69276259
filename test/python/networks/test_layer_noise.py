import json
import math
from pathlib import Path
import unittest

import torch
from ftcadis_host.errors import SpecError
from ftcadis_host.networks.classifiers import Classifier
from ftcadis_host.networks.layer_noise.first_layer import AfterFirstLayer, features, find_first_layer, first_layer
from ftcadis_host.networks.layer_noise.sensitivity import parseval, parseval_step, sensitivity
from torch import nn

FIXTURE = Path(__file__).parents[2] / "fixtures" / "pixeldp.json"
RANGE = {"mean": [0.5, 0.4, 0.3], "std": [0.25, 0.2, 0.5]}
IMAGE = (3, 9, 8)


class Network(nn.Module):
    def __init__(self, kernel=3, stride=1, padding=1, beside=False, **options):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, kernel, stride=stride, padding=padding, **options)
        self.norm = nn.BatchNorm2d(5)
        self.head = nn.Linear(5, 4)
        self.beside = beside

    def forward(self, x):
        pooled = self.norm(self.conv(x)).relu().mean((-2, -1))
        return self.head(pooled) + (x.mean((-3, -2, -1))[:, None] if self.beside else 0)


def classifier_of(network, seed=0, **spec):
    classifier = Classifier(network, {"source": "python", "input_range": RANGE, **spec}, depth=None).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, 0.3, generator=generator)
    find_first_layer(classifier, torch.rand(IMAGE, generator=generator) * 2 - 1)
    return classifier


def measured_norm(classifier, shape=IMAGE):
    """The largest singular value of the layer as a matrix, of float64 images."""
    with torch.no_grad():
        zero = features(classifier, torch.zeros(1, *shape, dtype=torch.float64), exact=True)
        basis = torch.eye(math.prod(shape), dtype=torch.float64).reshape(-1, *shape)
        return torch.linalg.matrix_norm((features(classifier, basis, exact=True) - zero).flatten(1), 2).item()


CASES = {
    "overlapping": ({}, {}),
    "without padding": ({"padding": 0}, {}),
    "strided": ({"kernel": 5, "stride": 2, "padding": 2}, {}),
    "patches": ({"kernel": 3, "stride": 3, "padding": 0}, {}),
    "in the network's own range": ({}, {"input_range": "symmetric"}),
    "resized up": ({}, {"resize": 12}),
    "resized down": ({"stride": 2}, {"resize": 5}),
    "resized out of square": ({}, {"resize": [6, 12]}),
    "a kernel larger than the image": ({"kernel": 11, "padding": 5}, {}),
}


class SensitivityTest(unittest.TestCase):
    def test_the_sensitivity_is_never_below_the_norm_of_the_layer_and_near_it(self):
        for name, (network, spec) in CASES.items():
            with self.subTest(name):
                classifier = classifier_of(Network(**network), **spec)
                bound, norm = sensitivity(classifier, IMAGE).item(), measured_norm(classifier)
                self.assertGreaterEqual(bound, norm * (1 - 1e-9))
                self.assertLess(bound, 2.5 * norm)

    def test_the_sensitivity_of_patches_is_exact(self):
        classifier = classifier_of(Network(kernel=3, stride=3, padding=0))
        self.assertAlmostEqual(sensitivity(classifier, (3, 9, 9)).item(), measured_norm(classifier, (3, 9, 9)), 9)

    def test_the_sensitivity_follows_the_weights(self):
        classifier = classifier_of(Network())
        before = sensitivity(classifier, IMAGE).item()
        with torch.no_grad():
            first_layer(classifier).weight.mul_(3)
        self.assertAlmostEqual(sensitivity(classifier, IMAGE).item(), 3 * before, 6)


class FirstLayerTest(unittest.TestCase):
    def test_layer_and_rest_are_the_network(self):
        classifier = classifier_of(Network())
        images = torch.rand(6, *IMAGE) * 2 - 1
        with torch.no_grad():
            rest = AfterFirstLayer(classifier, IMAGE)(features(classifier, images))
            self.assertTrue(torch.allclose(rest, classifier(images), atol=1e-5))

    def test_narrow_number_types_are_taken_with_features_in_float32(self):
        for change in (lambda network: network.to(torch.bfloat16), lambda network: network):
            classifier = Classifier(change(Network()), {"source": "python"}, depth=None, autocast=torch.bfloat16).eval()
            image = torch.rand(IMAGE)
            find_first_layer(classifier, image)
            made = features(classifier, image[None], exact=True)
            self.assertEqual(made.dtype, torch.float32)
            self.assertFalse(torch.equal(made, made.to(torch.bfloat16).float()))
            self.assertEqual(AfterFirstLayer(classifier, IMAGE)(made).dtype, torch.float32)

    def test_both_ways_through_the_network_have_one_mode(self):
        classifier = classifier_of(Network())
        rest = AfterFirstLayer(classifier, IMAGE)
        rest.train(True)
        self.assertTrue(classifier.training and classifier.model.norm.training)
        classifier.train(False)
        self.assertFalse(rest.training)

    def test_gradients_reach_the_layer_and_the_rest(self):
        classifier = classifier_of(Network())
        AfterFirstLayer(classifier, IMAGE)(features(classifier, torch.rand(2, *IMAGE))).square().sum().backward()
        for parameter in classifier.parameters():
            self.assertGreater(parameter.grad.abs().max().item(), 0)

    def test_networks_that_do_not_begin_with_one_convolution_are_refused(self):
        class Flat(nn.Module):
            def __init__(self):
                super().__init__()
                self.head = nn.Linear(math.prod(IMAGE), 4)

            def forward(self, x):
                return self.head(x.flatten(1))

        for network, message in [
            (Flat(), "begins with a convolution"),
            (Network(beside=True), "looks at the image beside"),
            (Network(padding_mode="circular"), "zero padding"),
            (Network(dilation=2), "no dilation"),
        ]:
            with self.subTest(message), self.assertRaisesRegex(SpecError, message):
                classifier_of(network)


class ParsevalTest(unittest.TestCase):
    def test_parseval_steps_are_those_of_the_golden_numbers(self):
        for case in json.loads(FIXTURE.read_text())["parseval_cases"]:
            # [h][w][in][out] there, [out, h·w·in] as a matrix.
            matrix = torch.tensor(case["kernel_hwio"], dtype=torch.float64).flatten(0, 2).T
            after = torch.tensor(case["kernel_after"], dtype=torch.float64).flatten(0, 2).T
            moved = parseval(matrix, beta=case["beta"], loops=case["loops"])
            self.assertLess((moved - after).abs().max().item(), 1e-12)
            self.assertAlmostEqual(torch.linalg.matrix_norm(moved, 2).item(), case["sensitivity"], 12)

    def test_parseval_steps_bring_the_sensitivity_of_pixels_down_to_one(self):
        for name, (network, spec) in CASES.items():
            with self.subTest(name):
                classifier = classifier_of(Network(**network), **spec)
                self.assertGreater(2 * sensitivity(classifier, IMAGE).item(), 2)
                parseval_step(classifier, IMAGE, beta=0.1, loops=300)
                self.assertLess(2 * sensitivity(classifier, IMAGE).item(), 1 + 1e-5)

    def test_a_kernel_too_large_for_beta_does_not_grow(self):
        moved = parseval(torch.eye(3, dtype=torch.float64) * 1e3, beta=0.1, loops=100)
        self.assertAlmostEqual(torch.linalg.matrix_norm(moved, 2).item(), 1, 3)


if __name__ == "__main__":
    unittest.main()
