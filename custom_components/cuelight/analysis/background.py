"""What is behind the subject of a shot, learned from samples of its pictures.

The median of the samples is the background except where the subject itself stood most of the time. There the background
is peeled from the outside inwards: each pixel takes the value, among those it ever had, that continues what is already
known, or where none does, the continuation itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .pixels import Grey, Ints, Mask, border, crowded, enclosed, slope, sum_around, widened

CROWDED = 5
"""Of nine pixels, how many must have changed; single ones are noise."""
OUTLINE_REACH = 3
"""Pixels to each side over which outlines are compared."""
STRANGE = 2.0
"""Times what stands out by which a value must miss the continuation of the background to be none of it."""
NEVER = 32767
"""Sorts behind every grey level."""
ALIEN = 0.35, 0.6
"""As STRANGE, in units of the subject's own usual difference: the less for a plain background, the more for a busy one;
both are tried."""
MOST_MISSED = 1.5
"""Times that at which the misfit of a source is cut: more is no worse."""
FRESH = 0.7
"""Weight of a pixel itself, beside its neighbours, in judging a source."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A background, where it leaves samples covered, and how steep the outlines there are: crisp if it is right."""

    ground: Ints
    covered: Mask
    crispness: float


def uncovered(
    samples: Ints, middle: Ints, changed: Mask, limits: Grey, usual: float, check: Callable[[], None]
) -> tuple[Ints, Mask]:
    """The background, and where the subject covers it in each sample.

    It is peeled where the subject stood or, if that gives crisper outlines, around there or wherever it was: a subject
    that only stirs on the spot covers some of its background all the time. What is left of it then goes the same way.

    `samples` (n, 3, h, w), their median `middle`; `changed` (n, h, w) where they differ by more than `limits` (h, w);
    `usual` is by how much. `check` is called before each piece of work and may raise.
    """
    steep = slope(samples).sum(axis=1)

    def attempt(ground: Ints, region: Mask, strange: Grey) -> _Attempt:
        check()
        ground = _peeled(samples, ground, widened(enclosed(region) | region), strange)
        covered = crowded(np.abs(samples - ground).sum(axis=1, dtype=np.int16) > limits, CROWDED)
        edge = border(covered)
        return _Attempt(ground, covered, float(steep[edge].sum()) / max(1, int(edge.sum())))

    stood, ever = _stood(steep, middle, changed), np.asarray(changed.any(axis=0))
    around = stood
    for _ in range(OUTLINE_REACH):
        around = widened(around)
    regions = stood, around & ever, ever
    tried: list[_Attempt] = []
    for limit in sorted({max(STRANGE * float(limits.min()), alien * usual) for alien in ALIEN}):
        strange = np.maximum(STRANGE * limits, limit)
        first = max((attempt(middle, region, strange) for region in regions), key=lambda one: one.crispness)
        left = _stood(steep, first.ground, first.covered)
        tried += [first, attempt(first.ground, left, strange)]
    best = max(tried, key=lambda one: one.crispness)
    return best.ground, widened(best.covered | enclosed(best.covered, 4))


def seen_median(samples: Ints, covered: Mask, otherwise: Ints) -> Ints:
    """The median of each pixel over the samples in which it is not covered; where it always is, `otherwise`."""
    seen = np.sort(np.where(covered, np.int16(NEVER), samples), axis=0)
    count = len(samples) - covered.sum(axis=0)
    middle = np.take_along_axis(seen, np.broadcast_to(np.maximum(count - 1, 0) // 2, seen.shape[1:])[None], axis=0)[0]
    return np.where(count > 0, middle, otherwise)


def _stood(steep: Grey, ground: Ints, covered: Mask) -> Mask:
    """Where the ground shows the subject itself: what is covered has its outlines there rather than in the sample."""
    outlined = (steep - slope(ground).sum(axis=0)) * border(covered)
    votes = (sum_around(outlined, OUTLINE_REACH) * covered).sum(axis=0)
    return np.asarray(votes < 0)


def _peeled(samples: Ints, middle: Ints, zone: Mask, strange: Grey) -> Ints:
    """The background, behind the zone that of whichever sample continues it best, or none if all are strange there.

    A sample is judged at each pixel by how well it continues the background known so far, and by how well it did on
    the way there, so that neighbours prefer the same one.
    """
    height, width = zone.shape
    count = len(samples) + 1
    sources = np.empty((3, height * width, count), np.float32)
    sources[:, :, :-1] = samples.reshape(count - 1, 3, -1).transpose(1, 2, 0)
    sources[:, :, -1] = middle.reshape(3, -1)
    # One pixel wider all round, so that every pixel has eight neighbours.
    ground = np.zeros((height + 2, width + 2, 3), np.float32)
    ground[1:-1, 1:-1] = middle.transpose(1, 2, 0)
    ground = ground.reshape(-1, 3)
    misfit = np.zeros((len(ground), count), np.float32)
    known = np.zeros((height + 2, width + 2), np.float32)
    known[1:-1, 1:-1] = ~zone
    known = known.reshape(-1)
    judged = np.zeros_like(known)
    limits = strange.reshape(-1)
    around = np.array([y * (width + 2) + x for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)])
    for inner in _rings(zone):
        here = inner // width * (width + 2) + inner % width + width + 3
        beside = here[:, None] + around
        near = known[beside]
        continued = (near[:, None] @ ground[beside])[:, 0] / near.sum(axis=1)[:, None]
        seen = sources[:, inner]
        misses = np.abs(seen[0] - continued[:, :1])
        for plane in (1, 2):
            misses += np.abs(seen[plane] - continued[:, plane : plane + 1])
        limit = limits[inner, None]
        np.minimum(misses, MOST_MISSED * limit, out=misses)
        near = judged[beside]
        told = near.sum(axis=1)[:, None]
        before = (near[:, None] @ misfit[beside])[:, 0] / np.maximum(told, 1)
        fit = np.where(told > 0, FRESH * misses + (1 - FRESH) * before, misses)
        best = fit.argmin(axis=1)[:, None]
        alien = np.take_along_axis(misses, best, axis=1) > limit
        ground[here] = np.where(alien, continued, np.take_along_axis(seen, best[None], axis=2)[:, :, 0].T)
        misfit[here] = fit
        known[here] = judged[here] = 1
    return ground.reshape(height + 2, width + 2, 3)[1:-1, 1:-1].transpose(2, 0, 1).astype(np.int16)


def _rings(zone: Mask) -> Iterator[npt.NDArray[np.intp]]:
    """The zone's pixels from the outside inwards, those together that touch what was before."""
    left = zone
    while left.any():
        rest = left & ~widened(~left)
        if (rest == left).all():
            return
        yield np.flatnonzero(left & ~rest)
        left = rest
