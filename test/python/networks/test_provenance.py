import hashlib
import unittest

from network_files import InFolder  # isort: skip
from ftcadis_host.networks.classifiers import hub_id
from ftcadis_host.networks.provenance import weights_provenance


class TestProvenance(InFolder):
    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    def test_of_a_file(self):
        digest = self.write("weights.pth", b"weights")
        path = str(self.folder / "weights.pth")
        self.assertEqual(
            weights_provenance({"source": "resnet110", "path": path}),
            {"source": "resnet110", "path": path, "sha256": digest, "published": None},
        )

    def test_of_a_folder_names_its_weight_files_alone(self):
        digest = self.write("model.safetensors", b"one")
        nested = self.write("unet/diffusion_pytorch_model.safetensors", b"two")
        self.write("config.json", b"{}")
        facts = weights_provenance({"source": "diffusers", "path": str(self.folder)})
        self.assertEqual(
            facts["sha256"], {"model.safetensors": digest, "unet/diffusion_pytorch_model.safetensors": nested}
        )

    def test_of_random_weights(self):
        facts = weights_provenance({"source": "timm", "name": "vit_tiny_patch16_224", "pretrained": False})
        self.assertEqual(facts, {"source": "timm", "random": True, "published": False})

    def test_hub_id_is_that_of_pretrained_weights_without_a_path(self):
        named = {"source": "timm", "name": "vit_tiny_patch16_224.augreg_in21k_ft_in1k", "pretrained": True}
        self.assertEqual(hub_id(named), "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k")
        self.assertIsNone(hub_id({**named, "pretrained": False}))
        self.assertIsNone(hub_id({**named, "name": "no_such_network"}))
        # A path decides, and the name may be missing then.
        self.assertIsNone(hub_id({"source": "timm", "pretrained": True, "path": "folder"}))
        self.assertIsNone(hub_id({"source": "resnet110"}))

    def test_of_a_network_of_the_user(self):
        digest = self.write("net.py", b"def net(): ...")
        facts = weights_provenance({"source": "python", "file": str(self.folder / "net.py"), "factory": "net"})
        self.assertEqual(facts["code"]["sha256"], digest)
        self.assertFalse(facts["random"])


if __name__ == "__main__":
    unittest.main()
