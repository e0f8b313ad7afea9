"""How likely a candidate is to be what it looks like."""

import math

from ..models import EventKind
from .candidate import Candidate

LEAST = 0.5
"""Candidates less likely than not are no events."""

WEIGHTS: dict[EventKind, dict[str, float]] = {
    EventKind.CAMERA_SHAKE: {"bias": -5.62, "amplitude": 175, "turns": 3.96},
    EventKind.CUT: {"bias": -2.3, "changed": 8.95},
    EventKind.BRIGHTEN: {"bias": -0.858, "size": 5.8},
    EventKind.DARKEN: {"bias": -0.858, "size": 5.8},
    EventKind.FALL: {"bias": -0.167, "size": 14.9},
    EventKind.FLASH: {"bias": -0.929, "glow": 16.9},
    EventKind.APPROACH: {"bias": 0.783, "size": 9.51},
    EventKind.RETREAT: {"bias": 0.783, "size": 9.51},
    EventKind.JUMP: {"bias": 1.02, "size": 15.9, "back": -5.64},
    EventKind.MOVE_LEFT: {"bias": 2.51, "size": 5.97, "stir": -26.8},
    EventKind.MOVE_RIGHT: {"bias": 2.51, "size": 5.97, "stir": -26.8},
    EventKind.PAN_LEFT: {"bias": -8.24, "size": 14.5, "backed": 8.19, "area": -49.8, "length_s": 2.55},
    EventKind.PAN_RIGHT: {"bias": -8.24, "size": 14.5, "backed": 8.19, "area": -49.8, "length_s": 2.55},
    EventKind.PAN_UP: {"bias": -8.24, "size": 14.5, "backed": 8.19, "area": -49.8, "length_s": 2.55},
    EventKind.PAN_DOWN: {"bias": -8.24, "size": 14.5, "backed": 8.19, "area": -49.8, "length_s": 2.55},
    EventKind.APPEAR: {"bias": 0.812, "clear": 7.64, "length_s": 13, "log_area": 1.32, "travel": -19.5, "solid": -0.16},
    EventKind.DISAPPEAR: {
        "bias": 0.812,
        "clear": 7.64,
        "length_s": 13,
        "log_area": 1.32,
        "travel": -19.5,
        "solid": -0.16,
    },
    EventKind.SHAKE: {"bias": -24.8, "size": 55.4, "fit": 25.7, "swings": 0.281},
    EventKind.STILL: {"bias": 5.87},
    EventKind.TURN: {"bias": -0.433, "size": 23.7},
    EventKind.ZOOM_IN: {"bias": -2.27, "size": 21.2},
    EventKind.ZOOM_OUT: {"bias": -2.27, "size": 21.2},
}
"""Logistic regression by `script/weigh`: the logit is the sum of evidence times weight, plus `bias`."""

DEFAULT = 0.95


def confidence(candidate: Candidate, prior: float = 0.0) -> float:
    """The chance (0..1) that a candidate is an event; `prior` is added to its logit."""
    weights = WEIGHTS.get(candidate.kind)
    if weights is None:
        return DEFAULT
    logit = prior + sum(weight * candidate.evidence.get(name, 1.0) for name, weight in weights.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
