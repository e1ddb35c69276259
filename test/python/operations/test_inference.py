import unittest
from unittest import mock

import torch
from torch import nn

from ftcadis_host.networks.classifiers import Classifier
from ftcadis_host.errors import SpecError
from ftcadis_host.operations.inference import inference_copy

AS_IT_IS = {"dtype": "float32", "autocast": "none", "channels_last": False, "compiled": False}


def classifier():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 6 * 6, 5))
    return Classifier(network, {"source": "python"}, depth=None)


class TestInferenceCopy(unittest.TestCase):
    def test_is_the_classifier_itself_where_it_computes_as_asked_for(self):
        own = classifier()
        self.assertIs(inference_copy(None, own, **AS_IT_IS), own)

    def test_leaves_the_original_as_it_is(self):
        own = classifier().train()
        options = {"dtype": "float64", "autocast": "none", "channels_last": True, "compiled": False}
        made = inference_copy(None, own, **options)
        self.assertEqual(next(made.parameters()).dtype, torch.float64)
        self.assertTrue(made.model[0].weight.is_contiguous(memory_format=torch.channels_last))
        self.assertFalse(made.training or any(parameter.requires_grad for parameter in made.parameters()))
        self.assertEqual(next(own.parameters()).dtype, torch.float32)
        self.assertTrue(own.training and all(parameter.requires_grad for parameter in own.parameters()))

    def test_normalises_images_by_unrounded_numbers_in_a_narrow_type(self):
        spec = {"source": "python", "input_range": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}
        own = Classifier(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 5)), spec, depth=None)
        made = inference_copy(None, own, **{**AS_IT_IS, "dtype": "bfloat16"})
        self.assertEqual(next(made.parameters()).dtype, torch.bfloat16)
        self.assertTrue(torch.equal(made.mean, own.mean) and torch.equal(made.std, own.std))
        images = torch.randn(2, 3, 8, 8)
        self.assertEqual(made(images).dtype, torch.float32)
        torch.testing.assert_close(made(images), own(images), rtol=0.05, atol=0.05)

    def test_computes_in_the_autocast_type_and_answers_in_that_of_the_images(self):
        own = classifier()
        images = torch.randn(2, 3, 8, 8)
        made = inference_copy(None, own, **{**AS_IT_IS, "autocast": "bfloat16"})
        with torch.no_grad():
            rounded, exact = made(images), own(images)
        self.assertEqual(rounded.dtype, torch.float32)
        self.assertFalse(torch.equal(rounded, exact))
        torch.testing.assert_close(rounded, exact, rtol=0.05, atol=0.05)

    def test_says_before_it_computes_that_there_is_no_compiler(self):
        from torch._inductor.exc import InvalidCxxCompiler

        with mock.patch("torch._inductor.cpp_builder.get_cpp_compiler", side_effect=InvalidCxxCompiler):
            with self.assertRaisesRegex(SpecError, "needs a C\\+\\+ compiler"):
                inference_copy(None, classifier(), **{**AS_IT_IS, "compiled": True})


if __name__ == "__main__":
    unittest.main()
