"""Holds the UNet converter, the networks and the one-shot denoising against outputs of OpenAI's own code.

A fixture is a JSON file with OpenAI's arguments, formulas of the inputs, probes and tolerances; beside it lie the small
checkpoint (or a formula of its weights) and the full reference outputs. A manifest lists every key and shape of a
published checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .errors import WeightsError
from .folders import read_json
from .networks.openai_arguments import complete_arguments
from .networks.openai_unet import build_unet, conversions, convert, expected_shapes
from .torchvision_compat import prepare_torchvision
from .networks.weights import check_shapes, load_strictly, read_tensors, shapes_of

Result = dict[str, Any]


def check_unet_fixture(path: str, levels: list[Mapping[str, float]] | None = None) -> list[Result]:
    """[{"case", "worst_error", "tolerance"}] of one fixture or manifest; an error above its tolerance is a miss.

    levels: for the diffusion steps of the fixture what the caller's own noise schedule says, as
        {"t", "alpha_bar", "model_timestep"}; by default the fixture's own coefficients are used.
    """
    prepare_torchvision()
    document = read_json(path)
    return _check_network(Path(path), document, levels) if "unet" in document else _check_manifest(document)


def _check_manifest(document: Mapping[str, Any]) -> list[Result]:
    arguments = complete_arguments(document["args"])
    listed = {key: torch.empty(shape, device="meta") for key, shape in document["tensors"]}
    with torch.device("meta"):
        unet = build_unet(arguments)
    expected = expected_shapes(plan := conversions(arguments, unet))
    found = shapes_of(listed)
    unmapped = [key for key in {*expected, *found} if expected.get(key) != found.get(key)]
    unfilled = 0
    if not unmapped:
        converted = shapes_of(convert(listed, plan))
        wanted = shapes_of(unet.state_dict())
        unfilled = sum(converted.get(key) != wanted.get(key) for key in {*converted, *wanted})
    parameters = sum(parameter.numel() for parameter in unet.parameters())
    return [
        _result("keys and shapes without a counterpart", len(unmapped), 0),
        _result("keys and shapes of the network not filled", unfilled, 0),
        _result("number of tensors", abs(len(expected) - document["num_tensors"]), 0),
        _result("number of parameters", abs(parameters - document["total_params"]), 0),
    ]


def _check_network(path: Path, document: Mapping[str, Any], levels: list[Mapping[str, float]] | None) -> list[Result]:
    arguments = complete_arguments(document["args"])
    results = []
    if "checkpoint" in document:
        tensors = read_tensors(path.with_name(document["checkpoint"]))
    else:
        tensors = _tensors_by_formula(document["tensors"])
        results.append(_check_formula(tensors, document["weight_check"]))
    with torch.device("meta"):
        unet = build_unet(arguments)
    plan = conversions(arguments, unet)
    source, model = f"'{path}'", "the architecture of its arguments"
    check_shapes(expected_shapes(plan), shapes_of(tensors), source=source, model=model)
    weights = {key: tensor.to(torch.float32) for key, tensor in convert(tensors, plan).items()}
    load_strictly(unet, weights, source=source, model=model)
    unet.eval().requires_grad_(False)

    reference = read_tensors(path.with_name(document["reference_tensors"]))
    tolerance = document["suggested_tolerance_abs"]
    x, noise = _inputs(document["input"]["shape"])
    for case in document["unet"]:
        output = unet(x, torch.tensor(case["timesteps_passed_to_unet"])).sample
        name = f"unet at {case['timesteps_passed_to_unet']}"
        results.append(_compare(name, output, reference[case["tensor"]], tolerance["unet"]))
        results.append(_compare_probe(f"probe of {name}", output, case["probe"], tolerance["unet"]))
    given = {int(level["t"]): level for level in levels or ()}
    for case in document["diffusion"]:
        t = case["t"]
        signal, sigma = case["sqrt_alphas_cumprod"], case["sqrt_one_minus_alphas_cumprod"]
        timestep = case["model_timestep"]
        if t in given:
            signal, sigma = given[t]["alpha_bar"] ** 0.5, (1 - given[t]["alpha_bar"]) ** 0.5
            timestep = given[t]["model_timestep"]
        noisy = signal * x + sigma * noise
        output = unet(noisy, torch.full((len(x),), float(timestep))).sample
        clean = ((noisy - sigma * output[:, :3]) / signal).clamp(-1, 1)
        allowed = _tolerance(tolerance["pred_xstart"], case)
        results += [
            _compare(f"q_sample at t = {t}", noisy, reference[case["q_sample"]], tolerance["q_sample"]),
            _compare(f"unet at t = {t}", output, reference[case["unet_output_on_q_sample"]], tolerance["unet"]),
            _compare(f"one-shot denoised at t = {t}", clean, reference[case["pred_xstart"]], allowed),
            _compare_probe(f"probe of the denoised at t = {t}", clean, case["pred_xstart_probe"], allowed),
        ]
    return results


def _inputs(shape: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """x = sin(0.37 i + 0.1 c) and noise = √2 sin(1.7 i + 0.3 c + 0.5); i is the flat index, c the channel."""
    index = torch.arange(torch.Size(shape).numel(), dtype=torch.float64).reshape(shape)
    channel = torch.arange(shape[1], dtype=torch.float64).reshape(1, -1, 1, 1)
    x = torch.sin(0.37 * index + 0.1 * channel)
    noise = 2**0.5 * torch.sin(1.7 * index + 0.3 * channel + 0.5)
    return x.float(), noise.float()


def _tensors_by_formula(entries: list[tuple[str, list[int]]]) -> dict[str, torch.Tensor]:
    """Weights from a hash of their place: murmur3's finaliser of (i + k · 0x9E3779B9), scaled by fan-in and kind."""
    tensors = {}
    for k, (key, shape) in enumerate(entries):
        size = int(np.prod(shape))
        h = np.arange(size, dtype=np.uint32) + np.uint32(k * 0x9E3779B9 % 2**32)
        for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
            h ^= h >> np.uint32(shift)
            h *= np.uint32(factor)
        h ^= h >> np.uint32(16)
        r = 2 * h.astype(np.float64) / 2**32 - 1
        if len(shape) >= 2:
            values = r * np.sqrt(3 * shape[0] / size) * (1.5 if key.endswith("qkv.weight") else 1)
        else:
            values = 1 + 0.3 * r if key.endswith(".weight") else 0.3 * r
        tensors[key] = torch.from_numpy(values.astype(np.float32).reshape(shape))
    return tensors


def _check_formula(tensors: Mapping[str, torch.Tensor], checks: list[Mapping[str, Any]]) -> Result:
    worst = 0.0
    for check in checks:
        values = tensors[check["key"]].double().flatten()
        first = torch.tensor(check["first4"], dtype=torch.float64)
        worst = max(worst, float((values[:4] - first).abs().max()), abs(float(values.sum()) - check["sum"]))
    return _result("weights by formula", worst, 1e-6)


def _compare(case: str, found: torch.Tensor, expected: torch.Tensor, tolerance: float) -> Result:
    if found.shape != expected.shape:
        raise WeightsError(
            f"{case}: the output has the shape {list(found.shape)}, the reference {list(expected.shape)}. "
            "Give the reference that belongs to the fixture."
        )
    return _result(case, float((found - expected).abs().max()), tolerance)


def _compare_probe(case: str, found: torch.Tensor, probe: Mapping[str, Any], tolerance: float) -> Result:
    values = found.flatten()[torch.tensor(probe["index"])]
    return _compare(case, values, torch.tensor(probe["value"]), tolerance)


def _tolerance(stated: float | str, case: Mapping[str, Any]) -> float:
    """A number, or "<number> * max(1, <field of the case>)"."""
    if isinstance(stated, (int, float)):
        return float(stated)
    match = re.match(r"([\d.e+-]+) \* max\(1, (\w+)\)", stated)
    if match is None:
        raise WeightsError(f"The tolerance is {stated!r}. Give a number or '<number> * max(1, <field of the case>)'.")
    return float(match[1]) * max(1.0, case[match[2]])


def _result(case: str, worst_error: float, tolerance: float) -> Result:
    return {"case": case, "worst_error": worst_error, "tolerance": tolerance}
