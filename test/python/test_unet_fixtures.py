import json
import shutil
import unittest
from pathlib import Path

from ftcadis_host.errors import WeightsError
from ftcadis_host.unet_fixtures import check_unet_fixture
from network_files import InFolder

FIXTURES = Path(__file__).parents[1] / "fixtures" / "unet"


def misses(results):
    return [result["case"] for result in results if not result["worst_error"] <= result["tolerance"]]


class TestUnetFixtures(InFolder):
    def changed(self, name, change):
        """A copy of a fixture whose document `change` has edited."""
        for path in FIXTURES.glob(f"{name}.*"):
            shutil.copy(path, self.folder)
        path = self.folder / f"{name}.json"
        document = json.loads(path.read_text())
        change(document)
        path.chmod(0o600)
        path.write_text(json.dumps(document))
        return str(path)

    def test_networks_and_manifests_agree(self):
        # The full CIFAR-10 network takes 20 s on one core and is left to the fixture check of the command line.
        counts = {"guided_conv_heads": 26, "guided_updown": 26, "improved_cifar_tiny": 36}
        counts |= {"manifest_256_uncond": 4, "manifest_cifar10_uncond": 4}
        for name, count in counts.items():
            with self.subTest(name):
                results = check_unet_fixture(str(FIXTURES / f"{name}.json"))
                self.assertEqual((len(results), misses(results)), (count, []))

    def test_a_wrong_number_of_heads_is_a_miss(self):
        path = self.changed("guided_conv_heads", lambda document: document["args"].update(num_heads=2))
        self.assertIn("unet at [0.0, 999.0]", misses(check_unet_fixture(path)))

    def test_a_wrong_level_of_the_caller_is_a_miss(self):
        levels = [{"t": 25, "alpha_bar": 0.9, "model_timestep": 25.0}]
        found = misses(check_unet_fixture(str(FIXTURES / "guided_updown.json"), levels))
        self.assertIn("q_sample at t = 25", found)
        self.assertNotIn("q_sample at t = 137", found)

    def test_a_manifest_with_another_shape_is_a_miss(self):
        path = self.changed("manifest_cifar10_uncond", lambda document: document["tensors"][7].__setitem__(1, [1]))
        self.assertEqual(misses(check_unet_fixture(path)), ["keys and shapes without a counterpart"])

    def test_an_unreadable_tolerance_is_an_error(self):
        def change(document):
            document["suggested_tolerance_abs"]["pred_xstart"] = "small"

        with self.assertRaisesRegex(WeightsError, "'small'"):
            check_unet_fixture(self.changed("guided_updown", change))


if __name__ == "__main__":
    unittest.main()
