"""What plain timm and plain peft compute with exported folders.

    python exported_outputs.py <folder of the off-the-shelf network> <merged folder> <adapter folder> <images.json>

Prints {"off_the_shelf", "merged", "adapter"}: logits for the images [N, C, H, W] in the JSON file.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

from ftcadis_host.torchvision_compat import prepare_torchvision  # noqa: E402

# The one thing of this package: timm must import where torchvision does not fit torch, too.
prepare_torchvision()

import timm  # noqa: E402
import torch  # noqa: E402
from peft import PeftModel  # noqa: E402

base, merged, adapter, images = sys.argv[1:]
pixels = torch.tensor(json.load(open(images, encoding="utf-8")))


def network(folder):
    return timm.create_model(f"local-dir:{folder}", pretrained=True).eval()


with torch.no_grad():
    outputs = {
        "off_the_shelf": network(base)(pixels),
        "merged": network(merged)(pixels),
        "adapter": PeftModel.from_pretrained(network(base), adapter).eval()(pixels),
    }
print(json.dumps({name: logits.tolist() for name, logits in outputs.items()}))
