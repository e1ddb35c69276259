"""Networks that do to Python what a test asks for, loaded as classifiers of the source 'python'."""

import torch
from torch import nn


def run(code: str) -> nn.Module:
    """Runs the code; the network is of no use."""
    exec(code, {})
    return nn.Linear(1, 1)


class Mode(nn.Module):
    """Says in what mode it runs: logits (in training mode, a graph is built, the weight takes part in it)."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        mode = (self.training, torch.is_grad_enabled(), self.weight.requires_grad)
        return torch.tensor([mode], dtype=images.dtype).expand(len(images), 3)
