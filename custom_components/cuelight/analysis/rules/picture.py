"""Cuts, flashes and fades."""

from collections.abc import Iterator

import numpy as np

from ..models import EventKind
from ..signals import Signals, runs, slides
from .candidate import Candidate

GLOW = 0.02
"""Fraction of full brightness by which a flash is brighter than before."""
CUT_CHANGED = 0.55
"""Fraction of blocks that change at a cut: clearly more than half, for something near and large moves as many."""
RUSH = 0.15
"""Fraction of blocks that change, on average, in the two ticks before and after a cut; more is something rushing by."""
FADE_SPEED = 0.1
"""Log lightness a second: a fade to a half takes seven seconds at most."""
FADE_SIZE = 0.1
"""Log lightness in all: a sixth."""
FADE_CHANGED = 0.08
"""Fraction of blocks that may change otherwise meanwhile, on average; more is something bright or dark passing."""
FADE_SMOOTH_S = 0.2
"""Seconds averaged over, against noise."""


def flashes(signals: Signals) -> Iterator[Candidate]:
    """Sudden light that goes again."""
    for first, end in runs(signals.flash):
        glow = float(signals.glow[first:end].max())
        if glow >= GLOW:
            yield Candidate(EventKind.FLASH, first, end, {"glow": glow}, {"strength": glow})


def cuts(signals: Signals) -> Iterator[Candidate]:
    """Another scene from one tick to the next."""
    for tick in np.flatnonzero(signals.cut).tolist():
        changed = float(signals.changed[tick])
        around = np.concatenate((signals.changed[max(0, tick - 2) : tick], signals.changed[tick + 1 : tick + 3]))
        if changed >= CUT_CHANGED and (not around.size or around.mean() <= RUSH):
            yield Candidate(EventKind.CUT, tick, tick + 1, {"changed": changed}, {"strength": changed})


def fades(signals: Signals) -> Iterator[Candidate]:
    """Light that changes gradually."""
    for slide in slides(signals.lightness, signals.rate, FADE_SPEED, FADE_SIZE, FADE_SMOOTH_S):
        kind = EventKind.BRIGHTEN if slide.size > 0 else EventKind.DARKEN
        evidence = {
            "size": abs(slide.size),
            "length_s": slide.ticks / signals.rate,
            "changed": float(signals.changed[slide.first : slide.last].mean()),
        }
        strength = 1 - float(np.exp(-abs(slide.size)))
        if evidence["changed"] <= FADE_CHANGED:
            yield Candidate(kind, slide.first, slide.last, evidence, {"strength": strength})
