"""Grey pictures drawn in one bit, steady from one to the next."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .pixels import Bytes, Grey, Mask, box, count_around, share_below, sum_around, whole_around

MOST_PRODUCTS = 250_000
"""Products of numbers in one of matrices: OpenBLAS shares more between threads, whose waiting costs more than it saves.
"""

LIT = 0.5
"""Share of a pixel that the subject must cover."""
HOLD = 0.1
"""How far beyond that share, either way, a pixel must go to flip."""
STRAY = 0.15
"""Pixels with less than this fraction of the densest neighbourhood's subject around them are strays."""
STRAY_REACH = 4
"""Pixels to each side that count as neighbourhood for strays."""
DETAIL_REACH = 3
"""Pixels to each side whose mean a detail is compared with."""
DETAIL = 9.0
"""Grey levels by which a detail is darker (or lighter, if most are) than the subject around it."""
MOST_DETAIL = 0.16
"""Share of the subject's inside that details may take; more is mottled."""
LONE = 2.0
"""Times that by which a single pixel must be darker to be a detail, an eye say."""
DETAIL_HOLD = 4.0
"""Grey levels beyond that, either way, by which a detail must go to flip."""
LOCAL = 5
"""Pixels to each side that one of the whole picture is compared with."""
HYSTERESIS = 10.0
"""Grey levels of 255, after stretching, by which a pixel of the whole picture must cross the threshold to flip."""
STRETCHED = 0.02, 0.98
"""Shares of the whole picture's pixels between which its greys are stretched."""
LEAST_CONTRAST = 24.0
"""Grey levels that are stretched at least, so that noise stays noise."""
LOCAL_SHARE = 0.6
"""How much of that threshold is the neighbourhood's mean; the rest is the whole picture's middle."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the camera of the animation looks: centre and side in pixels of the picture."""

    x: float
    y: float
    side: float


def crop(planes: Sequence[Grey | Bytes], frames: Sequence[Frame], side: int) -> Grey:
    """What each frame shows of its picture in planes (n, h, w), averaged to (planes, n, side, side), zero beyond."""
    height, width = planes[0].shape[-2:]
    few = frames[:1] if all(frame == frames[0] for frame in frames) else frames
    length = np.array([frame.side for frame in few])
    down = _sampling(height, np.array([frame.y for frame in few]), length, side)
    across = _sampling(width, np.array([frame.x for frame in few]), length, side)
    rows, columns = (np.flatnonzero(weights.any(axis=(0, 1))) for weights in (down, across))
    out = np.zeros((len(planes), len(planes[0]), side, side), np.float32)
    if not rows.size or not columns.size:
        return out
    left, right = int(columns[0]), int(columns[-1]) + 1
    across = across[:, :, left:right].swapaxes(1, 2)
    band = max(1, MOST_PRODUCTS // (side * (right - left)))
    for top in range(int(rows[0]), int(rows[-1]) + 1, band):
        shown = slice(top, min(top + band, int(rows[-1]) + 1))
        for plane, drawn in zip(planes, out, strict=True):
            drawn += down[:, :, shown] @ (plane[:, shown, left:right].astype(np.float32, copy=False) @ across)
    return out


def _sampling(size: int, centre: Grey, length: Grey, side: int) -> Grey:
    """Weights (frames, side, size) of a row's pixels in what each pixel of a frame shows."""
    step = (length / side).astype(np.float32)[:, None]
    reach = np.maximum(step, 1)
    beyond = int(reach.max()) + 1
    places = centre.astype(np.float32)[:, None] + (np.arange(side, dtype=np.float32) - (side - 1) / 2) * step
    weights: Grey = places[:, :, None] - np.arange(-beyond, size + beyond, dtype=np.float32)
    np.abs(weights, out=weights)
    weights *= (-1 / reach)[:, :, None]
    weights += 1
    np.maximum(weights, 0, out=weights)
    weights /= np.maximum(weights.sum(axis=2, keepdims=True), np.float32(1e-3))
    return weights[:, :, beyond:-beyond]


def inked(cover: Grey, luma: Grey) -> Mask:
    """Silhouettes (n, side, side), their holes filled, less their dark details."""
    solid = _steady(cover, LIT, HOLD, cover[0] > LIT)
    dense = count_around(solid, STRAY_REACH)
    solid &= dense >= STRAY * dense.max(axis=(1, 2), keepdims=True)
    solid |= _filled(solid)
    shade, inside = _shading(luma, solid)
    limit = max(DETAIL, share_below(shade[inside], 1 - MOST_DETAIL) if inside.any() else 0.0)
    lone = (box((shade > limit).view(np.uint8)) < 2) & (shade < LONE * limit)
    shade *= inside & ~lone
    return solid & ~_steady(shade, limit, DETAIL_HOLD, np.zeros_like(solid[0]))


def _steady(pictures: Grey, limit: float, hold: float, last: Mask) -> Mask:
    """Where pictures are beyond the limit: by more than `hold`, either way, to differ from the last one."""
    on, off = pictures > limit + hold, pictures > limit - hold
    for now, still in zip(on, off, strict=True):
        now |= last & still
        last = now
    return on


def held_together(pictures: Mask) -> float:
    """Share of what is lit that hangs together with its densest place, in most pictures; 1 where nothing is lit."""
    lit = pictures[pictures.any(axis=(1, 2))]
    if not len(lit):
        return 1.0
    dense = count_around(lit, STRAY_REACH) * lit
    seed = np.zeros((len(lit), lit[0].size), np.bool_)
    seed[np.arange(len(lit)), dense.reshape(seed.shape).argmax(axis=1)] = True
    whole, body = _rows(lit), _rows(seed.reshape(lit.shape))
    while True:
        grown = body | body << 1 | body >> 1
        grown[:, 1:] |= grown[:, :-1]
        grown[:, :-1] |= grown[:, 1:]
        grown &= whole
        if (grown == body).all():
            return share_below(np.bitwise_count(body).sum(axis=1) / np.bitwise_count(whole).sum(axis=1), 0.5)
        body = grown


def _filled(pictures: Mask) -> Mask:
    """Pixels (n, side, side) that have lit ones on all four sides."""
    along = np.bitwise_or.accumulate
    rows = _rows(pictures)
    left, right = rows, rows
    for step in (1, 2, 4, 8, 16):
        left, right = left | left << step, right | right >> step
    rows = left & right & along(rows, axis=1) & along(rows[:, ::-1], axis=1)[:, ::-1]
    side = pictures.shape[-1]
    return np.unpackbits(rows.astype(f">u{side // 8}")[..., None].view(np.uint8), axis=2).view(np.bool_)


def _rows(pictures: Mask) -> npt.NDArray[np.integer]:
    """Each row of pictures (n, side, side) as the bits of a number."""
    side = pictures.shape[-1]
    return np.packbits(pictures, axis=2).view(f">u{side // 8}")[..., 0].astype(np.uint32)


def _shading(luma: Grey, solid: Mask) -> tuple[Grey, Mask]:
    """How much each pixel is a detail (positive is darker, or lighter where most details are), and which may be one."""
    within = luma.astype(np.int16)
    within *= solid
    mean = whole_around(within, DETAIL_REACH) / np.maximum(count_around(solid, DETAIL_REACH), np.float32(1))
    shade = mean - luma
    shade *= solid
    inside = box(solid.view(np.uint8)) == 9
    details = shade[inside]
    skew = float(np.vdot(np.square(details), details))
    return (shade if skew >= 0 else -shade), inside


def thresholded(luma: Bytes, frame: Frame, side: int) -> Mask:
    """All that the frame shows of each picture (n, h, w), each pixel against its neighbourhood."""
    grey = crop([luma], [frame], side)[0]
    ordered = np.sort(grey.reshape(len(grey), -1), axis=1)
    low, high = (ordered[:, int(share * side * side)][:, None, None] for share in STRETCHED)
    stretched = (grey - low) * (255 / np.maximum(high - low, LEAST_CONTRAST))
    around = sum_around(stretched, LOCAL) / sum_around(np.ones((side, side), np.float32), LOCAL)
    over = stretched - LOCAL_SHARE * around - (1 - LOCAL_SHARE) * stretched.mean(axis=(1, 2), keepdims=True)
    return _steady(over, 0, HYSTERESIS, over[0] > 0)
