"""Small pictures in class folders, and weights as a training script of timm's kind saves them, for the tests of `inspect`.

    python own_photos.py FOLDER

Writes FOLDER/photos/<class>/<number>.jpg, 40 pictures of each of three classes, and FOLDER/model.pth: {'state_dict', 'args'},
names as DataParallel has them, settings as a Namespace.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))
from ftcadis_host.torchvision_compat import prepare_torchvision  # noqa: E402

prepare_torchvision()
import timm  # noqa: E402

CLASSES = ("cat", "coffee", "flower")
SIDE = 32
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
ARCHITECTURE = "resnet10t"


def picture(label: int, rng: np.random.Generator) -> Image.Image:
    """A circle, a cross or stripes in the class's colour, somewhere on a ground of some colour; not square."""
    size = (int(rng.integers(40, 60)), int(rng.integers(40, 60)))
    image = Image.new("RGB", size, tuple(rng.integers(60, 120, 3).tolist()))
    draw = ImageDraw.Draw(image)
    x, y = (int(rng.integers(side // 2 - 8, side // 2 + 8)) for side in size)
    colour = [(230, 60, 40), (50, 220, 70), (60, 80, 240)][label]
    if label == 0:
        draw.ellipse((x - 14, y - 14, x + 14, y + 14), fill=colour)
    elif label == 1:
        draw.rectangle((x - 15, y - 5, x + 15, y + 5), fill=colour)
        draw.rectangle((x - 5, y - 15, x + 5, y + 15), fill=colour)
    else:
        for offset in range(-15, 16, 8):
            draw.rectangle((x - 15, y + offset, x + 15, y + offset + 3), fill=colour)
    return image


def main(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for label, name in enumerate(CLASSES):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(40):
            picture(label, rng).save(folder / "photos" / name / f"{number:02}.jpg", quality=92)

    def tensor(label: int) -> torch.Tensor:
        image = picture(label, rng).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        return torch.tensor(np.asarray(image), dtype=torch.float32).permute(2, 0, 1) / 255

    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = timm.create_model(ARCHITECTURE, num_classes=len(CLASSES))
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    mean, std = (torch.tensor(values).reshape(-1, 1, 1) for values in (MEAN, STD))
    for _ in range(40):
        labels = torch.arange(48) % len(CLASSES)
        images = torch.stack([tensor(label) for label in labels.tolist()])
        # Of some, noise: the classifier is to stand it without a denoiser.
        images = images + 0.25 * torch.randn_like(images) * (torch.arange(48) % 4 != 0).reshape(-1, 1, 1, 1)
        loss = torch.nn.functional.cross_entropy(model((images - mean) / std), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    arguments = argparse.Namespace(model=ARCHITECTURE, num_classes=len(CLASSES), img_size=SIDE, lr=2e-3, data_dir="/data/photos")
    state = {f"module.{name}": value for name, value in model.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state, "args": arguments}, folder / "model.pth")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
