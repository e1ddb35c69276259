"""The sensitivity of the first layer, features per unit of movement of an image, and steps that keep it near 1."""

from __future__ import annotations

import math

import torch
from torch import nn

from ...matrix_products import resize_matrix
from ..classifiers import Classifier
from .first_layer import first_layer

# Filters whose spectra are in memory at once.
CHUNK = 32


def sensitivity(classifier: Classifier, image_shape: torch.Size | tuple[int, ...]) -> torch.Tensor:
    """Bounds how far features move in l2 per unit of movement of an image [C, H, W] in [-1, 1]: a float64 scalar.

    The smaller of two upper bounds of the convolution, times the norm of the resizing, which is exact:
    - the largest singular value of the kernel as a matrix, times the root of the largest number of kernel positions that cover
      a pixel. Exact if these do not overlap, as with patches;
    - the largest singular value of the kernel's spectrum on a torus that holds image and padding: the convolution with zero
      padding is part of that on the torus (Sedghi et al., 2019).
    """
    layer = first_layer(classifier)
    kernel = _scaled_kernel(classifier)
    resized, size = _resizing(classifier, image_shape, kernel.device)
    bound = spectral_norm(kernel.flatten(1)) * math.sqrt(_overlap(layer))
    if _overlap(layer) > 1:
        torus = [side + 2 * padding for side, padding in zip(size, layer.padding, strict=True)]
        bound = torch.minimum(bound, _largest_of_spectrum(kernel, torus))
    return bound * resized


def parseval_step(classifier: Classifier, image_shape: tuple[int, ...], *, beta: float, loops: int) -> None:
    """Moves the first layer towards a sensitivity of 1 for pixels in [0, 1] (Cisse et al., 2017, as in PixelDP).

    W <- (1 + beta) W - beta W W^T W, `loops` times, where W [D, C·kh·kw] is the kernel, scaled so that singular values of 1
    bound the sensitivity by 1: the network itself has the kernel divided by that scale.
    """
    layer = first_layer(classifier)
    with torch.no_grad():
        scale = _parseval_scale(classifier, image_shape)
        matrix = layer.weight.to(torch.float64) * scale
        layer.weight.copy_((parseval(matrix.flatten(1), beta=beta, loops=loops).reshape(matrix.shape)) / scale)


def parseval(matrix: torch.Tensor, *, beta: float, loops: int) -> torch.Tensor:
    """W <- (1 + beta) W - beta W W^T W of a matrix, `loops` times: singular values move towards 1.

    A singular value above the root of 1 / beta would overshoot 0: such a matrix is first scaled down to it.
    """
    largest = spectral_norm(matrix)
    matrix = matrix * torch.clamp(beta**-0.5 / largest, max=1.0)
    for _ in range(loops):
        matrix = (1 + beta) * matrix - beta * (matrix @ matrix.T) @ matrix
    return matrix


def spectral_norm(matrix: torch.Tensor) -> torch.Tensor:
    """Returns the largest singular value."""
    return torch.linalg.matrix_norm(matrix, 2)


def _parseval_scale(classifier: Classifier, image_shape: tuple[int, ...]) -> torch.Tensor:
    """[1, C, 1, 1]: the factor from the kernel to the matrix of Parseval steps. Images in [-1, 1] are twice as long."""
    layer = first_layer(classifier)
    resized, _ = _resizing(classifier, image_shape, layer.weight.device)
    return 2 * _gains(classifier) * math.sqrt(_overlap(layer)) * resized


def _gains(classifier: Classifier) -> torch.Tensor:
    """[1, C, 1, 1]: the factors of the network's input range for each channel of an image in [-1, 1]."""
    weight = first_layer(classifier).weight
    ones = torch.ones(1, weight.shape[1], 1, 1, dtype=torch.float64, device=weight.device)
    if classifier.std is None:
        return ones
    return ones / (2 * classifier.std.to(torch.float64))


def _scaled_kernel(classifier: Classifier) -> torch.Tensor:
    return first_layer(classifier).weight.detach().to(torch.float64) * _gains(classifier)


def _overlap(layer: nn.Conv2d) -> int:
    """Returns the largest number of kernel positions that cover a pixel."""
    return math.prod(math.ceil(side / stride) for side, stride in zip(layer.kernel_size, layer.stride, strict=True))


def _resizing(classifier: Classifier, image_shape, device) -> tuple[float | torch.Tensor, tuple[int, ...]]:
    """Returns the operator norm of the resizing, and the layer's input size. It is separable: the norms of both sides multiply."""
    own = tuple(image_shape)[-2:]
    size = classifier.resize
    if size is None or own == size:
        return 1.0, own
    rows, columns = (spectral_norm(resize_matrix(*sides).to(device)) for sides in zip(own, size, strict=True))
    return rows * columns, size


def _largest_of_spectrum(kernel: torch.Tensor, torus: list[int]) -> torch.Tensor:
    # A kernel larger than the torus would be cut.
    torus = [max(side, kernel_side) for side, kernel_side in zip(torus, kernel.shape[-2:], strict=True)]
    gram = 0
    for filters in kernel.split(CHUNK):
        spectrum = torch.fft.rfft2(filters, s=torus)
        gram = gram + torch.einsum("oihw,ojhw->hwij", spectrum.conj(), spectrum)
    return torch.linalg.eigvalsh(gram)[..., -1].max().clamp(min=0).sqrt()
