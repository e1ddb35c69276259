"""A smoothed classifier as one ONNX graph: from noisy images to logits, at the timestep of its noise level.

Networks are traced by `torch.onnx.export`. onnxruntime runs the graph for a comparison with torch before it is kept.
"""

from __future__ import annotations

import copy
import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .errors import SpecError, explained
from .folders import written_folder
from .matrix_products import resize_matrix
from .networks.classifiers import Classifier
from .networks.lora import merged

FILE = "model.onnx"

# A protobuf file holds less than 2 GiB: the weights of larger networks are in a separate file.
MOST_BYTES_IN_ONE_FILE = 1_800_000_000

# Largest difference of logits from torch's, as a share of the largest of them but at least of 1.
TOLERANCE = 1e-4

UNFIT = (
    "A graph has operations that torch's exporter knows alone, and none that depend on the values of images: change the "
    "network, or deploy it with torch."
)


class NoisyImagesToLogits(nn.Module):
    """Logits [N, K] of noisy images [N, C, H, W]: pixels in [0, 1] plus Gaussian noise of the denoiser's standard deviation.

    denoiser: None for no denoising.
    image_scale: √ᾱ of the timestep, 1 without a diffusion model.
    noise_scale: √(1 - ᾱ), and timestep: the diffusion model's input; None for a network that returns clean images.
    resizing: matrices that resize rows and columns of images in front of the classifier, or None.
    """

    def __init__(
        self,
        denoiser: nn.Module | None,
        classifier: nn.Module,
        *,
        image_scale: float,
        noise_scale: float | None,
        timestep: float | None,
        resizing: tuple[torch.Tensor, torch.Tensor] | None,
    ):
        super().__init__()
        self.denoiser = denoiser
        self.classifier = classifier
        self.image_scale = image_scale
        self.noise_scale = noise_scale
        self.timestep = timestep
        rows, columns = resizing or (None, None)
        self.register_buffer("rows", rows)
        self.register_buffer("columns", columns)

    def forward(self, noisy_images: torch.Tensor) -> torch.Tensor:
        x = self.image_scale * (2 * noisy_images - 1)
        if self.timestep is not None:
            x = (x - self.noise_scale * self.denoiser(x, self.timestep)) / self.image_scale
            x = x.clamp(-1, 1)
        elif self.denoiser is not None:
            x = self.denoiser(x)
        if self.rows is not None:
            x = self.rows @ x @ self.columns.T
        return self.classifier(x)


def export_onnx(
    *networks: nn.Module,
    folder: str,
    image_shape: list[int],
    front: Mapping[str, float | None],
    metadata: Mapping[str, Any],
) -> float:
    """Writes `model.onnx` into a new folder, atomically; returns the largest difference of its logits from torch's.

    networks: the denoiser, if any, and the classifier.
    image_shape: channels, height, width of the noisy images.
    front: image_scale, noise_scale and timestep of `NoisyImagesToLogits`.
    metadata: written into the graph, values as JSON unless they are text.
    Raises SpecError if the networks cannot be one graph, or onnxruntime computes other logits.
    """
    *before, classifier = networks
    if classifier.adapted:
        classifier = _with(classifier, merged(classifier.model))
    # Resizing is two matrix products: not every runtime supports antialiasing.
    shape = tuple(image_shape[1:])
    size = classifier.resize
    resizing = None if size is None or shape == size else tuple(resize_matrix(*sides).float() for sides in zip(shape, size, strict=True))
    network = NoisyImagesToLogits(before[0] if before else None, classifier, **front, resizing=resizing).eval()
    images = torch.rand(2, *image_shape, generator=torch.Generator().manual_seed(0))
    weights = sum(value.numel() * value.element_size() for value in network.state_dict().values())
    with written_folder(folder) as new:
        with _quiet(), _one_tf32_setting(), explained("These networks cannot be written as one ONNX graph", UNFIT):
            program = _program(network, images)
            for name, value in metadata.items():
                program.model.metadata_props[name] = value if isinstance(value, str) else json.dumps(value)
            program.save(str(new / FILE), external_data=weights > MOST_BYTES_IN_ONE_FILE)
        return _require_equal(network, new / FILE, image_shape)


def _program(network: nn.Module, images: torch.Tensor) -> torch.onnx.ONNXProgram:
    try:
        # The size of images is fixed, their number is not.
        return torch.onnx.export(
            network,
            (images,),
            dynamo=True,
            input_names=["noisy_images"],
            output_names=["logits"],
            dynamic_shapes={"noisy_images": {0: torch.export.Dim("images", min=1)}},
            verbose=False,
        )
    except Exception as error:
        # The exporter's own error names the failing step; its cause is the actual error.
        raise error.__cause__ or error


def _with(classifier: Classifier, model: nn.Module) -> Classifier:
    """Returns the classifier around another network; the given one is unchanged."""
    other = copy.copy(classifier)
    other._modules = {**classifier._modules, "model": model}
    return other


def _require_equal(network: nn.Module, file: Path, image_shape: list[int]) -> float:
    """Returns the largest difference between the logits of onnxruntime and torch; raises SpecError if it is too large."""
    import onnxruntime

    images = torch.rand(3, *image_shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = network(images)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    found = torch.from_numpy(session.run(None, {"noisy_images": images.numpy()})[0])
    difference = float((found - expected).abs().max())
    if not difference <= TOLERANCE * max(1.0, float(expected.abs().max())):
        raise SpecError(
            f"onnxruntime computes other logits than torch, by up to {difference:.2g}: the graph is not kept. Report the "
            "architecture of the networks."
        )
    return difference


@contextmanager
def _one_tf32_setting() -> Iterator[None]:
    """The exporter reads a single cuDNN setting, which torch only has if its parts have their defaults.

    The graph is traced on the CPU, where the setting has no effect.
    """
    parts = torch.backends.cudnn.conv, torch.backends.cudnn.rnn
    before = [part.fp32_precision for part in parts]
    for part in parts:
        part.fp32_precision = "tf32"
    try:
        yield
    finally:
        for part, precision in zip(parts, before, strict=True):
            part.fp32_precision = precision


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences the exporter's progress and warnings: important problems are raised, and the logits are compared."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
