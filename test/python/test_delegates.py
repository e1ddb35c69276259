import importlib
import inspect
import subprocess
import sys
import unittest

from ftcadis_host.delegates import lazy, method
from ftcadis_host.operations import OPERATIONS


class TestDelegates(unittest.TestCase):
    def test_lazy_calls_a_function_of_the_package_without_the_host(self):
        one_index_per_class = lazy("data.subsets", "one_index_per_class")
        self.assertEqual(one_index_per_class("host", labels=[3, 1, 0], seed=0), [2, 1, 0])
        self.assertEqual(one_index_per_class("host", [3, 1, 0], seed=0), [2, 1, 0])

    def test_method_calls_that_of_the_first_value(self):
        self.assertEqual(method("split")("host", "a b c", maxsplit=1), ["a", "b c"])
        self.assertEqual(method("replace")("host", "a b", "b", "c"), "a c")

    def test_every_lazy_operation_names_a_function_that_there_is(self):
        for name, operation in OPERATIONS.items():
            if operation.__qualname__.startswith("lazy."):
                held = inspect.getclosurevars(operation).nonlocals
                with self.subTest(name):
                    module = importlib.import_module(f"ftcadis_host.{held['module']}")
                    self.assertTrue(callable(getattr(module, held["function"])))

    def test_the_list_of_operations_imports_neither_networks_nor_data(self):
        slow = ["timm", "diffusers", "transformers", "peft", "torchvision", "sklearn", "tensorboard", "PIL"]
        loaded = f"print([name for name in {slow} if name in sys.modules])"
        code = f"import sys, ftcadis_host.operations; {loaded}"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.strip(), "[]")


if __name__ == "__main__":
    unittest.main()
