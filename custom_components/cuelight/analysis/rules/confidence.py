"""How likely a candidate is to be what it looks like."""

import math

from ..models import EventKind
from .candidate import Candidate

LEAST = 0.5
"""Candidates less likely than not are no events."""

WEIGHTS: dict[EventKind, dict[str, float]] = {
    EventKind.CAMERA_SHAKE: {"bias": -5.48, "amplitude": 181, "turns": 3.74},
    EventKind.CUT: {"bias": -2.37, "changed": 9.06},
    EventKind.BRIGHTEN: {"bias": -0.858, "size": 5.8},
    EventKind.DARKEN: {"bias": -0.858, "size": 5.8},
    EventKind.FALL: {"bias": -0.136, "size": 14.8},
    EventKind.FLASH: {"bias": -0.929, "glow": 16.9},
    EventKind.APPROACH: {"bias": 0.771, "size": 9.6},
    EventKind.RETREAT: {"bias": 0.771, "size": 9.6},
    EventKind.JUMP: {"bias": 1.07, "size": 15.9, "back": -5.77},
    EventKind.MOVE_LEFT: {"bias": 2.32, "size": 6.95, "stir": -28.6},
    EventKind.MOVE_RIGHT: {"bias": 2.32, "size": 6.95, "stir": -28.6},
    EventKind.PAN_LEFT: {"bias": -7.68, "size": 13.7, "backed": 7.11, "area": -49.1, "length_s": 2.49},
    EventKind.PAN_RIGHT: {"bias": -7.68, "size": 13.7, "backed": 7.11, "area": -49.1, "length_s": 2.49},
    EventKind.PAN_UP: {"bias": -7.68, "size": 13.7, "backed": 7.11, "area": -49.1, "length_s": 2.49},
    EventKind.PAN_DOWN: {"bias": -7.68, "size": 13.7, "backed": 7.11, "area": -49.1, "length_s": 2.49},
    EventKind.APPEAR: {"bias": 0.812, "clear": 7.64, "length_s": 13, "log_area": 1.32, "travel": -19.5, "solid": -0.16},
    EventKind.DISAPPEAR: {
        "bias": 0.812,
        "clear": 7.64,
        "length_s": 13,
        "log_area": 1.32,
        "travel": -19.5,
        "solid": -0.16,
    },
    EventKind.SHAKE: {"bias": -1.12, "size": 87.1},
    EventKind.STILL: {"bias": 5.87},
    EventKind.TURN: {"bias": -0.112, "size": 20.9},
    EventKind.ZOOM_IN: {"bias": -1.45, "size": 18.7},
    EventKind.ZOOM_OUT: {"bias": -1.45, "size": 18.7},
}
"""Logistic regression by `script/weigh`: the logit is the sum of evidence times weight, plus `bias`.

What appears and disappears was weighed while the rule let 66 wrong ones pass, not 17: the few left teach too little.
"""

DEFAULT = 0.95


def confidence(candidate: Candidate, prior: float = 0.0) -> float:
    """The chance (0..1) that a candidate is an event; `prior` is added to its logit."""
    weights = WEIGHTS.get(candidate.kind)
    if weights is None:
        return DEFAULT
    logit = prior + sum(weight * candidate.evidence.get(name, 1.0) for name, weight in weights.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
