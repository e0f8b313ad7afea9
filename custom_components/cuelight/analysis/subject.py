"""What moves by itself: where it is, how it moves from tick to tick, and what appears or goes.

The subject's pixels at a tick differ, once the camera's motion and the light's change are undone, both from the past and
from the future. They are sought in the tick before by masked block matching over the whole picture (by the Fourier
transform), then the match is refined to fractions of a pixel together with the change of size.
"""

from dataclasses import dataclass

import numpy as np

from .camera import Floats, slope, warp
from .window import Ticks, Window

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
REFINEMENTS = 3
"""Gauss-Newton steps after the search."""
STEP_LIMIT = (1.0, 1.0, 0.08)
"""Most that one of those steps may change x, y (pixels) and log size."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The moving pixels of n ticks. Lengths are pixels of the half-size picture, positions count from its middle.

    `area` of the moving pixels; centre `x`, `y` and spread `width`, `height` (standard deviations); displacement `dx`,
    `dy` and change of log size `growth` since the tick before; `fit` 0..1, how well the match explains them. `change`:
    area that looks different before and after (by REACH_S) without anything moving there; its centre `change_x`,
    `change_y`; `polarity` -1..1, positive if there are more edges after than before.
    """

    area: Floats
    x: Floats
    y: Floats
    width: Floats
    height: Floats
    dx: Floats
    dy: Floats
    growth: Floats
    fit: Floats
    change: Floats
    change_x: Floats
    change_y: Floats
    polarity: Floats
    energy: Floats


def reach(rate: float) -> int:
    """Ticks to the pictures compared with."""
    return max(1, round(REACH_S * rate))


def observe(window: Window, ticks: Ticks) -> Sighting:
    """See what moves at `ticks`; the window holds twice the reach to both sides, or the shot's or film's end."""
    held = ticks - window.first
    luma, chroma = window.luma[held], window.chroma[held]
    far = reach(window.rate)
    steep = slope(luma)
    past, before = _difference(window, ticks, -far, luma, chroma)
    future, after = _difference(window, ticks, far, luma, chroma)
    seen = _seen(np.minimum(past, future), steep)
    if far > 1:
        near = np.minimum(
            _difference(window, ticks, -1, luma, chroma)[0], _difference(window, ticks, 1, luma, chroma)[0]
        )
        seen = np.maximum(seen, _seen(near, steep))
    seen *= _box((seen > 0.3).astype(np.float32)) > CROWDED
    seen[[window.blind[tick] for tick in ticks]] = 0
    changed = np.abs(after - before)
    change = _seen(changed, steep) * (_box(seen) < 0.1)
    change *= _box((change > 0.3).astype(np.float32)) > CROWDED
    edges = slope(change)
    more, less = (slope(after) * edges).sum(axis=(1, 2)), (slope(before) * edges).sum(axis=(1, 2))
    where = _moments(seen)
    spot = _moments(change)
    dx, dy, growth, fit = _follow(window, ticks, luma, seen, where)
    return Sighting(
        *where,
        dx,
        dy,
        growth,
        fit,
        spot[0],
        spot[1],
        spot[2],
        (more - less) / (more + less + 1.0),
        np.minimum(past, future).mean(axis=(1, 2)),
    )


def _difference(window: Window, ticks: Ticks, lag: int, luma: Floats, chroma: Floats) -> tuple[Floats, Floats]:
    others = window.neighbours(ticks, lag)
    other, colours, inside = window.moved(ticks, others)
    difference = np.abs(luma - other) + np.abs(chroma - colours).sum(axis=1)
    difference *= inside > 0.98
    difference[others == ticks] = 0
    return difference, other


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


def _follow(
    window: Window, ticks: Ticks, luma: Floats, seen: Floats, where: tuple[Floats, ...]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Displacement, growth and goodness of fit of the seen pixels since the tick before."""
    out = np.zeros((4, len(ticks)), np.float32)
    others = window.neighbours(ticks, -1)
    active = np.flatnonzero((where[0] >= MIN_AREA) & (others < ticks))
    if active.size:
        earlier, _, _ = window.moved(ticks[active], others[active])
        steps = (ticks - others)[active]
        found = _match(luma[active], earlier, seen[active])
        params, fit = _refined(luma[active], earlier, seen[active], found, where[1][active], where[2][active])
        out[:3, active] = params.T / steps
        out[3, active] = fit
    return out[0], out[1], out[2], out[3]


def _match(current: Floats, earlier: Floats, weights: Floats) -> Floats:
    """Displacement (n, 2) by which the weighted pixels came, to the pixel: least weighted sum of squares."""
    shape = current.shape[1:]
    mean = (current * weights).sum(axis=(1, 2)) / weights.sum(axis=(1, 2))
    current = current - mean[:, None, None]
    earlier = earlier - mean[:, None, None]
    spectrum = np.fft.rfft2(weights) * np.fft.rfft2(earlier * earlier).conj()
    spectrum -= 2 * np.fft.rfft2(weights * current) * np.fft.rfft2(earlier).conj()
    error = np.fft.irfft2(spectrum, s=shape)
    near = np.roll(error, (SEARCH, SEARCH), axis=(1, 2))[:, : 2 * SEARCH + 1, : 2 * SEARCH + 1]
    rows, columns = np.divmod(near.reshape(len(near), -1).argmin(axis=1), 2 * SEARCH + 1)
    return np.stack((columns - SEARCH, rows - SEARCH), axis=1).astype(np.float32)


def _refined(
    current: Floats, earlier: Floats, weights: Floats, start: Floats, x: Floats, y: Floats
) -> tuple[Floats, Floats]:
    n, height, width = current.shape
    params = np.zeros((n, 3), np.float32)
    params[:, :2] = start
    down, across = np.gradient(current, axis=(1, 2))
    rows = (np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, None] - y[:, None, None]
    columns = np.arange(width, dtype=np.float32) - (width - 1) / 2 - x[:, None, None]
    slopes = np.stack((-across, -down, -(across * columns + down * rows)), axis=1).reshape(n, 3, -1)
    limits = np.array(STEP_LIMIT, np.float32)
    for _ in range(REFINEMENTS + 1):
        scale = np.exp(params[:, 2])
        shift_x, shift_y = x - scale * (x - params[:, 0]), y - scale * (y - params[:, 1])
        moved, inside = warp(earlier, shift_x, shift_y, params[:, 2])
        residual = current - moved
        spread = 6 + 4 * np.median(np.abs(residual), axis=(1, 2))
        robust = weights * inside / np.square(1 + np.square(residual / spread[:, None, None]))
        fit = robust.sum(axis=(1, 2)) / weights.sum(axis=(1, 2))
        weighted = slopes * robust.reshape(n, 1, -1)
        normal = weighted @ slopes.swapaxes(1, 2)
        normal[:, range(3), range(3)] = normal[:, range(3), range(3)] * 1.01 + 1.0
        step = np.linalg.solve(normal, weighted @ residual.reshape(n, -1, 1))[:, :, 0]
        params += np.clip(step, -limits, limits)
    return params, fit
