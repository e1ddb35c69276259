"""Errors that this side raises on purpose: the message names the thing, what was expected, what came, and what to do."""

from __future__ import annotations


class SpecError(ValueError):
    """A description of a network is incomplete, contradictory, or asks for what the network does not have."""


class WeightsError(RuntimeError):
    """A weight file is missing, damaged, no weight file at all, or belongs to another architecture."""
