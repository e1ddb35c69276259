import subprocess
import sys
import unittest
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[3]

PROGRAM = """
import sys
import torch
from ftcadis_host.data.datasets import open_dataset
from ftcadis_host.networks.denoisers import load_denoiser

open_dataset({"source": "digits", "split": "test"})
load_denoiser({"source": "diffusers", "path": sys.argv[1]}, device="cpu", dtype=torch.float32)
assert "diffusers" in sys.modules
assert not {"transformers", "peft", "scipy", "sklearn"} & sys.modules.keys()
import scipy
"""


class LeanDiffusers(unittest.TestCase):
    def test_leaves_large_packages_to_those_who_ask_for_them(self):
        denoiser = PACKAGE / "assets" / "digits" / "denoiser"
        environment = {"PYTHONPATH": str(PACKAGE / "python"), "OMP_NUM_THREADS": "1", "PATH": ""}
        subprocess.run([sys.executable, "-c", PROGRAM, str(denoiser)], check=True, env=environment)


if __name__ == "__main__":
    unittest.main()
