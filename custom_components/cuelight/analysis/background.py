"""What is behind the subject of a shot, learned from samples of its pictures.

The median of the samples is the background except where the subject itself stood most of the time. There the background
is peeled from the outside inwards: each pixel takes the value, among those it ever had, that continues what is already
known, or where none does, the continuation itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import batched, pairwise

import numpy as np
import numpy.typing as npt

from .pixels import (
    Bytes,
    Grey,
    Ints,
    Mask,
    border,
    crowded,
    enclosed,
    ranked,
    steepness,
    summed,
    unlikeness,
    whole_around,
    widened,
)

CROWDED = 5
"""Of nine pixels, how many must have changed; single ones are noise."""
OUTLINE_REACH = 3
"""Pixels to each side over which outlines are compared."""
STEEPEST = 600
"""Most that one pixel's outline counts, in steps of half a grey level a pixel; a square of them is a small number."""
STRANGE = 2.0
"""Times what stands out by which a value must miss the continuation of the background to be none of it."""
ALIEN = 0.35, 0.6
"""As STRANGE, in units of the subject's own usual difference: the less for a plain background, the more for a busy one;
both are tried."""
MOST_MISSED = 1.5
"""Times that at which the misfit of a source is cut: more is no worse."""
UNKNOWN = 255
"""A ring after all others."""
FRESH = 0.7
"""Weight of a pixel itself, beside its neighbours, in judging a source."""


type Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A background, where it leaves samples (n, h, w) covered, and how much steeper the outlines of that are in them.

    If it is right, they are crisp: a subject has outlines, and the background behind it has others or none.
    """

    ground: Ints
    covered: Mask
    outlines: Ints
    crispness: float


@dataclass(frozen=True, slots=True)
class _Task:
    """A background to be peeled ring by ring (`_rings`), by values that are `strange` from there on."""

    begun: _Attempt
    rings: Bytes
    strange: Grey


def uncovered(
    samples: Bytes,
    middle: Bytes,
    changed: Mask,
    limits: Grey,
    usual: float,
    hidden: Mask | None,
    check: Callable[[], None],
) -> tuple[Ints, Mask]:
    """The background, and where the subject covers it in each sample.

    It is peeled where the subject stood or, if that gives crisper outlines, where it is known to be `hidden` (h, w) all
    the time. If nothing is known, around where it stood or wherever it was: a subject that only stirs on the spot hides
    some of its background all the time. What is left of it then goes the same way.

    `samples` (n, 3, h, w), their median `middle`; `changed` (n, h, w) where they differ by more than `limits` (h, w);
    `usual` is by how much. `check` is called before each piece of work and may raise.
    """
    pictures = samples.astype(np.int16)
    steep = summed(steepness(pictures))
    most = limits.astype(np.int16)
    sources = samples.reshape(len(samples), 3, -1).transpose(1, 2, 0).astype(np.float32, order="C")

    def judged(ground: Ints, covered: Mask) -> _Attempt:
        edge = border(covered)
        outlines = (steep - summed(steepness(ground))) * edge
        return _Attempt(ground, covered, outlines, float(outlines.sum(dtype=np.int64)) / max(1, int(edge.sum())))

    def after(task: _Task, ground: Ints) -> _Attempt:
        if ((task.rings == 0) | (task.rings == UNKNOWN)).all():
            return task.begun
        return judged(ground, crowded(unlikeness(pictures, ground) > most, CROWDED))

    def done(tasks: Sequence[_Task]) -> list[_Attempt]:
        check()
        grounds = _peeled(sources, tasks)
        check()
        return [after(task, ground) for task, ground in zip(tasks, grounds, strict=True)]

    def left(attempt: _Attempt) -> Mask:
        """Where the background shows the subject itself: what is covered has its outlines there, not in the sample."""
        votes = whole_around(attempt.outlines.clip(-STEEPEST, STEEPEST), OUTLINE_REACH) * attempt.covered
        return np.asarray(votes.sum(axis=0, dtype=np.int32) < 0)

    first = judged(middle.astype(np.int16), changed)
    regions = [left(first)]
    if hidden is not None:
        regions.append(hidden)
    else:
        ever = np.asarray(changed.any(axis=0))
        around = regions[0]
        for _ in range(OUTLINE_REACH):
            around = widened(around)
        regions += around & ever, ever
    rings = list({one.tobytes(): one for one in _rings(*regions)}.values())
    least = sorted({max(STRANGE * float(limits.min()), alien * usual) for alien in ALIEN})
    stranges = [np.maximum(STRANGE * limits, limit) for limit in least]
    tried = done([_Task(first, one, strange) for strange in stranges for one in rings])
    best = [max(some, key=lambda one: one.crispness) for some in batched(tried, len(rings), strict=True)]
    best += done(list(map(_Task, best, _rings(*map(left, best)), stranges, strict=True)))
    crispest = max(best, key=lambda one: one.crispness)
    return crispest.ground, widened(crispest.covered | enclosed(crispest.covered, 4))


def seen_median(samples: Bytes, covered: Mask, otherwise: Bytes) -> Bytes:
    """The median of each pixel over the samples in which it is not covered; where it always is, `otherwise`."""
    hidden = covered.view(np.uint8)
    count = len(samples) - np.add.reduce(hidden, axis=0, dtype=np.uint8)
    # What is covered sorts behind all else.
    middle = ranked(samples | -hidden, np.maximum(count, 1) - np.uint8(1) >> np.uint8(1))
    return np.where(count > 0, middle, otherwise)


def _peeled(sources: Grey, tasks: Sequence[_Task]) -> Ints:
    """Backgrounds (tasks, 3, h, w): in its zone each has the values of whichever sample continues it best, if any does.

    A sample is judged at each pixel by how well it continues the background known so far, and by how well it did on
    the way there, so that neighbours prefer the same one. `sources` (3, h * w, n) are the samples.
    """
    grounds = np.stack([task.begun.ground for task in tasks])
    wide = np.stack([task.rings for task in tasks])
    row = wide.shape[2]
    ring = wide.reshape(-1)
    here = np.flatnonzero((ring > 0) & (ring < UNKNOWN))
    here = here[np.argsort(ring[here], kind="stable")]
    beside = here + np.array([[y * row + x] for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)])
    rings_beside = ring[beside]
    known = rings_beside < ring[here]
    judged = known & (rings_beside > 0)
    # What is not known is taken from a last place, where all is zero.
    number = np.empty(ring.size, np.intp)
    number[here] = np.arange(len(here))
    judged_beside = np.where(judged, number[beside], len(here))
    known_beside = np.where(known, beside, wide.size)
    ground = np.zeros((wide.size + 1, 3), np.float32)
    ground[:-1].reshape(*wide.shape, 3)[:, 1:-1, 1:-1] = grounds.transpose(0, 2, 3, 1)
    misfit = np.zeros((len(here) + 1, sources.shape[2] + 1), np.float32)
    near = known.sum(axis=0, dtype=np.float32)[:, None]
    told = judged.sum(axis=0, dtype=np.float32)[:, None]
    fresh = np.where(told > 0, np.float32(FRESH), np.float32(1))
    before = (1 - fresh) / np.maximum(told, 1)
    which, y, x = np.unravel_index(here, wide.shape)
    limits = np.stack([task.strange for task in tasks])[which, y - 1, x - 1][:, None]
    pixel = (y - 1) * (row - 2) + x - 1
    stops = np.bincount(ring[here], minlength=1)[1:].cumsum().tolist()
    for start, stop in pairwise([0, *stops]):
        part = slice(start, stop)
        continued = ground.take(known_beside[:, part], axis=0).sum(axis=0) / near[part]
        values = np.concatenate((sources.take(pixel[part], axis=1), ground[here[part]].T[:, :, None]), axis=2)
        missed = values - continued.T[:, :, None]
        misses = np.abs(missed, out=missed).sum(axis=0)
        np.minimum(misses, MOST_MISSED * limits[part], out=misses)
        fit = fresh[part] * misses + before[part] * misfit.take(judged_beside[:, part], axis=0).sum(axis=0)
        best = np.arange(stop - start), fit.argmin(axis=1)
        alien = misses[best] > limits[part, 0]
        ground[here[part]] = np.where(alien[:, None], continued, values[:, *best].T)
        misfit[part] = fit
    return ground[:-1].reshape(*wide.shape, 3)[:, 1:-1, 1:-1].transpose(0, 3, 1, 2).astype(np.int16)


def _rings(*regions: Mask) -> Bytes:
    """For each region what is peeled of it (regions, h + 2, w + 2), in rings.

    1 is the outermost ring, 0 what is not peeled, UNKNOWN what nothing known touches, as a frame one pixel wide.
    """
    stacked = np.stack(regions)
    frame = np.ones((len(regions), stacked.shape[1] + 2, stacked.shape[2] + 2), np.uint8)
    left = frame.copy()
    frame[:, 1:-1, 1:-1] = 0
    left[:, 1:-1, 1:-1] = widened(enclosed(stacked) | stacked)
    out = left.copy()
    row = frame.shape[2]
    # As one long row; where it runs over a picture's edge is frame.
    while True:
        rest, flat = frame.copy(), left.reshape(-1)
        across = flat[:-2] & flat[1:-1] & flat[2:]
        rest.reshape(-1)[row + 1 : -row - 1] |= across[: -2 * row] & across[row:-row] & across[2 * row :]
        if np.array_equal(rest, left):
            out[left > 0] = UNKNOWN
            return out
        out += rest
        left = rest
