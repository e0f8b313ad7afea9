"""Pans, zooms and shakes of the camera."""

from collections.abc import Iterator

import numpy as np

from ..models import EventKind
from ..signals import Flags, Signals, Swing, closed, runs, slides, smooth
from .candidate import Candidate, Likely

PAN_SPEED = 0.04
"""Widths a second; slower is drift."""
PAN_DISTANCE = 0.04
"""Widths in all."""
ZOOM_SPEED = 0.05
"""Log scale a second."""
ZOOM_SIZE = 0.06
"""Log scale in all: a tenth."""
SMOOTH_S = 0.2
"""Seconds averaged over, against noise."""
SHAKE_WINDOW_S = 0.3
"""Seconds the camera's place is averaged over to find what it trembles about."""
SHAKE_AMPLITUDE = 0.003
"""Widths (root mean square) the camera is away from that place."""
SHAKE_S = 0.25
"""Shortest shake in seconds."""
SHAKE_GAP_S = 0.12
"""Pause in seconds that does not end a shake."""


def camera_events(signals: Signals, likely: Likely) -> Iterator[Candidate]:
    """All that the camera does; while it shakes, its place is averaged before a pan is sought."""
    trembles = _tremble(signals)
    shaking = np.zeros(signals.ticks, np.bool_)
    for first, end in runs(closed(trembles > SHAKE_AMPLITUDE, signals.span(SHAKE_GAP_S))):
        if end - first >= SHAKE_S * signals.rate:
            shake = _shake(signals, first, end, trembles)
            shaking[first:end] = likely(shake)
            yield shake
    yield from _pans(signals, shaking)
    yield from _zooms(signals, shaking)


def _tremble(signals: Signals) -> np.ndarray:
    window = signals.span(SHAKE_WINDOW_S)
    power = np.zeros(signals.ticks)
    for curve in (signals.pan_x, signals.pan_y / signals.aspect):
        place = np.cumsum(curve)
        power += np.square(place - smooth(place, window))
    return np.sqrt(smooth(power, window))


def _shake(signals: Signals, first: int, end: int, trembles: np.ndarray) -> Candidate:
    amplitude = float(trembles[first:end].mean())
    turns = (
        np.abs(np.diff(np.sign(signals.pan_x[first:end]))).mean()
        + np.abs(np.diff(np.sign(signals.pan_y[first:end]))).mean()
    )
    evidence = {
        "amplitude": amplitude,
        "length_s": (end - first) / signals.rate,
        "turns": float(turns) / 2,
        "changed": float(signals.changed[first:end].mean()),
    }
    return Candidate(EventKind.CAMERA_SHAKE, first, end, evidence, {"amplitude": amplitude})


def _pans(signals: Signals, shaking: Flags) -> Iterator[Candidate]:
    for curve, kinds, unit in (
        (signals.pan_x, (EventKind.PAN_LEFT, EventKind.PAN_RIGHT), 1.0),
        (signals.pan_y / signals.aspect, (EventKind.PAN_UP, EventKind.PAN_DOWN), 1.0),
    ):
        calm = np.where(shaking, 0, curve)
        for slide in slides(calm, signals.rate, PAN_SPEED, PAN_DISTANCE, SMOOTH_S):
            evidence = _evidence(signals, slide)
            speed = abs(slide.size) * unit * signals.rate / slide.ticks
            yield Candidate(kinds[slide.size > 0], slide.first, slide.last, evidence, {"speed": speed})


def _zooms(signals: Signals, shaking: Flags) -> Iterator[Candidate]:
    for slide in slides(np.where(shaking, 0, signals.zoom), signals.rate, ZOOM_SPEED, ZOOM_SIZE, SMOOTH_S):
        kind = EventKind.ZOOM_IN if slide.size > 0 else EventKind.ZOOM_OUT
        yield Candidate(kind, slide.first, slide.last, _evidence(signals, slide), {"ratio": float(np.exp(slide.size))})


def _evidence(signals: Signals, slide: Swing) -> dict[str, float]:
    span = slice(slide.first, slide.last)
    return {
        "size": abs(slide.size),
        "length_s": slide.ticks / signals.rate,
        "area": float(signals.area[span].mean()),
        "changed": float(signals.changed[span].mean()),
        "backed": signals.backed(slide.first, slide.last),
    }
