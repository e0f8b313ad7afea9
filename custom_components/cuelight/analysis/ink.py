"""Grey pictures drawn in one bit, steady from one to the next."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .codec import Picture
from .pixels import Bytes, Grey, Mask, box, enclosed, share_below, sum_around, widened

BAND = 40
"""Rows multiplied at once: OpenBLAS shares larger products between threads, whose waiting costs more than it saves."""

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


def crop(pictures: Grey | Bytes, frames: Sequence[Frame], side: int) -> Grey:
    """What each frame shows of its picture (..., n, h, w), `side` pixels square, averaged, zero beyond the edges."""
    height, width = pictures.shape[-2:]
    few = frames[:1] if all(frame == frames[0] for frame in frames) else frames
    down = np.stack([_sampling(height, frame.y, frame.side, side) for frame in few])
    across = np.stack([_sampling(width, frame.x, frame.side, side) for frame in few]).swapaxes(1, 2)
    out = np.zeros((*pictures.shape[:-2], side, side), np.float32)
    for top in range(0, height, BAND):
        rows = slice(top, top + BAND)
        out += down[:, :, rows] @ (pictures[..., rows, :].astype(np.float32, copy=False) @ across)
    return out


def _sampling(size: int, centre: float, length: float, side: int) -> Grey:
    step = length / side
    reach = max(1.0, step)
    beyond = int(reach) + 1
    places = np.arange(side, dtype=np.float32) * np.float32(step) + np.float32(centre - (side - 1) / 2 * step)
    weights: Grey = np.abs(places[:, None] - np.arange(-beyond, size + beyond, dtype=np.float32))
    weights *= -1 / reach
    weights += 1
    np.maximum(weights, 0, out=weights)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-3)
    return weights[:, beyond:-beyond]


def inked(cover: Grey, luma: Grey) -> list[Picture]:
    """Silhouettes (n, side, side), their holes filled, less their dark details."""
    solid = np.empty(cover.shape, np.bool_)
    last = cover[0] > LIT
    for index, share in enumerate(cover):
        last = solid[index] = np.where(last, share > LIT - HOLD, share > LIT + HOLD)
    dense = sum_around(solid.astype(np.float32), STRAY_REACH)
    solid &= dense >= STRAY * dense.max(axis=(1, 2), keepdims=True)
    solid |= enclosed(solid, 4)
    shade, inside = _shading(luma, solid)
    detail = np.zeros(solid.shape[1:], np.bool_)
    drawn: list[Picture] = []
    limit = max(DETAIL, share_below(shade[inside], 1 - MOST_DETAIL) if inside.any() else 0.0)
    lone = (box((shade > limit).view(np.uint8)) < 2) & (shade < LONE * limit)
    shade[lone] = 0
    for index, dark in enumerate(shade):
        detail = np.where(detail, dark > limit - DETAIL_HOLD, dark > limit + DETAIL_HOLD) & inside[index]
        drawn.append(solid[index] & ~detail)
    return drawn


def held_together(pictures: Sequence[Picture]) -> float:
    """Share of what is lit that hangs together with its densest place, in most pictures; 1 where nothing is lit."""
    lit = np.stack(pictures)
    lit = lit[lit.any(axis=(1, 2))]
    if not len(lit):
        return 1.0
    dense = sum_around(lit.astype(np.float32), STRAY_REACH) * lit
    body = np.zeros((len(lit), lit[0].size), np.bool_)
    body[np.arange(len(lit)), dense.reshape(body.shape).argmax(axis=1)] = True
    body = body.reshape(lit.shape)
    while True:
        grown = widened(body) & lit
        if (grown == body).all():
            return float(np.median(body.sum(axis=(1, 2)) / lit.sum(axis=(1, 2))))
        body = grown


def _shading(luma: Grey, solid: Mask) -> tuple[Grey, Mask]:
    """How much each pixel is a detail (positive is darker, or lighter where most details are), and which may be one."""
    weight = solid.astype(np.float32)
    mean = sum_around(luma * weight, DETAIL_REACH) / np.maximum(1, sum_around(weight, DETAIL_REACH))
    shade = (mean - luma) * weight
    inside = box(solid.view(np.uint8)) == 9
    skew = float((shade[inside] ** 3).sum())
    return (shade if skew >= 0 else -shade), inside


def thresholded(luma: Bytes, frame: Frame, side: int) -> list[Picture]:
    """All that the frame shows of each picture (n, h, w), each pixel against its neighbourhood."""
    grey = np.concatenate([crop(picture[None], [frame], side) for picture in luma])
    ordered = np.sort(grey.reshape(len(grey), -1), axis=1)
    low, high = (ordered[:, int(share * side * side)][:, None, None] for share in STRETCHED)
    stretched = (grey - low) * (255 / np.maximum(high - low, LEAST_CONTRAST))
    around = sum_around(stretched, LOCAL) / sum_around(np.ones((side, side), np.float32), LOCAL)
    over = stretched - LOCAL_SHARE * around - (1 - LOCAL_SHARE) * stretched.mean(axis=(1, 2), keepdims=True)
    last = over[0] > 0
    drawn: list[Picture] = []
    for excess in over:
        last = np.where(last, excess > -HYSTERESIS, excess > HYSTERESIS)
        drawn.append(last)
    return drawn
