import unittest

import torch
from ftcadis_host.networks.classifiers import load_classifier, save_classifier
from ftcadis_host.errors import WeightsError
from ftcadis_host.networks.resnet_cifar import BasicBlock, CifarResNet, load_resnet
from network_files import InFolder

FLOAT32 = {"device": "cpu", "dtype": torch.float32}


def published(model, prefix, **entries):
    """A checkpoint as locuslab/smoothing's training script writes it, behind the wrappers that `prefix` stands for."""
    state = {f"{prefix}{key}": value for key, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9).state_dict()
    return {"epoch": 90, "arch": "cifar_resnet20", "state_dict": state, "optimizer": optimizer, **entries}


class TestResNet(InFolder):
    def setUp(self):
        super().setUp()
        torch.manual_seed(0)
        self.model = CifarResNet(20).eval()
        with torch.no_grad():
            for value in self.model.state_dict().values():
                if value.is_floating_point():
                    value.add_(0.1 * torch.rand_like(value))
        self.x = torch.randn(2, 3, 32, 32)

    def test_is_the_network_of_he_et_al(self):
        model = CifarResNet(110)
        convolutions = [module for module in model.modules() if isinstance(module, torch.nn.Conv2d)]
        weighted = [module for module in convolutions if module.kernel_size == (3, 3)]
        self.assertEqual(len(weighted) + 1, 110)
        # Table 6 of the paper says 1.7 M.
        self.assertEqual(sum(parameter.numel() for parameter in model.parameters()), 1_730_714)
        self.assertEqual(model(self.x).shape, (2, 10))
        images, shapes = torch.zeros(1, 16, 32, 32), []
        for stage in (model.layer1, model.layer2, model.layer3):
            images = stage(images)
            shapes.append(tuple(images.shape[1:]))
        self.assertEqual(shapes, [(16, 32, 32), (32, 16, 16), (64, 8, 8)])
        with self.assertRaisesRegex(ValueError, "6n . 2 layers, got 18"):
            CifarResNet(18)

    def test_a_block_adds_its_shortcut(self):
        x = torch.rand(2, 4, 6, 6)
        for stride, outputs in ((1, 4), (2, 8)):
            block = BasicBlock(4, outputs, stride).eval()
            torch.nn.init.zeros_(block.bn2.weight)
            shortcut = x if stride == 1 else block.downsample(x).relu()
            self.assertTrue(torch.equal(block(x), shortcut))

    def test_loads_published_checkpoints_behind_any_wrapper(self):
        for prefix in ("1.", "module.1.", "1.module.", "module.", ""):
            for legacy in (False, True):
                with self.subTest(prefix, legacy=legacy):
                    path = self.folder / "checkpoint.pth.tar"
                    torch.save(published(self.model, prefix), path, _use_new_zipfile_serialization=not legacy)
                    self.assertTrue(torch.equal(load_resnet(path, 20)[0].eval()(self.x), self.model(self.x)))

    def test_stored_normalisation_and_uncounted_batches_do_no_harm(self):
        content = published(self.model, "module.1.")
        state = {key: value for key, value in content["state_dict"].items() if not key.endswith("num_batches_tracked")}
        state |= {"module.0.means": torch.zeros(3), "module.0.sds": torch.ones(3)}
        torch.save({**content, "state_dict": state}, self.folder / "c.pt")
        self.assertTrue(torch.equal(load_resnet(self.folder / "c.pt", 20)[0].eval()(self.x), self.model(self.x)))

    def test_another_architecture_is_named(self):
        torch.save(published(self.model, "1."), self.folder / "c.pt")
        with self.assertRaisesRegex(WeightsError, "'cifar_resnet20', expected 'cifar_resnet110'"):
            load_resnet(self.folder / "c.pt", 110)
        torch.save(published(self.model, "1.", arch=None), self.folder / "c.pt")
        with self.assertRaisesRegex(WeightsError, "keys are missing, first layer1..*conv1.weight .15.*of another depth"):
            load_resnet(self.folder / "c.pt", 110)

    def test_as_a_classifier(self):
        mean_std = {"mean": [0.4914, 0.4822, 0.4465], "std": [0.2023, 0.1994, 0.2010]}
        spec = {"source": "resnet110", "input_range": mean_std, "tuning": {"kind": "full"}}
        classifier = load_classifier(spec, **FLOAT32)
        self.assertEqual((classifier.family, classifier.depth), ("resnet110", None))
        self.assertTrue(classifier.uses_batch_statistics)
        pixels = torch.rand(2, 3, 32, 32)
        mean, std = (torch.tensor(mean_std[key]).reshape(3, 1, 1) for key in ("mean", "std"))
        expected = classifier.model((pixels - mean) / std)
        self.assertLess((classifier(2 * pixels - 1) - expected).abs().max().item(), 1e-4)
        classifier.train()
        alone, together = classifier(self.x[:1]), classifier(self.x)[:1]
        self.assertFalse(torch.allclose(alone, together, atol=1e-3))
        save_classifier(classifier, self.folder / "saved")
        classifier.eval()
        again = load_classifier({**spec, "path": str(self.folder / "saved")}, **FLOAT32)
        self.assertTrue(torch.equal(again(self.x), classifier(self.x)))
        self.assertEqual(load_classifier({**spec, "num_classes": 3}, **FLOAT32)(self.x).shape, (2, 3))


if __name__ == "__main__":
    unittest.main()
