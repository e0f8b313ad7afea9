"""The subject of a shot cut out: what differs from the background, with the camera's motion undone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .background import CROWDED, seen_median, uncovered
from .ink import Frame
from .pixels import Bytes, Grey, Ints, Mask, crowded, doubled, halved, median, share_below, slope

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
LEAST_AREA = 6
"""Pixels of the half-size picture that must change in a shot for it to have a subject."""
MOST_AREA = 0.6
"""Fraction of the picture beyond which what changes is the scene, or the light, and no subject."""
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
ALIKE = 3.0
"""Grey levels of difference that are only noise, so that the camera rests."""
LESS_UNLIKE = 0.7
"""How much less pictures must differ once the camera's motion is undone for it to be believed."""
FADED = 0.75
"""Contrast of a shot's flattest picture, as a share of the strongest, below which its light may fade."""
MOST_GAIN = 5.0
"""Most that contrast is raised: beyond, there is only noise."""
BRIEF = 0.9
"""Share of a shot that a fade may leave as it is; of a flash, more pictures are."""
SEEN = 0.98
"""How far inside the other picture a pixel must lie to be known."""


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
class Cutout:
    """The part of a shot in which the subject is: how far each pixel stands out (n, h, w; 1 and more is the subject).

    `left`, `top` is where the part lies in pictures of `width` and `height`.
    """

    difference: Grey
    luma: Bytes
    left: int
    top: int
    width: int
    height: int


def moves(shot: Shot) -> bool:
    """Whether the camera does more than tremble."""
    if shot.camera is None:
        return False
    return bool(np.abs(shot.camera[:, :2]).max() + FAR_ZOOM * np.abs(shot.camera[:, 2]).max() >= RESTING)


def cut_out(shot: Shot, check: Callable[[], None]) -> Cutout | None:
    """The part of the shot in which something stands out from the background; none if nothing does.

    `check` is called before each piece of work and may raise.
    """
    check()
    if len(shot.luma) < LEAST_PICTURES:
        return None
    steady = _steadied(shot, check)
    if steady is None:
        return None
    luma, chroma = _evenly_lit(*steady, check)
    n, height, width = luma.shape
    half = np.empty((n, 3, *chroma.shape[2:]), np.int16)
    half[:, 0], half[:, 1:] = halved(luma), chroma
    picks = np.linspace(0, n - 1, min(n, SAMPLES)).round().astype(np.intp)
    middle = median(half[picks])
    light = np.median((half[:, 0, ::3, ::3] - middle[0, ::3, ::3]).reshape(n, -1), axis=1).astype(np.int16)
    half[:, 0] -= light[:, None, None]
    flashed = np.abs(light) > FLASHED
    differs = np.abs(half - middle).sum(axis=1, dtype=np.int16)
    check()
    limit = STANDS_OUT + NOISE * share_below(differs[:, ::3, ::3], 0.5)
    limits = limit + STEEP * slope(middle)[0]
    changed = crowded(differs > limits, CROWDED)
    held = _held(flashed | (changed.mean(axis=(1, 2)) > MOST_AREA))
    changed = changed[held]
    ever = changed.any(axis=0)
    if not LEAST_AREA <= ever.sum() <= MOST_AREA * ever.size:
        return None
    usual = share_below(differs[held][changed], 0.5)
    part = _around(ever)
    full = tuple(slice(2 * span.start, 2 * span.stop) for span in part)
    half, luma, light = half[held][:, :, *part], luma[held][:, *full], light[held]
    picks = np.array(sorted(set(held[picks].tolist())))
    ground, covered = uncovered(half[picks], middle[:, *part], changed[picks][:, *part], limits[part], usual, check)
    check()
    ground = seen_median(half[picks], covered[:, None], ground)
    level = luma - light[:, None, None]
    bright = seen_median(level[picks], doubled(covered), doubled(ground[0]))
    check()
    colours = doubled(np.abs(half[:, 1:] - ground[1:]).sum(axis=1, dtype=np.int16))
    difference = _unshaded(bright - level, colours, bright, limit)
    return Cutout(difference, luma, full[1].start, full[0].start, width, height)


def _unshaded(darker: Ints, colours: Ints, bright: Ints, limit: float) -> Grey:
    """How far pixels stand out, in units of what is noticed, but for the shadows that the subject casts."""
    out: Grey = (np.abs(darker) + colours) * (1 / (limit + STEEP * slope(bright)))
    most = np.float32(SHADOW) * np.maximum(bright, bright - darker)
    shaded = (out > 0.5) & (np.abs(darker) < most) & (colours < SHADOW_COLOUR)
    if (shaded & (out > 1)).sum() < SHADOW_SHARE * (out > 1).sum():
        out[shaded] = 0
    return out


def _steadied(shot: Shot, check: Callable[[], None]) -> tuple[Bytes, Bytes] | None:
    """Luma and colours as if the camera had rested; none if it moved too far for that.

    A large subject misleads the measure of the camera's motion, so pictures are moved only if it makes them more alike.
    """
    if shot.camera is None or not moves(shot):
        return shot.luma, shot.chroma
    x, y, zoom = shot.camera.astype(np.float32).T
    height, width = shot.chroma.shape[2:]
    reference = int((np.abs(x) + np.abs(y) + FAR_ZOOM * np.abs(zoom)).argmin())
    unlike = _unlike(shot.luma, reference)
    if unlike < ALIKE:
        return shot.luma, shot.chroma
    if max(np.abs(x).max() / width, np.abs(y).max() / height, np.abs(zoom).max()) > MOST_CAMERA:
        return None
    luma = _moved(shot.luma, 2 * x, 2 * y, zoom, reference, check)
    if _unlike(luma, reference) > LESS_UNLIKE * unlike:
        return shot.luma, shot.chroma
    return luma, _moved(shot.chroma, x, y, zoom, reference, check)


def _moved(pictures: Bytes, x: Grey, y: Grey, zoom: Grey, reference: int, check: Callable[[], None]) -> Bytes:
    """Pictures (n, h, w) or (n, planes, h, w) moved to the place of one of them, which also fills what they lack."""
    height, width = pictures.shape[-2:]
    out = np.empty_like(pictures)
    for index, picture in enumerate(pictures):
        check()
        top, down, seen_down = _sources(height, y[index], zoom[index])
        left, across, seen_across = _sources(width, x[index], zoom[index])
        rows = picture.astype(np.float32)
        rows = rows.take(top, axis=-2) * (1 - down[:, None]) + rows.take(top + 1, axis=-2) * down[:, None]
        moved = rows.take(left, axis=-1) * (1 - across) + rows.take(left + 1, axis=-1) * across
        seen = seen_down[:, None] * seen_across > SEEN
        out[index] = np.where(seen, moved, pictures[reference])
    return out


def _evenly_lit(luma: Bytes, chroma: Bytes, check: Callable[[], None]) -> tuple[Bytes, Bytes]:
    """The pictures with the contrast of the one that has most, if the light fades and they are more alike then."""
    few = np.sort(luma[:, 1::4, 1::4].reshape(len(luma), -1), axis=1).astype(np.float32)
    low, middle, high = (few[:, round(share * few.shape[1])] for share in (0.25, 0.5, 0.75))
    spread = high - low
    best = int(spread.argmax())
    if spread.min() > FADED * spread[best]:
        return luma, chroma
    gain = np.minimum(spread[best] / np.maximum(spread, 1), MOST_GAIN)
    lit, tinted = np.empty_like(luma), np.empty_like(chroma)
    for index in range(len(luma)):
        check()
        grey = (luma[index] - middle[index]) * gain[index] + middle[best]
        lit[index] = np.clip(grey, 0, 255)
        tinted[index] = np.clip((chroma[index] - np.float32(128)) * gain[index] + 128, 0, 255)
    if _unlike(lit, best, BRIEF) > LESS_UNLIKE * _unlike(luma, best, BRIEF):
        return luma, chroma
    return lit, tinted


def _sources(size: int, shift: np.float32, zoom: np.float32) -> tuple[npt.NDArray[np.intp], Grey, Grey]:
    """Where the pixels of one axis come from: the pixel before, how far beyond it; and how far inside (1 or less)."""
    middle = (size - 1) / 2
    places = (np.arange(size, dtype=np.float32) - middle - shift) * np.exp(-zoom) + middle
    held = np.clip(places, 0, size - 1)
    before = np.minimum(held.astype(np.intp), size - 2)
    return before, held - before, 1 - np.abs(places - held)


def _unlike(luma: Bytes, reference: int, share: float = 0.5) -> float:
    """Grey levels by which so large a share of pictures differ from one, in all but the quarter that differs most."""
    few = luma[:, 1::4, 1::4].reshape(len(luma), -1).astype(np.int16)
    most = 3 * few.shape[1] // 4
    return share_below(np.partition(np.abs(few - few[reference]), most, axis=1)[:, most], share)


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
