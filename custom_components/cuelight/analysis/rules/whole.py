"""When nothing happens at all."""

from collections.abc import Iterator

import numpy as np

from ..models import EventKind
from ..signals import Signals, closed, runs, smooth
from .candidate import Candidate

STILL_S = 0.5
"""Shortest rest in seconds."""
CALM_CAMERA = 0.012
"""Widths a second the camera may move."""
CALM_ZOOM = 0.02
"""Log scale a second."""
CALM_LIGHT = 0.08
"""Log lightness a second."""
GAP_S = 0.07
"""Seconds of rest between two motions that are none."""


def stills(signals: Signals, events: list[Candidate]) -> Iterator[Candidate]:
    """Rests between the given events."""
    rate = signals.rate
    moves = np.hypot(signals.pan_x, signals.pan_y / signals.aspect) * rate > CALM_CAMERA
    moves |= np.abs(signals.zoom) * rate > CALM_ZOOM
    moves |= signals.seen | signals.flash | signals.cut
    moves |= np.abs(smooth(signals.lightness, 3)) * rate > CALM_LIGHT
    for event in events:
        moves[event.first : event.end] = True
    for first, end in runs(~closed(moves, signals.span(GAP_S))):
        if end - first >= STILL_S * rate:
            yield Candidate(EventKind.STILL, first, end, {"length_s": (end - first) / rate})
