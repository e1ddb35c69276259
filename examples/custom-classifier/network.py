"""A custom network for the 8x8 digits: any torch.nn.Module that takes images and returns logits."""

from torch import nn


def convolutional(width: int = 32) -> nn.Module:
    """Logits [N, 10] of images [N, 1, 8, 8] in [-1, 1]."""
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1),
        nn.GroupNorm(4, width),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, stride=2, padding=1),
        nn.GroupNorm(4, width),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(width * 16, 10),
    )
