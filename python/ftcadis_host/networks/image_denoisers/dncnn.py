"""DnCNN (Zhang et al., 2017) as Denoised Smoothing has it (Salman et al., 2020), with the names of its checkpoints."""

from __future__ import annotations

import torch
from torch import nn


class DnCNN(nn.Module):
    """Subtracts its estimate of the noise. After initialisation it returns the image unchanged: its last layer is 0.

    depth: convolutions, including the first and the last.
    width: channels between them.
    """

    def __init__(self, depth: int = 17, width: int = 64, channels: int = 3):
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
        for _ in range(depth - 2):
            # In torch's terms, new statistics have the weight 0.95 in the running ones, as in the released code.
            norm = nn.BatchNorm2d(width, eps=1e-4, momentum=0.95)
            layers += [nn.Conv2d(width, width, 3, padding=1, bias=False), norm, nn.ReLU(inplace=True)]
        layers.append(nn.Conv2d(width, channels, 3, padding=1, bias=False))
        self.dncnn = nn.Sequential(*layers)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.orthogonal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.zeros_(self.dncnn[-1].weight)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        return noisy - self.dncnn(noisy)
