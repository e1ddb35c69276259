import json
import os
import shutil
import stat
import unittest.mock
import warnings
from pathlib import Path

import torch
from ftcadis_host.networks import openai_checkpoint
from ftcadis_host.networks.denoisers import load_denoiser, save_denoiser
from ftcadis_host.errors import SpecError, WeightsError
from ftcadis_host.networks.noise_schedule import noise_schedule
from ftcadis_host.networks.weights import file_hash
from ftcadis_host.networks.state_dicts import read_tensors
from network_files import InFolder

FIXTURES = Path(__file__).parents[2] / "fixtures" / "unet"
FLOAT32 = {"device": "cpu", "dtype": torch.float32}

TINY = {
    "source": "diffusers",
    "unet": {
        "sample_size": 8,
        "in_channels": 1,
        "out_channels": 2,
        "block_out_channels": [8, 16],
        "layers_per_block": 1,
        "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
        "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
        "norm_num_groups": 4,
        "attn_norm_num_groups": 4,
        "attention_head_dim": 4,
    },
    "scheduler": {"num_train_timesteps": 1000, "beta_schedule": "linear"},
}


class TestDiffusers(InFolder):
    def setUp(self):
        super().setUp()
        torch.manual_seed(0)
        self.denoiser = load_denoiser(TINY, **FLOAT32)
        self.x = torch.randn(3, 1, 8, 8)

    def test_predicts_as_many_channels_as_the_image_has_at_a_fractional_timestep(self):
        noise = self.denoiser(self.x, 12.25)
        self.assertEqual(noise.shape, self.x.shape)
        expected = self.denoiser.unet(self.x, torch.full((3,), 12.25)).sample[:, :1]
        self.assertTrue(torch.equal(noise, expected))
        self.assertFalse(torch.equal(noise, self.denoiser(self.x, 12.0)))
        self.assertTrue(torch.equal(noise, self.denoiser(self.x, torch.full((3,), 12.25))))

    def test_is_frozen_and_in_eval_mode(self):
        self.assertFalse(any(parameter.requires_grad for parameter in self.denoiser.parameters()))
        self.assertFalse(any(module.training for module in self.denoiser.modules()))

    def test_computes_in_its_own_dtype_and_answers_in_that_of_the_images(self):
        save_denoiser(self.denoiser, self.folder / "d")
        spec = {"source": "diffusers", "path": str(self.folder / "d")}
        half = load_denoiser(spec, device="cpu", dtype=torch.bfloat16)
        noise = half(self.x, 12.25)
        self.assertEqual(noise.dtype, torch.float32)
        difference = (noise - self.denoiser(self.x, 12.25)).abs().max().item()
        self.assertTrue(0 < difference < 0.1, difference)

    def test_stored_and_loaded_it_is_the_same(self):
        save_denoiser(self.denoiser, self.folder / "flat")
        (self.folder / "nested").mkdir()
        shutil.copytree(self.folder / "flat", self.folder / "nested" / "unet")
        (self.folder / "nested" / "scheduler").mkdir()
        (self.folder / "nested" / "unet" / "scheduler_config.json").rename(
            self.folder / "nested" / "scheduler" / "scheduler_config.json"
        )
        for name in ("flat", "nested"):
            with self.subTest(name):
                again = load_denoiser({"source": "diffusers", "path": str(self.folder / name)}, **FLOAT32)
                self.assertTrue(torch.equal(again(self.x, 7.5), self.denoiser(self.x, 7.5)))
                self.assertEqual(again.schedule, self.denoiser.schedule)

    def test_loads_in_plain_diffusers(self):
        from diffusers import DDPMScheduler, UNet2DModel

        save_denoiser(self.denoiser, self.folder / "d")
        unet = UNet2DModel.from_pretrained(self.folder / "d").eval()
        found, expected = unet(self.x, torch.tensor(7.5)).sample[:, :1], self.denoiser(self.x, 7.5)
        self.assertLess((found - expected).abs().max().item(), 1e-6)
        self.assertGreater((found - self.denoiser(self.x, 7.6)).abs().max().item(), 1e-4)
        self.assertEqual(DDPMScheduler.from_pretrained(self.folder / "d").config.num_train_timesteps, 1000)

    def test_what_is_wrong_with_a_folder_is_named(self):
        save_denoiser(self.denoiser, self.folder / "d")
        weights, config = self.folder / "d" / "diffusion_pytorch_model.safetensors", self.folder / "d" / "config.json"
        content = json.loads(config.read_text())

        def breaks(message, error=WeightsError):
            with self.subTest(message), self.assertRaisesRegex(error, message):
                load_denoiser({"source": "diffusers", "path": str(self.folder / "d")}, **FLOAT32)

        config.write_text(json.dumps({**content, "class_embed_type": "timestep"}))
        breaks("class-conditional denoiser", SpecError)
        config.write_text(json.dumps({**content, "layers_per_block": 2}))
        breaks("does not fit the UNet of its config.json: .* keys are missing, first down_blocks.*of another shape")
        config.write_text(json.dumps(content))
        weights.write_bytes(weights.read_bytes()[:-3])
        breaks("is cut off")
        weights.unlink()
        breaks("has no weights")
        (self.folder / "d" / "scheduler_config.json").unlink()
        breaks("has no scheduler_config.json")
        with self.assertRaisesRegex(WeightsError, "The folder .* does not exist"):
            load_denoiser({"source": "diffusers", "path": "/none/at/all"}, **FLOAT32)

    def test_image_sizes_that_do_not_halve_are_refused(self):
        with self.assertRaisesRegex(ValueError, "multiples of 2, got .9, 8."):
            self.denoiser(torch.zeros(1, 1, 9, 8), 1.0)

    def test_descriptions_that_make_no_sense_are_refused(self):
        unscheduled = {"source": "diffusers", "unet": TINY["unet"]}
        for spec in ({"source": "magic"}, unscheduled, {"source": "openai"}, {"source": "openai", "preset": "x"}):
            with self.subTest(spec), self.assertRaises(SpecError):
                load_denoiser(spec, **FLOAT32)


class TestSchedule(unittest.TestCase):
    def test_named_schedules(self):
        plain = {"num_train_timesteps": 10}
        self.assertEqual(
            noise_schedule({**plain, "beta_schedule": "scaled_linear", "beta_start": 0.1, "beta_end": 0.2}),
            {"kind": "scaled_linear", "steps": 10, "rescale_timesteps": False, "beta_start": 0.1, "beta_end": 0.2},
        )
        self.assertEqual(
            noise_schedule({**plain, "beta_schedule": "squaredcos_cap_v2", "rescale_timesteps": True}),
            {"kind": "cosine", "steps": 10, "rescale_timesteps": True},
        )

    def test_any_other_schedule_is_spelled_out(self):
        betas = [0.125, 0.25, 0.5]
        explicit = noise_schedule({"num_train_timesteps": 3, "trained_betas": betas})
        self.assertEqual((explicit["kind"], explicit["betas"]), ("explicit", betas))
        self.assertEqual(noise_schedule({"beta_schedule": "sigmoid"})["kind"], "explicit")

    def test_only_networks_that_predict_noise(self):
        with self.assertRaisesRegex(SpecError, "v_prediction"):
            noise_schedule({"prediction_type": "v_prediction"})


class TestOpenAI(InFolder):
    def setUp(self):
        super().setUp()
        document = json.loads((FIXTURES / "improved_cifar_tiny.json").read_text())
        self.path = self.folder / document["checkpoint"]
        shutil.copy(FIXTURES / document["checkpoint"], self.path)
        self.path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        self.case = document["unet"][0]
        self.reference = read_tensors(FIXTURES / document["reference_tensors"])[self.case["tensor"]]
        self.spec = {"source": "openai", "path": str(self.path), "arguments": document["args"]}
        index = torch.arange(3 * 32 * 32, dtype=torch.float64).reshape(1, 3, 32, 32)
        self.x = torch.sin(0.37 * index + 0.1 * torch.arange(3.0, dtype=torch.float64).reshape(1, 3, 1, 1)).float()

    def assert_right(self, denoiser):
        noise = denoiser(self.x, self.case["timesteps_passed_to_unet"][0])
        self.assertLess((noise - self.reference[:, :3]).abs().max().item(), 2e-4)

    def caches(self):
        return [path.name for path in self.folder.iterdir() if path.suffix == ".safetensors"]

    def test_loads_converts_and_says_where_it_is_from(self):
        denoiser = load_denoiser(self.spec, **FLOAT32)
        self.assert_right(denoiser)
        self.assertEqual(denoiser.schedule, {"kind": "cosine", "steps": 4000, "rescale_timesteps": True})
        expected = {"source": "openai", "path": str(self.path), "sha256": file_hash(self.path), "published": None}
        self.assertEqual(denoiser.provenance, expected)

    def test_the_second_load_skips_the_conversion(self):
        first = load_denoiser(self.spec, **FLOAT32)
        self.assertEqual(self.caches(), [f"{self.path.name}.{file_hash(self.path)[:16]}.safetensors"])
        with unittest.mock.patch.object(openai_checkpoint, "convert", side_effect=AssertionError):
            second = load_denoiser(self.spec, **FLOAT32)
        for (name, one), two in zip(first.named_parameters(), second.parameters(), strict=True):
            self.assertTrue(torch.equal(one, two), name)

    def test_the_cache_is_not_used_for_other_arguments_other_bytes_or_when_damaged(self):
        other = {**self.spec, "arguments": {**self.spec["arguments"], "num_heads": 2}}
        with self.assertRaises(AssertionError):
            self.assert_right(load_denoiser(other, **FLOAT32))
        self.assert_right(load_denoiser(self.spec, **FLOAT32))
        (cache,) = self.caches()
        (self.folder / cache).write_bytes((self.folder / cache).read_bytes()[:1000])
        self.assert_right(load_denoiser(self.spec, **FLOAT32))
        torch.save({key: value + 1 for key, value in read_tensors(self.path).items()}, self.path)
        with self.assertRaises(AssertionError):
            self.assert_right(load_denoiser(self.spec, **FLOAT32))

    def test_a_folder_that_cannot_be_written_costs_a_warning_only(self):
        with (
            unittest.mock.patch.object(openai_checkpoint, "write_tensors", side_effect=PermissionError("read-only")),
            self.assertWarnsRegex(UserWarning, "could not be cached beside it .read-only."),
        ):
            self.assert_right(load_denoiser(self.spec, **FLOAT32))
        self.assertEqual(self.caches(), [])

    @unittest.skipIf(hasattr(os, "geteuid") and os.geteuid() == 0, "root writes everywhere")
    def test_a_read_only_folder(self):
        self.folder.chmod(0o500)
        self.addCleanup(self.folder.chmod, 0o700)
        with self.assertWarns(UserWarning):
            self.assert_right(load_denoiser(self.spec, **FLOAT32))

    def test_a_wrong_architecture_names_openais_keys(self):
        arguments = {**self.spec["arguments"], "num_res_blocks": 2}
        with self.assertRaisesRegex(WeightsError, r"missing, first input_blocks\.") as caught:
            load_denoiser({**self.spec, "arguments": arguments}, **FLOAT32)
        self.assertIn(str(self.path), str(caught.exception))
        with self.assertRaisesRegex(WeightsError, r"time_embed.0.weight is \[128, 32\], expected \[256, 64\]"):
            load_denoiser({**self.spec, "arguments": {**self.spec["arguments"], "num_channels": 64}}, **FLOAT32)

    def test_the_hash_is_checked_where_one_is_stated(self):
        found = file_hash(self.path)
        load_denoiser({**self.spec, "sha256": found}, **FLOAT32)
        with self.assertRaisesRegex(WeightsError, f'{found}, but you gave 00.*"sha256": "{found}"'):
            load_denoiser({**self.spec, "sha256": "00"}, **FLOAT32)
        published = self.folder / "256x256_diffusion_uncond.pt"
        self.path.rename(published)
        spec = {**self.spec, "path": str(published)}
        with self.assertRaisesRegex(WeightsError, "the published file of this name has a37c32ff"):
            load_denoiser(spec, **FLOAT32)
        for trusted in (found, "any"):
            self.assertIs(load_denoiser({**spec, "sha256": trusted}, **FLOAT32).provenance["published"], False)

    def test_random_weights_without_a_path(self):
        torch.manual_seed(0)
        spec = {key: value for key, value in self.spec.items() if key != "path"}
        one = load_denoiser(spec, **FLOAT32)
        torch.manual_seed(0)
        self.assertTrue(torch.equal(one(self.x, 5.0), load_denoiser(spec, **FLOAT32)(self.x, 5.0)))

    def test_a_network_that_needs_the_class_is_refused(self):
        spec = {"source": "openai", "arguments": {**self.spec["arguments"], "class_cond": True}}
        with self.assertRaisesRegex(SpecError, "unconditional"):
            load_denoiser(spec, **FLOAT32)

    def test_storing_in_diffusers_format_works_where_the_format_can_express_it(self):
        denoiser = load_denoiser(self.spec, **FLOAT32)
        save_denoiser(denoiser, self.folder / "d")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            again = load_denoiser({"source": "diffusers", "path": str(self.folder / "d")}, **FLOAT32)
        self.assert_right(again)
        self.assertEqual(again.schedule, denoiser.schedule)
        document = json.loads((FIXTURES / "guided_conv_heads.json").read_text())
        denoiser = load_denoiser({"source": "openai", "arguments": document["args"]}, **FLOAT32)
        with self.assertRaisesRegex(SpecError, "cannot be stored"):
            save_denoiser(denoiser, self.folder / "d")


if __name__ == "__main__":
    unittest.main()
