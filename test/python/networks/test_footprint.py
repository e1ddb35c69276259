import unittest

from network_files import InFolder  # isort: skip
import torch
from ftcadis_host.networks.classifiers import load_classifier
from ftcadis_host.networks.denoisers import load_denoiser
from ftcadis_host.networks.footprint import denoising_peak, memory_now, network_bytes, training_peak

FLOAT32 = {"device": "cpu", "dtype": torch.float32}
VIT = {
    "source": "timm",
    "name": "vit_tiny_patch16_224",
    "model_args": {"img_size": 16, "patch_size": 4, "embed_dim": 32, "depth": 3, "num_heads": 2},
    "num_classes": 10,
}
LORA = {"kind": "lora", "rank": 2, "alpha": 2}


class TestFootprint(InFolder):
    def test_counts_weights_and_the_trained_ones(self):
        full = network_bytes(load_classifier({**VIT, "tuning": {"kind": "full"}}, **FLOAT32))
        self.assertEqual(full["weights"], 4 * full["parameters"])
        self.assertEqual(full["trainable"], full["weights"])
        lora = network_bytes(load_classifier({**VIT, "tuning": LORA}, **FLOAT32))
        head, adapters = 32 * 10 + 10, 3 * 2 * 2 * (32 + 32)
        self.assertEqual(lora["trainable"], 4 * (head + adapters))
        self.assertEqual(lora["parameters"], full["parameters"] + adapters)

    def test_grows_with_images_and_attack_and_touches_nothing(self):
        classifier = load_classifier({**VIT, "tuning": {"kind": "full"}}, **FLOAT32)
        before = [parameter.clone() for parameter in classifier.parameters()]
        peaks = [training_peak(classifier, [3, 16, 16], *counts) for counts in ((2, 0), (4, 0), (4, 4))]
        self.assertEqual(peaks, sorted(set(peaks)))
        for now, then in zip(classifier.parameters(), before, strict=True):
            self.assertTrue(torch.equal(now, then))
            self.assertIsNone(now.grad)
        self.assertFalse(classifier.training)

    def test_holds_at_least_the_gradients_and_at_most_a_few_times_the_saved_activations(self):
        classifier = load_classifier({**VIT, "tuning": {"kind": "full"}}, **FLOAT32)
        saved = {}

        def keep(tensor):
            if not tensor.is_leaf:
                saved[tensor.untyped_storage()._cdata] = tensor
            return tensor

        classifier.train()
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            classifier(torch.randn(8, 3, 16, 16))
        activations = sum(tensor.untyped_storage().nbytes() for tensor in saved.values())
        gradients = network_bytes(classifier)["trainable"]
        estimate = training_peak(classifier.eval(), [3, 16, 16], 8, 0)
        self.assertGreater(estimate, max(activations, gradients))
        self.assertLess(estimate, 3 * (activations + gradients))

    def test_of_denoising_grows_with_the_images(self):
        arguments = {"image_size": 32, "num_channels": 32, "num_res_blocks": 1, "channel_mult": "1,1"}
        denoiser = load_denoiser({"source": "openai", "arguments": arguments}, **FLOAT32)
        one, four = (denoising_peak(denoiser, [3, 16, 16], images) for images in (1, 4))
        self.assertGreater(one, 3 * 32 * 16 * 16 * 4)
        self.assertTrue(1.5 * one < four <= 4 * one, (one, four))

    def test_of_this_process_is_plausible(self):
        memory = memory_now(torch.device("cpu"))
        self.assertTrue(5e7 < memory["hostPeak"] < 1e12 and memory["hostFree"] > 0, memory)
        self.assertEqual((memory["devicePeak"], memory["deviceFree"]), (None, None))


if __name__ == "__main__":
    unittest.main()
