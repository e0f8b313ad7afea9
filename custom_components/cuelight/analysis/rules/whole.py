"""When nothing happens at all."""

from collections.abc import Iterator

import numpy as np

from ..models import EventKind
from ..signals import Signals, closed, opened, runs, smooth
from .camera import PAN_DISTANCE, ZOOM_SIZE
from .candidate import Candidate

STILL_S = 0.5
"""Shortest rest in seconds."""
CALM_CAMERA = 0.035
"""Widths a second the camera may move, slower than a pan, if it does not get as far as one."""
CALM_ZOOM = 0.035
"""Log scale a second, likewise."""
CALM_LIGHT = 0.08
"""Log lightness a second."""
SMOOTH_S = 0.2
"""Seconds the camera's motion is averaged over; what trembles in place is at rest."""
GAP_S = 0.07
"""Seconds of rest between two motions, or of motion in a rest, that are none."""


def stills(signals: Signals, events: list[Candidate]) -> Iterator[Candidate]:
    """Rests between the given events."""
    rate, window = signals.rate, signals.span(SMOOTH_S)
    x, y, zoom, light = (
        np.abs(smooth(curve, window)) * rate
        for curve in (signals.pan_x, signals.pan_y / signals.aspect, signals.zoom, signals.lightness)
    )
    moves = (np.hypot(x, y) > CALM_CAMERA) | (zoom > CALM_ZOOM) | (light > CALM_LIGHT)
    moves |= opened(signals.seen, signals.span(GAP_S)) | signals.flash | signals.cut
    for event in events:
        moves[event.first : event.end] = True
    for first, end in runs(~closed(moves, signals.span(GAP_S))):
        across, down, nearer = (
            abs(float(curve[first:end].sum()))
            for curve in (signals.pan_x, signals.pan_y / signals.aspect, signals.zoom)
        )
        if end - first >= STILL_S * rate and np.hypot(across, down) <= PAN_DISTANCE and nearer <= ZOOM_SIZE:
            yield Candidate(EventKind.STILL, first, end, {"length_s": (end - first) / rate})
