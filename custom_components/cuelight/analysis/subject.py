"""What moves by itself: where it is, how it moves from tick to tick, and what appears or goes.

The subject's pixels at a tick differ, once the camera's motion and the light's change are undone, both from the past and
from the future. Where they were a tick before and after is found by block matching, then refined by Gauss-Newton to
fractions of a pixel. The change of size is fitted the same way over a longer time, forward and back, so that the errors
of the mask's edge cancel.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .camera import Floats, slope, warp
from .window import Ticks, Window

LEAST_FIT = 0.25
"""Share of the subject's pixels a match must explain to be believed."""
GLANCE_HZ = 8.0
"""Glances a second: what shows over SLOW_REACH_S does not change faster."""
FAST_GROWTH = 0.3
"""Change of log size over SLOW_REACH_S beyond which the pictures are too unlike to compare over that time."""
SLOW_REACH_S = 0.42
"""Seconds to the pictures compared with for what grows, shrinks or moves slowly."""
REACH_S = 0.19
"""Seconds to the pictures compared with: a slow subject has moved a pixel by then, a fast one is not yet elsewhere."""
SEEN_LEVELS = 6.0
"""Grey levels a pixel must differ by beyond the noise and misregistration to belong to the subject."""
SEEN_NOISE = 2.5
"""Times the median difference, which is noise, added to that."""
SEEN_SLOPE = 0.25
"""Pixels of misregistration forgiven, in units of the local slope."""
CROWDED = 0.3
"""Fraction of the nine pixels around that must be seen too; single pixels are noise."""
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
REFINEMENTS = 3
"""Gauss-Newton steps after the search."""
STEP_LIMIT = (1.0, 1.0, 0.08)
"""Most that one of those steps may change x, y (pixels) and log size."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The moving pixels of n ticks. Lengths are pixels of the half-size picture, positions count from its middle.

    `area` of the moving pixels; centre `x`, `y` and spread `width`, `height` (standard deviations); displacement `dx`,
    `dy` and change of log size `growth` a tick; `doubt`: half the difference between the growth seen from before and
    from after; `fit` 0..1, how well the match explains them. `energy`: mean grey levels of difference that the camera does
    not explain.
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


@dataclass(frozen=True, slots=True)
class Glance:
    """What only shows over a longer time, at n chosen ticks `tick`.

    `area`, `x`, `y` of what moves slowly, its change of log size `growth` a tick with `doubt` and `fit` as in a sighting.
    `change`: area that looks different before and after (by REACH_S); its centre `change_x`, `change_y`;
    `steady` 0..1, how far it looked alike all the time before and all the time after; `polarity` -1..1, positive if
    there are more edges after than before.
    """

    tick: Ticks
    area: Floats
    x: Floats
    y: Floats
    growth: Floats
    doubt: Floats
    fit: Floats
    change: Floats
    change_x: Floats
    change_y: Floats
    steady: Floats
    polarity: Floats


def reach(rate: float) -> int:
    """Ticks to the pictures compared with."""
    return max(1, round(REACH_S * rate))


def slow_reach(rate: float) -> int:
    """Ticks to the pictures compared with for what moves slowly."""
    return max(2, round(SLOW_REACH_S * rate))


def glance_step(rate: float) -> int:
    """Ticks from one glance to the next."""
    return max(1, round(rate / GLANCE_HZ))


def observe(window: Window, ticks: Ticks) -> Sighting:
    """See what moves at `ticks`; the window holds the reach to both sides, or the shot's or film's end."""
    planes = window.planes[ticks - window.first]
    far = reach(window.rate)
    steep = slope(planes[:, 0])
    views = {lag: _View(window, ticks, lag, planes) for lag in {-far, -1, 1, far}}
    apart = np.minimum(views[-far].difference, views[far].difference)
    seen = np.maximum(
        _seen(apart, steep), _seen(np.minimum(views[-1].difference, views[1].difference), steep)
    )
    seen = _cleaned(seen, window, ticks)
    area, x, y, width, height = _moments(seen)
    step = np.zeros((len(ticks), 2), np.float32)
    fit = np.zeros(len(ticks), np.float32)
    growth = np.zeros((len(ticks), 2), np.float32)
    for group, cut in _patches(seen.shape, area, x, y, np.maximum(width, height)):
        patch = _Patch(planes[:, 0], seen, group, cut)
        step[group], fit[group] = _stepped(patch, views[-1], views[1])
        growth[group] = _grown(patch, views[-far], views[far], step[group])[0]
    return Sighting(
        area, x, y, width, height, step[:, 0], step[:, 1], growth[:, 0], growth[:, 1], fit, apart.mean(axis=(1, 2))
    )


def glance(window: Window, ticks: Ticks, path: Floats) -> Glance:
    """See what shows over a longer time at `ticks`.

    `path` (all ticks of the film so far and those ahead that are observed, 2) is where the subject has moved to.
    """
    planes = window.planes[ticks - window.first]
    steep = slope(planes[:, 0])
    far, slow = reach(window.rate), slow_reach(window.rate)
    past, future = (_View(window, ticks, lag, planes) for lag in (-slow, slow))
    seen = _cleaned(_seen(np.minimum(past.difference, future.difference), steep), window, ticks)
    area, x, y, width, height = _moments(seen)
    growth = np.zeros((len(ticks), 2), np.float32)
    fit = np.zeros(len(ticks), np.float32)
    for group, cut in _patches(seen.shape, area, x, y, np.maximum(width, height)):
        pace = (path[np.minimum(ticks[group] + slow, len(path) - 1)] - path[np.maximum(ticks[group] - slow, 0)]) / (2 * slow)
        growth[group], fit[group] = _grown(_Patch(planes[:, 0], seen, group, cut), past, future, pace)
    views = (_View(window, ticks, lag, planes) for lag in (-far, far))
    change = _change(window, ticks, *views, steep, far)
    return Glance(ticks, area, x, y, growth[:, 0], growth[:, 1], fit, *change)


def _cleaned(seen: Floats, window: Window, ticks: Ticks) -> Floats:
    """Without single pixels, and without pictures lit by a flash."""
    seen = seen * (_box((seen > 0.3).astype(np.float32)) > CROWDED)
    seen[[window.blind[tick] for tick in ticks]] = 0
    return seen


class _View:
    """The pictures `lag` ticks from others, as they would look there, and how they differ."""

    def __init__(self, window: Window, ticks: Ticks, lag: int, planes: Floats) -> None:
        self.others = window.neighbours(ticks, lag)
        self.steps = self.others - ticks
        moved, inside = window.moved(ticks, self.others)
        self.luma = moved[:, 0]
        self.inside = inside > 0.98
        self.difference = np.abs(planes - moved).sum(axis=1)
        self.difference *= self.inside
        self.difference[self.steps == 0] = 0
        self.valid = self.steps * lag > 0


def _seen(difference: Floats, steep: Floats) -> Floats:
    noise = np.median(difference[:, ::3, ::3], axis=(1, 2))[:, None, None]
    return np.clip(difference / (SEEN_LEVELS + SEEN_NOISE * noise + SEEN_SLOPE * steep) - 1, 0, 1)


def _box(pictures: Floats) -> Floats:
    """Mean of the nine pixels around each."""
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / 9


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


def _change(
    window: Window, ticks: Ticks, past: "_View", future: "_View", steep: Floats, far: int
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Area, place, steadiness and polarity of what is otherwise after than before."""
    before, after = past.luma, future.luma
    difference = np.abs(after - before) * past.inside * future.inside
    change = _seen(difference, steep) * (past.valid & future.valid)[:, None, None]
    change *= _box((change > 0.3).astype(np.float32)) > CROWDED
    area, x, y, _, _ = _moments(change)
    steady = np.zeros(len(ticks), np.float32)
    active = np.flatnonzero(area >= MIN_AREA)
    if active.size:
        for lag, near in ((-2 * far, before), (2 * far, after)):
            others = window.neighbours(ticks[active], lag)
            further, _ = window.moved(ticks[active], others)
            same = np.abs(further[:, 0] - near[active]) < 0.35 * difference[active] + SEEN_LEVELS
            share = (same * change[active]).sum(axis=(1, 2)) / area[active]
            share[(others - ticks[active]) * lag <= 0] = 0
            steady[active] = share if lag < 0 else np.minimum(steady[active], share)
    edges = slope(change)
    more, less = (slope(after) * edges).sum(axis=(1, 2)), (slope(before) * edges).sum(axis=(1, 2))
    return area, x, y, steady, (more - less) / (more + less + 1.0)


def _patches(
    shape: tuple[int, ...], area: Floats, x: Floats, y: Floats, spread: Floats
) -> Iterator[tuple[Ticks, "_Cut"]]:
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


class _Patch:
    """The subject cut out of its pictures, with the weight of each pixel."""

    def __init__(self, luma: Floats, seen: Floats, group: Ticks, cut: _Cut) -> None:
        self.group = group
        self.cut = cut
        self.luma = cut.of(luma, group)
        self.weights = cut.of(seen, group)


def _stepped(patch: _Patch, past: "_View", future: "_View") -> tuple[Floats, Floats]:
    """Displacement a tick (n, 2), the mean of that since the tick before and that to the tick after, and its fit."""
    total = np.zeros((len(patch.group), 2), np.float32)
    fits = np.zeros(len(patch.group), np.float32)
    count = np.zeros(len(patch.group), np.float32)
    for view in (past, future):
        start = _match(patch, view)
        moved, fit = _refined(patch, view, start)
        steps = -view.steps[patch.group]
        valid = view.valid[patch.group] & (fit > LEAST_FIT)
        total += np.where(valid, 1 / np.where(valid, steps, 1), 0)[:, None] * moved[:, :2]
        fits += np.where(valid, fit, 0)
        count += valid
    count = np.maximum(count, 1)
    return total / count[:, None], fits / count


def _grown(patch: _Patch, past: "_View", future: "_View", pace: Floats) -> tuple[Floats, Floats]:
    """Growth a tick and its doubt (n, 2), and the fit, where the subject moves by about `pace` a tick."""
    growths = np.zeros((2, len(patch.group)), np.float32)
    fits = np.zeros((2, len(patch.group)), np.float32)
    for side, view in enumerate((past, future)):
        steps = -view.steps[patch.group]
        moved, fit = _refined(patch, view, np.rint(pace * steps[:, None]).astype(np.float32))
        valid = view.valid[patch.group] & (fit > LEAST_FIT)
        growths[side] = np.where(valid, moved[:, 2] / np.where(valid, steps, 1), 0)
        fits[side] = np.where(valid, fit, 0)
    both = fits.all(axis=0)
    growth = np.where(both, growths.mean(axis=0), growths.sum(axis=0))
    doubt = np.where(both, np.abs(growths[0] - growths[1]) / 2, np.abs(growth))
    return np.stack((growth, doubt), axis=1), fits.sum(axis=0) / np.maximum((fits > 0).sum(axis=0), 1)


def _match(patch: _Patch, view: "_View") -> Floats:
    """Whole-pixel displacement (n, 2) by which the weighted pixels came: least weighted sum of squares."""
    n, side, _ = patch.luma.shape
    weights = patch.weights
    mean = ((patch.luma * weights).sum(axis=(1, 2)) / np.maximum(weights.sum(axis=(1, 2)), 1e-3))[:, None, None]
    current = patch.luma - mean
    wide = patch.cut.of(view.luma, patch.group, margin=SEARCH) - mean
    across = 2 * SEARCH + 1
    windows = np.lib.stride_tricks.sliding_window_view(wide, (side, side), axis=(1, 2))
    windows = windows.reshape(n, across * across, side * side)
    error = np.square(windows) @ weights.reshape(n, -1, 1) - 2 * (windows @ (weights * current).reshape(n, -1, 1))
    rows, columns = np.divmod(error[:, :, 0].argmin(axis=1), across)
    return np.stack((SEARCH - columns, SEARCH - rows), axis=1).astype(np.float32)


def _refined(patch: _Patch, view: "_View", start: Floats) -> tuple[Floats, Floats]:
    """Displacement x, y and log growth (n, 3) from the view to the patch, and the share of pixels explained."""
    current, weights = patch.luma, patch.weights
    n, side, _ = current.shape
    whole = start.astype(np.intp)
    earlier = patch.cut.of(view.luma, patch.group, -whole[:, 0], -whole[:, 1])
    places = np.arange(side, dtype=np.float32) - (side - 1) / 2
    total = np.maximum(weights.sum(axis=(1, 2)), 1e-3)
    x, y = weights.sum(axis=1) @ places / total, weights.sum(axis=2) @ places / total
    params = np.zeros((n, 3), np.float32)
    down, across = np.gradient(current, axis=(1, 2))
    turned = across * (places - x[:, None, None]) + down * (places[:, None] - y[:, None, None])
    slopes = -np.stack((across, down, turned), axis=1).reshape(n, 3, -1)
    limits = np.array(STEP_LIMIT, np.float32)
    fit = total
    for _ in range(REFINEMENTS + 1):
        scale = np.exp(params[:, 2])
        moved, inside = warp(earlier, x - scale * (x - params[:, 0]), y - scale * (y - params[:, 1]), params[:, 2])
        residual = current - moved
        spread = 6 + 4 * np.median(np.abs(residual), axis=(1, 2))
        robust = weights * inside / np.square(1 + np.square(residual / spread[:, None, None]))
        fit = robust.sum(axis=(1, 2)) / total
        weighted = slopes * robust.reshape(n, 1, -1)
        normal = weighted @ slopes.swapaxes(1, 2)
        normal[:, range(3), range(3)] = normal[:, range(3), range(3)] * 1.01 + 1.0
        step = np.linalg.solve(normal, weighted @ residual.reshape(n, -1, 1))[:, :, 0]
        params += np.clip(step, -limits, limits)
    params[:, :2] += start
    return params, fit
