"""How likely a candidate is to be what it looks like."""

import math

from ..models import EventKind
from .candidate import Candidate

LEAST = 0.5
"""Candidates less likely than not are no events."""

_POP = {'bias': -18.22, 'clear': 8.37, 'length_s': 10.37, 'log_area': 0.35, 'steady': 16.58, 'stir': -14.99, 'travel': -19.63}
WEIGHTS: dict[EventKind, dict[str, float]] = {EventKind.APPEAR: _POP, EventKind.DISAPPEAR: _POP}
"""Logistic regression on generated films: the logit is the sum of evidence times weight, plus `bias`."""

DEFAULT = 0.95


def confidence(candidate: Candidate, prior: float = 0.0) -> float:
    """The chance (0..1) that a candidate is an event; `prior` is added to its logit."""
    weights = WEIGHTS.get(candidate.kind)
    if weights is None:
        return DEFAULT
    logit = prior + sum(weight * candidate.evidence.get(name, 1.0) for name, weight in weights.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
