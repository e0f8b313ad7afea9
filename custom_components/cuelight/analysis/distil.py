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
STRANGE = 2.0
"""Times what stands out by which a value must miss the continuation of the background to be none of it."""
LEAST_AREA = 6
"""Pixels of the half-size picture that must change in a shot for it to have a subject."""
MOST_AREA = 0.6
"""Fraction of the picture beyond which what changes is the scene, or the light, and no subject."""
MEDIAN, CONTINUED = -1, -2
"""Sources of a background pixel that are no sample's number: the shot's median, and what continues its neighbours."""
MOST_LEANING = 60.0
"""Grey levels at which one pixel's preference for a source is cut before its neighbours are asked."""
PRESENT = 0.2
"""Fraction of the subject's usual area below which a picture does not show it whole enough to be framed by."""
TRIMMED = 0.02
"""Fraction of the subject's pixels left out at each side when its box is taken."""

MARGIN = 1.15
"""Side of the frame around the subject's whole path, in units of that path."""
LEAST_SIDE = 0.3
"""Smallest side of the frame, as a fraction of the picture's shorter side: nearer than this it is only blocks."""
MOST_SIDE = 2.8
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
DETAIL_SPREAD = 0.7
"""Standard deviations of the subject's shading by which a detail must stand out as well."""
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
    zone = _box((_enclosed(ever) | ever).astype(np.uint8)) > 0
    source, ground = _peeled(half[picks], middle, zone, limits)
    bright = _full(luma[picks] - light[picks, None, None], source, ground[0])
    colours = np.abs(half[:, 1:] - ground[1:].astype(np.int16)).sum(axis=1)
    out: Grey = np.abs(luma - light[:, None, None] - bright).astype(np.float32)
    out += _doubled(colours)
    out /= limit + STEEP * _slope(bright)
    return out


def _peeled(
    samples: npt.NDArray[np.int16], middle: npt.NDArray[np.int16], zone: Mask, limits: Grey
) -> tuple[npt.NDArray[np.intp], Grey]:
    """The background behind the zone, and where it comes from: MEDIAN, CONTINUED or the number of the sample."""
    source = np.full(zone.shape, MEDIAN)
    ground, plain = middle.astype(np.float32), middle.astype(np.float32)
    known = ~zone
    leaning = np.zeros(zone.shape, np.float32)
    while True:
        around = _box(known.astype(np.float32))
        edge = ~known & (around > 0)
        y, x = np.nonzero(edge)
        if not y.size:
            return source, ground
        continued = _box(ground * known)[:, y, x] / around[y, x]
        seen = samples[:, :, y, x].astype(np.float32)
        strange = STRANGE * limits[y, x]
        other = np.abs(seen - plain[:, y, x]).sum(axis=1) > limits[y, x]
        costs = np.abs(seen - continued).sum(axis=1) + np.where(other, 0, 1e6)
        best = costs.argmin(axis=0)
        cost = costs[best, np.arange(len(y))]
        least = np.minimum(cost, strange)
        leaning[y, x] = np.clip(np.abs(plain[:, y, x] - continued).sum(axis=0) - least, -MOST_LEANING, MOST_LEANING)
        near = zone & (known | edge)
        moved = (_box(leaning * near)[y, x]) > 0
        value = np.where(cost > strange, continued, seen[best, :, np.arange(len(y))].T)
        ground[:, y, x] = np.where(moved, value, plain[:, y, x])
        source[y, x] = np.where(moved, np.where(cost > strange, CONTINUED, best), MEDIAN)
        known |= edge


def _full(samples: npt.NDArray[np.int16], source: npt.NDArray[np.intp], continued: Grey) -> npt.NDArray[np.int16]:
    """The background's luma at full size, from the same sources."""
    source = _doubled(source)
    bright = np.where(source == CONTINUED, _doubled(continued).astype(np.int16), _median(samples))
    y, x = np.nonzero(source >= 0)
    bright[y, x] = samples[source[y, x], y, x]
    return bright


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
    limit = max(DETAIL, DETAIL_SPREAD * float(shade[solid].std()) if solid.any() else 0.0)
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


def _slope(picture: npt.NDArray[np.integer]) -> Grey:
    """Grey levels a pixel along the steeper axis."""
    wide = np.pad(picture.astype(np.float32), 1, mode="edge")
    down, across = np.abs(wide[2:, 1:-1] - wide[:-2, 1:-1]), np.abs(wide[1:-1, 2:] - wide[1:-1, :-2])
    return 0.5 * np.maximum(down, across)
