"""Exceptions as data: pythonia would transfer them without their message."""

from __future__ import annotations

import traceback


def describe(error: Exception) -> dict[str, str]:
    return {
        "type": type(error).__name__,
        "message": str(error),
        "traceback": "".join(traceback.format_exception(error)),
    }
