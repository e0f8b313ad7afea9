"""The button's motion engine, frame for frame what `firmware/core/motion.h` specifies.

It lets a house see a puppet before a button draws it.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from ..analysis.codec import SPRITE_SIDE, Picture
from ..link.const import Motion

FLOOR = 4096
LIFE_SIZE = 256
WHOLE_PHASE = 65536
MIDDLE = 3968
"""Half the picture less half a pixel, in 256ths of a pixel."""

type Ints = npt.NDArray[np.int64]


def phase(period_ms: int, duration_ms: int, t_ms: int) -> int:
    """The phase, 0..65535, at a time since the puppet's start."""
    period = period_ms or 1000
    last = (duration_ms or period) - 1
    return min(t_ms, last) % period * WHOLE_PHASE // period


def draw(sprite: Picture, motion: Motion, amplitude: int, phases: Sequence[int]) -> npt.NDArray[np.bool_]:
    """The frames (n, 32, 32) that a button shows of a sprite at `phases`, with an amplitude of 0..255."""
    poses = np.array([astuple(_pose(motion, amplitude, at)) for at in phases], np.int64).reshape(-1, 7)
    tx, ty, angle, ax, ay, py, hidden = (column[:, None, None] for column in poses.T)
    c, s = (np.array([_sine(int(i) + turn) for i in angle.ravel()])[:, None, None] for turn in (64, 0))
    places = 256 * np.arange(SPRITE_SIDE) - MIDDLE
    x, y = places - tx, places[:, None] - ty - py
    u = (((x * c + y * s) >> 14) * ax >> 8) + FLOOR >> 8
    v = (((y * c - x * s) >> 14) * ay >> 8) + py + FLOOR >> 8
    inside = (u >= 0) & (u < SPRITE_SIDE) & (v >= 0) & (v < SPRITE_SIDE) & (hidden <= _BAYER)
    return np.asarray(inside & sprite[np.clip(v, 0, SPRITE_SIDE - 1), np.clip(u, 0, SPRITE_SIDE - 1)])


@dataclass(frozen=True, slots=True)
class _Pose:
    """Shift, turn and inverse scales about (0, `py`), and how many of 64 pixels are left out."""

    tx: int = 0
    ty: int = 0
    angle: int = 0
    ax: int = LIFE_SIZE
    ay: int = LIFE_SIZE
    py: int = 0
    hidden: int = 0


def _pose(motion: Motion, a: int, p: int) -> _Pose:
    match motion:
        case Motion.JUMP if p < 8192 or p >= 57344:
            bend = 4096 - abs(p % 8192 - 4096)
            return _Pose(py=FLOOR, ay=LIFE_SIZE + (a * bend >> 14), ax=LIFE_SIZE - (a * bend >> 15))
        case Motion.JUMP:
            return _Pose(ty=-(12 * a * _arc((p - 8192) * 4 // 3) >> 16))
        case Motion.TURN:
            k = p % 16384
            c = _sine((a * (k, 16384, 16384 - k, 0)[p // 16384] >> 15) + 64)
            width = 4194304 // max(abs(c), 1024)
            return _Pose(ax=-width if c < 0 else width)
        case Motion.APPROACH:
            scale = WHOLE_PHASE // (LIFE_SIZE - (3 * a * (WHOLE_PHASE - p) >> 18))
            return _Pose(ax=scale, ay=scale, py=FLOOR)
        case Motion.FALL if p < 49152:
            return _Pose(ty=-(24 * a * (WHOLE_PHASE - (p * 4 // 3 >> 8) ** 2) >> 16))
        case Motion.FALL:
            return _Pose(ty=-(3 * a * _arc((p - 49152) * 4) >> 16))
        case Motion.SHAKE:
            return _Pose(tx=a * _sine(p >> 8) >> 11)
        case Motion.SPIN:
            return _Pose(angle=p * (a + 1) >> 16)
        case Motion.APPEAR:
            return _Pose(hidden=a * (64 - min(64, p // 768)) // 255)
        case Motion.RETREAT | Motion.DISAPPEAR:
            way = Motion.APPROACH if motion is Motion.RETREAT else Motion.APPEAR
            return _pose(way, a, WHOLE_PHASE - 1 - p)
        case Motion.WALK:
            wave = _sine(p >> 8)
            return _Pose(tx=a * wave >> 13, ty=-(a * abs(wave) >> 12), angle=a * _sine((p >> 8) + 64) >> 19, py=FLOOR)
        case Motion.WOBBLE:
            return _Pose(angle=a * _sine(p >> 8) >> 18, py=FLOOR)
    return _Pose()


def _sine(i: int) -> int:
    """One 256th of a circle a step, 16384 high."""
    return round(16384 * math.sin(2 * math.pi * (i % 256) / 256))


def _arc(g: int) -> int:
    """A parabola, 0 at 0 and 65536, 65536 in the middle."""
    return g * (WHOLE_PHASE - g) >> 14


def _bayer() -> Ints:
    y, x = np.mgrid[:SPRITE_SIDE, :SPRITE_SIDE]
    value = np.zeros_like(x)
    for bit in range(3):
        value = value << 2 | ((x ^ y) >> bit & 1) << 1 | (y >> bit & 1)
    return np.asarray(value)


_BAYER = _bayer()
