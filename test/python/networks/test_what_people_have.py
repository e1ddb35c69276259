import sys
import unittest

from network_files import InFolder  # isort: skip
import timm
import torch
from ftcadis_host.errors import SpecError, WeightsError
from ftcadis_host.networks.classifiers import load_classifier, save_classifier
from ftcadis_host.networks.denoisers import load_denoiser, save_denoiser
from ftcadis_host.networks.provenance import weights_provenance
from ftcadis_host.networks.state_dicts import read_tensors
from ftcadis_host.networks.weights import write_tensors

FLOAT32 = {"device": "cpu", "dtype": torch.float32}
SMALL = {"img_size": 8, "patch_size": 4, "embed_dim": 16, "depth": 2, "num_heads": 2}
WRAPPERS = ("module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "model.", "model._orig_mod.")


def load(spec, **changes):
    return load_classifier({**spec, **changes}, **FLOAT32)


class WithImages(InFolder):
    def setUp(self):
        super().setUp()
        torch.manual_seed(0)
        self.images = 2 * torch.rand(2, 3, 8, 8) - 1

    def save(self, tensors, name="w.pth"):
        torch.save(tensors, self.folder / name)
        return str(self.folder / name)

    def says(self, error, message, spec, **changes):
        with self.subTest(message), self.assertRaisesRegex(error, message) as caught:
            load(spec, **changes)
        self.assertTrue(str(caught.exception).isprintable())
        self.assertLess(len(str(caught.exception)), 1200)


class TestTimmFiles(WithImages):
    def setUp(self):
        super().setUp()
        self.model = timm.create_model("vit_tiny_patch16_224", num_classes=4, **SMALL).eval()
        self.state = self.model.state_dict()
        self.spec = {"source": "timm", "name": "vit_tiny_patch16_224", "model_args": SMALL}

    def test_wrappers_and_prefixes(self):
        for prefix in WRAPPERS:
            with self.subTest(prefix):
                path = self.save({"state_dict": {prefix + key: value for key, value in self.state.items()}})
                self.assertTrue(torch.equal(load(self.spec, path=path)(self.images), self.model(self.images)))

    def test_a_backbone_without_a_head(self):
        backbone = {key: value for key, value in self.state.items() if not key.startswith("head.")}
        self.says(WeightsError, "has no head: head.weight and head.bias are missing.* set classifier.numClasses", self.spec, path=self.save(backbone))
        pretraining = {**backbone, "decoder_blocks.0.attn.qkv.weight": torch.ones(1), "mask_token": torch.ones(1)}
        for tensors, left_out in ((backbone, ""), (pretraining, "decoder_blocks")):
            found = load(self.spec, path=self.save({"model": tensors}), num_classes=7)
            self.assertEqual((found.random, found(self.images).shape), ("head", (2, 7)))
            self.assertTrue(torch.equal(found.model.forward_features(self.images), self.model.forward_features(self.images)))
            self.assertIn("has no head: the network has a new one with 7 classes.", " ".join(found.notes))
            self.assertIn(left_out, " ".join(found.notes))
        deeper = {**backbone, "blocks.2.norm1.weight": torch.ones(16)}
        self.says(WeightsError, "1 key is not expected, first blocks.2.norm1.weight.*more layers", self.spec, path=self.save(deeper), num_classes=7)

    def test_what_does_not_fit_is_said_by_its_likely_cause(self):
        def given(name="vit_tiny_patch16_224", classes=4, **changes):
            return self.save(timm.create_model(name, num_classes=classes, **{**SMALL, **changes}).state_dict())

        self.says(WeightsError, "fewer layers than the network", self.spec, path=given(depth=1))
        self.says(WeightsError, "in another width", self.spec, path=given(embed_dim=32))
        self.says(WeightsError, "first layer differs: the file takes images of 1 channels", self.spec, path=given(in_chans=1))
        self.says(WeightsError, "Hardly a key of it is the network's", self.spec, path=self.save(timm.create_model("resnet10t").state_dict()))
        adapters = {"base_model.model.blocks.0.attn.qkv.lora_A.weight": torch.ones(1)}
        self.says(WeightsError, "LoRA adapters, not a network.*`checkpoint`", self.spec, path=self.save(adapters))

    def test_timms_own_exceptions_reach_nobody(self):
        path = self.save(self.state)
        self.says(SpecError, "timm has no architecture 'vit_tiny_patch16_244'. Give 'vit_tiny_patch16_224' or", self.spec, path=path, name="vit_tiny_patch16_244")
        self.says(SpecError, "timm has no architecture", self.spec, name="vit_tinny_patch16_224", pretrained=False)
        self.says(SpecError, "modelArgs has 'checkpoint_path', which says what timm loads", self.spec, path=path, model_args={"checkpoint_path": path})
        self.says(SpecError, "timm cannot make 'vit_tiny_patch16_224' with classifier.modelArgs .*colour", self.spec, path=path, model_args={"colour": 1})
        save_classifier(load(self.spec, path=path), self.folder / "c")
        (self.folder / "c" / "config.json").write_text('{"model_type": "vit"}')
        self.says(WeightsError, "is not of timm", {"source": "timm", "path": str(self.folder / "c")})


class TestTransformersFolders(WithImages):
    def setUp(self):
        super().setUp()
        from transformers import ViTConfig, ViTForImageClassification

        sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
        config = ViTConfig(**sizes, image_size=8, patch_size=4, num_labels=4)
        self.model = ViTForImageClassification(config).eval()
        self.model.save_pretrained(self.folder / "hf")
        self.weights = self.folder / "hf" / "model.safetensors"
        self.spec = {"source": "transformers", "path": str(self.folder / "hf")}

    def test_wrappers_parts_and_pytorch_files(self):
        state = read_tensors(self.weights)
        for prefix in ("module.", "_orig_mod.", "_orig_mod.module."):
            with self.subTest(prefix):
                write_tensors(self.weights, {prefix + key: value for key, value in state.items()})
                self.assertTrue(torch.equal(load(self.spec)(self.images), self.model(self.images).logits))
        self.weights.unlink()
        torch.save({"state_dict": state}, self.folder / "hf" / "pytorch_model.bin")
        self.assertTrue(torch.equal(load(self.spec)(self.images), self.model(self.images).logits))
        (self.folder / "hf" / "pytorch_model.bin").unlink()
        self.says(WeightsError, "has no weights", self.spec)
        self.model.save_pretrained(self.folder / "hf", max_shard_size="5KB")
        self.assertGreater(len(list((self.folder / "hf").glob("*.safetensors"))), 1)
        self.assertTrue(torch.equal(load(self.spec)(self.images), self.model(self.images).logits))
        next((self.folder / "hf").glob("*.safetensors")).unlink()
        self.says(WeightsError, "1 of the .* files that .* names are missing", self.spec)

    def test_a_backbone_without_a_head(self):
        from transformers import ViTModel

        backbone = ViTModel(self.model.config, add_pooling_layer=True)
        backbone.save_pretrained(self.folder / "hf")
        found = load(self.spec, num_classes=7)
        self.assertEqual((found.random, found(self.images).shape), ("head", (2, 7)))
        self.assertIn("pooler", " ".join(found.notes))
        same = torch.equal(found.model.vit.embeddings.cls_token, backbone.embeddings.cls_token)
        self.assertTrue(same)

    def test_a_configuration_of_a_far_larger_network_makes_none(self):
        file = self.folder / "hf" / "config.json"
        file.write_text(file.read_text().replace('"hidden_size": 16', '"hidden_size": 16384'))
        self.says(WeightsError, "its architecture is far larger", self.spec)

    def test_a_folder_of_another_library_is_named(self):
        (self.folder / "hf" / "config.json").write_text('{"architecture": "vit"}')
        self.says(WeightsError, "is a folder of timm", self.spec)


class TestOwnNetworks(WithImages):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "one" / "network.py"
        (self.folder / "one").mkdir()
        (self.folder / "one" / "layers.py").write_text("from torch import nn\nclass Body(nn.Linear):\n    kind = 'one'\n")
        self.file.write_text(
            "from dataclasses import dataclass\nfrom layers import Body\nfrom .layers import Body as Same\nfrom torch import nn\n"
            "@dataclass\nclass Size:\n    classes: int = 4\n"
            "def network():\n    import layers\n    return nn.Sequential(nn.Flatten(), layers.Body(192, Size().classes))\n"
        )
        self.spec = {"source": "python", "file": str(self.file), "factory": "network"}

    def test_several_files_are_found_and_leave_nothing_behind(self):
        before, path = set(sys.modules), list(sys.path)
        one = load(self.spec, tuning={"kind": "full"})
        self.assertEqual(list(sys.path), path)
        self.assertEqual({name for name in set(sys.modules) - before if "layers" == name or name.startswith("ftcadis_user")}, set())
        self.assertEqual([file.name for file in set(one.code)], ["layers.py"])
        facts = weights_provenance(self.spec, None, sorted(set(one.code)))
        self.assertEqual(list(facts["imported"]), ["layers.py"])
        two = self.folder / "two"
        two.mkdir()
        (two / "layers.py").write_text("from torch import nn\nclass Body(nn.Linear):\n    kind = 'two'\n")
        (two / "network.py").write_text(self.file.read_text())
        other = load(self.spec, file=str(two / "network.py"), tuning={"kind": "full"})
        self.assertEqual((one.model[1].kind, other.model[1].kind), ("one", "two"))

    def test_a_file_of_the_folder_does_not_take_the_place_of_the_standard_library(self):
        (self.folder / "one" / "colorsys.py").write_text("raise SystemExit('not this one')")
        sys.modules.pop("colorsys", None)
        self.file.write_text("import colorsys\n" + self.file.read_text())
        load(self.spec, tuning={"kind": "full"})

    def test_wrapped_weights(self):
        model = load(self.spec, tuning={"kind": "full"})
        for prefix in WRAPPERS:
            with self.subTest(prefix):
                path = self.save({prefix + key: value for key, value in model.model.state_dict().items()})
                self.assertTrue(torch.equal(load(self.spec, path=path)(self.images), model(self.images)))

    def test_what_goes_wrong_in_the_file_is_said_by_its_line(self):
        for text, message in (
            ("import nothing_of_this_name\n", "in line 1 of 'network.py', ModuleNotFoundError: No module named"),
            ("def network():\n    return 1 / 0\n", "in line 2 of 'network.py', ZeroDivisionError"),
            ("def network(:\n", "in line 1 of 'network.py', SyntaxError"),
            ("raise SystemExit(3)\n", "in line 1 of 'network.py', SystemExit"),
            ("from torch import nn\ndef network():\n    return nn.Flatten()\n", "has no parameters"),
        ):
            self.file.write_text(text)
            self.says(SpecError, message, self.spec)
        self.file.write_text("from torch import nn\ndef network():\n    return nn.Sequential(nn.Linear(1, 1))\n")
        self.says(SpecError, "no module 'head' for classifier.heads. Give some of its modules: '0'", self.spec, heads=["head"], tuning={"kind": "full"})
        self.says(SpecError, "with classifier.arguments .'width': 3.", self.spec, arguments={"width": 3})


class TestDenoiserFolders(WithImages):
    def setUp(self):
        super().setUp()
        unet = {"sample_size": 8, "block_out_channels": (8, 8), "layers_per_block": 1, "norm_num_groups": 4}
        unet |= {"down_block_types": ("DownBlock2D", "AttnDownBlock2D"), "up_block_types": ("AttnUpBlock2D", "UpBlock2D")}
        denoiser = load_denoiser({"source": "diffusers", "unet": unet, "scheduler": {"num_train_timesteps": 10}}, **FLOAT32)
        save_denoiser(denoiser, self.folder / "d")
        self.weights = self.folder / "d" / "diffusion_pytorch_model.safetensors"
        self.expected = denoiser(self.images, 3)
        self.spec = {"source": "diffusers", "path": str(self.folder / "d")}

    def assert_loads(self, tolerance=0.0):
        found = load_denoiser(self.spec, **FLOAT32)(self.images, 3)
        self.assertLessEqual((found - self.expected).abs().max().item(), tolerance)

    def test_half_precision_wrappers_earlier_names_and_parts(self):
        state = read_tensors(self.weights)
        write_tensors(self.weights, {f"_orig_mod.module.{key}": value for key, value in state.items()})
        self.assert_loads()
        names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
        earlier = state
        for now, before in names.items():
            earlier = {key.replace(f".{now}.", f".{before}."): value for key, value in earlier.items()}
        self.assertNotEqual(list(earlier), list(state))
        write_tensors(self.weights, earlier)
        self.assert_loads()
        self.weights.unlink()
        write_tensors(self.weights.with_name("diffusion_pytorch_model.fp16.safetensors"), {key: value.half() for key, value in state.items()})
        self.assert_loads(0.05)
        self.weights.with_name("diffusion_pytorch_model.fp16.safetensors").unlink()
        names = [f"diffusion_pytorch_model.fp16-0000{part}-of-00002.safetensors" for part in (1, 2)]
        parts = [{key: value.half() for index, (key, value) in enumerate(state.items()) if index % 2 == part} for part in (0, 1)]
        for name, part in zip(names, parts, strict=True):
            write_tensors(self.weights.with_name(name), part)
        index = self.weights.with_name("diffusion_pytorch_model.safetensors.index.fp16.json")
        index.write_text(str({"weight_map": {key: name for name, part in zip(names, parts, strict=True) for key in part}}).replace("'", '"'))
        self.assert_loads(0.05)
        index.write_text('{"weight_map": {"a": "../outside.safetensors"}}')
        with self.assertRaisesRegex(WeightsError, "outside of its folder"):
            load_denoiser(self.spec, **FLOAT32)

    def test_other_networks_are_refused_by_what_they_are(self):
        file = self.folder / "d" / "config.json"
        content = file.read_text()
        for name, message in (
            ("UNet2DConditionModel", "as text-to-image models have"),
            ("AutoencoderKL", "holds a AutoencoderKL, expected a UNet2DModel"),
        ):
            file.write_text(content.replace('"UNet2DModel"', f'"{name}"'))
            with self.subTest(name), self.assertRaisesRegex(SpecError, message):
                load_denoiser(self.spec, **FLOAT32)
        file.write_text(content.replace("AttnDownBlock2D", "NoBlock2D"))
        with self.assertRaisesRegex(SpecError, "describes no UNet2DModel: .*NoBlock2D"):
            load_denoiser(self.spec, **FLOAT32)


if __name__ == "__main__":
    unittest.main()
