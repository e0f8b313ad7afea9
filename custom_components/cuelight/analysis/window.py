"""A sliding window of small pictures, registered to each other: what the subject is looked for in.

Pictures leave when nothing needs them any more, so that the memory is the same for every film; of a tick that has left
only its numbers stay.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .camera import Floats, Motion, block_means, blurred, register, warp
from .decode import SmallPicture
from .pixels import slope

type Ticks = npt.NDArray[np.intp]

FLASH_S = 0.35
"""Longest flash in seconds; a picture that looks as before within this time was lit up, not cut away."""
CHANGED_LEVELS = 10.0
"""Grey levels (luma and both colours together) by which a pixel differs from one of another scene."""
CHANGED_SLOPE = 0.5
"""Pixels of misregistration forgiven: a difference counts beyond this many times the slope."""
BLOCKS = (6, 8)
"""Rows and columns the picture is divided into to see whether it changed everywhere."""
BLOCK_CHANGED = 0.4
"""Fraction of a block's pixels that must differ for the block to count."""
STIR_AREA = 5
"""Pixels that differ from the tick before if something moves fast."""
CUT_BLOCKS = 0.4
"""Fraction of blocks that change at a cut. What pops up covers less."""
SAME_BLOCKS = 0.3
"""Fraction of blocks that may differ in a picture that is the same scene again."""
CUT_OFFSET = 15.0
"""Grey levels of brightness change in one tick put down to the light rather than to another scene."""
FLASH_LEVELS = 12.0
"""Grey levels of sudden mean brightness that are worth asking whether they go again."""

UNMOVED = 0.04
"""Pixels of motion between two pictures that are not worth undoing: less than the registration's own error."""
UNLIT = 0.4
"""Grey levels of change of light that are not worth undoing."""
FULL_SCALE = 128.0
"""Grey levels by which a gain is judged."""
INSIDE = 0.98
"""How far inside the other picture a pixel must lie to be compared with it."""


class Window:
    """Pictures by tick with their registration.

    `first` is the oldest tick held, `end` one past the newest, `done` one past the newest whose motion is known; `done`
    trails `end` because a flash is told from a cut by what comes after. For every tick of the film so far: `motion`
    (from the tick before: x, y, zoom, gain, offset), `shot` (first tick of its shot), `blind` (lit up by a flash),
    `changed` (fraction of blocks that differ from the tick before) and `brightness` (0..255).
    """

    def __init__(self, rate: float) -> None:
        """Start an empty window at `rate` ticks a second."""
        self.rate = rate
        self.first = self.end = self.done = 0
        self.planes: Floats = np.zeros((0, 3, 0, 0), np.float32)
        self.motion = _Column(5)
        self.changed = _Column()
        self.stir = _Column()
        self.brightness = _Column()
        self.shot = _Column(kind=np.intp)
        self.blind = _Column(kind=np.bool_)
        self._chain = _Column(5)
        self._back = 0
        self._bridge = np.zeros(5, np.float32)
        self._flash = max(1, round(FLASH_S * rate))

    def extend(self, pictures: Sequence[SmallPicture]) -> None:
        """Append pictures."""
        luma = np.stack([picture.luma for picture in pictures])
        tall = np.add(luma[:, ::2], luma[:, 1::2], dtype=np.uint16)
        sums = np.empty((len(pictures), 3, *pictures[0].chroma.shape[1:]), np.uint16)
        np.add(tall[:, :, ::2], tall[:, :, 1::2], out=sums[:, 0])
        np.multiply(np.stack([picture.chroma for picture in pictures]), 4, out=sums[:, 1:], dtype=np.uint16)
        planes = blurred(sums)
        planes *= 1 / 4
        planes[:, 1:] -= 128
        self.planes = np.concatenate((self.planes, planes)) if self.end > self.first else planes
        self.brightness.extend(planes[:, 0].mean(axis=(1, 2)))
        self.end += len(pictures)

    def forget(self, tick: int) -> None:
        """Drop the pictures before `tick`."""
        drop = max(0, min(tick, self.done - 1) - self.first)
        self.planes = self.planes[drop:]
        self.first += drop

    def align(self, *, final: bool) -> None:
        """Register what can be registered yet; with `final`, everything."""
        end = self.end if final else self.end - self._flash
        if end <= self.done:
            return
        start = self.done
        ticks = np.arange(max(start, 1), end)
        rows = np.zeros((end - start, 5), np.float32)
        changed, stir = np.zeros((2, end - start), np.float32)
        if ticks.size:
            motion, changed[-ticks.size :], stir[-ticks.size :] = self._compare(ticks, ticks - 1)
            rows[-ticks.size :] = np.stack(motion, axis=1)
        self.stir.extend(stir)
        self._settle(start, end, rows, changed)
        self.done = end

    def relative(self, ticks: Ticks, others: Ticks) -> Motion:
        """The motion from `others` to `ticks`, each pair in one shot, through all the ticks between."""
        to, start = self._chain.rows[ticks], self._chain.rows[others]
        zoom = to[:, 2] - start[:, 2]
        gain = to[:, 3] - start[:, 3]
        x = to[:, 0] - np.exp(zoom) * start[:, 0]
        y = to[:, 1] - np.exp(zoom) * start[:, 1]
        offset = to[:, 4] - np.exp(gain) * start[:, 4]
        return Motion(*(column.astype(np.float32) for column in (x, y, zoom, gain, offset)))

    def moved(self, ticks: Ticks, others: Ticks, planes: int = 3) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """The first planes of `others` as at `ticks` had only camera and light changed, and which pixels were seen."""
        motion = self.relative(ticks, others)
        places = others - self.first
        half = self.planes.shape[3] / 2
        far = np.maximum(np.hypot(motion.x, motion.y), np.abs(motion.zoom) * half) > UNMOVED
        if far.all():
            moved, inside = warp(self.planes[places, :planes], motion.x, motion.y, motion.zoom)
            seen = inside > INSIDE
        else:
            moved = self.planes[places, :planes]
            seen = np.ones((len(ticks), *moved.shape[2:]), np.bool_)
            if far.any():
                moved[far], inside = warp(moved[far], motion.x[far], motion.y[far], motion.zoom[far])
                seen[far] = inside > INSIDE
        lit = np.flatnonzero(np.abs(motion.offset) + np.abs(motion.gain) * FULL_SCALE > UNLIT)
        if lit.size:
            moved[lit] *= np.exp(motion.gain[lit])[:, None, None, None]
            moved[lit, 0] += motion.offset[lit][:, None, None]
        return moved, seen

    def stirred(self, ticks: Ticks) -> npt.NDArray[np.bool_]:
        """Where something differs both from the tick before and from the tick after."""
        moves = self.stir.rows >= STIR_AREA
        return moves[ticks] & moves[np.minimum(ticks + 1, self.done - 1)]

    def neighbours(self, ticks: Ticks, lag: int) -> Ticks:
        """For each tick the one `lag` later, in the same shot and not lit up, or the tick itself if there is none.

        At the start of a shot twice the lag the other way stands in for it.
        """
        out = ticks + lag
        shot, blind = self.shot.rows, self.blind.rows
        held = np.minimum(np.maximum(out, self.first), self.done - 1)
        plain = (held == out) & (shot[held] == shot[ticks]) & ~blind[held]
        for place in np.flatnonzero(~plain):
            tick = int(ticks[place])
            candidates = (self._usable(tick, tick + lag, lag), self._usable(tick, tick - 2 * lag, -lag))
            out[place] = next((found for found in candidates if found is not None), tick)
        return out

    def _usable(self, tick: int, candidate: int, way: int) -> int | None:
        step = 1 if way > 0 else -1
        shot, blind = self.shot.rows, self.blind.rows
        while self.first <= candidate < self.done and shot[candidate] == shot[tick]:
            if not blind[candidate]:
                return candidate
            candidate += step
        return None

    def _compare(self, ticks: Ticks, others: Ticks) -> tuple[tuple[Floats, ...], Floats, Floats]:
        """Motion columns from `others` to `ticks`, fraction of blocks and number of pixels that they do not explain."""
        current, previous = self.planes[ticks - self.first], self.planes[others - self.first]
        motion = register(current[:, 0], previous[:, 0])
        mean = previous[:, 0].mean(axis=(1, 2))
        gain = np.exp(motion.gain)
        lit = mean * (1 - gain) + np.clip(motion.offset, -CUT_OFFSET, CUT_OFFSET)
        inside = np.ones(current[:, 0].shape, np.float32)
        moving = np.flatnonzero((np.abs(motion.x) + np.abs(motion.y) + np.abs(motion.zoom) * 32) > UNMOVED)
        if moving.size:
            where = motion[moving]
            previous[moving], inside[moving] = warp(previous[moving], where.x, where.y, where.zoom)
        previous *= gain[:, None, None, None]
        previous[:, 0] += lit[:, None, None]
        differs = (unlike(current, previous) > CHANGED_LEVELS + CHANGED_SLOPE * slope(current[:, 0])) * inside
        blocks = block_means(differs, BLOCKS) / np.maximum(block_means(inside, BLOCKS), 1e-2)
        offset = motion.offset + mean * (1 - gain)
        columns = (motion.x, motion.y, motion.zoom, motion.gain, offset)
        return columns, (blocks > BLOCK_CHANGED).mean(axis=(1, 2), dtype=np.float32), differs.sum(axis=(1, 2))

    def _settle(self, start: int, end: int, rows: Floats, changed: Floats) -> None:
        """Decide which sudden changes are cuts and which flashes, and extend the chain."""
        last = self._chain.rows[-1].tolist() if start else [0.0] * 5
        shot = int(self.shot.rows[-1]) if start else 0
        steps, chain, shots, blinds = [], [], [], []
        for tick in range(start, end):
            row = rows[tick - start].tolist()
            is_cut = tick == 0
            if tick > self._back and self._sudden(tick, float(changed[tick - start])):
                bridge = self._back_as_before(tick)
                is_cut = bridge is None and bool(changed[tick - start] >= CUT_BLOCKS)
            if is_cut:
                row = [0.0] * 5
            elif tick <= self._back:
                row = self._bridge.tolist()
            shot = tick if is_cut else shot
            shots.append(shot)
            blinds.append(tick < self._back)
            last = _linked(last, row)
            steps.append(row)
            chain.append(last)
        self.shot.extend(shots)
        self.blind.extend(blinds)
        self.motion.extend(steps)
        self._chain.extend(chain)
        self.changed.extend(changed)

    def _sudden(self, tick: int, changed: float) -> bool:
        step = float(self.brightness.rows[tick] - self.brightness.rows[tick - 1])
        return changed >= CUT_BLOCKS or abs(step) > FLASH_LEVELS

    def _back_as_before(self, tick: int) -> Floats | None:
        """Motion for each tick up to when the picture is as it was before `tick`, if it soon is; notes when that is."""
        later = np.arange(tick + 1, min(tick + 1 + self._flash, self.end))
        if not later.size:
            return None
        columns, changed, _ = self._compare(later, np.full_like(later, tick - 1))
        step = self.brightness.rows[later] - self.brightness.rows[tick - 1]
        same = np.flatnonzero((changed < SAME_BLOCKS) & (np.abs(step) < FLASH_LEVELS))
        if not same.size:
            return None
        self._back = int(later[same[0]])
        steps = np.float32(self._back - tick + 1)
        self._bridge = np.array([column[same[0]] for column in columns], np.float32) / steps
        return self._bridge


def _linked(last: list[float], row: list[float]) -> list[float]:
    """The motion and change of light from the film's start, after one more tick's."""
    x, y, zoom, gain, offset = row
    scale, contrast = math.exp(zoom), math.exp(gain)
    return [scale * last[0] + x, scale * last[1] + y, last[2] + zoom, last[3] + gain, contrast * last[4] + offset]


def unlike(some: Floats, others: Floats) -> Floats:
    """Grey levels (n, h, w) by which pictures (n, planes, h, w) differ, in all planes together."""
    out = np.abs(some[:, 0] - others[:, 0])
    for plane in range(1, some.shape[1]):
        difference = some[:, plane] - others[:, plane]
        out += np.abs(difference, out=difference)
    return out


class _Column[Kind: np.generic = np.float64]:
    """Rows of numbers, one a tick, growing at the end."""

    def __init__(self, width: int = 0, kind: type[Kind] = np.float64) -> None:  # type: ignore[assignment]
        self._rows = np.zeros((256, width) if width else 256, kind)
        self._count = 0

    @property
    def rows(self) -> npt.NDArray[Kind]:
        return self._rows[: self._count]

    def extend(self, values: npt.ArrayLike) -> None:
        rows = np.asarray(values)
        while self._count + len(rows) > len(self._rows):
            self._rows = np.concatenate((self._rows, np.zeros_like(self._rows)))
        self._rows[self._count : self._count + len(rows)] = rows
        self._count += len(rows)
