import argparse
import json
import tempfile
import unittest
from pathlib import Path

import torch
from ftcadis_host.errors import WeightsError
from ftcadis_host.inspection.statements import size_of, statements_in
from ftcadis_host.inspection.weights import inspect_weights
from ftcadis_host.networks.openai_arguments import PRESETS, complete_arguments
from ftcadis_host.networks.openai_unet import build_unet, conversions, expected_shapes
from ftcadis_host.torchvision_compat import prepare_torchvision

prepare_torchvision()
import timm  # noqa: E402

DIGITS = Path(__file__).parents[3] / "assets" / "digits"


class WeightsCase(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def saved(self, content, name="model.pth"):
        torch.save(content, self.folder / name)
        return str(self.folder / name)

    def network(self, name="resnet18", **arguments):
        return timm.create_model(name, num_classes=3, **arguments).state_dict()


class AWeightFile(WeightsCase):
    def test_says_its_architecture_in_a_namespace_under_the_names_of_data_parallel(self):
        state = {f"module.{key}": value for key, value in self.network("resnet26").items()}
        settings = argparse.Namespace(
            model="resnet26", class_to_idx={"dog": 1, "cat": 0, "owl": 2}, mean=(0.5, 0.5, 0.5), std=[0.5, 0.5, 0.5], img_size=64
        )
        found = inspect_weights(path=self.saved({"state_dict": state, "args": settings}))
        self.assertEqual(found["settings"], {"source": "timm", "name": "resnet26", "path": str(self.folder / "model.pth")})
        self.assertEqual(
            (found["classes"], found["names"], found["imageSize"], found["random"]), (3, ["cat", "dog", "owl"], 64, None)
        )
        self.assertEqual([said["from"] for said in found["ranges"]], ["the file", "timm's default for this architecture"])

    def test_that_says_what_is_the_default_has_one_input_range_of_both(self):
        default = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
        settings = argparse.Namespace(model="resnet18", **default)
        found = inspect_weights(path=self.saved({"state_dict": self.network(), "args": settings}))
        self.assertEqual(found["ranges"], [{**default, "from": "the file and timm's default for this architecture"}])

    def test_is_known_by_its_tensors_where_it_says_nothing(self):
        for name, arguments in (("resnet34", {}), ("resnet18", {"in_chans": 1}), ("mobilenetv3_small_100", {})):
            with self.subTest(name):
                found = inspect_weights(path=self.saved(self.network(name, **arguments)))
                self.assertEqual((found["settings"]["name"], found["classes"]), (name, 3))
                self.assertEqual(found["settings"].get("modelArgs", {}), arguments)

    def test_of_a_vision_transformer_for_images_that_are_not_square_has_the_size_that_it_says(self):
        state = self.network("vit_tiny_patch16_224", img_size=(48, 64))
        for said in ({"img_size": (48, 64)}, {"input_size": [3, 48, 64]}, {"arch": "vit_tiny_patch16_224", "img_size": [48, 64]}):
            with self.subTest(said):
                found = inspect_weights(path=self.saved({"state_dict": state, "args": said}))
                self.assertEqual(found["settings"]["modelArgs"], {"img_size": [48, 64]})
                self.assertEqual((found["imageSize"], found["kind"]), ([48, 64], "classifier"))
        # 12 patches are those of several sizes, and of no square.
        self.assertEqual(inspect_weights(path=self.saved(state))["kind"], "unknown")

    def test_says_a_size_as_a_number_where_it_is_square(self):
        for said, size in (((3, 48, 64), [48, 64]), ([64, 64], 64), ([64], 64), (64, 64), ([], None), ("64", None), ([True, 2], None)):
            with self.subTest(said):
                self.assertEqual(size_of(said), size)

    def test_of_a_vision_transformer_has_the_image_size_of_its_positions(self):
        found = inspect_weights(path=self.saved(self.network("vit_tiny_patch16_224", img_size=64)))
        self.assertEqual(found["settings"]["modelArgs"], {"img_size": 64})
        self.assertEqual((found["imageSize"], found["isFixedSize"]), (64, True))
        # Its tensors are those of DeiT too, which was trained with another normalisation.
        self.assertIn("vit_tiny_patch16_224, deit_tiny_patch16_224 of timm alike", found["notes"][0])
        self.assertEqual([said["mean"][0] for said in found["ranges"]], [0.5, 0.485])

    def test_that_is_said_to_be_what_it_is_not_is_known_all_the_same(self):
        found = inspect_weights(path=self.saved({"arch": "resnet50", "state_dict": self.network()}))
        self.assertEqual(found["settings"]["name"], "resnet18")
        self.assertRegex(found["notes"][0], "said to be a resnet50, which it does not fit")

    def test_of_an_uncommon_architecture_is_read_where_the_user_names_it(self):
        path = self.saved(self.network("test_resnet"))
        self.assertEqual(inspect_weights(path=path)["kind"], "unknown")
        self.assertRegex(inspect_weights(path=path)["notes"][0], "--architecture")
        self.assertEqual(inspect_weights(path=path, architecture="test_resnet")["kind"], "classifier")

    def test_that_does_not_fit_the_given_architecture_is_refused_with_what_it_fits(self):
        common = self.saved(self.network())
        with self.assertRaisesRegex(WeightsError, r"do not fit the given architecture resnet50 .*, but resnet18 of timm\. Leave"):
            inspect_weights(path=common, architecture="resnet50")
        # That the file states, it is known by too.
        stated = self.saved({"arch": "test_resnet", "state_dict": self.network("test_resnet")})
        with self.assertRaisesRegex(WeightsError, "resnet18 .*, but test_resnet of timm"):
            inspect_weights(path=stated, architecture="resnet18")
        unknown = self.saved(self.network("test_resnet"))
        with self.assertRaisesRegex(WeightsError, "resnet18 .*, nor one of the common ones of timm. Name"):
            inspect_weights(path=unknown, architecture="resnet18")

    def test_without_a_head_says_what_it_lacks(self):
        state = {key: value for key, value in self.network().items() if not key.startswith("fc.")}
        found = inspect_weights(path=self.saved(state))
        self.assertEqual(found["kind"], "unknown")
        self.assertRegex(found["notes"][0], "classifier.numClasses|lacks the module 'fc'")

    def test_of_openai_is_known_by_its_shapes(self):
        arguments = complete_arguments(PRESETS["cifar10"])
        with torch.device("meta"):
            unet = build_unet(arguments)
        # Numbers that are all one and take no room.
        shapes = expected_shapes(conversions(arguments, unet))
        found = inspect_weights(path=self.saved({key: torch.zeros(()).expand(shape) for key, shape in shapes.items()}))
        self.assertEqual(found["settings"], {"source": "openai", "preset": "cifar10", "path": str(self.folder / "model.pth")})
        self.assertEqual((found["kind"], found["schedule"]["kind"], found["schedule"]["steps"]), ("denoiser", "cosine", 4000))

    def test_that_holds_a_program_is_refused_and_nothing_runs(self):
        path = self.saved({"state_dict": self.network(), "args": _Loud()})
        with self.assertRaisesRegex(WeightsError, "holds more than weights"):
            inspect_weights(path=path)


class _Loud:
    def __reduce__(self):
        return (print, ("executed",))


class AFolder(WeightsCase):
    def test_of_timm_has_what_its_configuration_says(self):
        found = inspect_weights(path=str(DIGITS / "classifier"))
        self.assertEqual((found["kind"], found["classes"], found["channels"], found["imageSize"]), ("classifier", 10, 1, 8))
        self.assertEqual(found["ranges"], [{"mean": [0.5], "std": [0.5], "from": "its folder"}])

    def test_of_diffusers_has_the_schedule_of_its_noise(self):
        found = inspect_weights(path=str(DIGITS / "denoiser"))
        self.assertEqual((found["kind"], found["imageSize"], found["channels"]), ("denoiser", 8, 1))
        self.assertEqual(found["schedule"]["betaEnd"], 0.02)

    def test_of_peft_has_the_layers_that_it_is_for(self):
        config = {"peft_type": "LORA", "r": 4, "target_modules": ["value", "query"], "base_model_name_or_path": "owner/vit"}
        (self.folder / "adapter_config.json").write_text(json.dumps(config))
        found = inspect_weights(path=str(self.folder))
        self.assertEqual((found["kind"], found["rank"], found["layers"], found["base"]), ("adapter", 4, ["query", "value"], "owner/vit"))

    def test_with_several_weight_files_asks_which(self):
        for name in ("a.pth", "b.pth"):
            self.saved(self.network(), name)
        with self.assertRaisesRegex(WeightsError, "holds 2 weight files: a.pth, b.pth"):
            inspect_weights(path=str(self.folder))


class Statements(WeightsCase):
    def test_of_another_form_are_passed_over(self):
        for settings in ({"mean": "grey", "std": [1]}, {"mean": [0.5], "std": [0]}, {"classes": 3}, {"arch": 7}, {"img_size": "big"}):
            with self.subTest(settings):
                said = statements_in(self.saved({"state_dict": {}, "args": settings}))
                self.assertEqual((said.mean, said.classes, said.architecture, said.image_size), (None,) * 4)


if __name__ == "__main__":
    unittest.main()
