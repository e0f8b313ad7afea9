"""How likely a candidate is to be what it looks like."""

import math

from ..models import EventKind
from .candidate import Candidate

LEAST = 0.5
"""Candidates less likely than not are no events."""

WEIGHTS: dict[EventKind, dict[str, float]] = {
    EventKind.CAMERA_SHAKE: {"bias": -7.9, "amplitude": 252.0, "length_s": 1.76, "turns": 3.02},
    EventKind.CUT: {"bias": -5.77, "changed": 10.2},
    EventKind.BRIGHTEN: {"bias": -1.77, "size": 8.46},
    EventKind.DARKEN: {"bias": -1.77, "size": 8.46},
    EventKind.FALL: {"bias": -1.12, "size": 23.8, "seen": -1.57},
    EventKind.FLASH: {"bias": -0.997, "glow": 19.6},
    EventKind.APPROACH: {"bias": 1.45, "size": 12.7, "log_weight": -0.393, "travel": -24.3},
    EventKind.RETREAT: {"bias": 1.45, "size": 12.7, "log_weight": -0.393, "travel": -24.3},
    EventKind.JUMP: {"bias": 4.5, "size": 18.3, "seen": -5.46},
    EventKind.MOVE_LEFT: {"bias": -9.71, "size": 35.5, "log_area": 0.581, "seen": 9.38},
    EventKind.MOVE_RIGHT: {"bias": -9.71, "size": 35.5, "log_area": 0.581, "seen": 9.38},
    EventKind.PAN_LEFT: {"bias": 0.0538, "size": 21.9, "area": -505.0},
    EventKind.PAN_RIGHT: {"bias": 0.0538, "size": 21.9, "area": -505.0},
    EventKind.PAN_UP: {"bias": 0.0538, "size": 21.9, "area": -505.0},
    EventKind.PAN_DOWN: {"bias": 0.0538, "size": 21.9, "area": -505.0},
    EventKind.APPEAR: {
        "bias": -24.0,
        "clear": 9.65,
        "length_s": 14.4,
        "log_area": 1.23,
        "steady": 23.8,
        "stir": -19.9,
        "travel": -18.4,
        "light": -14.7,
    },
    EventKind.DISAPPEAR: {
        "bias": -24.0,
        "clear": 9.65,
        "length_s": 14.4,
        "log_area": 1.23,
        "steady": 23.8,
        "stir": -19.9,
        "travel": -18.4,
        "light": -14.7,
    },
    EventKind.SHAKE: {"bias": -16.6, "size": 50.5, "even": -0.406, "fit": 20.1, "stir": -29.6},
    EventKind.STILL: {"bias": 3.69, "length_s": 0.861},
    EventKind.TURN: {"bias": -18.6, "size": 25.7, "seen": 17.8},
    EventKind.ZOOM_IN: {"bias": -1.42, "size": 18.9, "area": -110.0},
    EventKind.ZOOM_OUT: {"bias": -1.42, "size": 18.9, "area": -110.0},
}
"""Logistic regression on generated films: the logit is the sum of evidence times weight, plus `bias`."""

DEFAULT = 0.95


def confidence(candidate: Candidate, prior: float = 0.0) -> float:
    """The chance (0..1) that a candidate is an event; `prior` is added to its logit."""
    weights = WEIGHTS.get(candidate.kind)
    if weights is None:
        return DEFAULT
    logit = prior + sum(weight * candidate.evidence.get(name, 1.0) for name, weight in weights.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
