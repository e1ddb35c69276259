"""A network of one attention between patches, whose query and value LoRA adapts: for tests of networks of your own."""

import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, width: int, classes: int):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, stride=8)
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))
        self.head = nn.Linear(width, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = self.patches(images).flatten(2).transpose(1, 2)
        # One head, on its own axis: the exporter of ONNX wants one.
        q, k, v = (layer(x).unsqueeze(1) for layer in (self.q, self.k, self.v))
        attended = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.head((x + attended[:, 0]).mean(1))


def make(width: int = 8, classes: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return Attention(width, classes)
