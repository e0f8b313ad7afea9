"""How likely a candidate is to be what it looks like."""

import math

from ..models import EventKind
from .candidate import Candidate

LEAST = 0.5
"""Candidates less likely than not are no events."""

WEIGHTS: dict[EventKind, dict[str, float]] = {
    EventKind.CAMERA_SHAKE: {"bias": -7.45, "amplitude": 238.0, "length_s": 1.59, "turns": 2.73},
    EventKind.CUT: {"bias": -2.46, "changed": 5.63},
    EventKind.BRIGHTEN: {"bias": -1.3, "size": 7.2},
    EventKind.DARKEN: {"bias": -1.3, "size": 7.2},
    EventKind.FALL: {"bias": -1.73, "size": 21.1, "seen": -0.552},
    EventKind.FLASH: {"bias": -0.821, "glow": 17.3},
    EventKind.APPROACH: {"bias": 0.561, "size": 12.3, "log_weight": -0.231, "travel": -20.9},
    EventKind.RETREAT: {"bias": 0.561, "size": 12.3, "log_weight": -0.231, "travel": -20.9},
    EventKind.JUMP: {"bias": 5.77, "size": 14.7, "seen": -6.73},
    EventKind.MOVE_LEFT: {"bias": -8.43, "size": 35.4, "log_area": 0.648, "seen": 7.71},
    EventKind.MOVE_RIGHT: {"bias": -8.43, "size": 35.4, "log_area": 0.648, "seen": 7.71},
    EventKind.PAN_LEFT: {"bias": -0.463, "size": 19.0, "area": -329.0},
    EventKind.PAN_RIGHT: {"bias": -0.463, "size": 19.0, "area": -329.0},
    EventKind.PAN_UP: {"bias": -0.463, "size": 19.0, "area": -329.0},
    EventKind.PAN_DOWN: {"bias": -0.463, "size": 19.0, "area": -329.0},
    EventKind.APPEAR: {
        "bias": -19.2,
        "clear": 8.89,
        "length_s": 10.5,
        "log_area": 0.396,
        "steady": 17.6,
        "stir": -12.7,
        "travel": -19.4,
    },
    EventKind.DISAPPEAR: {
        "bias": -19.2,
        "clear": 8.89,
        "length_s": 10.5,
        "log_area": 0.396,
        "steady": 17.6,
        "stir": -12.7,
        "travel": -19.4,
    },
    EventKind.SHAKE: {"bias": -18.5, "size": 76.4, "even": -4.71, "fit": 22.6, "stir": -23.8},
    EventKind.STILL: {"bias": 2.26, "length_s": 0.987},
    EventKind.TURN: {"bias": -15.4, "size": 24.8, "seen": 14.1},
    EventKind.ZOOM_IN: {"bias": -1.24, "size": 15.9, "area": -125.0},
    EventKind.ZOOM_OUT: {"bias": -1.24, "size": 15.9, "area": -125.0},
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
