"""The camera's motion and the light's change between pictures, batched.

A picture is the one before it moved by (x, y) pixels, scaled by exp(zoom) about the middle, and its light changed by
exp(gain) * (I - mean) + mean + offset. Those five numbers are fitted by Gauss-Newton on an image pyramid with robust
weights, so that what moves by itself is left out (inverse compositional form after Baker and Matthews, "Lucas-Kanade 20
years on", 2004, and Geman-McClure weights). With no rotation a warp is two small matrix products, one for each axis.
"""

from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.floating]

LEVELS = 3
"""Pyramid levels: at the third a step of 6 pixels of 64, the fastest shake seen, is 1.5 pixels, within reach."""
ITERATIONS = (2, 3, 5)
"""Gauss-Newton steps from the finest level to the coarsest."""
QUIET = 0.08
"""Pixels of the halved picture; below this the step is linear, and one fit at half the size is as good."""
NEGLIGIBLE = 0.02
"""Likewise; below this a motion is not undone, and it need not be asked whether it is one."""
QUIET_ITERATIONS = 1
UNEXPLAINED = 0.75
"""Share of the difference a motion may leave to be believed: true ones leave half at most, noise more than 0.9."""
UNOPPOSED = 0.85
"""Likewise where no block of the border speaks against it: in a dark picture even a true one leaves much."""
BORDER = (6, 8)
"""Rows and columns of blocks the picture is divided into; the outermost are asked whether they moved."""
VOTE_LEVELS = 0.1
"""Mean grey levels by which a motion must make a block of the border better or worse for it to have a say."""
VOTE_SHARE = 0.25
"""Likewise, as a share of the border's mean: what gains less has next to nothing to see."""
LEAST_VOTES = 6
"""Of the border's 24 blocks, a quarter, how many must be better for a motion to be the camera's; fewer can be something
that reaches to the border before a plain wall."""
BORDER_SHARE = 0.2
"""What a motion must explain of the border's differences over what it explains of the whole picture's, both a pixel. It
is 1 where there is as much to see at the border; before a plain wall, what moves in the middle explains next to nothing
there."""
RESIDUAL_FLOOR = 1.5
"""Grey levels: differences below are coding noise however quiet the rest of the picture is."""
ROBUST_WIDTH = 2.5
"""Residuals beyond this many standard deviations count less and less."""
MIDDLE_WEIGHT = 0.4
"""Weight of the picture's middle beside its border at the coarsest level: subjects stand in the middle."""
DAMPING = 1e-3
"""Fraction of the normal matrix' diagonal added to it, against rounding."""
EXPECTED = (3.0, 3.0, 0.02, 0.1, 30.0)
"""Usual size of each number in one step (pixels, pixels, log scale, log gain, grey levels), so that a flat picture does
not move: each weighs as much as one pixel wrong by PIXEL_NOISE grey levels."""
PIXEL_NOISE = 2.0
ZOOM_LIMIT = 0.12
"""Largest change of log scale between two pictures: faster than any lens, slower than a misfit."""
GAIN_LIMIT = 0.3
"""Largest change of log gain between two pictures: a fade to a quarter in a third of a second at 16 a second."""
MEDIAN_STRIDE = 3
"""Every third pixel is enough for a median."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Motion from one picture to another for n pairs: pixels of 64x36, logarithms of scale and gain, grey levels."""

    x: Floats
    y: Floats
    zoom: Floats
    gain: Floats
    offset: Floats

    def __getitem__(self, index: slice | npt.NDArray[np.intp]) -> Self:
        """The motion of some of the pairs."""
        return type(self)(self.x[index], self.y[index], self.zoom[index], self.gain[index], self.offset[index])


def register(current: Floats, previous: Floats) -> Motion:
    """Fit the motion from `previous` to `current`, both (n, h, w) grey levels."""
    params = np.zeros((len(current), 5), np.float32)
    params[:, 4] = (current - previous).mean(axis=(1, 2))
    half = halved(current), halved(previous)
    _refine(*half, params, QUIET_ITERATIONS, _border_weights(half[0].shape[1:], 1))
    largest = np.abs(params[:, :3]) @ np.diag((1, 1, half[0].shape[2] / 2)).astype(np.float32)
    moving = np.flatnonzero((largest > QUIET).any(axis=1))
    slow = np.flatnonzero((largest > NEGLIGIBLE).any(axis=1) & (largest <= QUIET).all(axis=1))
    if slow.size:
        whole, left = _differences(half[0][slow], half[1][slow], params[slow])
        params[slow, :3] *= _reaches_border(_border(whole - left), whole - left)[:, None]
    params[:, :2] *= 2
    if moving.size:
        fitted = _register(current[moving], previous[moving])
        better = _believed(current[moving], previous[moving], fitted)
        params[moving] = np.where(better[:, None], fitted, 0)
        params[moving, 4] = np.where(better, fitted[:, 4], middle(current[moving] - previous[moving]))
    return Motion(*(np.ascontiguousarray(column) for column in params.T))


def _register(current: Floats, previous: Floats) -> Floats:
    """The five numbers (n, 5), from the coarsest level of a pyramid to the finest."""
    pyramid = [(current, previous)]
    for _ in range(LEVELS - 1):
        current, previous = halved(current), halved(previous)
        pyramid.append((current, previous))
    params = np.zeros((len(current), 5), np.float32)
    params[:, 4] = (current - previous).mean(axis=(1, 2))
    for level in reversed(range(LEVELS)):
        _refine(*pyramid[level], params, ITERATIONS[level], _border_weights(pyramid[level][0].shape[1:], level))
        if level:
            params[:, :2] *= 2
    return params


def _believed(current: Floats, previous: Floats, params: Floats) -> npt.NDArray[np.bool_]:
    """Whether a motion explains enough of the difference and the picture's border did not rest.

    A camera moves the border too; what fills the middle and moves by itself leaves the border where it was.
    """
    whole, left = _differences(current, previous, params)
    gains = _rested(current, previous, whole) - left
    better = _border(gains)
    level = np.maximum(VOTE_SHARE * better.mean(axis=1), VOTE_LEVELS)[:, None]
    ayes, noes = (better > level).sum(axis=1), (better < -level).sum(axis=1)
    limit = np.where(noes > 0, UNEXPLAINED, UNOPPOSED)
    explained = left.sum(axis=(1, 2)) < limit * np.maximum(whole.sum(axis=(1, 2)), 1e-3)
    return explained & (ayes >= np.maximum(noes, LEAST_VOTES)) & _reaches_border(better, gains)


def _differences(current: Floats, previous: Floats, params: Floats) -> tuple[Floats, Floats]:
    """Grey levels by which each pixel differs, the light undone, before and after the motion is undone too."""
    mean = previous.mean(axis=(1, 2), keepdims=True)
    gain, offset = np.exp(params[:, 3])[:, None, None], params[:, 4, None, None]
    moved, inside = warp(previous, params[:, 0], params[:, 1], params[:, 2])
    left, whole = (np.abs(current - gain * (picture - mean) - mean - offset) * inside for picture in (moved, previous))
    return whole, left


def _rested(current: Floats, previous: Floats, whole: Floats) -> Floats:
    """The differences `whole` before a motion is undone, but with a resting camera's light where that fits better.

    A slope of light that moves is one that gets brighter: with the motion's light the rest looks worse than it is.
    """
    step = current - previous
    rest = np.abs(step - middle(step)[:, None, None]) * (whole > 0)
    return np.where((rest.sum(axis=(1, 2)) < whole.sum(axis=(1, 2)))[:, None, None], rest, whole)


def _reaches_border(border: Floats, better: Floats) -> npt.NDArray[np.bool_]:
    """Whether a motion makes the border's blocks better by enough of what it makes all the picture better."""
    return border.mean(axis=1) >= BORDER_SHARE * better.mean(axis=(1, 2))


def _border(pictures: Floats) -> Floats:
    """Means (n, blocks) of the outermost blocks."""
    rim = np.ones(BORDER, np.bool_)
    rim[1:-1, 1:-1] = False
    return block_means(pictures, BORDER)[:, rim]


def block_means(pictures: Floats, grid: tuple[int, int]) -> Floats:
    """Means (n, down, across) of a grid of equal blocks; what is left over at the lower and right edge is left out."""
    rows, columns = (_averaging(side, count) for side, count in zip(pictures.shape[1:], grid, strict=True))
    return np.asarray(rows @ pictures @ columns.T)


@cache
def _averaging(side: int, count: int) -> Floats:
    """A matrix (count, side) that averages neighbours."""
    length = side // count
    blocks = np.arange(side) // length == np.arange(count)[:, None]
    return blocks.astype(np.float32) / np.float32(length)


def warp(pictures: Floats, x: Floats, y: Floats, zoom: Floats) -> tuple[Floats, Floats]:
    """Pictures (n, h, w) or (n, planes, h, w) moved, edges held, and which pixels (n, h, w) were inside (1 or less)."""
    height, width = pictures.shape[-2:]
    down, across, inside = _resampling(height, width, x, y, zoom)
    moved = np.empty_like(pictures)
    rows = np.empty((len(pictures), height, width), np.float32)
    # One plane after the other, so that what is between stays in the processor's cache.
    flat = pictures.reshape(len(pictures), -1, height, width)
    for plane in range(flat.shape[1]):
        np.matmul(down, flat[:, plane], out=rows)
        np.matmul(rows, across, out=moved.reshape(flat.shape)[:, plane])
    return moved, inside[:, :height, None] * inside[:, None, height:]


def _resampling(height: int, width: int, x: Floats, y: Floats, zoom: Floats) -> tuple[Floats, Floats, Floats]:
    """Matrices of linear interpolation along both axes, (n, h, h) and (n, w, w), and what is inside, (n, h + w).

    The first is to be multiplied from the left, the second from the right.
    """
    n = len(zoom)
    places, last, first = _places(height, width)
    shift = np.empty((n, height + width), np.float32)
    shift[:, :height], shift[:, height:] = y[:, None], x[:, None]
    np.subtract(places, shift, out=shift)
    shift *= np.exp(-zoom)[:, None]
    shift += last / 2
    held = np.minimum(np.maximum(shift, 0), last)
    inside = np.maximum(0.0, 1.0 - np.abs(shift - held))
    before = np.minimum(held, last - 1).astype(np.intp)
    held -= before
    matrices = np.zeros((n, height * height + width * width), np.float32)
    before += first + np.arange(0, matrices.size, matrices.shape[1])[:, None]
    weights = matrices.reshape(-1)
    weights[before] = 1 - held
    before += 1
    weights[before] = held
    down = matrices[:, : height * height].reshape(n, height, height)
    return down, matrices[:, height * height :].reshape(n, width, width).swapaxes(1, 2), inside


@cache
def _places(height: int, width: int) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """Of rows, then columns: place from the middle, the last one, and where its weights are in the two matrices."""
    rows, columns = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    places = np.concatenate((rows - (height - 1) / 2, columns - (width - 1) / 2))
    last = np.repeat(np.array((height - 1, width - 1), np.float32), (height, width))
    first = np.concatenate((rows * height, height * height + columns * width)).astype(np.intp)
    return places, last, first


def halved(pictures: Floats) -> Floats:
    """Pictures of half the size by averaging."""
    height, width = (side // 2 * 2 for side in pictures.shape[-2:])
    even = pictures[..., :height, :width]
    tall = even[..., ::2, :] + even[..., 1::2, :]
    out: Floats = tall[..., ::2] + tall[..., 1::2]
    out *= 0.25
    return out


def middle(pictures: Floats) -> Floats:
    """The median of each picture, from every ninth pixel."""
    few = pictures[:, ::MEDIAN_STRIDE, ::MEDIAN_STRIDE].reshape(len(pictures), -1)
    half = few.shape[1] // 2
    return np.asarray(np.partition(few, half, axis=1)[:, half])


def blurred(pictures: Floats | npt.NDArray[np.uint16]) -> Floats:
    """Pictures smoothed by 1-2-1 along both axes, so that moving them by half a pixel blurs them no further.

    Whole numbers go up to 4095.
    """
    padded = np.concatenate((pictures[..., :1, :], pictures, pictures[..., -1:, :]), axis=-2)
    rows = padded[..., :-1, :] + padded[..., 1:, :]
    rows = rows[..., :-1, :] + rows[..., 1:, :]
    padded = np.concatenate((rows[..., :1], rows, rows[..., -1:]), axis=-1)
    rows = padded[..., :-1] + padded[..., 1:]
    rows = rows[..., :-1] + rows[..., 1:]
    return np.multiply(rows, 1 / 16, dtype=np.float32)


def gradients(pictures: Floats) -> tuple[Floats, Floats]:
    """Change of grey level a pixel down and across, one-sided at the edges, of pictures in the last two axes."""
    down, across = np.empty((2, *pictures.shape), np.float32)
    np.subtract(pictures[..., 2:, :], pictures[..., :-2, :], out=down[..., 1:-1, :])
    np.subtract(pictures[..., 2:], pictures[..., :-2], out=across[..., 1:-1])
    down[..., 1:-1, :] *= 0.5
    across[..., 1:-1] *= 0.5
    for at, low, high in ((0, 0, 1), (-1, -2, -1)):
        down[..., at, :] = pictures[..., high, :] - pictures[..., low, :]
        across[..., at] = pictures[..., high] - pictures[..., low]
    return down, across


def _border_weights(shape: tuple[int, ...], level: int) -> Floats:
    if level < LEVELS - 1:
        return np.ones(shape, np.float32)
    y, x = (np.abs(np.linspace(-1, 1, side, dtype=np.float32)) for side in shape)
    return MIDDLE_WEIGHT + (1 - MIDDLE_WEIGHT) * np.maximum(y[:, None], x[None, :])


def _refine(current: Floats, previous: Floats, params: Floats, iterations: int, prior: Floats) -> None:
    """Improve `params` (n, 5: x, y, zoom, gain, offset) in place."""
    n, height, width = current.shape
    slopes = _slopes(current).reshape(n, 5, height * width)
    level = previous.mean(axis=(1, 2), keepdims=True)
    plain = current - level
    stiffness = np.square(PIXEL_NOISE / np.array(EXPECTED, np.float32))
    limits = np.array((width / 3, height / 3, ZOOM_LIMIT, GAIN_LIMIT, 255), np.float32)
    for _ in range(iterations):
        moved, weights = warp(previous, params[:, 0], params[:, 1], params[:, 2])
        moved -= level
        slopes[:, 3] = 0.5 * (plain + moved).reshape(n, -1)
        moved *= np.exp(params[:, 3, None, None])
        moved += params[:, 4, None, None]
        residual = np.subtract(plain, moved, out=moved)
        few = np.abs(residual[:, ::MEDIAN_STRIDE, ::MEDIAN_STRIDE]).reshape(n, -1)
        halfway = (few.shape[1] - 1) // 2, few.shape[1] // 2
        spread = 1.4826 * np.partition(few, halfway, axis=1)[:, halfway].mean(axis=1)
        robust = residual / (ROBUST_WIDTH * np.maximum(spread, RESIDUAL_FLOOR))[:, None, None]
        np.square(robust, out=robust)
        robust += 1
        np.square(robust, out=robust)
        weights *= prior
        weights /= robust
        weighted = slopes * weights.reshape(n, 1, -1)
        normal = np.vecdot(weighted[:, :, None], slopes[:, None])
        normal[:, range(5), range(5)] *= 1.0 + DAMPING
        normal[:, range(5), range(5)] += stiffness
        params += np.linalg.solve(normal, np.vecdot(weighted, residual.reshape(n, 1, -1))[:, :, None])[:, :, 0]
        np.clip(params, -limits, limits, out=params)


def _slopes(pictures: Floats) -> Floats:
    """Change of a picture with each of the five numbers, (n, 5, h, w)."""
    n, height, width = pictures.shape
    down, across = gradients(pictures)
    y = (np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, None]
    x = np.arange(width, dtype=np.float32) - (width - 1) / 2
    out = np.empty((n, 5, height, width), np.float32)
    out[:, 0], out[:, 1], out[:, 2] = -across, -down, -(across * x + down * y)
    out[:, 4] = 1.0
    return out
