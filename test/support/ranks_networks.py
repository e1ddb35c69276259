"""Networks with what ranks may differ in."""

import torch
from torch import nn


class PartlyUsed(nn.Module):
    """Logits [N, 3] of images [N, 1, 1, 2]. `bright` works on batches with a positive mean alone, `idle` never."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(2, 5)
        self.bright = nn.Linear(5, 5)
        self.last = nn.Linear(5, 3)
        self.idle = nn.Parameter(torch.ones(3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.first(images.flatten(1)))
        if images.mean() > 0:
            hidden = hidden + torch.tanh(self.bright(hidden))
        logits = self.last(hidden)
        return logits if self.training else logits + self.idle


class Constants(nn.Module):
    """Logits (parameter, fraction, count) for every image: a parameter, and two buffers that training mode moves."""

    def __init__(self, value: float):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(float(value)))
        self.register_buffer("fraction", torch.tensor(float(value)))
        self.register_buffer("count", torch.tensor(int(value)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.fraction += images.mean()
            self.count += 1
        return torch.stack([self.weight, self.fraction, self.count.float()]).expand(len(images), 3)
