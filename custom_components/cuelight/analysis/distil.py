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

from .camera import warp
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
FLASHED = 50
"""Grey levels by which a picture is lighter or darker than its shot and shows nothing reliable: the last is held."""
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
ALIEN = 0.35, 0.6
"""As STRANGE, in units of the subject's own usual difference: the less for a plain background, the more for a busy one;
both are tried."""
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
BORDER = 3
"""Pixels of the half-size picture looked at around what ever changes."""
RESTING = 0.7
"""Pixels of the half-size picture by which a camera may move and still count as resting."""
FAR_ZOOM = 20.0
"""Pixels of the half-size picture that something off the middle moves by in a zoom of one (log)."""
MOST_CAMERA = 0.35
"""Fraction of the picture, or log zoom, beyond which the camera's view at one time says too little of another's."""
GROUP = 16
"""Pictures moved at once, so that the memory stays small."""
ALIKE = 3.0
"""Grey levels of difference that are only noise, so that the camera rests."""
LESS_UNLIKE = 0.7
"""How much less pictures must differ once the camera's motion is undone for it to be believed."""
SEEN = 0.98
"""How far inside the other picture a pixel must lie to be known."""
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

SPRITE_MARGIN = 1.06
"""Side of the sprite in units of the subject."""
CLIPPED = 0.5
"""How much a subject cut by the picture's edge is worth beside a whole one."""
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
    """Pictures of a shot: luma (n, h, w) and both colours (n, 2, h/2, w/2).

    `frame` is the view if no subject is found; `camera` (n, 3) the motion x, y (pixels of the halved picture) and log
    zoom that brings each to the place of one of them, none if the camera rests.
    """

    luma: Bytes
    chroma: Bytes
    frame: Frame
    camera: Grey | None = None


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
    """What each frame shows of its picture (..., n, h, w), `side` pixels square, averaged, zero beyond the edges."""
    height, width = pictures.shape[-2:]
    few = frames[:1] if all(frame == frames[0] for frame in frames) else frames
    down = np.stack([_sampling(height, frame.y, frame.side, side) for frame in few])
    across = np.stack([_sampling(width, frame.x, frame.side, side) for frame in few])
    return np.asarray(down @ pictures @ across.swapaxes(1, 2))


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


@dataclass(frozen=True, slots=True)
class _Cutout:
    """The part of a shot in which the subject is: how far each pixel stands out (n, h, w; 1 and more is the subject).

    `left`, `top` is where the part lies in pictures of `width` and `height`.
    """

    difference: Grey
    luma: Bytes
    left: int
    top: int
    width: int
    height: int


class _Subject:
    """What was cut out of a shot, and where it is in each picture."""

    def __init__(self, cutout: _Cutout) -> None:
        self._cutout = cutout
        self._shown = np.stack((np.clip(cutout.difference - 0.5, 0, 1), cutout.luma.astype(np.float32)))
        mask = (cutout.difference[:, ::2, ::2] > 1).astype(np.uint8)
        mask &= _box(mask) >= CROWDED
        dense = _sum_around(mask.astype(np.float32), STRAY_REACH)
        mask &= dense >= STRAY * dense.max(axis=(1, 2), keepdims=True)
        self._area = mask.sum(axis=(1, 2))
        self._left, self._right = _extents(mask.sum(axis=1))
        self._top, self._bottom = _extents(mask.sum(axis=2))
        usual = np.median(self._area[self._area > 0]) if self._area.any() else 0
        self._present = np.flatnonzero(self._area > PRESENT * usual)

    @classmethod
    def found(cls, shot: Shot) -> _Subject | None:
        """The subject of a shot, if one can be told from the background."""
        cutout = _cut_out(shot)
        if cutout is None:
            return None
        subject = cls(cutout)
        return subject if subject._present.size else None

    def frames(self) -> list[Frame]:
        """One frame for each picture, the same all through unless the path is too long for its subject."""
        here = self._present
        size = float(np.percentile(np.maximum(self._right - self._left, self._bottom - self._top)[here], 75))
        low = np.array((self._left[here].min(), self._top[here].min()))
        high = np.array((self._right[here].max(), self._bottom[here].max()))
        path = MARGIN * (high - low)
        side = max(LEAST_SIDE * min(self._cutout.height, self._cutout.width), min(float(path.max()), MOST_SIDE * size))
        centres = np.stack((self._left + self._right, self._top + self._bottom), axis=1) / 2
        nearest = here[np.abs(np.arange(len(self._area))[:, None] - here).argmin(axis=1)]
        centres = centres[nearest]
        travel = np.ptp(centres, axis=0)
        followed = np.clip((path - side) / np.maximum(MARGIN * travel, 1), 0, 1)
        places = (low + high) / 2 + followed * (centres - (centres.min(axis=0) + travel / 2))
        return [Frame(float(x), float(y), side) for x, y in places]

    def drawn(self, frames: Sequence[Frame], side: int) -> list[Picture]:
        """The subject in each frame, steady from one to the next."""
        return _inked(*crop(self._shown, frames, side))

    def clearest(self) -> tuple[float, Picture]:
        """The picture that shows the subject whole, large and sharp, as a sprite, with its area."""
        here = self._present
        border = _border(self._shown[0, here] > LIT)
        steep = (_slope(self._shown[1, here]) * border).sum(axis=(1, 2)) / np.maximum(1, border.sum(axis=(1, 2)))
        large = np.minimum(self._area[here], np.percentile(self._area[here], 75))
        score = large * np.square(steep) * np.where(self._clipped()[here], CLIPPED, 1.0)
        best = int(score.argmax())
        pick = int(here[best])
        left, right, top, bottom = (float(edge[pick]) for edge in (self._left, self._right, self._top, self._bottom))
        frame = Frame((left + right) / 2, (top + bottom) / 2, SPRITE_MARGIN * max(right - left, bottom - top, 4))
        return float(large[best]), _inked(*crop(self._shown[:, pick : pick + 1], [frame], SPRITE_SIDE))[0]

    def _clipped(self) -> Mask:
        """Where the subject reaches the picture's edge, so that some of it may be missing."""
        part = self._cutout
        across = (self._left + part.left <= 1) | (self._right + part.left >= part.width - 2)
        return np.asarray(across | (self._top + part.top <= 1) | (self._bottom + part.top >= part.height - 2))


def _cut_out(shot: Shot) -> _Cutout | None:
    """The part of the shot in which something stands out from the background; none if nothing does."""
    if len(shot.luma) < LEAST_PICTURES:
        return None
    steady = _steadied(shot)
    if steady is None:
        return None
    luma, chroma = steady
    n, height, width = luma.shape
    half = np.concatenate((_halved(luma)[:, None], chroma), axis=1).astype(np.int16)
    picks = np.unique(np.linspace(0, n - 1, min(n, SAMPLES)).round().astype(np.intp))
    middle = _median(half[picks])
    light = np.median((half[:, 0, ::3, ::3] - middle[0, ::3, ::3]).reshape(n, -1), axis=1).astype(np.int16)
    half[:, 0] -= light[:, None, None]
    flashed = np.abs(light) > FLASHED
    differs = np.abs(half - middle).sum(axis=1)
    limit = STANDS_OUT + NOISE * float(np.median(differs[:, ::3, ::3]))
    limits = limit + STEEP * _slope(middle)[0]
    changed = differs > limits
    changed &= _box(changed.astype(np.uint8)) >= CROWDED
    held = _held(flashed | (changed.mean(axis=(1, 2)) > MOST_AREA))
    changed = changed[held]
    ever = changed.any(axis=0)
    if not LEAST_AREA <= ever.sum() <= MOST_AREA * ever.size:
        return None
    usual = float(np.median(differs[held][changed]))
    part = _around(ever)
    full = tuple(slice(2 * span.start, 2 * span.stop) for span in part)
    half, luma, light = half[held][:, :, *part], luma[held][:, *full], light[held]
    picks = np.unique(held[picks])
    ground, covered = _uncovered(half[picks], middle[:, *part], changed[picks][:, *part], limits[part], usual)
    ground = _seen_median(half[picks], covered[:, None], ground)
    level = luma - light[:, None, None]
    bright = _seen_median(level[picks], _doubled(covered), _doubled(ground[0]))
    colours = _doubled(np.abs(half[:, 1:] - ground[1:]).sum(axis=1, dtype=np.int16))
    difference = _unshaded(bright - level, colours, bright, limit)
    return _Cutout(difference, luma, full[1].start, full[0].start, width, height)


def _unshaded(darker: Ints, colours: Ints, bright: Ints, limit: float) -> Grey:
    """How far pixels stand out, in units of what is noticed, but for the shadows that the subject casts."""
    out: Grey = (np.abs(darker) + colours) * (1 / (limit + STEEP * _slope(bright)))
    most = np.float32(SHADOW) * np.maximum(bright, bright - darker)
    shaded = (out > 0.5) & (np.abs(darker) < most) & (colours < SHADOW_COLOUR)
    if (shaded & (out > 1)).sum() < SHADOW_SHARE * (out > 1).sum():
        out[shaded] = 0
    return out


def _steadied(shot: Shot) -> tuple[Bytes, Bytes] | None:
    """Luma and colours as if the camera had rested; none if it moved too far for that.

    A large subject misleads the measure of the camera's motion, so pictures are moved only if it makes them more alike.
    """
    if shot.camera is None or np.abs(shot.camera[:, :2]).max() + FAR_ZOOM * np.abs(shot.camera[:, 2]).max() < RESTING:
        return shot.luma, shot.chroma
    x, y, zoom = shot.camera.astype(np.float32).T
    height, width = shot.chroma.shape[2:]
    reference = int((np.abs(x) + np.abs(y) + FAR_ZOOM * np.abs(zoom)).argmin())
    unlike = _unlike(shot.luma, reference)
    if unlike < ALIKE:
        return shot.luma, shot.chroma
    if max(np.abs(x).max() / width, np.abs(y).max() / height, np.abs(zoom).max()) > MOST_CAMERA:
        return None
    luma = _moved(shot.luma, 2 * x, 2 * y, zoom, reference)
    if _unlike(luma, reference) > LESS_UNLIKE * unlike:
        return shot.luma, shot.chroma
    return luma, _moved(shot.chroma, x, y, zoom, reference)


def _moved(pictures: Bytes, x: Grey, y: Grey, zoom: Grey, reference: int) -> Bytes:
    """Pictures (n, h, w) or (n, planes, h, w) moved to the place of one of them, which also fills what they lack."""
    out = np.empty_like(pictures)
    for first in range(0, len(pictures), GROUP):
        some = slice(first, first + GROUP)
        moved, seen = warp(pictures[some].astype(np.float32), x[some], y[some], zoom[some])
        seen = seen.reshape(len(seen), *(1,) * (pictures.ndim - 3), *seen.shape[1:])
        out[some] = np.where(seen > SEEN, moved, pictures[reference])
    return out


def _unlike(luma: Bytes, reference: int) -> float:
    """Grey levels by which most pictures differ from one of them in all but the quarter that differs most."""
    few = luma[:, 1::4, 1::4].reshape(len(luma), -1).astype(np.int16)
    return float(np.median(np.quantile(np.abs(few - few[reference]), 0.75, axis=1)))


def _held(lost: Mask) -> npt.NDArray[np.integer]:
    """For each picture the number of the last one that is not lost (in a flash, say)."""
    fine = np.flatnonzero(~lost)
    if not fine.size:
        return np.arange(len(lost))
    return np.asarray(fine[np.maximum(np.searchsorted(fine, np.arange(len(lost)), side="right") - 1, 0)])


def _around(ever: Mask) -> tuple[slice, slice]:
    """Rows and columns that hold the mask and some pixels around it, from which the background is continued."""
    spans = []
    for axis in (1, 0):
        places = np.flatnonzero(ever.any(axis=axis))
        spans.append(slice(max(0, int(places[0]) - BORDER), min(ever.shape[1 - axis], int(places[-1]) + 1 + BORDER)))
    return spans[0], spans[1]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A background, where it leaves samples covered, and how steep the outlines there are: crisp if it is right."""

    ground: Ints
    covered: Mask
    crispness: float


def _uncovered(samples: Ints, middle: Ints, changed: Mask, limits: Grey, usual: float) -> tuple[Ints, Mask]:
    """The background, and where the subject covers it in each sample.

    It is peeled where the subject stood or, if that gives crisper outlines, wherever it was: a subject that only stirs
    on the spot covers some of its background all the time. What is left of the subject then goes the same way.
    """
    steep = _slope(samples).sum(axis=1)

    def attempt(ground: Ints, region: Mask, strange: Grey) -> _Attempt:
        zone = _box((_enclosed(region) | region).astype(np.uint8)) > 0
        ground = _peeled(samples, ground, zone, strange)
        covered = np.abs(samples - ground).sum(axis=1) > limits
        covered &= _box(covered.astype(np.uint8)) >= CROWDED
        border = _border(covered)
        return _Attempt(ground, covered, float((steep * border).sum()) / max(1, int(border.sum())))

    regions = _stood(steep, middle, changed), np.asarray(changed.any(axis=0))
    tried: list[_Attempt] = []
    for alien in ALIEN:
        strange = np.maximum(STRANGE * limits, alien * usual)
        first = max((attempt(middle, region, strange) for region in regions), key=lambda one: one.crispness)
        left = _stood(steep, first.ground, first.covered)
        tried += [first, attempt(first.ground, left, strange)]
    best = max(tried, key=lambda one: one.crispness)
    return best.ground, _box((best.covered | _enclosed(best.covered, 4)).astype(np.uint8)) > 0


def _seen_median(samples: Ints, covered: Mask, otherwise: Ints) -> Ints:
    """The median of each pixel over the samples in which it is not covered; where it always is, `otherwise`."""
    seen = np.sort(np.where(covered, np.int16(NEVER), samples), axis=0)
    count = len(samples) - covered.sum(axis=0)
    middle = np.take_along_axis(seen, np.broadcast_to(np.maximum(count - 1, 0) // 2, seen.shape[1:])[None], axis=0)[0]
    return np.where(count > 0, middle, otherwise)


def _stood(steep: Grey, ground: Ints, covered: Mask) -> Mask:
    """Where the ground shows the subject itself: what is covered has its outlines there rather than in the sample."""
    outlined = (steep - _slope(ground).sum(axis=0)) * _border(covered)
    votes = (_sum_around(outlined, OUTLINE_REACH) * covered).sum(axis=0)
    return np.asarray(votes < 0)


def _border(mask: Mask) -> Mask:
    """The mask's outermost pixels."""
    return mask & (_box(mask.astype(np.uint8)) < 9)


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
    lone = (_box((shade > limit).astype(np.uint8)) < 2) & (shade < LONE * limit)
    shade[lone] = 0
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
    return np.asarray(rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:])


def _sum_around(pictures: Grey, reach: int) -> Grey:
    """Sum of the square of pixels around each, zero beyond the edges, of pictures (n, h, w)."""
    across = 2 * reach + 1
    sums = np.pad(pictures, ((0, 0), (reach + 1, reach), (reach + 1, reach))).cumsum(axis=1).cumsum(axis=2)
    rows = sums[:, across:] - sums[:, :-across]
    return np.asarray(rows[:, :, across:] - rows[:, :, :-across])


def _median[Kind: np.generic](samples: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    return np.asarray(np.sort(samples, axis=0)[len(samples) // 2])


def _halved(luma: Bytes) -> Ints:
    wide = luma.astype(np.int16)
    return np.asarray(wide[:, ::2, ::2] + wide[:, 1::2, ::2] + wide[:, ::2, 1::2] + wide[:, 1::2, 1::2]) >> 2


def _doubled[Kind: np.generic](pictures: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    height, width = pictures.shape[-2:]
    twice = np.broadcast_to(pictures[..., :, None, :, None], (*pictures.shape[:-2], height, 2, width, 2))
    return twice.reshape(*pictures.shape[:-2], 2 * height, 2 * width)


def _slope(pictures: Ints | Grey) -> Grey:
    """Grey levels a pixel along the steeper of the last two axes."""
    out = np.zeros(pictures.shape, np.float32)
    np.abs(pictures[..., 2:, :] - pictures[..., :-2, :], out=out[..., 1:-1, :])
    np.maximum(out[..., 1:-1], np.abs(pictures[..., 2:] - pictures[..., :-2]), out=out[..., 1:-1])
    out *= 0.5
    return out
