"""How likely a candidate is to be what it looks like."""

import math

from ..models import EventKind
from .candidate import Candidate

LEAST = 0.5
"""Candidates less likely than not are no events."""

WEIGHTS: dict[EventKind, dict[str, float]] = {
    EventKind.CAMERA_SHAKE: {"bias": -5.51, "amplitude": 182, "turns": 3.75},
    EventKind.CUT: {"bias": -2.36, "changed": 9.07},
    EventKind.BRIGHTEN: {"bias": -0.851, "size": 5.78},
    EventKind.DARKEN: {"bias": -0.851, "size": 5.78},
    EventKind.FALL: {"bias": -0.165, "size": 14.9},
    EventKind.FLASH: {"bias": -0.929, "glow": 16.9},
    EventKind.APPROACH: {"bias": 0.38, "size": 11.1},
    EventKind.RETREAT: {"bias": 0.38, "size": 11.1},
    EventKind.JUMP: {"bias": 1.02, "size": 16, "back": -5.66},
    EventKind.MOVE_LEFT: {"bias": 2.12, "size": 8.27, "stir": -24.9},
    EventKind.MOVE_RIGHT: {"bias": 2.12, "size": 8.27, "stir": -24.9},
    EventKind.PAN_LEFT: {"bias": -3.32, "size": 17.2, "area": -91.2, "length_s": 3.46, "changed": -20.7},
    EventKind.PAN_RIGHT: {"bias": -3.32, "size": 17.2, "area": -91.2, "length_s": 3.46, "changed": -20.7},
    EventKind.PAN_UP: {"bias": -3.32, "size": 17.2, "area": -91.2, "length_s": 3.46, "changed": -20.7},
    EventKind.PAN_DOWN: {"bias": -3.32, "size": 17.2, "area": -91.2, "length_s": 3.46, "changed": -20.7},
    EventKind.APPEAR: {
        "bias": 0.427,
        "clear": 8.12,
        "solid": -0.193,
        "length_s": 13.9,
        "log_area": 1.31,
        "travel": -18.9,
    },
    EventKind.DISAPPEAR: {
        "bias": 0.427,
        "clear": 8.12,
        "solid": -0.193,
        "length_s": 13.9,
        "log_area": 1.31,
        "travel": -18.9,
    },
    EventKind.SHAKE: {"bias": -29.5, "size": 56.5, "fit": 33.5},
    EventKind.STILL: {"bias": 5.13},
    EventKind.TURN: {"bias": -0.429, "size": 23.8},
    EventKind.ZOOM_IN: {"bias": -0.00356, "size": 6.75, "area": -114},
    EventKind.ZOOM_OUT: {"bias": -0.00356, "size": 6.75, "area": -114},
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
