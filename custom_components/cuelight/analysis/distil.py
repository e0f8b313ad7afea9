"""The film distilled to 1-bit pictures: the subject framed by its track, local contrast kept, flicker suppressed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .codec import SPRITE_SIDE, Picture, encode_animation, encode_sprite
from .models import Animation

FPS = 8
"""Pictures a second of the animation: what a button's store and an eye on 32x32 pixels make use of."""
MAX_S = 20.0
"""Seconds of film distilled; longer films are cut off, for a button's store ends before."""
SIDE = 32
MARGIN = 1.35
"""Side of the frame around the subject's whole path, in units of that path."""
LEAST_SIDE = 0.5
"""Smallest side of the frame, as a fraction of the picture's shorter side: nearer than this it is only blocks."""
EXTENT = 2.2
"""Half the subject's size in standard deviations of its pixels: a filled disc is 2."""
LOCAL = 5
"""Pixels around each that it is compared with."""
HYSTERESIS = 10.0
"""Grey levels of 255, after stretching, by which a pixel must cross the threshold to flip."""
LOCAL_SHARE = 0.6
"""How much of the threshold is the neighbourhood's mean; the rest is the whole picture's middle."""

type Grey = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the camera of the animation looks: centre and side in pixels of the picture."""

    x: float
    y: float
    side: float


def distil(pictures: list[Grey], frames: list[Frame], side: int = SIDE) -> Animation:
    """One-bit pictures of what each frame shows of its picture."""
    lit: Picture | None = None
    drawn: list[Picture] = []
    for picture, frame in zip(pictures, frames, strict=True):
        lit = _one_bit(crop(picture, frame, side), lit)
        drawn.append(lit)
    return Animation(encode_animation(drawn, FPS), side, FPS, len(drawn))


def silhouette(mask: npt.NDArray[np.bool_]) -> bytes | None:
    """The mask's shape, holes filled, as a sprite that fills its picture; none if the mask is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    filled = _filled(mask)
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    frame = Frame((columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2, float(max(height, width)) + 1)
    return encode_sprite(crop(filled.astype(np.float32), frame, SPRITE_SIDE) > 0.5)


def crop(picture: Grey, frame: Frame, side: int) -> Grey:
    """What the frame shows, `side` pixels square, edges held, by linear interpolation of averages."""
    down = _sampling(picture.shape[0], frame.y, frame.side, side)
    across = _sampling(picture.shape[1], frame.x, frame.side, side)
    return down @ picture @ across.T


def _sampling(size: int, centre: float, length: float, side: int) -> Grey:
    step = length / side
    places = np.clip(centre + (np.arange(side) - (side - 1) / 2) * step, 0, size - 1)
    weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(size)) / max(1.0, step))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _one_bit(grey: Grey, last: Picture | None) -> Picture:
    low, high = np.percentile(grey, (2, 98))
    stretched = (grey - low) * (255 / max(high - low, 24.0))
    threshold = LOCAL_SHARE * _mean_around(stretched) + (1 - LOCAL_SHARE) * stretched.mean()
    over = stretched - threshold
    if last is None:
        return over > 0
    return np.where(last, over > -HYSTERESIS, over > HYSTERESIS)


def _mean_around(grey: Grey) -> Grey:
    reach = 2 * LOCAL + 1
    padded = np.pad(grey, LOCAL, mode="edge")
    sums = np.pad(padded.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    total = sums[reach:, reach:] - sums[:-reach, reach:] - sums[reach:, :-reach] + sums[:-reach, :-reach]
    return (total / (reach * reach)).astype(np.float32)


def _filled(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The mask and everything it encloses."""
    outside = np.zeros(np.add(mask.shape, 2), np.bool_)
    outside[0], outside[-1], outside[:, 0], outside[:, -1] = True, True, True, True
    free = np.pad(~mask, 1, constant_values=True)
    while True:
        grown = outside.copy()
        grown[1:] |= outside[:-1]
        grown[:-1] |= outside[1:]
        grown[:, 1:] |= outside[:, :-1]
        grown[:, :-1] |= outside[:, 1:]
        grown &= free
        if (grown == outside).all():
            return ~outside[1:-1, 1:-1]
        outside = grown
