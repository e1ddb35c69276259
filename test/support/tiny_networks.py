"""Small networks of random weights in files as people have them, for images of 16 x 24 pixels.

    python tiny_networks.py FOLDER

Writes FOLDER/transformers, a ViT that transformers wrote, and FOLDER/vit.safetensors, weights of timm's vit_tiny_patch16_224 with
img_size [16, 24], patch_size 8, embed_dim 24, depth 2 and 3 heads. All for three classes.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))
from ftcadis_host.torchvision_compat import prepare_torchvision  # noqa: E402

prepare_torchvision()
import timm  # noqa: E402
from transformers import ViTConfig, ViTForImageClassification  # noqa: E402

folder = Path(sys.argv[1])
torch.manual_seed(0)
config = ViTConfig(
    image_size=(16, 24), patch_size=8, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=32, num_labels=3
)
ViTForImageClassification(config).save_pretrained(folder / "transformers")
vit = timm.create_model(
    "vit_tiny_patch16_224", img_size=(16, 24), patch_size=8, embed_dim=24, depth=2, num_heads=3, num_classes=3
)
save_file(vit.state_dict(), folder / "vit.safetensors")
