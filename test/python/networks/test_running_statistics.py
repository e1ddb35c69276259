import copy
import unittest

from network_files import InFolder  # isort: skip
import torch
from ftcadis_host.networks import lora
from ftcadis_host.networks.classifiers import Classifier, load_classifier
from ftcadis_host.networks.running_statistics import RunningStatistics
from torch import nn

FILE = '''
import torch
from torch import nn

class Own(nn.Module):
    """A normalisation of a user's, with its own statistics."""
    def __init__(self):
        super().__init__()
        self.register_buffer("level", torch.zeros(()))
    def forward(self, x):
        if self.training:
            self.level += x.detach().mean()
        return x - self.level

class Attention(nn.Module):
    def __init__(self, own):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 8, 4, stride=4), Own() if own else nn.BatchNorm2d(8)
        self.query, self.value = nn.Linear(8, 8), nn.Linear(8, 8)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Sequential(nn.BatchNorm1d(8), nn.Linear(8, 2))
    def forward(self, x):
        x = self.drop(self.norm(self.stem(x)).flatten(2).transpose(1, 2))
        scores = self.query(x) @ x.transpose(1, 2)
        return self.head((x + scores.softmax(-1) @ self.value(x)).mean(1))

def attention(own=False):
    torch.manual_seed(0)
    return Attention(own)
'''


def state(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def moved(before, after):
    return sorted(name for name, tensor in before.items() if not torch.equal(tensor, after[name]))


class TestFrozen(InFolder):
    def setUp(self):
        super().setUp()
        (self.folder / "network.py").write_text(FILE)
        self.x = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(1))

    def load(self, own=False, **changes) -> Classifier:
        spec = {"source": "python", "file": str(self.folder / "network.py"), "factory": "attention"}
        spec |= {"arguments": {"own": own}, "heads": ["head"], **changes}
        return load_classifier(spec, device="cpu", dtype=torch.float32)

    def test_under_lora_nothing_moves_that_the_checkpoint_does_not_hold(self):
        lora_tuning = {"kind": "lora", "rank": 2, "alpha": 2}
        for own in (False, True):
            with self.subTest(own=own):
                classifier = self.load(own, tuning=lora_tuning)
                before = state(classifier.model)
                classifier.train()
                for _ in range(3):
                    classifier(self.x)
                self.assertTrue(classifier.model.base_model.model.drop.training)
                head = "base_model.model.head.modules_to_save.default.0"
                self.assertEqual(
                    moved(before, state(classifier.model)),
                    [f"{head}.num_batches_tracked", f"{head}.running_mean", f"{head}.running_var"],
                )
                lora.save_adapters(classifier.model, self.folder / f"adapter-{own}")
                again = self.load(own, adapter=str(self.folder / f"adapter-{own}"))
                self.assertTrue(torch.equal(again(self.x), classifier.eval()(self.x)))

    def test_of_a_whole_network_they_all_move(self):
        classifier = self.load(tuning={"kind": "full"})
        before = state(classifier.model)
        classifier.train()(self.x)
        self.assertEqual(len(moved(before, state(classifier.model))), 6)

    def test_batches_are_mixed_only_where_a_batch_norm_trains(self):
        tuning = {"kind": "lora", "rank": 2, "alpha": 2}
        self.assertTrue(self.load(tuning={"kind": "full"}).uses_batch_statistics)
        self.assertTrue(self.load(tuning=tuning).uses_batch_statistics)
        headless = self.load(tuning=tuning, heads=["head.1"])
        self.assertEqual((headless.uses_batch_statistics, headless.statistics), (False, []))


class TestActivationCheckpointing(unittest.TestCase):
    def test_counts_every_batch_once(self):
        for name in ("resnet10t", "mobilevit_xxs"):
            found = []
            for checkpointing in (False, True):
                torch.manual_seed(0)
                spec = {"source": "timm", "name": name, "pretrained": False, "num_classes": 5, "tuning": {"kind": "full"}}
                classifier = load_classifier(
                    spec, device="cpu", dtype=torch.float32, activation_checkpointing=checkpointing
                )
                x = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))
                classifier.train()
                torch.manual_seed(2)
                classifier(x).square().sum().backward()
                found.append({**state(classifier.model), **{n: p.grad for n, p in classifier.model.named_parameters()}})
            with self.subTest(name):
                self.assertEqual(moved(*found), [])


class TestAnUpdate(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.BatchNorm1d(3), nn.BatchNorm1d(3, momentum=None))
        self.network.register_buffer("mask", torch.tensor([0.0, -torch.inf]))
        self.batches = [torch.randn(5, 3) + index for index in range(4)]

    def statistics(self, network):
        return RunningStatistics(network.modules())

    def test_of_one_micro_batch_is_what_the_forward_pass_left(self):
        plain = copy.deepcopy(self.network)
        plain(self.batches[0])
        statistics = self.statistics(self.network)
        self.network(self.batches[0])
        statistics.end_micro_batch()
        statistics.apply(1)
        self.assertEqual(moved(state(plain), state(self.network)), [])

    def test_of_several_is_their_mean_whatever_their_order(self):
        each = []
        for batch in self.batches:
            network = copy.deepcopy(self.network)
            network(batch)
            each.append(state(network))
        for order in (self.batches, self.batches[::-1]):
            network = copy.deepcopy(self.network)
            statistics = self.statistics(network)
            for batch in order:
                network(batch)
                statistics.end_micro_batch()
            self.assertEqual(statistics.non_finite(), 0)
            statistics.apply(4)
            for name, tensor in network.state_dict().items():
                mean = torch.stack([one[name].double() for one in each]).mean(0)
                self.assertTrue(torch.allclose(tensor.double(), mean, rtol=1e-6), name)
            self.assertEqual(network[0].num_batches_tracked, 1)
            self.assertTrue(torch.equal(network.mask, self.network.mask))

    def test_of_several_keeps_the_type_of_each_statistic_and_needs_no_counts(self):
        own = nn.Module()
        own.register_buffer("level", torch.zeros((), dtype=torch.bfloat16))
        own.register_buffer("moments", torch.ones(2, 2, dtype=torch.float64))
        statistics = self.statistics(own)
        for move in (1, 2, 6):
            own.level = own.level + move
            own.moments += move / 3
            statistics.end_micro_batch()
            self.assertEqual((own.level.item(), own.moments.sum().item()), (0, 4))
        statistics.apply(3)
        self.assertEqual((own.level.item(), own.level.dtype), (3, torch.bfloat16))
        self.assertTrue(torch.equal(own.moments, torch.full((2, 2), 2, dtype=torch.float64)))

    def test_that_is_not_applied_leaves_all_as_it_was_and_knows_why(self):
        before = state(self.network)
        statistics = self.statistics(self.network)
        for batch in (self.batches[0], self.batches[1] / 0, self.batches[2]):
            self.network(batch)
            statistics.end_micro_batch()
        self.assertGreater(statistics.non_finite(), 0)
        self.assertEqual(moved(before, state(self.network)), [])
        statistics.begin_update()
        self.network(self.batches[3])
        statistics.end_micro_batch()
        self.assertEqual(statistics.non_finite(), 0)


if __name__ == "__main__":
    unittest.main()
