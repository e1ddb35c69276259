"""Parameter groups of the libraries: `ftcadis_host.networks.parameter_groups`."""

import unittest

import torch
from torch import nn

from ftcadis_host.networks import lora
from ftcadis_host.networks.parameter_groups import library_groups
from ftcadis_host.torchvision_compat import prepare_torchvision

prepare_torchvision()

import timm  # noqa: E402

TINY_VIT = {"img_size": 8, "patch_size": 4, "embed_dim": 8, "depth": 2, "num_heads": 2, "num_classes": 2}
EXEMPT = {
    "swin_tiny_patch4_window7_224": ["relative_position_bias_table"],
    "swinv2_tiny_window8_256": ["cpb_mlp"],
    "beit_base_patch16_224": ["relative_position_bias_table", "cls_token"],
    "mvitv2_tiny": ["rel_pos_h", "rel_pos_w"],
    "tiny_vit_5m_224": ["attention_biases"],
    "crossvit_tiny_240": ["cls_token_0", "pos_embed_1"],
}


def tiny_vit(**arguments):
    return timm.models.VisionTransformer(**TINY_VIT, **arguments)


class ParameterGroups(unittest.TestCase):
    def test_layers_are_those_of_timms_group_matcher(self):
        layers = library_groups(tiny_vit(pre_norm=True))["layers"]
        for name in ("patch_embed.proj.weight", "pos_embed", "norm_pre.weight"):
            self.assertEqual(layers[name], 0, name)
        self.assertEqual(layers["blocks.0.attn.qkv.weight"], 1)
        self.assertEqual(layers["blocks.1.mlp.fc1.bias"], 2)
        self.assertEqual(layers["head.weight"], 3)

    def test_timm_exempts_what_its_networks_say(self):
        for name, words in EXEMPT.items():
            with self.subTest(name), torch.device("meta"):
                model = timm.create_model(name)
                exempt = set(library_groups(model)["noDecay"])
                for word in words:
                    named = {parameter for parameter, _ in model.named_parameters() if word in parameter}
                    self.assertTrue(named and named <= exempt, word)
                self.assertFalse([parameter for parameter in exempt if parameter.endswith("mlp.fc1.weight")])

    def test_adapters_are_in_the_layer_of_what_they_adapt(self):
        model = lora.add_adapters(tiny_vit(), rank=1, alpha=1, heads=("head",))
        groups = library_groups(model)
        self.assertEqual(groups["layers"]["base_model.model.blocks.1.attn.qkv.q.lora_A.default.weight"], 2)
        self.assertEqual(groups["layers"]["base_model.model.head.modules_to_save.default.weight"], 3)
        self.assertEqual(set(groups["layers"]), {name for name, _ in model.named_parameters()})
        self.assertIn("base_model.model.pos_embed", groups["noDecay"])

    def test_another_library_says_nothing(self):
        self.assertEqual(library_groups(nn.Linear(2, 2)), {"noDecay": [], "layers": None})


if __name__ == "__main__":
    unittest.main()
