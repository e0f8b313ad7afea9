"""What is measured at every tick of a film, and the arithmetic on curves that the rules share."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Curve = npt.NDArray[np.floating]
type Flags = npt.NDArray[np.bool_]

TRIM = 0.06
"""Fraction of a swing at either end that is slow enough not to be part of the motion."""


@dataclass(frozen=True, slots=True)
class Signals:
    """One value a tick, `rate` ticks a second. Lengths are fractions of the frame's width, heights of its height.

    Camera: `pan_x`, `pan_y` (width, height a tick; positive when the camera moves right or down), `zoom` (log a tick).
    Light: `lightness` (log a tick), `flash` (true while lit up), `glow` (how much brighter than before it, 0..1).
    Picture: `cut`, `changed` (fraction of the picture's blocks that the camera and the light do not explain).
    Subject: `area` (fraction of the picture that moves), `spread_x`, `spread_y` (its standard deviations in widths and
    heights), `dx`, `dy` (width, height a tick), `growth` (log a tick) with its `doubt`, `fit` (0..1), `seen` (true
    where the motion is to be believed).

    At the ticks `glances` only: `slow_growth`, `slow_doubt` and whether they are to be believed, `grows`; `change`
    (area that is other than before though the camera explains the rest), where (`change_x`, `change_y`), `steady`,
    `polarity` and `solid` as in `subject.Change`; `rim` and `rim_left` (0..1), how far the picture's border is other
    than before, and how far still once the camera's motion is undone.
    """

    rate: float
    aspect: float
    pan_x: Curve
    pan_y: Curve
    zoom: Curve
    lightness: Curve
    cut: Flags
    flash: Flags
    glow: Curve
    changed: Curve
    area: Curve
    spread_x: Curve
    spread_y: Curve
    dx: Curve
    dy: Curve
    growth: Curve
    doubt: Curve
    fit: Curve
    seen: Flags
    glances: npt.NDArray[np.intp]
    slow_growth: Curve
    slow_doubt: Curve
    grows: Flags
    change: Curve
    change_x: Curve
    change_y: Curve
    steady: Curve
    polarity: Curve
    solid: Curve
    rim: Curve
    rim_left: Curve

    @property
    def ticks(self) -> int:
        """How many ticks the film has."""
        return len(self.dx)

    def span(self, seconds: float) -> int:
        """The ticks nearest to a time, at least one."""
        return max(1, round(seconds * self.rate))

    def stir(self) -> Curve:
        """How much the camera moves at each tick, in widths; a change of size counts as motion half a width out."""
        return np.hypot(self.pan_x, self.pan_y / self.aspect) + np.abs(self.zoom) / 2

    def backed(self, first: int, end: int) -> float:
        """The share of what changes at the picture's border that the camera's motion explains.

        1 if nothing changes there, or if nothing moves beside the camera: what is left is then noise.
        """
        within = (self.glances >= first) & (self.glances < end) & (self.grows | (self.area[self.glances] > 0))
        rim = float(self.rim[within].sum())
        return 1 - float(self.rim_left[within].sum()) / rim if rim else 1.0

    def travel(self) -> Curve:
        """How far the subject moves at each tick, in widths."""
        return np.where(self.seen, np.hypot(self.dx, self.dy / self.aspect), 0)


@dataclass(frozen=True, slots=True)
class Swing:
    """A monotonous piece of a curve, from tick `first` to tick `last`, by `size` (signed)."""

    first: int
    last: int
    size: float

    @property
    def ticks(self) -> int:
        """Its length."""
        return self.last - self.first


def smooth(curve: Curve, window: int) -> Curve:
    """Moving average over `window` ticks, made odd, edges held."""
    window |= 1
    if window <= 1 or not curve.size:
        return curve
    padded = np.pad(curve, window // 2, mode="edge")
    return np.convolve(padded, np.full(window, 1 / window), "valid")


def runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """First tick and one past the last of each run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def closed(flags: Flags, gap: int) -> Flags:
    """The flags with gaps of up to `gap` ticks between runs filled."""
    out = flags.copy()
    for (_, end), (first, _) in itertools.pairwise(runs(flags)):
        if first - end <= gap:
            out[end:first] = True
    return out


def opened(flags: Flags, least: int) -> Flags:
    """The flags without runs of up to `least` ticks."""
    return ~closed(~flags, least)


def widened(flags: Flags, by: int) -> Flags:
    """The flags with every run longer by `by` ticks at both ends."""
    return np.convolve(flags, np.ones(2 * by + 1), "same")[: len(flags)] > 0.5


def slides(steps: Curve, rate: float, speed: float, size: float, smooth_s: float) -> Iterator[Swing]:
    """Runs in which a curve, given as its steps, keeps going one way faster than `speed` a second and by `size`."""
    pace = smooth(steps, round(smooth_s * rate)) * rate
    for sign in (1, -1):
        for first, end in runs(closed(sign * pace > speed, round(smooth_s * rate))):
            total = float(steps[first:end].sum())
            if sign * total >= size:
                yield Swing(first, end, total)


def swings(curve: Curve, least: float) -> list[Swing]:
    """The monotonous pieces of a curve of at least `least`, without their slow ends."""
    out = []
    for first, last in itertools.pairwise(_turning_points(curve, least)):
        size = float(curve[last] - curve[first])
        if abs(size) >= least and last > first:
            done = (curve[first : last + 1] - curve[first]) / size
            begin = first + int(np.flatnonzero(done <= TRIM)[-1])
            finish = first + int(np.flatnonzero(done >= 1 - TRIM)[0])
            out.append(Swing(begin, max(finish, begin + 1), size))
    return out


def _turning_points(curve: Curve, least: float) -> list[int]:
    """Where a curve turns by at least `least`, with its first and its last extreme."""
    turns = [0]
    low = high = 0
    way = 0
    for tick in range(1, len(curve)):
        high = tick if curve[tick] > curve[high] else high
        low = tick if curve[tick] < curve[low] else low
        if way >= 0 and curve[high] - curve[tick] >= least:
            turns.append(high)
            way, low, high = -1, tick, tick
        elif way <= 0 and curve[tick] - curve[low] >= least:
            turns.append(low)
            way, low, high = 1, tick, tick
    turns.append(high if way > 0 else low if way < 0 else len(curve) - 1)
    return turns
