import json
import unittest
from pathlib import Path

import torch
from ftcadis_host.errors import SpecError
from ftcadis_host.networks.openai_arguments import PRESETS, complete_arguments, config_is_complete, scheduler_config, unet_config
from ftcadis_host.networks.openai_unet import build_unet, conversions, convert, expected_shapes
from ftcadis_host.torchvision_compat import prepare_torchvision
from ftcadis_host.networks.weights import load_strictly, shapes_of
from ftcadis_host.networks.state_dicts import read_tensors
from openai_reference import random_state_dict, reference_output

FIXTURES = Path(__file__).parents[2] / "fixtures" / "unet"

SMALL = {
    "image_size": 16, "num_channels": 32, "num_res_blocks": 1, "attention_resolutions": [8], "channel_mult": [1, 2],
    "num_heads": 2, "learn_sigma": True,
}  # fmt: skip

# Each differs from the published networks in what its name says: arguments, whether diffusers' configuration suffices.
VARIANTS = {
    "one number of heads over several widths": ({"attention_resolutions": [16, 8]}, False),
    "channels per head": ({"num_head_channels": 16, "attention_resolutions": [16, 8]}, True),
    "other heads on the way up": ({"num_heads_upsample": 4}, False),
    "new order of query, key and value": ({"use_new_attention_order": True, "num_heads": 4}, True),
    "no scale and shift": ({"use_scale_shift_norm": False}, True),
    "residual resampling": ({"resblock_updown": True, "num_res_blocks": 2, "channel_mult": [1, 1, 2]}, False),
    "residual resampling with attention": ({"resblock_updown": True, "attention_resolutions": [16, 8]}, False),
    "first level of another width": ({"num_channels": 64, "channel_mult": [0.5, 1]}, False),
    "no variance": ({"learn_sigma": False}, True),
    "attention everywhere": ({"attention_resolutions": [16, 8, 4], "channel_mult": [1, 1, 1]}, True),
}  # fmt: skip


def convert_all(arguments, tensors):
    with torch.device("meta"):
        unet = build_unet(arguments)
    plan = conversions(arguments, unet)
    load_strictly(unet, convert(tensors, plan), source="test", model="test")
    return unet.eval(), plan


class TestConversion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        prepare_torchvision()

    def setUp(self):
        self.x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        self.timesteps = torch.tensor([3.0, 700.5])

    def test_the_reference_of_this_test_computes_what_openai_computes(self):
        for name in ("guided_updown", "guided_conv_heads", "improved_cifar_tiny"):
            with self.subTest(name):
                document = json.loads((FIXTURES / f"{name}.json").read_text())
                arguments = complete_arguments(document["args"])
                tensors = {key: value.float() for key, value in read_tensors(FIXTURES / document["checkpoint"]).items()}
                shape = document["input"]["shape"]
                index = torch.arange(torch.Size(shape).numel(), dtype=torch.float64).reshape(shape)
                x = torch.sin(0.37 * index + 0.1 * torch.arange(3.0, dtype=torch.float64).reshape(1, 3, 1, 1)).float()
                case = document["unet"][0]
                expected = read_tensors(FIXTURES / document["reference_tensors"])[case["tensor"]]
                found = reference_output(tensors, arguments, x, torch.tensor(case["timesteps_passed_to_unet"]))
                self.assertLess((found - expected).abs().max().item(), 2e-4)

    def test_every_variant_computes_the_same_function_after_conversion(self):
        for name, (changes, complete) in VARIANTS.items():
            with self.subTest(name):
                arguments = complete_arguments({**SMALL, **changes})
                tensors = random_state_dict(arguments)
                unet, plan = convert_all(arguments, tensors)
                self.assertEqual(dict(expected_shapes(plan)), shapes_of(tensors))
                self.assertEqual(config_is_complete(arguments), complete)
                with torch.no_grad():
                    found = unet(self.x, self.timesteps).sample
                expected = reference_output(tensors, arguments, self.x, self.timesteps)
                self.assertGreater(expected.std().item(), 0.1)
                self.assertLess((found - expected).abs().max().item(), 1e-10)

    def test_the_order_of_query_key_and_value_matters(self):
        arguments = complete_arguments({**SMALL, "num_heads": 4})
        tensors = random_state_dict(arguments)
        legacy, _ = convert_all(arguments, tensors)
        new, _ = convert_all({**arguments, "use_new_attention_order": True}, tensors)
        with torch.no_grad():
            difference = legacy(self.x, self.timesteps).sample - new(self.x, self.timesteps).sample
        self.assertGreater(difference.abs().max().item(), 1e-2)

    def test_a_class_conditional_network_maps_its_label_embedding(self):
        arguments = complete_arguments({**SMALL, "class_cond": True})
        with torch.device("meta"):
            plan = conversions(arguments, build_unet(arguments))
        self.assertEqual(expected_shapes(plan)["label_emb.weight"], (1000, 128))


class TestArguments(unittest.TestCase):
    def test_presets_are_the_arguments_of_the_published_files(self):
        for preset, manifest in (("imagenet256", "manifest_256_uncond"), ("cifar10", "manifest_cifar10_uncond")):
            with self.subTest(preset):
                published = complete_arguments(json.loads((FIXTURES / f"{manifest}.json").read_text())["args"])
                self.assertEqual(complete_arguments(PRESETS[preset]), published)

    def test_configuration_of_the_imagenet_network(self):
        config = unet_config(complete_arguments(PRESETS["imagenet256"]))
        self.assertEqual(config["block_out_channels"], (256, 256, 512, 512, 1024, 1024))
        self.assertEqual(config["attention_head_dim"], 64)
        self.assertEqual(config["down_block_types"], ("ResnetDownsampleBlock2D",) * 3 + ("AttnDownBlock2D",) * 3)
        self.assertEqual(config["up_block_types"], ("AttnUpBlock2D",) * 3 + ("ResnetUpsampleBlock2D",) * 3)

    def test_linear_schedule_is_scaled_to_the_number_of_steps(self):
        config = scheduler_config(complete_arguments({"diffusion_steps": 500, "rescale_timesteps": False}))
        self.assertEqual((config["beta_start"], config["beta_end"]), (0.0002, 0.04))

    def test_refusals_name_the_argument(self):
        refused = [
            ({"num_chanels": 3}, "num_chanels"),
            ({"diffusion_steps": 4000}, "rescale_timesteps"),
            ({"predict_xstart": True}, "predict_xstart"),
        ]
        for arguments, name in refused:
            with self.subTest(name), self.assertRaisesRegex(SpecError, name):
                complete_arguments(arguments)
        for arguments, name in (({"image_size": 48}, "channel_mult"), ({**SMALL, "num_heads": 5}, "5 heads")):
            with self.subTest(name), self.assertRaisesRegex(SpecError, name):
                unet_config(complete_arguments(arguments))
        with self.assertRaisesRegex(SpecError, "noise_schedule"):
            scheduler_config(complete_arguments({"noise_schedule": "sqrt"}))


if __name__ == "__main__":
    unittest.main()
