import importlib
import sys
import textwrap
import unittest

import torch
from ftcadis_host.data import sources as dataset_sources
from ftcadis_host.data.datasets import describe_dataset, open_dataset
from ftcadis_host.errors import SpecError
from ftcadis_host.networks import classifier_sources, denoiser_sources
from ftcadis_host.networks.classifiers import load_classifier, save_classifier
from ftcadis_host.networks.denoisers import load_denoiser
from network_files import InFolder

FLOAT32 = {"device": "cpu", "dtype": torch.float32}


class TestSources(InFolder):
    """A source is added by one file, as CONTRIBUTING.md says."""

    def add(self, package, name, source):
        """Adds a file to a package, in another folder, for the time of the test."""
        folder = self.folder / package.__name__
        folder.mkdir()
        (folder / f"{name}.py").write_text(textwrap.dedent(source))
        package.__path__.append(str(folder))
        importlib.invalidate_caches()
        self.addCleanup(sys.modules.pop, f"{package.__name__}.{name}", None)
        self.addCleanup(package.__path__.remove, str(folder))

    def test_classifier(self):
        self.add(
            classifier_sources,
            "linear",
            """
            from pathlib import Path
            from torch import nn
            from ..backbone import Backbone, ClassifierSource, weight_file
            from ..state_dicts import read_tensors
            from ..weights import load_strictly

            def load_linear(spec):
                model = nn.Sequential(nn.Flatten(), nn.Linear(spec["pixels"], spec["num_classes"]))
                if "path" in spec:
                    load_strictly(model, read_tensors(weight_file(spec["path"])), source="file", model="a linear map")
                return Backbone(model, ["1"], None)

            SOURCE = ClassifierSource(load_linear)
            """,
        )
        spec = {"source": "linear", "pixels": 12, "num_classes": 3}
        classifier = load_classifier({**spec, "tuning": {"kind": "full"}}, **FLOAT32)
        images = torch.rand(2, 3, 2, 2)
        self.assertEqual((classifier.family, classifier(images).shape), ("linear", (2, 3)))
        save_classifier(classifier, self.folder / "saved")
        again = load_classifier({**spec, "path": str(self.folder / "saved")}, **FLOAT32)
        self.assertTrue(torch.equal(again(images), classifier(images)))

    def test_denoiser(self):
        self.add(
            denoiser_sources,
            "one_level",
            """
            from ..denoisers import Denoiser
            from ..lean_diffusers import diffusers

            def load_one_level(spec, device, dtype):
                unet = diffusers().UNet2DModel(
                    in_channels=1, out_channels=1, block_out_channels=[spec["width"]], norm_num_groups=4, attention_head_dim=4,
                    layers_per_block=1, down_block_types=["DownBlock2D"], up_block_types=["UpBlock2D"],
                )
                return Denoiser(unet, {"num_train_timesteps": 10, "beta_schedule": "linear"}, {"source": "one_level"})

            SOURCE = load_one_level
            """,
        )
        denoiser = load_denoiser({"source": "one_level", "width": 8}, **FLOAT32)
        self.assertEqual(denoiser.schedule["steps"], 10)
        self.assertEqual(denoiser(torch.zeros(2, 1, 4, 4), 3).shape, (2, 1, 4, 4))

    def test_data_set(self):
        self.add(
            dataset_sources,
            "grey",
            """
            import numpy as np
            import torch
            from ..image_dataset import DatasetSource
            from ..in_memory import InMemoryDataset

            def open_grey(split, *, shade="dark", size):
                images = torch.full((2, 1, size, size), 0.25 if shade == "dark" else 0.75)
                return InMemoryDataset(images, np.array([0, 1]), ["even", "odd"])

            SOURCE = DatasetSource(
                open_grey, splits=("train",), options={"shade": ("dark", "light"), "size": None}, required=("size",)
            )
            """,
        )
        spec = {"source": "grey", "split": "train", "size": 4}
        dataset = open_dataset({**spec, "shade": "light"})
        self.assertEqual((float(dataset[1][0].max()), describe_dataset(dataset)["image_shape"]), (0.75, [1, 4, 4]))
        for wrong, message in (
            ({**spec, "shade": "red"}, "shade .* must be 'dark' or 'light', got 'red'"),
            ({**spec, "split": "test"}, "split .* must be 'train', got 'test'"),
            ({"source": "grey", "split": "train"}, "needs 'size'"),
        ):
            with self.subTest(wrong), self.assertRaisesRegex(SpecError, message):
                open_dataset(wrong)

    def test_that_there_is_not_is_named_beside_those_that_there_are(self):
        for name in ("vision", None, "os", "__init__", "../secrets", ["timm"]):
            with self.subTest(name):
                expected = "'lenet' or 'none' or 'python' or 'resnet110' or 'timm' or 'transformers', got "
                with self.assertRaisesRegex(SpecError, f"source of a classifier must be {expected}"):
                    load_classifier({"source": name}, **FLOAT32)
                with self.assertRaisesRegex(SpecError, "source of a denoiser must be 'diffusers' or 'dncnn' or 'memnet' or 'openai', got "):
                    load_denoiser({"source": name}, **FLOAT32)


if __name__ == "__main__":
    unittest.main()
