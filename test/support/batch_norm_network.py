"""A small network for the digits with batch normalisation, as a user would write one."""

import torch
from torch import nn


def network(width: int = 8, classes: int = 10) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(width * 64, classes),
    )


def seeded(classes: int = 10) -> nn.Module:
    """Always the same weights."""
    torch.manual_seed(0)
    return network(classes=classes)


class Attention(nn.Module):
    """Batch normalisation in front of query and value projections, as in MobileViT."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(1, 8, 2, stride=2), nn.BatchNorm2d(8)
        self.query, self.key, self.value = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.head = nn.Linear(8, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.norm(self.stem(images)).flatten(2).transpose(1, 2)
        weights = (self.query(tokens) @ self.key(tokens).transpose(1, 2) / 8**0.5).softmax(-1)
        return self.head((tokens + weights @ self.value(tokens)).mean(1))


def attention() -> nn.Module:
    """Always the same weights."""
    torch.manual_seed(0)
    return Attention()


class Overflowing(nn.Module):
    """Has infinite inputs in one forward pass of training, as narrow number types may."""

    def __init__(self, inner: nn.Module, at: int):
        super().__init__()
        self.inner, self.at, self.passes = inner, at, 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.passes += self.training
        return self.inner(images * torch.inf if self.training and self.passes == self.at else images)


def overflowing(at: int) -> nn.Module:
    return Overflowing(network(), at)
