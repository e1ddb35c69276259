"""Writes what a run on CIFAR-10 takes, tiny and in the published formats: batches, and a ViT of transformers.

    python tiny_cifar10.py <folder>
"""

import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "test" / "python")]

from dataset_files import make_cifar10  # noqa: E402
from ftcadis_host.torchvision_compat import prepare_torchvision  # noqa: E402

prepare_torchvision()

from transformers import ViTConfig, ViTForImageClassification  # noqa: E402

folder = Path(sys.argv[1])
make_cifar10(folder, per_batch=8)
torch.manual_seed(0)
config = ViTConfig(
    image_size=224,
    patch_size=56,
    hidden_size=16,
    intermediate_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_labels=10,
)
ViTForImageClassification(config).save_pretrained(folder / "vit")
