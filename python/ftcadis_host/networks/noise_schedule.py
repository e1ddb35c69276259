"""The noise schedule of a denoiser as plain data, from which TypeScript computes noise levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import SpecError
from .lean_diffusers import diffusers

# diffusers' names of the closed-form schedules, and ours.
CLOSED_FORMS = {"linear": "linear", "scaled_linear": "scaled_linear", "squaredcos_cap_v2": "cosine"}


def noise_schedule(config: Mapping[str, Any]) -> dict[str, Any]:
    """Converts a scheduler configuration of diffusers to plain data: {"kind", "steps", "rescale_timesteps"} and its numbers.

    "linear" (betas) and "scaled_linear" (square roots of betas) run from beta_start to beta_end; "cosine" is that of
    Nichol and Dhariwal (2021), its betas capped at 0.999; "explicit" carries the betas themselves.
    rescale_timesteps: the network receives t · 1000 / steps instead of t, as in improved-diffusion.
    """
    config = dict(config)
    rescale = bool(config.pop("rescale_timesteps", False))
    scheduler = diffusers().DDPMScheduler.from_config(config)
    known = scheduler.config
    if known.prediction_type != "epsilon":
        raise SpecError(
            f"The denoiser's prediction_type is '{known.prediction_type}', expected 'epsilon'. "
            "Use a denoiser that predicts noise."
        )
    schedule = {"steps": known.num_train_timesteps, "rescale_timesteps": rescale}
    kind = CLOSED_FORMS.get(known.beta_schedule)
    if kind is None or known.trained_betas is not None or known.rescale_betas_zero_snr:
        return {"kind": "explicit", **schedule, "betas": scheduler.betas.tolist()}
    if kind == "cosine":
        return {"kind": kind, **schedule}
    return {"kind": kind, **schedule, "beta_start": known.beta_start, "beta_end": known.beta_end}


def named(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a schedule under TypeScript's names of its parts."""
    names = {"rescale_timesteps": "rescaleTimesteps", "beta_start": "betaStart", "beta_end": "betaEnd"}
    return {names.get(key, key): value for key, value in schedule.items()}
