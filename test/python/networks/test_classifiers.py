import unittest.mock

from network_files import InFolder  # isort: skip
import timm
import torch
import torch.nn.functional as F
from ftcadis_host.networks.classifiers import (
    describe_parameters,
    export_adapter,
    export_merged,
    load_classifier,
    save_classifier,
)
from ftcadis_host.errors import SpecError, WeightsError
from ftcadis_host.networks.state_dicts import read_tensors
from ftcadis_host.networks.weights import write_tensors

FLOAT32 = {"device": "cpu", "dtype": torch.float32}
LORA = {"tuning": {"kind": "lora", "rank": 2, "alpha": 2}}
FULL = {"tuning": {"kind": "full"}}

TIMM = {
    "source": "timm",
    "name": "vit_tiny_patch16_224",
    "model_args": {"img_size": 16, "patch_size": 4, "embed_dim": 16, "depth": 2, "num_heads": 2},
    "num_classes": 5,
    "resize": 16,
}
TRANSFORMERS = {
    "source": "transformers",
    "config": {
        "model_type": "vit",
        "hidden_size": 16,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "image_size": 16,
        "patch_size": 4,
        "num_labels": 5,
    },
    "resize": 16,
}


def load(spec, **changes):
    return load_classifier({**spec, **changes}, **FLOAT32)


def train(classifier):
    """Changes what requires gradients, as updates would."""
    with torch.no_grad():
        for parameter in classifier.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return classifier


class Seeded(InFolder):
    def setUp(self):
        super().setUp()
        torch.manual_seed(0)
        self.images = 2 * torch.rand(3, 3, 8, 8) - 1

    def assert_equal_outputs(self, one, two, tolerance=0.0):
        found, expected = one(self.images), two(self.images)
        self.assertGreater(expected.std().item(), 1e-3)
        self.assertLessEqual((found - expected).abs().max().item(), tolerance)


class TestInput(Seeded):
    def test_resizes_bicubically_with_antialiasing_and_passes_gradients_on(self):
        classifier = load(TIMM)
        images = self.images.clone().requires_grad_(True)
        logits = classifier(images)
        resized = F.interpolate(self.images, (16, 16), mode="bicubic", antialias=True)
        self.assertTrue(torch.equal(logits, classifier.model(resized)))
        plain = F.interpolate(self.images, (16, 16), mode="bicubic")
        self.assertGreater((logits - classifier.model(plain)).abs().max().item(), 1e-5)
        logits.square().sum().backward()
        self.assertTrue((images.grad.abs() > 0).all())

    def test_input_range(self):
        mean, std = [0.5, 0.4, 0.3], [0.2, 0.25, 0.3]
        classifier = load(TIMM, resize=None, input_range={"mean": mean, "std": std})
        pixels = torch.rand(2, 3, 16, 16)
        standardised = torch.stack([(pixels[:, c] - mean[c]) / std[c] for c in range(3)], dim=1)
        difference = classifier(2 * pixels - 1) - classifier.model(standardised)
        self.assertLess(difference.abs().max().item(), 1e-5)
        symmetric = load(TIMM, resize=None, input_range="symmetric")
        self.assertTrue(torch.equal(symmetric(2 * pixels - 1), symmetric.model(2 * pixels - 1)))
        for wrong in ("zero-one", {"mean": [0]}, {"mean": [0], "std": [1, 1]}, None):
            with self.subTest(wrong), self.assertRaisesRegex(SpecError, "input_range"):
                load(TIMM, input_range=wrong)

    def test_input_range_has_the_precision_of_the_network_at_least_float32(self):
        # None of these numbers is one of float32.
        mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
        for dtype, expected in (
            (torch.float64, torch.float64),
            (torch.float32, torch.float32),
            (torch.bfloat16, torch.float32),
            (torch.float16, torch.float32),
        ):
            with self.subTest(dtype):
                spec = {**TIMM, "resize": None, "input_range": {"mean": mean, "std": std}}
                classifier = load_classifier(spec, device="cpu", dtype=dtype)
                images = (2 * torch.rand(2, 3, 16, 16, dtype=torch.float64) - 1).to(expected)
                exact = [torch.tensor(part, dtype=expected).reshape(3, 1, 1) for part in (mean, std)]
                standardised = ((images + 1) / 2 - exact[0]) / exact[1]
                logits = classifier.model(standardised.to(dtype)).to(expected)
                self.assertTrue(torch.equal(classifier(images), logits))
                self.assertEqual({classifier.mean.dtype, classifier.std.dtype}, {expected})

    def test_computes_in_its_own_dtype_and_answers_in_that_of_the_images(self):
        for dtype in (torch.float16, torch.bfloat16, torch.float64):
            with self.subTest(dtype):
                classifier = load_classifier(TIMM, device="cpu", dtype=dtype)
                self.assertEqual({parameter.dtype for parameter in classifier.parameters()}, {dtype})
                self.assertEqual(classifier(self.images).dtype, torch.float32)


class TestTimm(Seeded):
    def test_description(self):
        classifier = load(TIMM, **FULL)
        described = describe_parameters(classifier)
        self.assertEqual(described[0], ("cls_token", [1, 1, 16], True))
        self.assertEqual(described[-1], ("head.bias", [5], True))
        self.assertIn(("blocks.1.attn.qkv.weight", [48, 16], True), described)
        self.assertEqual((classifier.family, classifier.depth, classifier.uses_batch_statistics), ("timm", 2, False))
        self.assertFalse(classifier.training)

    def test_without_tuning_nothing_requires_gradients(self):
        self.assertFalse(any(trained for _, _, trained in describe_parameters(load(TIMM))))

    def test_drop_path_grows_to_its_rate_and_acts_in_training_alone(self):
        classifier = load(TIMM, drop_path=0.5)
        self.assertEqual(classifier.model.blocks[1].drop_path1.drop_prob, 0.5)
        self.assert_equal_outputs(classifier, classifier)
        classifier.train()
        with self.assertRaises(AssertionError):
            self.assert_equal_outputs(classifier, classifier)

    def test_a_saved_network_loads_here_and_in_plain_timm(self):
        classifier = train(load(TIMM, **FULL))
        save_classifier(classifier, self.folder / "c")
        self.assert_equal_outputs(load({"source": "timm", "path": str(self.folder / "c"), "resize": 16}), classifier)
        plain = timm.create_model(f"local-dir:{self.folder / 'c'}", pretrained=True).eval()
        pixels = torch.rand(2, 3, 16, 16)
        self.assertTrue(torch.equal(plain(2 * pixels - 1), classifier(2 * pixels - 1)))
        self.assertEqual(list(timm.data.resolve_model_data_config(plain)["mean"]), [0.5, 0.5, 0.5])

    def test_a_folder_loads_whose_config_has_the_encoding_of_another_system(self):
        classifier = load(TIMM, **FULL)
        save_classifier(classifier, self.folder / "c")
        config = self.folder / "c" / "config.json"
        text = config.read_text()
        for encoding in ("utf-8-sig", "utf-16"):
            with self.subTest(encoding):
                config.write_bytes(text.encode(encoding))
                again = load({"source": "timm", "path": str(self.folder / "c"), "resize": 16})
                self.assert_equal_outputs(again, classifier)

    def test_an_error_of_a_folder_is_that_of_its_network(self):
        save_classifier(load(TIMM, **FULL), self.folder / "c")
        with (
            unittest.mock.patch("ftcadis_host.networks.classifier_sources.timm._made_within", side_effect=ValueError("no network")),
            self.assertRaisesRegex(ValueError, "no network"),
        ):
            load({"source": "timm", "path": str(self.folder / "c"), "resize": 16})

    def test_a_weight_file_with_a_name(self):
        classifier = train(load(TIMM, **FULL))
        state = {f"module.{key}": value for key, value in classifier.model.state_dict().items()}
        torch.save({"state_dict": state}, self.folder / "w.pt")
        again = load({**TIMM, "path": str(self.folder / "w.pt")})
        self.assert_equal_outputs(again, classifier)
        with self.assertRaisesRegex(SpecError, "needs the 'name'"):
            load({"source": "timm", "path": str(self.folder / "w.pt")})

    def test_another_number_of_classes_gives_a_new_head_alone(self):
        classifier = train(load(TIMM, **FULL))
        save_classifier(classifier, self.folder / "c")
        other = load({"source": "timm", "path": str(self.folder / "c"), "num_classes": 7, "resize": 16})
        self.assertEqual(other(self.images).shape, (3, 7))
        resized = F.interpolate(self.images, (16, 16), mode="bicubic", antialias=True)
        features = [model.model.forward_features(resized) for model in (other, classifier)]
        self.assertTrue(torch.equal(*features))

    def test_weights_that_do_not_fit_are_named(self):
        save_classifier(load(TIMM), self.folder / "c")
        weights = self.folder / "c" / "model.safetensors"
        tensors = read_tensors(weights)
        spec = {"source": "timm", "path": str(self.folder / "c"), "num_classes": 7}
        write_tensors(weights, {key: value for key, value in tensors.items() if key != "norm.weight"})
        with self.assertRaisesRegex(WeightsError, "first norm.weight"):
            load(spec)
        weights.write_bytes(b"<html>")
        with self.assertRaisesRegex(WeightsError, "web page"):
            load(spec)
        with self.assertRaisesRegex(WeightsError, "The folder or file '/none'"):
            load(spec, path="/none")

    def test_pretrained_weights_that_are_not_fetched_are_an_error(self):
        with self.assertRaisesRegex(WeightsError, "not in its cache. Run `npx ft-cadis fetch timm/vit_tiny_patch16_224"):
            load({"source": "timm", "name": "vit_tiny_patch16_224", "pretrained": True})

    def test_pretrained_weights_that_do_not_load_are_an_error(self):
        with (
            unittest.mock.patch("ftcadis_host.networks.classifier_sources.timm.cached_model"),
            unittest.mock.patch("timm.create_model", side_effect=OSError("cut off")),
            self.assertRaisesRegex(WeightsError, "cut off.*fetch.*'path'"),
        ):
            load({"source": "timm", "name": "vit_tiny_patch16_224", "pretrained": True})


class TestTransformers(Seeded):
    def test_counts_and_names_of_the_papers_cifar10_network(self):
        config = {"model_type": "vit", "num_labels": 10}
        with torch.device("meta"):
            from transformers import AutoConfig, AutoModelForImageClassification

            model = AutoModelForImageClassification.from_config(AutoConfig.for_model(**config))
        self.assertEqual(sum(parameter.numel() for parameter in model.parameters()), 85_806_346)

    def test_a_kind_with_several_classes_is_made_with_its_first(self):
        classifier = load({**TRANSFORMERS, "config": {**TRANSFORMERS["config"], "model_type": "deit"}}, drop_path=0.4)
        self.assertEqual(type(classifier.model).__name__, "DeiTForImageClassification")

    def test_description(self):
        classifier = load(TRANSFORMERS, **FULL)
        names = [name for name, _, _ in describe_parameters(classifier)]
        self.assertEqual((names[0], names[-1]), ("vit.embeddings.cls_token", "classifier.bias"))
        self.assertEqual((classifier.family, classifier.depth), ("transformers", 3))

    def test_stochastic_depth_drops_whole_branches_of_single_images(self):
        classifier = load(TRANSFORMERS, drop_path=0.4)
        layers = classifier.model.vit.layers
        self.assertEqual([layer.dropout[1].drop_prob for layer in layers], [0.0, 0.2, 0.4])
        branch = torch.ones(1000, 5, 16)
        dropped = layers[2].dropout.train()(branch)
        # Each image keeps its branch, scaled by 1/0.6, or loses all of it; in expectation nothing changes.
        per_image = dropped.flatten(1)
        self.assertTrue((per_image == per_image[:, :1]).all())
        self.assertEqual(sorted({round(value, 4) for value in per_image[:, 0].tolist()}), [0.0, 1.6667])
        self.assertAlmostEqual(per_image.mean().item(), 1.0, delta=0.1)
        classifier.eval()
        with_depth, without = classifier(self.images), load(TRANSFORMERS)
        without.model.load_state_dict(classifier.model.state_dict())
        self.assertTrue(torch.equal(with_depth, without(self.images)))
        classifier.train()
        self.assertFalse(torch.equal(classifier(self.images), with_depth))

    def test_stochastic_depth_of_the_librarys_own_is_used_where_it_exists(self):
        config = {**TRANSFORMERS["config"], "model_type": "dinov2"}
        classifier = load({**TRANSFORMERS, "config": config}, drop_path=0.3)
        self.assertEqual(classifier.model.config.drop_path_rate, 0.3)
        config = {"model_type": "resnet", "embedding_size": 8, "hidden_sizes": [8], "depths": [1], "num_labels": 5}
        with self.assertRaisesRegex(SpecError, "Stochastic depth is not available for ResNet"):
            load({**TRANSFORMERS, "config": config}, drop_path=0.3)

    def test_a_saved_network_loads_here_and_in_plain_transformers(self):
        from transformers import AutoModelForImageClassification

        classifier = train(load(TRANSFORMERS, **FULL, drop_path=0.2))
        save_classifier(classifier, self.folder / "c")
        spec = {"source": "transformers", "path": str(self.folder / "c"), "resize": 16}
        self.assert_equal_outputs(load(spec), classifier)
        plain = AutoModelForImageClassification.from_pretrained(self.folder / "c").eval()
        pixels = torch.rand(2, 3, 16, 16)
        self.assertTrue(torch.equal(plain(pixels).logits, classifier(pixels)))
        self.assertEqual(load(spec, num_classes=7)(self.images).shape, (3, 7))

    def test_weights_that_do_not_fit_are_named(self):
        save_classifier(load(TRANSFORMERS), self.folder / "c")
        weights = self.folder / "c" / "model.safetensors"
        tensors = read_tensors(weights)
        spec = {"source": "transformers", "path": str(self.folder / "c"), "resize": 16, "num_classes": 7}
        lost = next(key for key in tensors if key.endswith("cls_token"))
        others = {key: tensor for key, tensor in tensors.items() if key != lost}
        write_tensors(weights, {**others, "vit.more": torch.ones(1)}, {"format": "pt"})
        with self.assertRaisesRegex(WeightsError, "cls_token.*vit.more"):
            load(spec)
        headless = {key: value for key, value in tensors.items() if not key.startswith("classifier.")}
        write_tensors(weights, headless, {"format": "pt"})
        self.assertEqual(load(spec).random, "head")
        with self.assertRaisesRegex(WeightsError, "has no head: .*classifier.bias.* set classifier.numClasses"):
            load({"source": "transformers", "path": str(self.folder / "c")})
        weights.write_bytes(b"<html>")
        with self.assertRaisesRegex(WeightsError, "web page"):
            load(spec)
        with self.assertRaisesRegex(WeightsError, "The folder .* does not exist"):
            load(spec, path="./none")


class TestAdapters(Seeded):
    def test_saved_exported_and_merged_adapters_agree(self):
        for base in (TIMM, TRANSFORMERS):
            with self.subTest(base["source"]):
                folder = self.folder / base["source"]
                save_classifier(load(base), folder / "base")
                spec = {"source": base["source"], "path": str(folder / "base"), "resize": 16}
                classifier = train(load(spec, **LORA))
                with self.assertRaises(AssertionError):
                    self.assert_equal_outputs(classifier, load(spec))
                save_classifier(classifier, folder / "adapter")
                export_adapter(classifier, folder / "exported")
                export_merged(classifier, folder / "merged")
                self.assert_equal_outputs(load(spec, adapter=str(folder / "adapter")), classifier)
                self.assert_equal_outputs(load(spec, adapter=str(folder / "adapter"), **LORA), classifier)
                self.assert_equal_outputs(load(spec, adapter=str(folder / "exported")), classifier, 1e-5)
                self.assert_equal_outputs(load(spec, path=str(folder / "merged")), classifier, 1e-5)
                unchanged = describe_parameters(load(spec))
                self.assertEqual(describe_parameters(load(spec, path=str(folder / "merged"))), unchanged)

    def test_merged_weights_load_in_plain_timm_and_exported_adapters_in_plain_peft(self):
        from peft import PeftModel

        save_classifier(load(TIMM), self.folder / "base")
        classifier = train(load({"source": "timm", "path": str(self.folder / "base")}, **LORA))
        export_merged(classifier, self.folder / "merged")
        export_adapter(classifier, self.folder / "exported")
        images = 2 * torch.rand(2, 3, 16, 16) - 1
        expected = classifier(images)
        merged = timm.create_model(f"local-dir:{self.folder / 'merged'}", pretrained=True).eval()
        self.assertLess((merged(images) - expected).abs().max().item(), 1e-5)
        base = timm.create_model(f"local-dir:{self.folder / 'base'}", pretrained=True)
        self.assertGreater((base.eval()(images) - expected).abs().max().item(), 0.1)
        adapted = PeftModel.from_pretrained(base, str(self.folder / "exported")).eval()
        self.assertLess((adapted(images) - expected).abs().max().item(), 1e-5)

    def test_gradients_reach_the_adapters_and_the_images_alone(self):
        classifier = load(TIMM, **LORA).train()
        images = self.images.clone().requires_grad_(True)
        classifier(images).square().sum().backward()
        self.assertGreater(images.grad.abs().sum().item(), 0)
        for name, parameter in classifier.model.named_parameters():
            self.assertEqual(parameter.grad is not None, parameter.requires_grad, name)

    def test_contradictions_are_refused(self):
        with self.assertRaisesRegex(SpecError, "no adapters to export"):
            export_adapter(load(TIMM), self.folder / "out")
        half = {**TIMM, "tuning": {"kind": "half"}}
        for spec in ({"source": "magic"}, half, {"source": "timm"}, {"source": "transformers"}):
            with self.subTest(spec), self.assertRaises(SpecError):
                load(spec)


USERS_FILE = """
from torch import nn

def network(width, classes=4):
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, width), nn.BatchNorm1d(width), nn.Linear(width, classes))

def wrong():
    return "no module"
"""


class TestPython(Seeded):
    def setUp(self):
        super().setUp()
        file = self.folder / "mine.py"
        file.write_text(USERS_FILE)
        self.spec = {"source": "python", "file": str(file), "factory": "network", "arguments": {"width": 6}}

    def test_a_users_own_network(self):
        classifier = train(load(self.spec, **FULL))
        self.assertEqual(classifier(self.images).shape, (3, 4))
        self.assertEqual([name for name, _, _ in describe_parameters(classifier)][:2], ["1.weight", "1.bias"])
        self.assertTrue(classifier.uses_batch_statistics)
        save_classifier(classifier, self.folder / "saved")
        self.assert_equal_outputs(load(self.spec, path=str(self.folder / "saved")), classifier)
        with self.assertRaisesRegex(WeightsError, r"1.weight is \[6, 192\], expected \[7, 192\]"):
            load(self.spec, path=str(self.folder / "saved"), arguments={"width": 7})

    def test_what_is_wrong_is_named(self):
        cases = [
            ({"factory": "netwrk"}, "no function 'netwrk'"),
            ({"factory": "wrong", "arguments": {}}, "returns a str"),
            ({"file": "/none.py"}, "The Python file '/none.py' of the classifier does not exist"),
        ]
        for changes, message in cases:
            with self.subTest(message), self.assertRaisesRegex(SpecError, message):
                load(self.spec, **changes)


if __name__ == "__main__":
    unittest.main()
