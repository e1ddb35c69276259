from network_files import InFolder  # isort: skip
import torch
from ftcadis_host.networks.classifiers import load_classifier, save_classifier


class TestRandomWeights(InFolder):
    """What of a classifier another load would draw again."""

    VIT = {"img_size": 8, "patch_size": 4, "in_chans": 1, "embed_dim": 16, "depth": 1, "num_heads": 2}

    def random(self, spec):
        return load_classifier(spec, device="cpu", dtype=torch.float32).random

    def test_of_timm(self):
        model_args = {**self.VIT, "num_classes": 5}
        spec = {"source": "timm", "name": "vit_tiny_patch16_224", "pretrained": False, "model_args": model_args}
        self.assertEqual(self.random(spec), "network")
        classifier = load_classifier(spec, device="cpu", dtype=torch.float32)
        save_classifier(classifier, self.folder / "saved")
        saved = {"path": str(self.folder / "saved"), "model_args": self.VIT}
        # Weights of the whole network take the place of random ones, head included.
        self.assertIsNone(self.random({**spec, **saved}))
        self.assertIsNone(self.random({**spec, **saved, "num_classes": 5}))
        self.assertEqual(self.random({**spec, **saved, "num_classes": 7}), "head")

    def test_of_adapters(self):
        spec = {"source": "timm", "name": "vit_tiny_patch16_224", "pretrained": False, "model_args": self.VIT}
        save_classifier(load_classifier(spec, device="cpu", dtype=torch.float32), self.folder / "base")
        based = {"source": "timm", "path": str(self.folder / "base"), "model_args": self.VIT, "num_classes": 5}
        for name, base, expected in (("random", {**spec, "num_classes": 5}, "network"), ("saved", based, None)):
            tuning = {"kind": "lora", "rank": 1, "alpha": 1}
            tuned = load_classifier({**base, "tuning": tuning}, device="cpu", dtype=torch.float32)
            save_classifier(tuned, self.folder / name)
            # The adapters hold the new head.
            self.assertEqual(self.random({**base, "adapter": str(self.folder / name)}), expected)

    def test_of_transformers_and_resnet110(self):
        config = {"model_type": "vit", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
        config |= {"intermediate_size": 16, "image_size": 8, "patch_size": 4}
        spec = {"source": "transformers", "config": config, "num_classes": 3}
        self.assertEqual(self.random(spec), "network")
        save_classifier(load_classifier(spec, device="cpu", dtype=torch.float32), self.folder / "hf")
        saved = {"source": "transformers", "path": str(self.folder / "hf")}
        self.assertIsNone(self.random({**spec, **saved}))
        self.assertEqual(self.random({**saved, "num_classes": 4}), "head")
        self.assertEqual(self.random({"source": "resnet110"}), "network")

    def test_of_a_network_of_ones_own_it_is_found_out_by_making_it_again(self):
        file = self.folder / "own.py"
        file.write_text(
            "import torch\nfrom torch import nn\n"
            "def drawn():\n    return nn.Linear(2, 2)\n"
            "def fixed():\n    torch.manual_seed(0)\n    return nn.Linear(2, 2)\n"
        )
        spec = {"source": "python", "file": str(file), "factory": "drawn"}
        torch.manual_seed(1)
        self.assertEqual(self.random(spec), "network")
        drawn = torch.rand(1)
        torch.manual_seed(1)
        torch.nn.Linear(2, 2)
        self.assertTrue(torch.equal(drawn, torch.rand(1)))
        self.assertIsNone(self.random({**spec, "factory": "fixed"}))
        save_classifier(load_classifier(spec, device="cpu", dtype=torch.float32), self.folder / "kept")
        self.assertIsNone(self.random({**spec, "path": str(self.folder / "kept")}))
