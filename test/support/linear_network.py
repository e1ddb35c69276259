"""Classifiers of two classes that a plane divides: what it takes to leave a class is known."""

import torch
from torch import nn


class Plane(nn.Module):
    """Class 1 where the mean direction of the image, [-1, 1], is above a threshold. The first layer moves by `gain` for each unit."""

    def __init__(self, gain: float, threshold: float):
        super().__init__()
        self.layer = nn.Conv2d(1, 1, 1, bias=False)
        self.layer.weight.data.fill_(gain)
        self.head = nn.Linear(64, 10)
        self.head.weight.data.zero_()
        self.head.weight.data[1].fill_(1 / (8 * gain))
        self.head.bias.data.fill_(-1e4)
        self.head.bias.data[:2] = torch.tensor([threshold, 0.0])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.layer(images).flatten(1))


def plane(gain: float = 3.0, threshold: float = -3.0) -> nn.Module:
    return Plane(gain, threshold)


class Pixel(nn.Module):
    """Class 1 where one pixel, [-1, 1], is above a threshold, else class 0: the nearest other class is in its direction, in any norm."""

    def __init__(self, place: int, threshold: float):
        super().__init__()
        self.head = nn.Linear(64, 10)
        self.head.weight.data.zero_()
        self.head.weight.data[1, place] = 1.0
        self.head.bias.data.fill_(-1e4)
        self.head.bias.data[:2] = torch.tensor([threshold, 0.0])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(images.flatten(1))


def pixel(place: int = 27, threshold: float = 0.06) -> nn.Module:
    return Pixel(place, threshold)
