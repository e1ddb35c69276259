import copy
import unittest

from network_files import InFolder  # isort: skip
import timm
import torch
from ftcadis_host.errors import SpecError, WeightsError
from ftcadis_host.folders import read_json, write_json
from ftcadis_host.networks import lora
from ftcadis_host.networks.classifiers import export_adapter, load_classifier, save_classifier
from ftcadis_host.networks.state_dicts import read_tensors
from ftcadis_host.networks.weights import write_tensors

FLOAT32 = {"device": "cpu", "dtype": torch.float32}
VIT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
VIT |= {"image_size": 16, "patch_size": 4, "num_labels": 5}
TODAY = (("vit.layers.", "vit.encoder.layer."), ("attention.q_proj", "attention.attention.query"), ("attention.v_proj", "attention.attention.value"))
TIMM = {"img_size": 8, "patch_size": 4, "in_chans": 3, "embed_dim": 16, "depth": 2, "num_heads": 2}


def disturb(module):
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return module.eval()


class TestAdaptersOfPlainPeft(InFolder):
    """Adapters that peft wrote, for weights of transformers."""

    def setUp(self):
        super().setUp()
        from transformers import ViTConfig, ViTForImageClassification

        torch.manual_seed(0)
        ViTForImageClassification(ViTConfig(**VIT)).save_pretrained(self.folder / "base")
        self.spec = {"source": "transformers", "path": str(self.folder / "base")}
        self.images = 2 * torch.rand(2, 3, 16, 16) - 1
        self.expected = self.write({})

    def write(self, settings):
        """A folder of adapters as an earlier transformers and peft named their layers, and its outputs."""
        from peft import LoraConfig, get_peft_model
        from transformers import ViTForImageClassification

        config = LoraConfig(r=2, lora_alpha=3, target_modules=["q_proj", "v_proj"], modules_to_save=["classifier"], **settings)
        adapted = disturb(get_peft_model(ViTForImageClassification.from_pretrained(self.folder / "base"), config))
        adapted.save_pretrained(str(self.folder / "a"))
        weights = self.folder / "a" / "adapter_model.safetensors"
        tensors = read_tensors(weights)
        for today, earlier in TODAY:
            tensors = {key.replace(today, earlier): value for key, value in tensors.items()}
        self.assertTrue(any("encoder.layer.1.attention.attention.query.lora_A" in key for key in tensors))
        write_tensors(weights, tensors, {"format": "pt"})
        file = self.folder / "a" / "adapter_config.json"
        write_json(file, {**read_json(file), "target_modules": ["query", "value"]})
        return adapted(self.images).logits.detach()

    def load(self, **changes):
        return load_classifier({**self.spec, "adapter": str(self.folder / "a"), **changes}, **FLOAT32)

    def test_are_loaded_under_the_names_of_an_earlier_transformers(self):
        self.assertLess((self.load()(self.images) - self.expected).abs().max().item(), 1e-5)

    def test_are_a_start_for_training_with_lora_and_in_full(self):
        adapted = self.load(tuning={"kind": "lora", "rank": 2, "alpha": 3})
        self.assertLess((adapted(self.images) - self.expected).abs().max().item(), 1e-5)
        save_classifier(disturb(adapted), self.folder / "b")
        again = load_classifier({**self.spec, "adapter": str(self.folder / "b")}, **FLOAT32)
        self.assertTrue(torch.equal(again(self.images), adapted(self.images)))
        full = self.load(tuning={"kind": "full"})
        self.assertLess((full(self.images) - self.expected).abs().max().item(), 1e-5)
        self.assertTrue(all(parameter.requires_grad for parameter in full.model.parameters()))
        save_classifier(full, self.folder / "full")
        again = load_classifier({**self.spec, "path": str(self.folder / "full")}, **FLOAT32)
        self.assertTrue(torch.equal(again(self.images), full(self.images)))

    def test_patterns_of_rank_and_alpha_follow_the_names(self):
        self.expected = self.write({"rank_pattern": {"q_proj": 4}, "alpha_pattern": {"v_proj": 9}})
        file = self.folder / "a" / "adapter_config.json"
        write_json(file, {**read_json(file), "rank_pattern": {"query": 4}, "alpha_pattern": {"value": 9}})
        self.assertLess((self.load()(self.images) - self.expected).abs().max().item(), 1e-5)

    def test_patterns_are_not_run_and_nothing_larger_is_made_than_there_is(self):
        file = self.folder / "a" / "adapter_config.json"
        content = read_json(file)
        for change, message in (
            ({"target_modules": ["(a+)+$"]}, "by a pattern"),
            ({"rank_pattern": {"(.*)*x": 2}}, "by a pattern"),
            ({"r": 1 << 40}, "says rank 1099511627776, but the adapters beside it have rank 2"),
            ({"rank_pattern": {"query": 1 << 40}}, "says rank 1099511627776"),
            ({"target_modules": ["query", "gate"]}, "layers called 'gate', of which ViTForImageClassification has none"),
            ({"r": "2"}, "'r' .* is not a number"),
            ({"bias": "some"}, "'bias'"),
        ):
            write_json(file, {**content, **change})
            with self.subTest(str(change)), self.assertRaisesRegex(SpecError, message):
                self.load()
        # Text is a regular expression to peft; the tensors say which layers are meant.
        write_json(file, {**content, "target_modules": "(.*)*(query|value)"})
        self.assertLess((self.load()(self.images) - self.expected).abs().max().item(), 1e-5)

    def test_the_weights_of_another_network_are_named(self):
        (self.folder / "a" / "adapter_model.safetensors").unlink()
        with self.assertRaisesRegex(WeightsError, "has no adapter_model.safetensors"):
            self.load()
        write_tensors(self.folder / "a" / "adapter_model.safetensors", {"a": torch.ones(1)})
        with self.assertRaisesRegex(WeightsError, "no name in it has 'lora_A'"):
            self.load()


class TestExport(InFolder):
    """Adapters of a timm network, exported for its fused layers."""

    def setUp(self):
        super().setUp()
        torch.manual_seed(0)
        self.model = timm.create_model("vit_tiny_patch16_224", num_classes=5, **TIMM)
        torch.save(self.model.state_dict(), self.folder / "w.pt")
        self.spec = {"source": "timm", "name": "vit_tiny_patch16_224", "path": str(self.folder / "w.pt"), "model_args": TIMM}
        self.images = torch.rand(2, 3, 8, 8)

    def exported(self, targets, **settings):
        """The outputs of adapters on the split network, and of what is exported of them, in plain peft."""
        from peft import LoraConfig, PeftModel, get_peft_model

        model = copy.deepcopy(self.model)
        lora.split_qkv(model)
        config = LoraConfig(r=2, lora_alpha=3, target_modules=targets, modules_to_save=["head"], **settings)
        lora.save_adapters(disturb(get_peft_model(model, config)), self.folder / "a")
        classifier = load_classifier({**self.spec, "adapter": str(self.folder / "a")}, **FLOAT32)
        export_adapter(classifier, self.folder / "e")
        plain = PeftModel.from_pretrained(copy.deepcopy(self.model), str(self.folder / "e")).eval()
        return classifier.model(self.images), plain(self.images)

    def test_has_the_same_outputs_whatever_scales_the_adapters(self):
        for targets, settings in (
            (["q", "v"], {}),
            (["q", "v"], {"use_rslora": True}),
            (["q", "v"], {"alpha_pattern": {"q": 8}}),
            (["q", "v"], {"rank_pattern": {"v": 3}, "use_rslora": True}),
            (["q", "k", "v"], {"alpha_pattern": {"k": 1}}),
            (["k"], {}),
            (["q", "v", "fc1"], {"rank_pattern": {"fc1": 5}}),
            (["blocks.0.attn.qkv.q"], {}),
        ):
            with self.subTest(f"{targets} {settings}"):
                expected, found = self.exported(targets, **settings)
                self.assertLess((found - expected).abs().max().item(), 1e-5)
                self.assertGreater((self.model.eval()(self.images) - expected).abs().max().item(), 1e-2)

    def test_refuses_trained_biases(self):
        with self.assertRaisesRegex(SpecError, "train biases too"):
            self.exported(["q", "v"], bias="lora_only")


if __name__ == "__main__":
    unittest.main()
