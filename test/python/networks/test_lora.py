import copy
import json
import unittest
import unittest.mock

from network_files import InFolder  # isort: skip
import timm
import torch
from ftcadis_host.networks import lora
from ftcadis_host.errors import SpecError, WeightsError
from ftcadis_host.folders import read_json, write_json
from ftcadis_host.networks.state_dicts import read_tensors
from ftcadis_host.networks.weights import write_tensors
from torch import nn

TINY = {"img_size": 8, "patch_size": 4, "in_chans": 1, "embed_dim": 16, "depth": 2, "num_heads": 2, "num_classes": 5}


def tiny(**changes):
    """A small ViT whose normalisations and biases are not at their neutral initial values."""
    torch.manual_seed(0)
    model = timm.create_model("vit_tiny_patch16_224", **{**TINY, **changes}).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def trained(model, **changes):
    """The adapted model as if after some updates."""
    adapted = lora.add_adapters(model, rank=2, alpha=3, heads=["head"], **changes)
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return adapted.eval()


def worst(a, b):
    return (a - b).abs().max().item()


class TestSplit(unittest.TestCase):
    def setUp(self):
        self.x = torch.randn(3, 1, 8, 8)

    def test_splitting_and_fusing_change_nothing(self):
        from timm.layers import LayerNorm

        variants = {
            "plain": {},
            "no bias": {"qkv_bias": False},
            "normalised query and key": {"qk_norm": True, "norm_layer": LayerNorm},
            "normalised output": {"scale_attn_norm": True, "norm_layer": LayerNorm},
        }
        for name, changes in variants.items():
            with self.subTest(name):
                model = tiny(**changes)
                before, state = model(self.x), copy.deepcopy(model.state_dict())
                lora.split_qkv(model)
                self.assertIsInstance(model.blocks[0].attn.qkv, lora.SplitQkv)
                self.assertLess(worst(model(self.x), before), 1e-6)
                lora.fuse_qkv(model)
                self.assertEqual(list(model.state_dict()), list(state))
                self.assertTrue(all(torch.equal(model.state_dict()[key], value) for key, value in state.items()))

    def test_attention_stays_fused(self):
        model = tiny()
        lora.split_qkv(model)
        with unittest.mock.patch("torch.nn.functional.scaled_dot_product_attention", side_effect=RuntimeError("fused")):
            with self.assertRaisesRegex(RuntimeError, "fused"):
                model(self.x)

    def test_attention_that_cannot_be_split_is_refused(self):
        torch.manual_seed(0)
        model = timm.create_model("beit_base_patch16_224", img_size=32, embed_dim=24, depth=1, num_heads=2)
        with self.assertRaisesRegex(SpecError, "blocks.0.attn.*full fine-tuning"):
            lora.add_adapters(model, rank=2, alpha=2, heads=["head"])

    def test_what_peft_cannot_adapt_is_refused_by_name(self):
        model = tiny()
        model.heads = nn.ModuleList([model.head])
        with self.assertRaisesRegex(SpecError, r"LoRA cannot adapt the model \(VisionTransformer\): .*ModuleList.*'full'"):
            lora.add_adapters(model, rank=2, alpha=2, heads=["heads"])

    def test_a_model_without_projections_is_refused(self):
        with self.assertRaisesRegex(SpecError, "0 query and 0 value"):
            lora.add_adapters(nn.Sequential(nn.Linear(2, 2)), rank=2, alpha=2, heads=[])


class TestAdapters(InFolder):
    def setUp(self):
        super().setUp()
        self.x = torch.randn(3, 1, 8, 8)

    def test_counts_of_the_papers_imagenet_network(self):
        with torch.device("meta"):
            model = timm.create_model("vit_base_patch16_clip_384", num_classes=1000)
            self.assertEqual(sum(parameter.numel() for parameter in model.parameters()), 86_860_264)
            adapted = lora.add_adapters(model, rank=4, alpha=4, heads=["head"])
        trainable = [parameter for parameter in adapted.parameters() if parameter.requires_grad]
        self.assertEqual(sum(parameter.numel() for parameter in trainable), 916_456)
        self.assertEqual(len(trainable), 50)

    def test_starts_at_the_models_own_outputs_with_a_uniform_a_and_a_zero_b(self):
        model = tiny(embed_dim=64)
        before = model(self.x)
        adapted = lora.add_adapters(model, rank=4, alpha=4, heads=["head"]).eval()
        self.assertLess(worst(adapted(self.x), before), 1e-6)
        for name, parameter in adapted.named_parameters():
            if ".lora_B." in name:
                self.assertEqual(parameter.abs().max().item(), 0)
            elif ".lora_A." in name:
                # Kaiming-uniform with a = √5: uniform up to 1/√fan_in.
                bound = 64**-0.5
                self.assertTrue(0.8 * bound < parameter.abs().max().item() <= bound)

    def test_only_query_value_and_head_are_trained(self):
        adapted = trained(tiny())
        names = [name for name, parameter in adapted.named_parameters() if parameter.requires_grad]
        blocks = "base_model.model.blocks"
        expected = [
            f"{blocks}.{block}.attn.qkv.{part}.lora_{matrix}.default.weight"
            for block in (0, 1)
            for part in "qv"
            for matrix in "AB"
        ]
        head = "base_model.model.head.modules_to_save.default"
        self.assertEqual(names, [*expected, f"{head}.weight", f"{head}.bias"])
        adapted(self.x).square().sum().backward()
        with_gradient = [name for name, parameter in adapted.named_parameters() if parameter.grad is not None]
        self.assertEqual(with_gradient, names)

    def test_adapters_come_back_as_they_were_saved(self):
        adapted = trained(tiny())
        lora.save_adapters(adapted, self.folder / "a")
        config = read_json(self.folder / "a" / "adapter_config.json")
        self.assertEqual((config["r"], config["lora_alpha"], sorted(config["target_modules"])), (2, 3, ["q", "v"]))
        again = lora.load_adapters(tiny(), self.folder / "a", {"rank": 2, "alpha": 3}).eval()
        self.assertTrue(torch.equal(again(self.x), adapted(self.x)))
        described = [(name, parameter.requires_grad) for name, parameter in again.named_parameters()]
        self.assertEqual(described, [(name, parameter.requires_grad) for name, parameter in adapted.named_parameters()])
        frozen = lora.load_adapters(tiny(), self.folder / "a", None)
        self.assertFalse(any(parameter.requires_grad for parameter in frozen.parameters()))

    def test_saved_adapters_load_in_plain_peft_on_the_split_model(self):
        from peft import PeftModel

        adapted = trained(tiny())
        lora.save_adapters(adapted, self.folder / "a")
        model = tiny()
        lora.split_qkv(model)
        loaded = PeftModel.from_pretrained(model, str(self.folder / "a")).eval()
        self.assertTrue(torch.equal(loaded(self.x), adapted(self.x)))

    def test_exported_adapters_load_in_plain_peft_on_plain_timm(self):
        from peft import PeftModel

        adapted = trained(tiny())
        lora.export_adapters(adapted, self.folder / "e")
        loaded = PeftModel.from_pretrained(tiny(), str(self.folder / "e")).eval()
        self.assertLess(worst(loaded(self.x), adapted(self.x)), 1e-5)
        self.assertGreater(worst(loaded(self.x), tiny()(self.x)), 0.1)
        again = lora.load_adapters(tiny(), self.folder / "e", None).eval()
        self.assertTrue(torch.equal(again(self.x), loaded(self.x)))

    def test_merging_gives_a_plain_model_and_leaves_the_adapted_one(self):
        adapted = trained(tiny())
        before = adapted(self.x)
        model = lora.merged(adapted).eval()
        self.assertEqual(list(model.state_dict()), list(tiny().state_dict()))
        self.assertLess(worst(model(self.x), before), 1e-5)
        self.assertGreater(worst(model(self.x), tiny()(self.x)), 0.1)
        self.assertTrue(torch.equal(adapted(self.x), before))

    def test_what_is_wrong_with_a_folder_is_named(self):
        lora.save_adapters(trained(tiny()), self.folder / "a")
        config, weights = self.folder / "a" / "adapter_config.json", self.folder / "a" / "adapter_model.safetensors"
        content, tensors = read_json(config), read_tensors(weights)

        def breaks(error, message, tuning=None):
            with self.subTest(message), self.assertRaisesRegex(error, message):
                lora.load_adapters(tiny(), self.folder / "a", tuning)

        breaks(SpecError, "rank 2 and alpha 3, but rank 4 and alpha 4", {"rank": 4, "alpha": 4})
        write_tensors(weights, {key: value for key, value in tensors.items() if "head" not in key})
        breaks(WeightsError, "2 of 10 keys are missing, first base_model.model.head.weight")
        write_tensors(weights, {key: value[:1] for key, value in tensors.items()})
        breaks(SpecError, "says rank 2, but the adapters beside it have rank 1")
        write_tensors(weights, tensors)
        write_json(config, {**content, "use_dora": True, "megatron_config": {"a": 1}, "megatron_core": "antigravity"})
        breaks(SpecError, r"\['megatron_config', 'megatron_core', 'use_dora'\]")
        write_json(config, {**content, "peft_type": "IA3"})
        breaks(SpecError, "IA3")
        config.write_text(json.dumps([]))
        breaks(WeightsError, "holds a list")
        for rank, alpha in ((0, 4), (4, 0)):
            with self.subTest(rank), self.assertRaisesRegex(SpecError, f"rank {rank} and alpha {alpha}"):
                lora.add_adapters(tiny(), rank=rank, alpha=alpha, heads=["head"])


if __name__ == "__main__":
    unittest.main()
