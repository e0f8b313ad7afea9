"""The film distilled to 1-bit pictures: the subject a bright silhouette with its dark details, all else black.

A shot's background is the median of its pictures, except where the subject itself stood most of the time. There the
background is peeled from the outside inwards: each pixel takes the value, among those it ever had, that continues what
is already known, or where none does, the continuation itself. What differs from the background is the subject. Where
nothing stands out (a landscape, a still film, a camera that moves too far) the whole picture is thresholded instead.
"""

from collections.abc import Sequence
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

SAMPLES = 24
"""Pictures of a shot that its background is learned from: at 8 a second, what shows for a fifth of a second of a 5 s
shot is among them."""
LEAST_PICTURES = 4
"""Pictures a shot needs before something in it can be told to move."""
STANDS_OUT = 12.0
"""Grey levels (luma and both colours together) by which the subject differs from the background, beyond the noise."""
NOISE = 4.0
"""Times the median difference, which is noise, added to that."""
STEEP = 0.5
"""Pixels of misregistration forgiven, in units of the local slope."""
CROWDED = 5
"""Of nine pixels, how many must have changed; single ones are noise."""
OUTLINE_REACH = 3
"""Pixels to each side over which outlines are compared."""
STRANGE = 2.0
"""Times what stands out by which a value must miss the continuation of the background to be none of it."""
LEAST_AREA = 6
"""Pixels of the half-size picture that must change in a shot for it to have a subject."""
MOST_AREA = 0.6
"""Fraction of the picture beyond which what changes is the scene, or the light, and no subject."""
NEVER = 32767
"""Sorts behind every grey level."""
ALIEN = 0.6
"""As STRANGE, in units of the subject's own usual difference."""
MOST_MISSED = 1.5
"""Times that at which the misfit of a source is cut: more is no worse."""
FRESH = 0.7
"""Weight of a pixel itself, beside its neighbours, in judging a source."""
AROUND = np.array([(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]).T
"""Rows and columns of the eight neighbours."""
SHADOW = 0.45
"""Most of the light that a cast shadow takes away."""
SHADOW_COLOUR = 9.0
"""Grey levels by which the colours in a shadow may differ."""
SHADOW_SHARE = 0.4
"""Share of what stands out up to which shadows are only shadows; a grey subject on grey is more than that."""
PRESENT = 0.2
"""Fraction of the subject's usual area below which a picture does not show it whole enough to be framed by."""
TRIMMED = 0.02
"""Fraction of the subject's pixels left out at each side when its box is taken."""

MARGIN = 1.15
"""Side of the frame around the subject's whole path, in units of that path."""
LEAST_SIDE = 0.3
"""Smallest side of the frame, as a fraction of the picture's shorter side: nearer than this it is only blocks."""
MOST_SIDE = 2.1
"""Largest side of the frame in units of the subject: farther than this 32 pixels do not tell a cat from a dog. A longer
path is shown shortened."""

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
DETAIL_HOLD = 4.0
"""Grey levels beyond that, either way, by which a detail must go to flip."""

WHOLE_MARGIN = 1.35
"""Side of the whole picture's frame around what moves in it, in units of its path."""
WHOLE_LEAST = 0.5
"""Smallest side of that frame, as a fraction of the picture's shorter side."""
EXTENT = 2.2
"""Half the size of what moves in standard deviations of its pixels: a filled disc is 2."""
LOCAL = 5
"""Pixels to each side that one of the whole picture is compared with."""
HYSTERESIS = 10.0
"""Grey levels of 255, after stretching, by which a pixel of the whole picture must cross the threshold to flip."""
LOCAL_SHARE = 0.6
"""How much of that threshold is the neighbourhood's mean; the rest is the whole picture's middle."""

type Grey = npt.NDArray[np.floating]
type Bytes = npt.NDArray[np.uint8]
type Ints = npt.NDArray[np.int16]
type Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the camera of the animation looks: centre and side in pixels of the picture."""

    x: float
    y: float
    side: float


@dataclass(frozen=True, slots=True)
class Shot:
    """Pictures of a shot: luma (n, h, w), both colours (n, 2, h/2, w/2); `frame` is the view if no subject is found."""

    luma: Bytes
    chroma: Bytes
    frame: Frame


@dataclass(frozen=True, slots=True)
class Distilled:
    """The animation and the subject's clearest silhouette (`codec.encode_sprite`), if there is a subject."""

    animation: Animation
    sprite: bytes | None


def distil(shots: Sequence[Shot], side: int = SIDE) -> Distilled:
    """One-bit pictures of what the shots show, FPS a second, and the subject of the shot that shows it largest."""
    drawn: list[Picture] = []
    sprites: list[tuple[float, Picture]] = []
    for shot in shots:
        subject = _Subject.found(shot)
        if subject is None:
            drawn += _whole(shot, side)
            continue
        drawn += subject.drawn(subject.frames(), side)
        sprites.append(subject.clearest())
    sprite = max(sprites, key=lambda scored: scored[0])[1] if sprites else None
    return Distilled(
        Animation(encode_animation(drawn, FPS), side, FPS, len(drawn)),
        None if sprite is None else encode_sprite(sprite),
    )


def crop(pictures: Grey, frames: Sequence[Frame], side: int) -> Grey:
    """What each frame shows of its picture, `side` pixels square, zero beyond the edges, by averaging."""
    height, width = pictures.shape[1:]
    down = np.stack([_sampling(height, frame.y, frame.side, side) for frame in frames])
    across = np.stack([_sampling(width, frame.x, frame.side, side) for frame in frames])
    return down @ pictures @ across.swapaxes(1, 2)


def _sampling(size: int, centre: float, length: float, side: int) -> Grey:
    step = length / side
    places = centre + (np.arange(side) - (side - 1) / 2) * step
    reach = max(1.0, step)
    weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(size)) / reach) * (min(1.0, 1 / step))
    return weights.astype(np.float32)


class _Subject:
    """How far the pixels of a shot stand out (n, h, w; 1 and more is the subject), and its luma."""

    def __init__(self, difference: Grey, luma: Bytes) -> None:
        self._cover = np.clip(difference - 0.5, 0, 1)
        self._luma = luma
        mask = difference[:, ::2, ::2] > 1
        mask &= _box(mask.astype(np.uint8)) >= CROWDED
        self._area = mask.sum(axis=(1, 2))
        mask[self._area > MOST_AREA * mask[0].size] = False
        self._area = mask.sum(axis=(1, 2))
        self._left, self._right = _extents(mask.sum(axis=1))
        self._top, self._bottom = _extents(mask.sum(axis=2))
        usual = np.median(self._area[self._area > 0]) if self._area.any() else 0
        self._present = np.flatnonzero(self._area > PRESENT * usual)

    @classmethod
    def found(cls, shot: Shot) -> _Subject | None:
        """The subject of a shot, if one can be told from the background."""
        if len(shot.luma) < LEAST_PICTURES:
            return None
        difference = _difference(shot)
        if difference is None:
            return None
        subject = cls(difference, shot.luma)
        return subject if subject._present.size else None

    def frames(self) -> list[Frame]:
        """One frame for each picture, the same all through unless the path is too long for its subject."""
        here = self._present
        height, width = self._luma.shape[1:]
        size = np.percentile(np.maximum(self._right - self._left, self._bottom - self._top)[here], 75)
        low = np.array((self._left[here].min(), self._top[here].min()))
        high = np.array((self._right[here].max(), self._bottom[here].max()))
        path = MARGIN * (high - low)
        least = LEAST_SIDE * min(height, width)
        side = max(least, min(float(path.max()), float(MOST_SIDE * size)))
        middle = (low + high) / 2
        centres = np.stack((self._left + self._right, self._top + self._bottom), axis=1) / 2
        centres = centres[here[np.abs(np.arange(len(self._area))[:, None] - here).argmin(axis=1)]]
        travel = np.ptp(centres, axis=0)
        excess = np.clip((path - side) / np.maximum(MARGIN * travel, 1), 0, 1)
        places = middle + excess * (centres - (centres.min(axis=0) + travel / 2))
        return [Frame(float(x), float(y), side) for x, y in places]

    def drawn(self, frames: Sequence[Frame], side: int) -> list[Picture]:
        """The subject in each frame, steady from one to the next."""
        return _inked(crop(self._cover, frames, side), crop(self._luma.astype(np.float32), frames, side))

    def clearest(self) -> tuple[float, Picture]:
        """The picture that shows the subject whole, large and sharp, as a sprite, with its area."""
        here = self._present
        height, width = self._luma.shape[1:]
        usual = np.percentile(self._area[here], 75)
        whole = (
            (self._left[here] > 1)
            & (self._top[here] > 1)
            & (self._right[here] < width - 2)
            & (self._bottom[here] < height - 2)
        )
        sharp = self._cover[here].sum(axis=(1, 2)) / np.maximum(1, (self._cover[here] > 0).sum(axis=(1, 2)))
        score = np.minimum(self._area[here], usual) * sharp * np.where(whole, 1.0, 0.5)
        best = int(score.argmax())
        pick = int(here[best])
        left, right, top, bottom = (int(edge[pick]) for edge in (self._left, self._right, self._top, self._bottom))
        frame = Frame((left + right) / 2, (top + bottom) / 2, 1.06 * max(right - left, bottom - top, 4))
        cover, luma = self._cover[pick : pick + 1], self._luma[pick : pick + 1].astype(np.float32)
        return float(score[best]), _inked(crop(cover, [frame], SPRITE_SIDE), crop(luma, [frame], SPRITE_SIDE))[0]


def _difference(shot: Shot) -> Grey | None:
    """How far each pixel is from the background, in units of what stands out; none if nothing does."""
    luma, n = shot.luma, len(shot.luma)
    half = np.concatenate((_halved(luma)[:, None], shot.chroma), axis=1).astype(np.int16)
    picks = np.unique(np.linspace(0, n - 1, min(n, SAMPLES)).round().astype(np.intp))
    middle = _median(half[picks])
    light = np.median((half[:, 0, ::3, ::3] - middle[0, ::3, ::3]).reshape(n, -1), axis=1).astype(np.int16)
    half[:, 0] -= light[:, None, None]
    differs = np.abs(half - middle).sum(axis=1)
    limit = STANDS_OUT + NOISE * float(np.median(differs[:, ::3, ::3]))
    limits = limit + STEEP * _slope(middle[0])
    changed = differs > limits
    changed &= _box(changed.astype(np.uint8)) >= CROWDED
    changed[changed.sum(axis=(1, 2)) > MOST_AREA * changed[0].size] = False
    ever = changed.any(axis=0)
    if not LEAST_AREA <= ever.sum() <= MOST_AREA * ever.size:
        return None
    strange = np.maximum(STRANGE * limits, ALIEN * np.median(differs[changed]))
    ground, covered = _uncovered(half[picks], middle, changed[picks], limits, strange)
    ground = _seen_median(half[picks], covered[:, None], ground)
    bright = _seen_median(luma[picks] - light[picks, None, None], _doubled(covered), _doubled(ground[0]))
    level = luma - light[:, None, None]
    colours = _doubled(np.abs(half[:, 1:] - ground[1:]).sum(axis=1))
    darker = bright - level
    out: Grey = (np.abs(darker) + colours) / (limit + STEEP * _slope(bright))
    shaded = (out > 0.5) & (darker > 0) & (darker < SHADOW * bright) & (colours < SHADOW_COLOUR)
    if (shaded & (out > 1)).sum() < SHADOW_SHARE * (out > 1).sum():
        out[shaded] = 0
    return out


def _uncovered(samples: Ints, middle: Ints, changed: Mask, limits: Grey, strange: Grey) -> tuple[Ints, Mask]:
    """The background, and where the subject covers it in each sample.

    It is peeled where the subject stood or, if that gives crisper outlines, wherever it was: a subject that only stirs
    on the spot covers some of its background all the time.
    """
    steep = _slope(samples).sum(axis=1)
    attempts: list[tuple[float, Ints, Mask]] = []
    for region in (_stood(steep - _slope(middle).sum(axis=0), changed), changed.any(axis=0)):
        zone = _box((_enclosed(region) | region).astype(np.uint8)) > 0
        ground = _peeled(samples, middle, zone, strange)
        mask = np.abs(samples - ground).sum(axis=1) > limits
        mask &= _box(mask.astype(np.uint8)) >= CROWDED
        border = mask & (_box(mask.astype(np.uint8)) < 9)
        attempts.append((float((steep * border).sum()) / max(1, int(border.sum())), ground, mask))
    _, ground, mask = max(attempts, key=lambda attempt: attempt[0])
    return ground, _box((mask | _enclosed(mask, 4)).astype(np.uint8)) > 0


def _seen_median(samples: Ints, covered: Mask, otherwise: Ints) -> Ints:
    """The median of each pixel over the samples in which it is not covered; where it always is, `otherwise`."""
    seen = np.sort(np.where(covered, np.int16(NEVER), samples), axis=0)
    count = len(samples) - covered.sum(axis=0)
    middle = np.take_along_axis(seen, np.broadcast_to(np.maximum(count - 1, 0) // 2, seen.shape[1:])[None], axis=0)[0]
    return np.where(count > 0, middle, otherwise)


def _stood(outlined: Grey, changed: Mask) -> Mask:
    """Where the median shows the subject itself: what changed has more of an outline in the median than in the sample."""
    border = changed & (_box(changed.astype(np.uint8)) < 9)
    votes = (_sum_around(outlined * border, OUTLINE_REACH) * changed).sum(axis=0)
    return np.asarray(votes < 0)


def _peeled(samples: Ints, middle: Ints, zone: Mask, strange: Grey) -> Ints:
    """The background, behind the zone that of whichever sample continues it best, or none if all are strange there.

    A sample is judged at each pixel by how well it continues the background known so far, and by how well it did on
    the way there, so that neighbours prefer the same one.
    """
    height, width = zone.shape
    sources = np.concatenate((samples, middle[None])).astype(np.float32)
    ground = np.pad(sources[-1], ((0, 0), (1, 1), (1, 1)))
    known = np.pad(~zone, 1).astype(np.float32)
    misfit = np.zeros((len(sources), height + 2, width + 2), np.float32)
    judged = np.zeros((height + 2, width + 2), np.float32)
    while True:
        y, x = np.nonzero((known[1:-1, 1:-1] == 0) & (_box(known)[1:-1, 1:-1] > 0))
        if not y.size:
            break
        rows, columns = (y + 1)[:, None] + AROUND[0], (x + 1)[:, None] + AROUND[1]
        near = known[rows, columns]
        continued = (ground[:, rows, columns] * near).sum(axis=2) / near.sum(axis=1)
        seen = sources[:, :, y, x]
        misses = np.minimum(np.abs(seen - continued).sum(axis=1), MOST_MISSED * strange[y, x])
        near = judged[rows, columns]
        told = near.sum(axis=1)
        before = (misfit[:, rows, columns] * near).sum(axis=2) / np.maximum(told, 1)
        judged_misses = np.where(told > 0, FRESH * misses + (1 - FRESH) * before, misses)
        best = judged_misses.argmin(axis=0)
        alien = misses[best, np.arange(len(y))] > strange[y, x]
        misses = judged_misses
        ground[:, y + 1, x + 1] = np.where(alien, continued, seen[best, :, np.arange(len(y))].T)
        misfit[:, y + 1, x + 1] = misses
        known[y + 1, x + 1] = judged[y + 1, x + 1] = 1
    return ground[:, 1:-1, 1:-1].astype(np.int16)


def _inked(cover: Grey, luma: Grey) -> list[Picture]:
    """Silhouettes (n, side, side), their holes filled, less their dark details."""
    solid = np.empty(cover.shape, np.bool_)
    last = cover[0] > LIT
    for index, share in enumerate(cover):
        last = solid[index] = np.where(last, share > LIT - HOLD, share > LIT + HOLD)
    dense = _sum_around(solid.astype(np.float32), STRAY_REACH)
    solid &= dense >= STRAY * dense.max(axis=(1, 2), keepdims=True)
    solid |= _enclosed(solid, 4)
    shade, inside = _shading(luma, solid)
    detail = np.zeros(solid.shape[1:], np.bool_)
    drawn: list[Picture] = []
    limit = max(DETAIL, float(np.quantile(shade[inside], 1 - MOST_DETAIL)) if inside.any() else 0.0)
    for index, dark in enumerate(shade):
        detail = np.where(detail, dark > limit - DETAIL_HOLD, dark > limit + DETAIL_HOLD) & inside[index]
        drawn.append(solid[index] & ~detail)
    return drawn


def _shading(luma: Grey, solid: Mask) -> tuple[Grey, Mask]:
    """How much each pixel is a detail (positive is darker, or lighter where most details are), and which may be one."""
    weight = solid.astype(np.float32)
    mean = _sum_around(luma * weight, DETAIL_REACH) / np.maximum(1, _sum_around(weight, DETAIL_REACH))
    shade = (mean - luma) * weight
    inside = _box(np.pad(solid, ((0, 0), (1, 1), (1, 1))).astype(np.uint8))[:, 1:-1, 1:-1] == 9
    skew = float((shade[inside] ** 3).sum())
    return (shade if skew >= 0 else -shade), inside


def _whole(shot: Shot, side: int) -> list[Picture]:
    """All that the frame shows, each pixel against its neighbourhood."""
    last: Picture | None = None
    drawn: list[Picture] = []
    for picture in shot.luma:
        grey = crop(picture[None].astype(np.float32), [shot.frame], side)[0]
        low, high = np.percentile(grey, (2, 98))
        stretched = (grey - low) * (255 / max(high - low, 24.0))
        around = _sum_around(stretched[None], LOCAL)[0] / _sum_around(np.ones_like(stretched)[None], LOCAL)[0]
        over = stretched - LOCAL_SHARE * around - (1 - LOCAL_SHARE) * stretched.mean()
        last = over > 0 if last is None else np.where(last, over > -HYSTERESIS, over > HYSTERESIS)
        drawn.append(last)
    return drawn


def _extents(counts: npt.NDArray[np.integer]) -> tuple[Grey, Grey]:
    """First and last place, in pixels of the full-size picture, of all but the outermost of each row's counts."""
    sums = counts.cumsum(axis=1)
    total = sums[:, -1:]
    first = (sums > TRIMMED * total).argmax(axis=1)
    last = (sums >= (1 - TRIMMED) * total).argmax(axis=1)
    return 2.0 * first, 2.0 * last + 1


def _enclosed(mask: Mask, sides: int = 3) -> Mask:
    """Pixels that have the mask on at least so many of their four sides."""
    along = np.logical_or.accumulate
    count = along(mask, -1).astype(np.uint8)
    count += along(mask[..., ::-1], -1)[..., ::-1]
    count += along(mask, -2)
    count += along(mask[..., ::-1, :], -2)[..., ::-1, :]
    return count >= sides


def _box[Kind: np.generic](pictures: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    """Sum of the nine pixels around each, zero beyond the edges, in the last two axes."""
    padded = np.pad(pictures, [(0, 0)] * (pictures.ndim - 2) + [(1, 1), (1, 1)])
    rows = padded[..., :-2, :] + padded[..., 1:-1, :] + padded[..., 2:, :]
    return rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]


def _sum_around(pictures: Grey, reach: int) -> Grey:
    """Sum of the square of pixels around each, zero beyond the edges, of pictures (n, h, w)."""
    across = 2 * reach + 1
    sums = np.pad(pictures, ((0, 0), (reach + 1, reach), (reach + 1, reach))).cumsum(axis=1).cumsum(axis=2)
    rows = sums[:, across:] - sums[:, :-across]
    return rows[:, :, across:] - rows[:, :, :-across]


def _median[Kind: np.generic](samples: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    return np.sort(samples, axis=0)[len(samples) // 2]


def _halved(luma: Bytes) -> npt.NDArray[np.uint16]:
    wide = luma.astype(np.uint16)
    return (wide[:, ::2, ::2] + wide[:, 1::2, ::2] + wide[:, ::2, 1::2] + wide[:, 1::2, 1::2]) >> 2


def _doubled[Kind: np.generic](pictures: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    return pictures.repeat(2, axis=-2).repeat(2, axis=-1)


def _slope(pictures: npt.NDArray[np.integer]) -> Grey:
    """Grey levels a pixel along the steeper of the last two axes."""
    out = np.zeros(pictures.shape, np.float32)
    np.abs(pictures[..., 2:, :] - pictures[..., :-2, :], out=out[..., 1:-1, :])
    np.maximum(out[..., 1:-1], np.abs(pictures[..., 2:] - pictures[..., :-2]), out=out[..., 1:-1])
    out *= 0.5
    return out
