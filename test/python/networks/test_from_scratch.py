import unittest

from network_files import InFolder  # isort: skip
import torch
from ftcadis_host.errors import WeightsError
from ftcadis_host.networks.classifier_sources.lenet import LeNet
from ftcadis_host.networks.classifiers import describe_parameters, load_classifier, save_classifier
from ftcadis_host.networks.weights import shapes_of

FLOAT32 = {"device": "cpu", "dtype": torch.float32}
PIXELS = {"mean": [0.0], "std": [1.0]}


class TestLeNet(InFolder):
    """The network of the literature's MNIST models."""

    def spec(self, **fields):
        return {"source": "lenet", "input_range": PIXELS, "tuning": {"kind": "full"}, **fields}

    def test_has_two_convolutions_and_two_linear_layers(self):
        classifier = load_classifier(self.spec(), **FLOAT32)
        shapes = {name: shape for name, shape, _ in describe_parameters(classifier)}
        self.assertEqual(
            {name: shape for name, shape in shapes.items() if name.endswith("weight")},
            {
                "conv1.weight": [20, 1, 5, 5],
                "conv2.weight": [50, 20, 5, 5],
                "fc1.weight": [500, 800],
                "fc2.weight": [10, 500],
            },
        )
        self.assertEqual(sum(parameter.numel() for parameter in classifier.parameters()), 431_080)
        self.assertEqual((classifier.family, classifier.depth, classifier.random), ("lenet", None, "network"))
        self.assertFalse(classifier.uses_batch_statistics)
        pixels = torch.rand(2, 1, 28, 28)
        # The network sees pixels as they are; what comes in is in [-1, 1].
        self.assertLess((classifier(2 * pixels - 1) - classifier.model(pixels)).abs().max().item(), 1e-5)

    def test_is_read_again_and_from_checkpoints_of_the_released_code(self):
        classifier = load_classifier(self.spec(), **FLOAT32)
        save_classifier(classifier, self.folder / "saved")
        state = classifier.model.state_dict()
        torch.save({"epoch": 90, "arch": "lenet", "state_dict": state}, self.folder / "a.pth.tar")
        wrapped = {f"module.1.{name}": value for name, value in state.items()}
        torch.save({"arch": "lenet", "state_dict": wrapped}, self.folder / "b.pth.tar")
        x = torch.rand(2, 1, 28, 28)
        for name in ("saved", "a.pth.tar", "b.pth.tar"):
            with self.subTest(name):
                again = load_classifier(self.spec(path=str(self.folder / name)), **FLOAT32)
                self.assertTrue(torch.equal(again(x), classifier(x)))
                self.assertIsNone(again.random)

    def test_takes_another_head_and_refuses_other_weights(self):
        self.assertEqual(load_classifier(self.spec(num_classes=3), **FLOAT32)(torch.rand(2, 1, 28, 28)).shape, (2, 3))
        torch.save(LeNet(10).state_dict(), self.folder / "ten.pt")
        other = load_classifier(self.spec(path=str(self.folder / "ten.pt"), num_classes=3), **FLOAT32)
        self.assertEqual((other.model.fc2.out_features, other.random), (3, "head"))
        torch.save(torch.nn.Linear(2, 2).state_dict(), self.folder / "linear.pt")
        with self.assertRaisesRegex(WeightsError, "LeNet for MNIST"):
            load_classifier(self.spec(path=str(self.folder / "linear.pt")), **FLOAT32)


class TestResNet50(InFolder):
    """timm's resnet50 as what torchvision's is: the network of the literature's ImageNet models."""

    def test_is_torchvisions_by_name_shape_and_first_weights(self):
        from torchvision.models import resnet50

        spec = {
            "source": "timm",
            "name": "resnet50",
            "pretrained": False,
            "model_args": {"zero_init_last": False},
            "tuning": {"kind": "full"},
        }
        classifier = load_classifier(spec, **FLOAT32)
        theirs = resnet50(weights=None)
        named = [(name, list(value.shape)) for name, value in theirs.named_parameters()]
        self.assertEqual([(name, shape) for name, shape, _ in describe_parameters(classifier)], named)
        self.assertEqual(shapes_of(classifier.model.state_dict()), shapes_of(theirs.state_dict()))
        self.assertEqual(sum(parameter.numel() for parameter in classifier.parameters()), 25_557_032)
        # Both begin with batch normalisations of ones, and convolutions of equal spread.
        for (name, ours), other in zip(classifier.model.state_dict().items(), theirs.state_dict().values(), strict=True):
            if "bn" in name or "downsample.1" in name:
                self.assertTrue(torch.equal(ours, other), name)
            elif ours.ndim == 4:
                self.assertLess(abs(ours.std() / other.std() - 1).item(), 0.05, name)
        # And compute the same.
        classifier.model.load_state_dict(theirs.state_dict())
        x = torch.rand(1, 3, 64, 64)
        self.assertLess((classifier(x) - theirs.eval()(x)).abs().max().item(), 1e-4)
        self.assertEqual(classifier.random, "network")


if __name__ == "__main__":
    unittest.main()
