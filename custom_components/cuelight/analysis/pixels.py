"""Small picture arithmetic: sums around pixels, edges, slopes, halves and doubles.

Pictures are the last two axes. Beyond the edges everything is zero.
"""

from functools import cache

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
    out[..., 1:] += rows[..., :-1]  # type: ignore[misc]
    out[..., :-1] += rows[..., 1:]  # type: ignore[misc]
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
    along = np.logical_or.accumulate
    count = along(mask, -1).astype(np.uint8)
    count += along(mask[..., ::-1], -1)[..., ::-1]
    count += along(mask, -2)
    count += along(mask[..., ::-1, :], -2)[..., ::-1, :]
    return np.asarray(count >= sides)


def slope(pictures: Ints | Grey) -> Grey:
    """Grey levels a pixel along the steeper axis."""
    out = np.zeros(pictures.shape, np.float32)
    np.abs(pictures[..., 2:, :] - pictures[..., :-2, :], out=out[..., 1:-1, :])
    np.maximum(out[..., 1:-1], np.abs(pictures[..., 2:] - pictures[..., :-2]), out=out[..., 1:-1])
    out *= 0.5
    return out


def median[Kind: np.generic](samples: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    """The median over the first axis; of two in the middle the greater."""
    return np.asarray(np.sort(samples, axis=0)[len(samples) // 2])


def share_below(values: npt.NDArray[np.generic], share: float) -> float:
    """The value that so large a share of all values is below."""
    place = min(int(share * values.size), values.size - 1)
    return float(np.partition(values, place, axis=None)[place])


def halved(luma: Bytes) -> Ints:
    """Pictures of half the size by averaging."""
    wide = luma.astype(np.int16)
    return np.asarray(wide[:, ::2, ::2] + wide[:, 1::2, ::2] + wide[:, ::2, 1::2] + wide[:, 1::2, 1::2]) >> 2


def doubled[Kind: np.generic](pictures: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    """Pictures of twice the size, each pixel four times."""
    height, width = pictures.shape[-2:]
    twice = np.broadcast_to(pictures[..., :, None, :, None], (*pictures.shape[:-2], height, 2, width, 2))
    return twice.reshape(*pictures.shape[:-2], 2 * height, 2 * width)
