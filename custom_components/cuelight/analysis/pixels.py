"""Small picture arithmetic: sums around pixels, edges, slopes, halves and doubles.

Pictures are the last two axes. Beyond the edges everything is zero.
"""

from functools import cache, reduce

import numpy as np
import numpy.typing as npt

type Grey = npt.NDArray[np.floating]
type Bytes = npt.NDArray[np.uint8]
type Ints = npt.NDArray[np.int16]
type Mask = npt.NDArray[np.bool_]


def box[Kind: np.generic](pictures: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    """Sum of the nine pixels around each."""
    rows = pictures.copy()
    rows[..., 1:, :] += pictures[..., :-1, :]  # type: ignore[misc]
    rows[..., :-1, :] += pictures[..., 1:, :]  # type: ignore[misc]
    out = rows.copy()
    # As one long row, for long rows are quick; the first and last columns then see the row before and the row after.
    out.reshape(-1)[1:] += rows.reshape(-1)[:-1]  # type: ignore[misc]
    out.reshape(-1)[:-1] += rows.reshape(-1)[1:]  # type: ignore[misc]
    out[..., 0] = rows[..., 0] + rows[..., 1]  # type: ignore[operator]
    out[..., -1] = rows[..., -1] + rows[..., -2]  # type: ignore[operator]
    return out


def crowded(mask: Mask, least: int) -> Mask:
    """The mask's pixels that have at least so many of the mask among the nine around them."""
    return np.asarray(mask & (box(mask.view(np.uint8)) >= least))


def widened(mask: Mask) -> Mask:
    """The mask and every pixel that touches it."""
    return np.asarray(box(mask.view(np.uint8)) > 0)


def border(mask: Mask) -> Mask:
    """The mask's outermost pixels."""
    return np.asarray(mask & (box(mask.view(np.uint8)) < 9))


def count_around(mask: Mask, reach: int) -> Bytes:
    """How many of the square of pixels up to `reach` (7 at most) away are of the mask."""
    return whole_around(mask.view(np.uint8), reach)


def whole_around[Kind: np.integer](pictures: npt.NDArray[Kind], reach: int) -> npt.NDArray[Kind]:
    """Sum of the square of pixels up to `reach` (7 at most) away, in whole numbers that their type must hold."""
    *_, height, width = pictures.shape
    side, row = 2 * reach + 1, width + 2 * reach
    wide = np.zeros((*pictures.shape[:-2], height + 2 * reach, row), pictures.dtype)
    wide[..., reach : reach + height, reach : reach + width] = pictures
    sums = wide.reshape(-1)
    for step in (1, row):
        # Sums of 1, 2, 4, 8 pixels, of which those that make up the side are added.
        doubles, out, done = sums, np.zeros_like(sums), 0
        for size in (1, 2, 4, 8):
            if side & size:
                out[: out.size - done * step] += doubles[done * step :]
                done += size
            if side < 2 * size:
                break
            sums, doubles = doubles, doubles.copy()
            doubles[: -size * step] += sums[size * step :]
        sums = out
    return sums.reshape(wide.shape)[..., :height, :width]


def sum_around(pictures: Grey, reach: int) -> Grey:
    """Sum of the square of pixels up to `reach` away."""
    height, width = pictures.shape[-2:]
    return np.asarray(_band(height, reach) @ pictures @ _band(width, reach))


@cache
def _band(size: int, reach: int) -> npt.NDArray[np.float32]:
    places = np.arange(size)
    return (np.abs(places[:, None] - places) <= reach).astype(np.float32)


def enclosed(mask: Mask, sides: int = 3) -> Mask:
    """Pixels that have the mask on at least so many of their four sides."""
    marks = mask.view(np.uint8)
    count = np.zeros(mask.shape, np.uint8)
    for axis in (-1, -2):
        places = np.arange(1, mask.shape[axis] + 1, dtype=np.uint8)
        if axis == -2:
            places = places[:, None]
        for order in (places, places[::-1]):
            # From the last of the mask on, all pixels have none behind them.
            count += order <= (marks * order).max(axis=axis, keepdims=True)
    return np.asarray(count >= sides)


def slope(pictures: Ints | Grey) -> Grey:
    """Grey levels a pixel along the steeper axis."""
    return np.multiply(steepness(pictures), np.float32(0.5))


def steepness[Kind: np.generic](pictures: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    """Twice the slope, of the pictures' own type."""
    out, across = np.empty((2, *pictures.shape), pictures.dtype)
    np.subtract(pictures[..., 2:, :], pictures[..., :-2, :], out=out[..., 1:-1, :])
    out[..., 0, :] = out[..., -1, :] = 0
    # As one long row: the first and last columns then see other rows, and are told that they do not.
    row = pictures.reshape(-1)
    np.subtract(row[2:], row[:-2], out=across.reshape(-1)[1:-1])
    across[..., 0] = across[..., -1] = 0
    np.abs(across, out=across)
    np.abs(out, out=out)
    return np.asarray(np.maximum(out, across, out=out))


def summed(planes: Ints) -> Ints:
    """The sum of three planes (..., 3, h, w)."""
    return np.asarray(planes[..., 0, :, :] + planes[..., 1, :, :] + planes[..., 2, :, :])


def unlikeness(pictures: Ints | Bytes, ground: Ints) -> Ints:
    """By how much pictures (n, 3, h, w) differ from one (3, h, w), in all planes together."""
    return reduce(np.add, (np.abs(pictures[:, plane] - ground[plane]) for plane in range(3)))


def ranked(samples: Bytes, rank: Bytes | np.uint8) -> Bytes:
    """The sample over the first axis (255 at most) that so many others are less than: its bits, one by one."""
    out = np.zeros(samples.shape[1:], np.uint8)
    for bit in np.uint8(128) >> np.arange(8, dtype=np.uint8):
        less = np.add.reduce((samples < (out | bit)).view(np.uint8), axis=0, dtype=np.uint8)
        out |= (less <= rank) * bit
    return out


def share_below(values: npt.NDArray[np.generic], share: float) -> float:
    """The value that so large a share of all values is below."""
    place = min(int(share * values.size), values.size - 1)
    return float(np.partition(values, place, axis=None)[place])


def halved(luma: Bytes) -> Bytes:
    """Pictures of half the size by averaging."""
    # Two pixels are one number of two bytes, so that all of a row is added at once.
    pairs = luma.view(np.uint16)
    across = (pairs & 255) + (pairs >> 8)
    return np.asarray((across[..., ::2, :] + across[..., 1::2, :]) >> 2).astype(np.uint8)


def doubled[Kind: (Bytes, Mask)](pictures: Kind) -> Kind:
    """Pictures of twice the size, each pixel four times."""
    *_, height, width = pictures.shape
    twice = np.empty((*pictures.shape[:-1], 2, width), np.uint16)
    twice[:] = (pictures.view(np.uint8) * np.uint16(257))[..., None, :]
    return twice.view(pictures.dtype).reshape(*pictures.shape[:-2], 2 * height, 2 * width)
