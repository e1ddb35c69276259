import argparse
import collections
import types
import unittest
from pathlib import Path

from network_files import InFolder  # isort: skip
import numpy as np
import torch
from ftcadis_host.errors import WeightsError
from ftcadis_host.networks.state_dicts import fit_names, read_tensors, without_wrappers
from torch import nn


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2)))


class Foreign:
    """An object of a training program."""


class TestContainers(InFolder):
    def read(self, content, **options):
        torch.save(content, self.folder / "w.pt", **options)
        return read_tensors(self.folder / "w.pt")

    def test_a_running_average_is_taken_before_the_last_weights_as_timm_does(self):
        last, average = {"a": torch.zeros(1)}, {"a": torch.ones(1)}
        for content in (
            {"model": last, "model_ema": average, "epoch": 3},
            {"state_dict": last, "state_dict_ema": average},
            {"model_ema": None, "state_dict_ema": {}, "model": average, "optimizer": {"state": {}, "param_groups": []}},
            {"net": average, "acc": 90.0},
            {"model_state": average},
            {"model_state_dict": average},
            {"checkpoint": 1, "model": {"state_dict": average}},
        ):
            with self.subTest(list(content)):
                self.assertEqual(self.read(content)["a"].item(), 1)

    def test_what_training_scripts_save_beside_weights_is_read_as_nothing(self):
        weights = {"a": torch.ones(1)}
        beside = {
            "args": argparse.Namespace(lr=0.1, output=Path("/tmp/x")),
            "more": types.SimpleNamespace(a=1),
            "best": np.float64(81.2),
            "epoch": np.int64(3),
            "random": np.random.RandomState(0).get_state(),
            "flag": np.bool_(True),
            "counts": collections.defaultdict(list, {"a": [1]}),
        }
        for legacy in (False, True):
            for key, value in {**beside, "all": beside}.items():
                with self.subTest(key, legacy=legacy):
                    found = self.read({"state_dict": weights, key: value}, _use_new_zipfile_serialization=not legacy)
                    self.assertTrue(torch.equal(found["a"], weights["a"]))

    def test_another_type_is_refused_by_its_name(self):
        for legacy in (False, True):
            with self.subTest(legacy=legacy), self.assertRaises(WeightsError) as caught:
                self.read({"state_dict": {}, "o": Foreign()}, _use_new_zipfile_serialization=not legacy)
            self.assertIn("holds more than weights: networks.test_state_dicts.Foreign.", str(caught.exception))
            self.assertNotIn("\x1b", str(caught.exception))
        with self.assertRaisesRegex(WeightsError, "torch.nn.modules.container.Sequential.*state_dict"):
            self.read(network())

    def test_an_optimizers_state_is_named(self):
        with self.assertRaisesRegex(WeightsError, "state of an optimizer.*not 'opt….pt'"):
            self.read(torch.optim.Adam(network().parameters()).state_dict())

    def test_a_name_that_no_terminal_should_see_is_damage(self):
        for name in ("head.\x1b[2Jbias", "a\nb", "a" * 501):
            with self.subTest(name), self.assertRaisesRegex(WeightsError, "is damaged: a tensor's name") as caught:
                self.read({name: torch.ones(1)})
            self.assertTrue(str(caught.exception).isprintable())

    def test_tensors_that_are_no_plain_numbers_are_refused(self):
        for tensor in (torch.eye(2).to_sparse(), torch.empty(3, device="meta")):
            with self.subTest(str(tensor.layout)), self.assertRaisesRegex(WeightsError, "under 'a'"):
                self.read({"a": tensor})


class TestNames(InFolder):
    def assert_fits(self, tensors, model=None):
        model = model or network()
        found = fit_names(tensors, model.state_dict(), source="the file")
        self.assertEqual(sorted(found.tensors), sorted(model.state_dict()))
        return found.left_out

    def test_wrappers_are_taken_off_in_any_order_and_place(self):
        state = network().state_dict()
        for prefix in ("module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "module.module.", "_fsdp_wrapped_module."):
            with self.subTest(prefix):
                self.assert_fits({prefix + key: value for key, value in state.items()})
                inside = {key.replace("1.", f"1.{prefix}", 1): value for key, value in state.items()}
                self.assert_fits(inside)
        averaged = torch.optim.swa_utils.AveragedModel(network())
        self.assert_fits(averaged.state_dict())

    def test_a_part_of_the_network_may_be_called_module(self):
        model = nn.ModuleDict({"module": nn.Linear(2, 2), "other": nn.Linear(2, 2)})
        self.assert_fits(model.state_dict(), model)
        self.assert_fits({f"module.{key}": value for key, value in model.state_dict().items()}, model)
        both = {"module.a": torch.zeros(1), "a": torch.ones(1)}
        self.assertEqual(sorted(without_wrappers(both)), ["a", "module.a"])

    def test_a_prefix_of_the_whole_network_is_taken_off_where_it_is_clear(self):
        state = network().state_dict()
        for prefix in ("model.", "net.", "model.net.", "1."):
            with self.subTest(prefix):
                beside = {"criterion.weight": torch.ones(2)}
                left_out = self.assert_fits({**{prefix + key: value for key, value in state.items()}, **beside})
                self.assertEqual(left_out, ["criterion.weight"])
        two = {f"{prefix}.{key}": value for prefix in ("student", "teacher") for key, value in state.items()}
        with self.assertRaisesRegex(WeightsError, "2 times, under 'student.' and 'teacher.'"):
            fit_names(two, state, source="the file")
        self.assertEqual(fit_names({"x.y": torch.ones(1)}, state, source="the file").left_out, [])


if __name__ == "__main__":
    unittest.main()
