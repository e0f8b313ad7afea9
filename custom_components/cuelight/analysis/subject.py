"""What moves by itself: where it is, how it moves from tick to tick, and what appears or goes.

The subject's pixels at a tick differ, once the camera's motion and the light's change are undone, both from the past
and from the future. Where they were a tick before and after is found by block matching, then refined by Gauss-Newton to
fractions of a pixel. The change of size is fitted the same way over a longer time, forward and back, so that the errors
of the mask's edge cancel.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt

from .camera import BORDER, Floats, blurred, gradients, middle, warp
from .pixels import crowded, slope
from .window import Ticks, Window, unlike

LEAST_FIT = 0.25
"""Share of the subject's pixels a match must explain to be believed."""
GROWTH_HZ = 14.0
"""Measurements of growth a second: it is averaged over a third of one."""
GLANCE_HZ = 8.0
"""Glances a second: what shows over SLOW_REACH_S does not change faster."""
SLOW_REACH_S = 0.42
"""Seconds to the pictures compared with for what grows, shrinks or moves slowly."""
REACH_S = 0.19
"""Seconds to the pictures compared with: a slow subject has moved a pixel by then, a fast one is not yet elsewhere."""
SEEN_LEVELS = 3.0
"""Grey levels a pixel must differ by beyond the noise and misregistration to belong to the subject."""
SEEN_NOISE = 2.5
"""Times the median difference, which is noise, added to that."""
UNSEEN_STEADY = 0.95
"""Share taken to look alike at the start or end of a shot, where no picture tells."""
STIRRED_NOISE = 1.5
"""As SEEN_NOISE, of the difference one way, whose median is higher."""
SEEN_SLOPE = 0.25
"""Pixels of misregistration forgiven, in units of the local slope."""
CROWDED = 3
"""Of the nine pixels around, how many must be seen too; single pixels are noise."""
CELL = 4
"""Pixels: parts nearer to each other than this are one thing."""
CELL_SEEN = 0.5
"""Seen pixels that make a cell part of a thing."""
MIN_AREA = 5.0
"""Pixels of 64x36 below which there is nothing to follow: a ball of a thirteenth of the height."""
SEARCH = 8
"""Pixels to each side searched for the subject in the tick before: 3 screen widths a second at 24 ticks."""
PATCHES = (16, 28, 44)
"""Sides in pixels of the patch cut out around the subject, the smallest that holds it taken."""
PATCH_SPREAD = 4.4
"""Side a subject needs in units of its standard deviation: a filled disc is four across."""
PATCH_MARGIN = 3
"""Pixels around the subject that belong to the patch."""
ACROSS = 2 * SEARCH + 1
PLACES = np.arange(-SEARCH, SEARCH + 1, dtype=np.float32)
REST_PRIOR = 4.0
"""Square grey levels a square pixel of displacement costs: what has no texture is taken to rest."""
NEAR = 0.75
"""Pixels of displacement up to which Gauss-Newton steps from rest do not miss."""
NEAR_FIT = 0.8
"""Fit of such a displacement from which nothing better is searched for."""
STEP_REFINEMENTS = 2
"""Gauss-Newton steps after the search for a displacement."""
GROWTH_REFINEMENTS = 3
"""Gauss-Newton steps for a change of size."""
PIXEL_NOISE = 1.0
"""Square grey levels by which two pictures of one pixel differ at least."""
LARGEST_ERROR = 1.0
"""Pixels: displacements in more doubt are not believed."""
ALIKE = 4.0
"""Pixels that err together, by smoothing and coding: so many fewer are independent."""
UNKNOWN = 1.0
"""Doubt about a growth (log a tick) of which nothing is known."""
STEP_LIMIT = (1.0, 1.0, 0.08)
"""Most that one of those steps may change x, y (pixels) and log size."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The moving pixels of n ticks. Lengths are pixels of the half-size picture, positions count from its middle.

    `area` of the moving pixels; centre `x`, `y` and spread `width`, `height` (standard deviations); displacement `dx`,
    `dy` and change of log size `growth` a tick; `doubt`: half the difference between the growth seen from before and
    from after; `fit` 0..1, how well the match explains them. `energy`: mean grey levels of difference that the camera
    does not explain.
    """

    area: Floats
    x: Floats
    y: Floats
    width: Floats
    height: Floats
    dx: Floats
    dy: Floats
    growth: Floats
    doubt: Floats
    fit: Floats
    energy: Floats
    stirred: Floats


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise after than before (by REACH_S), at the ticks of the glances.

    `area` that looks different; its centre `x`, `y`; `steady` 0..1, how far it looked alike all the time before and all
    the time after; `polarity` -1..1, positive if the picture steps more across the outline of the change after than
    before: where a thing is, it has an edge; `solid`: the area over that of an ellipse of its spread, about 1 for one
    thing and little for crumbs.
    """

    area: Floats
    x: Floats
    y: Floats
    steady: Floats
    polarity: Floats
    solid: Floats


@dataclass(frozen=True, slots=True)
class Glance:
    """What only shows over a longer time, at n chosen ticks `tick`.

    `area` of what moves slowly, its change of log size `growth` a tick with `doubt` and `fit` as in a sighting.
    `rim`: mean grey levels by which the picture's border differs from what it was (by SLOW_REACH_S); `rim_left`, what
    is left of that once the camera's motion is undone. `lively`: whether anything stirred around the tick, or nothing
    was looked for.
    """

    tick: Ticks
    area: Floats
    growth: Floats
    doubt: Floats
    fit: Floats
    rim: Floats
    rim_left: Floats
    lively: Floats


def reach(rate: float) -> int:
    """Ticks to the pictures compared with."""
    return max(1, round(REACH_S * rate))


def slow_reach(rate: float) -> int:
    """Ticks to the pictures compared with for what moves slowly."""
    return max(2, round(SLOW_REACH_S * rate))


def glance_step(rate: float) -> int:
    """Ticks from one glance to the next."""
    return max(1, round(rate / GLANCE_HZ))


def growth_step(rate: float) -> int:
    """Ticks from one measurement of growth to the next."""
    return max(1, round(rate / GROWTH_HZ))


def observe(window: Window, ticks: Ticks) -> tuple[Sighting, Change]:
    """See what moves at `ticks`, and what changes at those of them at which a glance is due.

    The window holds twice the reach to both sides, or the shot's or film's end.
    """
    planes = window.planes[ticks - window.first]
    far = reach(window.rate)
    past = _View(window, ticks, -far, planes)
    steep = slope(planes[:, 0])
    stirs = _stirred(past.difference, steep) | window.stirred(ticks)
    stirred, due = np.flatnonzero(stirs), np.flatnonzero(ticks % glance_step(window.rate) == 0)
    out = np.zeros((len(fields(Sighting)), len(ticks)), np.float32)
    out[-2] = past.difference.mean(axis=(1, 2))
    out[-1, stirred] = 1
    looked = np.union1d(stirred, due)
    future = _View(window, ticks[looked], far, planes[looked])
    if stirred.size:
        some = _all_or(stirred, len(ticks))
        views = past[some], future[_all_or(np.searchsorted(looked, stirred), len(looked))]
        out[:-2, stirred] = _sighted(window, ticks[some], planes[some, :1], steep[some], views)
    ahead = future[_all_or(np.searchsorted(looked, due), len(looked))]
    return Sighting(*out), Change(*_changed(window, ticks[due], past[due], ahead, steep[due], far))


def _sighted(
    window: Window, ticks: Ticks, luma: Floats, steep: Floats, views: tuple[_View, _View]
) -> npt.NDArray[np.floating]:
    """All but the last two columns of a sighting, for ticks at which something differs from the past.

    `luma` is (n, 1, h, w).
    """
    past, future = views
    before, after = (_View(window, ticks, lag, luma) for lag in (-1, 1))
    seen = _seen(np.minimum(past.difference, future.difference), steep)
    if reach(window.rate) > 1:
        np.maximum(seen, _seen(np.minimum(before.difference, after.difference), steep), out=seen)
    seen = _cleaned(seen, window, ticks)
    area, x, y, width, height = _moments(seen)
    patches = [
        _Patch.of(luma[:, 0], seen, group, cut)
        for group, cut in _patches(seen.shape, area, x, y, np.maximum(width, height))
    ]
    step, fit = _stepped(patches, ticks, before, after)
    growth = np.zeros((len(ticks), 2), np.float32)
    growth[:, 1] = UNKNOWN
    for patch in patches:
        due = np.flatnonzero(ticks[patch.group] % growth_step(window.rate) == 0)
        if due.size:
            growth[patch.group[due]] = _grown(patch[due], past, future, step[patch.group[due]])[0]
    return np.stack((area, x, y, width, height, *step.T, *growth.T, fit))


def glance(window: Window, ticks: Ticks, path: Floats, stirred: npt.NDArray[np.bool_]) -> Glance:
    """See what shows over a longer time at `ticks`.

    For all ticks of the film so far and those ahead that are observed: `path` (n, 2) is where the subject has moved to,
    `stirred` whether anything differed from a moment before. Where nothing did for a while, nothing is looked for.
    """
    slow = slow_reach(window.rate)
    lively = np.array([stirred[max(0, tick - slow) : tick + slow + 1].any() for tick in ticks])
    out = np.zeros((len(fields(Glance)) - 1, len(ticks)), np.float32)
    out[-1] = lively
    if lively.any():
        out[:-1, lively] = _glanced(window, ticks[lively], path, slow)
    return Glance(ticks, *out)


def _glanced(window: Window, ticks: Ticks, path: Floats, slow: int) -> npt.NDArray[np.floating]:
    """All but the first and the last column of a glance."""
    planes = window.planes[ticks - window.first]
    steep = slope(planes[:, 0])
    out = np.zeros((len(fields(Glance)) - 2, len(ticks)), np.float32)
    past = _View(window, ticks, -slow, planes)
    out[-2:] = _rim(window, ticks, past, planes[:, 0])
    stirred = np.flatnonzero(_stirred(past.difference, steep))
    if not stirred.size:
        return out
    some = _all_or(stirred, len(ticks))
    ticks, planes, past = ticks[some], planes[some], past[some]
    future = _View(window, ticks, slow, planes)
    seen = _cleaned(_seen(np.minimum(past.difference, future.difference), steep[some]), window, ticks)
    area, x, y, width, height = _moments(seen)
    growth = np.zeros((len(ticks), 2), np.float32)
    fit = np.zeros(len(ticks), np.float32)
    for group, cut in _patches(seen.shape, area, x, y, np.maximum(width, height)):
        first, last = np.maximum(ticks[group] - slow, 0), np.minimum(ticks[group] + slow, len(path) - 1)
        pace = (path[last] - path[first]) / (2 * slow)
        growth[group], fit[group] = _grown(_Patch.of(planes[:, 0], seen, group, cut), past, future, pace)
    out[:-2, stirred] = np.stack((area, *growth.T, fit))
    return out


def _rim(window: Window, ticks: Ticks, past: _View, luma: Floats) -> npt.NDArray[np.floating]:
    """Grey levels (2, n) by which the border differs from the past as it was, and from the past the camera undone."""
    border = _border(luma.shape[1:])
    others = ticks + past.steps
    light = window.relative(ticks, others)
    now = luma.reshape(len(ticks), -1)[:, border]
    inside = past.inside.reshape(len(ticks), -1)[:, border]
    moved = past.planes[:, 0].reshape(len(ticks), -1)[:, border]
    was = window.planes[others - window.first, 0].reshape(len(ticks), -1)[:, border]
    was *= np.exp(light.gain)[:, None]
    was += light.offset[:, None]
    differs = np.stack((np.abs(now - was), np.abs(now - moved)))
    return (differs * inside).sum(axis=2) / np.maximum(inside.sum(axis=1), 1)


@cache
def _border(shape: tuple[int, int]) -> Ticks:
    """Every third place, counted row by row, of a picture's border: an eighth of its width, a sixth of its height."""
    height, width = shape
    inner = np.zeros(shape, np.bool_)
    inner[height // BORDER[0] : -(height // BORDER[0]), width // BORDER[1] : -(width // BORDER[1])] = True
    return np.flatnonzero(~inner)[::3]


def _stirred(difference: Floats, steep: Floats) -> npt.NDArray[np.bool_]:
    """Where enough pixels differ that something may be moving, before asking whether they differ both ways."""
    noise = STIRRED_NOISE * middle(difference)[:, None, None]
    return (difference > SEEN_LEVELS + noise + SEEN_SLOPE * steep).sum(axis=(1, 2)) >= MIN_AREA


def _cleaned(seen: Floats, window: Window, ticks: Ticks) -> Floats:
    """The largest part, without single pixels; nothing in pictures lit by a flash."""
    seen = seen * crowded(seen > 0.3, CROWDED)
    seen[window.blind.rows[ticks]] = 0
    return seen * _largest_part(seen)


def _largest_part(seen: Floats) -> npt.NDArray[np.bool_]:
    """Of the parts of each picture that hang together by cells of CELL pixels, the one with the most seen."""
    n, height, width = seen.shape
    down, across = -(-height // CELL), -(-width // CELL)
    padded = np.zeros((n, down * CELL, across * CELL), np.float32)
    padded[:, :height, :width] = seen
    cells = padded.reshape(n, down, CELL, across, CELL).sum(axis=(2, 4))
    labels = np.where(cells > CELL_SEEN, np.arange(1, down * across + 1).reshape(down, across), 0)
    framed = np.zeros((n, down + 2, across + 2), np.intp)
    while True:
        framed[:, 1:-1, 1:-1] = labels
        rows = np.maximum(np.maximum(framed[:, :-2], framed[:, 1:-1]), framed[:, 2:])
        spread = np.maximum(np.maximum(rows[:, :, :-2], rows[:, :, 1:-1]), rows[:, :, 2:])
        spread[labels == 0] = 0
        if (spread == labels).all():
            break
        labels = spread
    places = labels + np.arange(n)[:, None, None] * (down * across + 1)
    sums = np.bincount(places.ravel(), cells.ravel(), n * (down * across + 1)).reshape(n, -1)
    sums[:, 0] = 0
    chosen = (labels == sums.argmax(axis=1)[:, None, None]) & (labels > 0)
    return chosen.repeat(CELL, axis=1).repeat(CELL, axis=2)[:, :height, :width]


def _all_or(places: Ticks, n: int) -> Ticks | slice:
    """Places in order, out of n; all of them as a slice, for then nothing is copied."""
    return slice(None) if len(places) == n else places


class _View:
    """The pictures `lag` ticks from others, as they would look there, and how they differ."""

    def __init__(self, window: Window, ticks: Ticks, lag: int, planes: Floats) -> None:
        others = window.neighbours(ticks, lag)
        self.steps = others - ticks
        self.planes, self.inside = window.moved(ticks, others, planes.shape[1])
        self.difference = unlike(planes, self.planes)
        self.difference *= self.inside
        self.difference[self.steps == 0] = 0
        self.valid = self.steps * lag > 0

    def __getitem__(self, group: Ticks | slice) -> Self:
        """The view from some of the ticks."""
        part = object.__new__(type(self))
        for name, column in vars(self).items():
            setattr(part, name, column[group])
        return part


def _seen(difference: Floats, steep: Floats) -> Floats:
    noise = middle(difference)[:, None, None]
    return np.clip(difference / (SEEN_LEVELS + SEEN_NOISE * noise + SEEN_SLOPE * steep) - 1, 0, 1)


def _moments(weights: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Area, centre x and y from the middle, standard deviations along x and y."""
    y, x = (np.arange(side, dtype=np.float32) - (side - 1) / 2 for side in weights.shape[1:])
    area = weights.sum(axis=(1, 2))
    safe = np.maximum(area, 1e-3)
    columns, rows = weights.sum(axis=1), weights.sum(axis=2)
    cx, cy = columns @ x / safe, rows @ y / safe
    width = np.sqrt(np.maximum(columns @ (x * x) / safe - cx * cx, 0))
    height = np.sqrt(np.maximum(rows @ (y * y) / safe - cy * cy, 0))
    return area, cx, cy, width, height


def _changed(
    window: Window, ticks: Ticks, past: _View, future: _View, steep: Floats, far: int
) -> npt.NDArray[np.floating]:
    """Area, place, steadiness, polarity and solidity of what is otherwise after than before."""
    out = np.zeros((6, len(ticks)), np.float32)
    difference = unlike(future.planes, past.planes) * past.inside * future.inside
    difference[~(past.valid & future.valid)] = 0
    active = np.flatnonzero(_stirred(difference, steep))
    if not active.size:
        return out
    some = _all_or(active, len(ticks))
    ticks, difference, past, future = ticks[some], difference[some], past[some], future[some]
    change = _seen(difference, steep[some])
    change *= crowded(change > 0.3, CROWDED)
    area, x, y, width, height = _moments(change)
    steady = np.ones(len(ticks), np.float32)
    for lag, near in ((-2 * far, past), (2 * far, future)):
        others = window.neighbours(ticks, lag)
        further, _ = window.moved(ticks, others)
        same = unlike(further, near.planes) < 0.35 * difference + SEEN_LEVELS
        share = (same * change).sum(axis=(1, 2)) / np.maximum(area, 1)
        share[(others - ticks) * lag <= 0] = UNSEEN_STEADY
        steady = np.minimum(steady, share)
    outline = gradients(blurred(change))
    more, less = (_across(view.planes, outline) for view in (future, past))
    solid = area / np.maximum(4 * np.pi * width * height, 1)
    out[:, active] = np.stack((area, x, y, steady, (more - less) / (more + less + 1.0), solid))
    return out


def _across(planes: Floats, outline: tuple[Floats, Floats]) -> Floats:
    """Grey levels (n) that pictures step by across an outline, given by how it rises downwards and to the right."""
    down, across = gradients(planes)
    down *= outline[0][:, None]
    across *= outline[1][:, None]
    down += across
    return np.abs(down, out=down).sum(axis=(1, 2, 3))


def _patches(
    shape: tuple[int, ...], area: Floats, x: Floats, y: Floats, spread: Floats
) -> Iterator[tuple[Ticks, _Cut]]:
    """The ticks with something to follow, by the size of patch that holds it, and where the patches lie."""
    _, height, width = shape
    sides = np.minimum(np.searchsorted(PATCHES, PATCH_SPREAD * spread + 2 * PATCH_MARGIN), len(PATCHES) - 1)
    for index, largest in enumerate(PATCHES):
        group = np.flatnonzero((area >= MIN_AREA) & (sides == index))
        if group.size:
            side = min(largest, height, width)
            left = np.clip(np.rint(x[group] + (width - side) / 2), 0, width - side).astype(np.intp)
            top = np.clip(np.rint(y[group] + (height - side) / 2), 0, height - side).astype(np.intp)
            yield group, _Cut(side, left, top)


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where square patches lie in their pictures."""

    side: int
    left: Ticks
    top: Ticks

    def of(self, pictures: Floats, group: Ticks, dx: Ticks | int = 0, dy: Ticks | int = 0, margin: int = 0) -> Floats:
        """The patches of some pictures, moved by whole pixels, edges held."""
        span = np.arange(-margin, self.side + margin)
        rows = np.clip((self.top + dy)[:, None] + span, 0, pictures.shape[1] - 1)
        columns = np.clip((self.left + dx)[:, None] + span, 0, pictures.shape[2] - 1)
        return pictures[group[:, None, None], rows[:, :, None], columns[:, None, :]]


@dataclass(frozen=True, slots=True)
class _Patch:
    """The subject cut out of its pictures, with the weight of each pixel."""

    group: Ticks
    cut: _Cut
    luma: Floats
    weights: Floats

    @classmethod
    def of(cls, luma: Floats, seen: Floats, group: Ticks, cut: _Cut) -> Self:
        return cls(group, cut, cut.of(luma, group), cut.of(seen, group))

    def at(self, ticks: Ticks) -> Self:
        """Those of the patches that are at some of the ticks."""
        return self[np.flatnonzero(np.isin(self.group, ticks))]

    def __getitem__(self, some: Ticks) -> Self:
        cut = _Cut(self.cut.side, self.cut.left[some], self.cut.top[some])
        return type(self)(self.group[some], cut, self.luma[some], self.weights[some])


def _stepped(patches: list[_Patch], ticks: Ticks, before: _View, after: _View) -> tuple[Floats, Floats]:
    """Displacement since the tick before (n, 2), and its fit.

    Each step is measured twice, from where it ends back and from where it began forward: first from rest, and where
    that does not explain enough, from the best place all around.
    """
    n = len(ticks)
    follows = np.flatnonzero(np.diff(ticks, prepend=-2) == 1)
    views = before, after
    rest = np.zeros((2, n, 2), np.float32)
    moved, fits = _matched(patches, views, rest)
    near = (fits > NEAR_FIT) & (np.abs(moved).max(axis=2) < NEAR)
    valid = np.stack((before.valid, after.valid))
    wanted = valid[0] & ~near[0]
    wanted[follows] |= valid[1, follows - 1] & ~near[1, follows - 1]
    far = np.flatnonzero(wanted)
    if far.size:
        linked = np.intersect1d(far, follows)
        some = [part for patch in patches if (part := patch.at(np.union1d(far, linked - 1))).group.size]
        start = _searched(some, n, linked, views)
        again, better = _matched(some, views, start)
        moved[0, far], fits[0, far] = again[0, far], better[0, far]
        moved[1, linked - 1], fits[1, linked - 1] = again[1, linked - 1], better[1, linked - 1]
    weights = np.stack((fits[0], np.zeros(n, np.float32)))
    weights[1, follows] = fits[1, follows - 1]
    other = np.zeros((n, 2), np.float32)
    other[follows] = moved[1, follows - 1]
    total = weights.sum(axis=0)
    step = (weights[0, :, None] * moved[0] + weights[1, :, None] * other) / np.maximum(total, 1e-6)[:, None]
    return step, np.maximum(*weights)


def _matched(patches: list[_Patch], views: Sequence[_View], starts: Floats) -> tuple[Floats, Floats]:
    """Displacements a tick (views, n, 2), each from its start, and their fits (views, n), none where in doubt."""
    moved = np.zeros_like(starts)
    fits = np.zeros(starts.shape[:2], np.float32)
    for patch in patches:
        group = patch.group
        found = _refined(patch, views, starts[:, group], STEP_REFINEMENTS)
        for side, (view, params, fit, errors) in enumerate(zip(views, *found, strict=True)):
            steps = np.where(view.valid[group], -view.steps[group], 1)[:, None]
            moved[side, group] = params[:, :2] / steps
            sure = errors[:, :2].max(axis=1) < LARGEST_ERROR
            fits[side, group] = np.where(view.valid[group] & (fit > LEAST_FIT) & sure, fit, 0)
    return moved, fits


def _searched(patches: list[_Patch], n: int, linked: Ticks, views: Sequence[_View]) -> Floats:
    """Whole displacements (views, n, 2) that explain each patch best.

    At the ticks `linked` the tick before has its say, for it saw the same step: the errors are added.
    """
    back, forth = np.full((2, n, ACROSS, ACROSS), np.inf, np.float32)
    before, after = views
    for patch in patches:
        from_before, from_after = _errors(patch, views)
        back[patch.group] = np.where(before.valid[patch.group, None, None], from_before, np.inf)
        forth[patch.group] = np.where(after.valid[patch.group, None, None], from_after[:, ::-1, ::-1], np.inf)
    both = back.copy()
    both[linked] = np.where(np.isinf(back[linked]), 0, back[linked]) + forth[linked - 1]
    both = np.where(np.isinf(both), back, both)
    both += REST_PRIOR * (PLACES[:, None] ** 2 + PLACES**2)
    rows, columns = np.divmod(both.reshape(n, -1).argmin(axis=1), ACROSS)
    start = np.stack((columns - SEARCH, rows - SEARCH), axis=1).astype(np.float32)
    ahead = np.zeros((n, 2), np.float32)
    ahead[linked - 1] = start[linked]
    return np.stack((start, -ahead))


def _grown(patch: _Patch, past: _View, future: _View, pace: Floats) -> tuple[Floats, Floats]:
    """Growth a tick and its doubt (n, 2), and the fit, where the subject moves by about `pace` a tick."""
    growths, errors = np.zeros((2, 2, len(patch.group)), np.float32)
    fits = np.zeros((2, len(patch.group)), np.float32)
    views = past, future
    starts = np.rint([-pace * view.steps[patch.group][:, None] for view in views]).astype(np.float32)
    for side, (view, moved, fit, error) in enumerate(
        zip(views, *_refined(patch, views, starts, GROWTH_REFINEMENTS), strict=True)
    ):
        steps = -view.steps[patch.group]
        valid = view.valid[patch.group] & (fit > LEAST_FIT)
        growths[side] = np.where(valid, moved[:, 2] / np.where(valid, steps, 1), 0)
        errors[side] = np.where(valid, error[:, 2] / np.abs(np.where(valid, steps, 1)), 0)
        fits[side] = np.where(valid, fit, 0)
    both = fits.all(axis=0)
    growth = np.where(both, growths.mean(axis=0), growths.sum(axis=0))
    doubt = np.where(both, np.abs(growths[0] - growths[1]) / 2, np.where(fits.any(axis=0), np.abs(growth), UNKNOWN))
    doubt = np.hypot(doubt, errors.max(axis=0))
    return np.stack((growth, doubt), axis=1), fits.sum(axis=0) / np.maximum((fits > 0).sum(axis=0), 1)


def _errors(patch: _Patch, views: Sequence[_View]) -> Floats:
    """Mean square error (views, n, ACROSS, ACROSS) of each whole displacement (rows, columns) from view to patch."""
    n, side, _ = patch.luma.shape
    weights = patch.weights
    total = np.maximum(weights.sum(axis=(1, 2)), 1e-3)[:, None, None]
    mean = (patch.luma * weights).sum(axis=(1, 2))[:, None, None] / total
    current = patch.luma - mean
    padded = side + 2 * SEARCH
    shape = (padded + padded % 2, padded + padded % 2)
    blocks = np.zeros((2, n, *shape), np.float32)
    blocks[0, :, :side, :side] = weights
    blocks[1, :, :side, :side] = weights * current
    weight, weighted = np.fft.rfft2(blocks).conj()
    wide = np.empty((2, len(views), n, padded, padded), np.float32)
    for plain, view in zip(wide[1], views, strict=True):
        np.subtract(patch.cut.of(view.planes[:, 0], patch.group, margin=SEARCH), mean, out=plain)
    np.square(wide[1], out=wide[0])
    wide_square, wide_plain = np.fft.rfft2(wide, s=shape)
    error = np.fft.irfft2(weight * wide_square - 2 * weighted * wide_plain, s=shape)[..., :ACROSS, :ACROSS]
    error += (weights * np.square(current)).sum(axis=(1, 2))[:, None, None]
    return error[..., ::-1, ::-1] / total


def _refined(patch: _Patch, views: Sequence[_View], starts: Floats, steps: int) -> tuple[Floats, Floats, Floats]:
    """Displacement x, y and log growth (views, n, 3) from view to patch, share of pixels explained, errors.

    `starts` (views, n, 2) are the whole displacements to begin with.
    """
    current, weights = patch.luma, patch.weights
    n, side, _ = current.shape
    whole = starts.astype(np.intp)
    earlier = np.concatenate(
        [
            patch.cut.of(view.planes[:, 0], patch.group, -moved[:, 0], -moved[:, 1])
            for view, moved in zip(views, whole, strict=True)
        ]
    )
    places = np.arange(side, dtype=np.float32) - (side - 1) / 2
    total = np.maximum(weights.sum(axis=(1, 2)), 1e-3)
    x, y = weights.sum(axis=1) @ places / total, weights.sum(axis=2) @ places / total
    params = np.zeros((len(views), n, 3), np.float32)
    down, across = gradients(current)
    turned = across * (places - x[:, None, None]) + down * (places[:, None] - y[:, None, None])
    slopes = -np.stack((across, down, turned), axis=1).reshape(n, 3, -1)
    limits = np.array(STEP_LIMIT, np.float32)
    for _ in range(steps):
        scale = np.exp(params[..., 2])
        shift_x, shift_y = x - scale * (x - params[..., 0]), y - scale * (y - params[..., 1])
        moved, inside = warp(earlier, shift_x.ravel(), shift_y.ravel(), params[..., 2].ravel())
        residual = current - moved.reshape(len(views), n, side, side)
        spread = SEEN_LEVELS + 2 * (weights * np.abs(residual)).sum(axis=(2, 3)) / total
        robust = residual / spread[..., None, None]
        np.square(robust, out=robust)
        robust += 1
        np.square(robust, out=robust)
        np.divide(inside.reshape(robust.shape), robust, out=robust)
        robust *= weights
        fit = robust.sum(axis=(2, 3)) / total
        weighted = slopes * robust.reshape(len(views), n, 1, -1)
        normal = np.vecdot(weighted[..., None, :], slopes[:, None])
        normal[..., range(3), range(3)] = normal[..., range(3), range(3)] * 1.01 + 1.0
        misfit = np.vecdot(weighted, residual.reshape(len(views), n, 1, -1))
        step = np.linalg.solve(normal, misfit[..., None])[..., 0]
        params += np.clip(step, -limits, limits)
    params[..., :2] += starts
    noise = (robust * np.square(residual)).sum(axis=(2, 3)) / np.maximum(robust.sum(axis=(2, 3)), 1e-3)
    variance = np.maximum(noise, PIXEL_NOISE)[..., None] * ALIKE * np.linalg.inv(normal)[..., range(3), range(3)]
    return params, fit, np.sqrt(variance)
