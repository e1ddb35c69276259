import json
import tempfile
import time
import unittest
from pathlib import Path

import torch
from ftcadis_host.errors import SpecError, WeightsError
from ftcadis_host.networks.classifiers import load_classifier, save_classifier
from ftcadis_host.networks.denoisers import load_denoiser
from ftcadis_host.torchvision_compat import prepare_torchvision

prepare_torchvision()
import timm  # noqa: E402

SMALL = {"img_size": 8, "patch_size": 4, "embed_dim": 16, "depth": 2, "num_heads": 2}
CPU = {"device": "cpu", "dtype": torch.float32}


class Folder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.began = time.monotonic()

    def refused(self, kinds, message, load):
        with self.assertRaisesRegex(kinds, message):
            load()
        self.assertLess(time.monotonic() - self.began, 60)


class ANetworkOfTimm(Folder):
    HOSTILE = (
        ({"depth": 900_000}, "far larger"),
        ({"depth": 10**9}, "has the number 1e\\+09"),
        ({"embed_dim": 900_000}, "far larger"),
        ({"embed_dim": 10**15}, "has the number 1e\\+15"),
        ({"img_size": 400_000}, "far larger"),
        ({"img_size": [8, float("inf")]}, "has the number inf"),
    )

    def test_is_not_made_far_larger_than_the_weights_of_a_file(self):
        file = self.folder / "small.pth"
        torch.save(timm.create_model("vit_tiny_patch16_224", num_classes=4, **SMALL).state_dict(), file)
        for arguments, message in self.HOSTILE:
            spec = {"source": "timm", "name": "vit_tiny_patch16_224", "path": str(file), "model_args": {**SMALL, **arguments}}
            with self.subTest(arguments):
                self.refused(WeightsError, message, lambda spec=spec: load_classifier(spec, **CPU))

    def test_is_not_made_far_larger_than_the_weights_of_its_folder(self):
        spec = {"source": "timm", "name": "vit_tiny_patch16_224", "pretrained": False, "num_classes": 4, "model_args": SMALL}
        save_classifier(load_classifier(spec, **CPU), self.folder / "saved")
        config = self.folder / "saved" / "config.json"
        written = json.loads(config.read_text())
        of_folder = {"source": "timm", "path": str(self.folder / "saved")}
        self.assertIsNotNone(load_classifier(of_folder, **CPU))
        for arguments, message in self.HOSTILE:
            config.write_text(json.dumps({**written, "model_args": {**SMALL, **arguments}}))
            with self.subTest(arguments):
                self.refused(WeightsError, message, lambda: load_classifier(of_folder, **CPU))


class ADenoiserOfDiffusers(Folder):
    def test_is_not_made_far_larger_than_its_weights(self):
        from diffusers import DDPMScheduler, UNet2DModel

        blocks = {"down_block_types": ("DownBlock2D",), "up_block_types": ("UpBlock2D",), "block_out_channels": (8,)}
        UNet2DModel(sample_size=8, layers_per_block=1, norm_num_groups=4, **blocks).save_pretrained(self.folder)
        DDPMScheduler().save_pretrained(self.folder)
        spec = {"source": "diffusers", "path": str(self.folder)}
        self.assertIsNotNone(load_denoiser(spec, **CPU))
        config = self.folder / "config.json"
        written = json.loads(config.read_text())
        for change, message in (
            ({"layers_per_block": 900_000}, "far larger"),
            ({"layers_per_block": 10**9}, "has the number 1e\\+09"),
            ({"block_out_channels": [800_000]}, "far larger"),
        ):
            config.write_text(json.dumps({**written, **change}))
            with self.subTest(change):
                self.refused((WeightsError, SpecError), message, lambda: load_denoiser(spec, **CPU))


if __name__ == "__main__":
    unittest.main()
