import contextlib
import copy
import io
import os
import unittest
from unittest import mock

import torch
from torch import nn
from torch._dynamo.utils import counters

from ftcadis_host.compilation import (
    BACKEND_VARIABLE,
    BEGIN_LINE,
    END_LINE,
    compile_network,
    compiled_graphs,
    leave_uncompiled,
)
from ftcadis_host.errors import SpecError
from ftcadis_host.networks.classifiers import load_classifier
from ftcadis_host.networks.denoisers import load_denoiser

UNET = {"num_channels": 32, "num_res_blocks": 1, "image_size": 32, "channel_mult": "1,2"}
VIT = {"source": "timm", "name": "vit_tiny_patch16_224", "pretrained": False, "num_classes": 10, "input_range": "symmetric"}


def unet():
    return load_denoiser({"source": "openai", "arguments": UNET}, device="cpu", dtype=torch.float32)


def vit(**spec):
    return load_classifier({**VIT, "model_args": {"img_size": 32, "depth": 2}, **spec}, device="cpu", dtype=torch.float32)


def sequential():
    return nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))


class TestCompileNetwork(unittest.TestCase):
    def setUp(self):
        torch._dynamo.reset()
        counters.clear()
        self.enterContext(mock.patch.dict(os.environ, {BACKEND_VARIABLE: "eager"}))
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))

    def assert_static(self, network, graphs):
        self.assertEqual(compiled_graphs(network), {"graphs": graphs, "symbolic": 0})

    @torch.no_grad()
    def test_makes_one_graph_of_a_denoiser_and_one_more_static_one_for_another_size(self):
        denoiser = unet()
        compile_network(denoiser.unet)
        for expected, images in ((1, 3), (1, 3), (2, 5), (2, 3), (3, 1), (3, 5)):
            denoiser(torch.randn(images, 3, 32, 32), 100.0)
            self.assert_static(denoiser.unet, expected)
        self.assertEqual(counters["stats"]["unique_graphs"], 3)
        self.assertEqual(dict(counters["graph_break"]), {})

    @torch.no_grad()
    def test_makes_one_graph_of_a_classifier_and_one_more_static_one_for_another_size(self):
        classifier = vit()
        compile_network(classifier.model)
        for expected, images in ((1, 3), (1, 3), (2, 5), (2, 3)):
            classifier(torch.randn(images, 3, 32, 32))
            self.assert_static(classifier.model, expected)
        self.assertEqual(counters["stats"]["unique_graphs"], 2)

    def test_compiles_more_sizes_than_torch_does_by_itself(self):
        network = sequential()
        compile_network(network)
        for images in range(1, 13):
            network(torch.randn(images, 8))
        self.assert_static(network, 12)

    def test_counts_each_network_by_itself(self):
        first, second = sequential(), sequential()
        compile_network(first)
        compile_network(second)
        for network in (first, second, first):
            network(torch.randn(2, 8))
        self.assert_static(first, 1)
        self.assert_static(second, 1)

    def test_leaves_copies_uncompiled_and_takes_itself_back(self):
        network = sequential()
        compile_network(network)
        copied = copy.deepcopy(network)
        copied(torch.randn(2, 8))
        self.assert_static(copied, 0)
        self.assert_static(network, 0)
        network(torch.randn(2, 8))
        self.assert_static(network, 1)
        leave_uncompiled(network)
        network(torch.randn(3, 8))
        self.assert_static(network, 0)
        self.assertEqual(counters["stats"]["unique_graphs"], 1)

    def test_prints_a_line_when_torch_begins_to_compile_and_one_when_it_ends(self):
        network = sequential()
        compile_network(network)
        printed = []
        for images in (2, 2, 3):
            with contextlib.redirect_stdout(io.StringIO()) as output:
                network(torch.randn(images, 8))
            printed.append(output.getvalue().split("\n")[:-1])
        self.assertEqual(printed, [[BEGIN_LINE, END_LINE], [], [BEGIN_LINE, END_LINE]])

    def test_refuses_a_backend_that_there_is_none_of(self):
        with mock.patch.dict(os.environ, {BACKEND_VARIABLE: "fast"}):
            with self.assertRaisesRegex(SpecError, "FT_CADIS_COMPILE_BACKEND is 'fast'"):
                compile_network(sequential())


if __name__ == "__main__":
    unittest.main()
