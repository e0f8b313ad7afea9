"""The subject of a shot cut out: what differs from the background, with the camera's motion undone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from .background import CROWDED, seen_median, uncovered
from .ink import LIT, Frame
from .pixels import Bytes, Grey, Ints, Mask, crowded, doubled, halved, share_below, slope, unlikeness

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
SHADOW = 9, 20
"""Most of the light that a cast shadow takes away, as a fraction."""
SHADOW_COLOUR = 9
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
ALIKE = 2.0
"""Grey levels of difference that are only noise, so that the camera rests."""
LESS_UNLIKE = 0.7
"""How much less pictures must differ once the camera's motion is undone for it to be believed."""
FADED = 0.75
"""Contrast of a shot's flattest picture, as a share of the strongest, below which its light may fade."""
MOST_GAIN = 5.0
"""Most that contrast is raised: beyond, there is only noise."""
BRIEF = 0.9
"""Share of a shot that a fade or the camera may leave as it is; of a flash, more pictures are."""
BEYOND = 0.02
"""Pixels beyond the other picture's edge at which one of it is still known."""
SAMPLED = slice(1, None, 4)
"""Rows and columns of a picture that tell how alike it is to another."""
PIECE = 8
"""Pictures moved at once: enough to share numpy's overhead, few enough for a processor's second-level cache."""

type Numbers = npt.NDArray[np.intp]
type Levels = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Shot:
    """Pictures of a shot: luma (n, h, w) and both colours (n, 2, h/2, w/2).

    `frame` is the view if no subject is found; `camera` (n, 3) the motion x, y (pixels of the halved picture) and log
    zoom that brings each to the place of one of them, none if the camera rests. `subject` (n, boxes, 4) holds boxes
    that hold what moves at each picture, if that is known: left, right, top and bottom in pixels of the halved picture
    from its middle, at that one's place.
    """

    luma: Bytes
    chroma: Bytes
    frame: Frame
    camera: Grey | None = None
    subject: Grey | None = None


@dataclass(frozen=True, slots=True)
class Cutout:
    """The part of a shot in which the subject is, and the share of each pixel (n, h, w) that it covers.

    `left`, `top` is where the part lies in pictures of `width` and `height`.
    """

    cover: Grey
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
    luma, chroma, seen = steady
    luma, chroma = _evenly_lit(luma, chroma, check)
    n, height, width = luma.shape
    half = np.empty((n, 3, *chroma.shape[2:]), np.uint8)
    half[:, 0], half[:, 1:] = halved(luma), chroma
    count = min(n, SAMPLES)
    picks = (2 * (n - 1) * np.arange(count) + count - 1) // (2 * (count - 1))
    hidden = np.zeros((count, *half.shape[2:]), np.bool_) if seen is None else ~seen[picks]
    if shot.subject is not None:
        hidden |= _inside(shot.subject[picks], *half.shape[2:])
    always = np.asarray(hidden.all(axis=0))
    middle = seen_median(half[picks], (hidden & ~always)[:, None], half[n // 2])
    if seen is not None:
        np.copyto(half, middle, where=~seen[:, None])
    few = half[:, 0, ::3, ::3].astype(np.int16) - middle[0, ::3, ::3]
    light = _median(few)
    half[:, 0] = _lit(half[:, 0], light)
    flashed = np.abs(light) > FLASHED
    differs = unlikeness(half, middle.astype(np.int16))
    check()
    limit = STANDS_OUT + NOISE * share_below(differs[:, ::3, ::3], 0.5)
    limits = limit + STEEP * slope(middle[0].astype(np.int16))
    changed = crowded(differs > limits.astype(np.int16), CROWDED)
    held = _held(flashed | (changed.view(np.uint8).sum(axis=(1, 2), dtype=np.uint32) > MOST_AREA * changed[0].size))
    changed = changed[held]
    ever = np.asarray(changed.any(axis=0))
    if not LEAST_AREA <= ever.sum() <= MOST_AREA * ever.size:
        return None
    usual = share_below(differs[held][changed], 0.5)
    part = _around(ever)
    full = tuple(slice(2 * span.start, 2 * span.stop) for span in part)
    half, luma, light = half[held][:, :, *part], luma[held][:, *full], light[held]
    picks = np.array(sorted(set(held[picks].tolist())))
    known = None if shot.subject is None else always[part]
    covering = changed[picks][:, *part]
    peeled, covered = uncovered(half[picks], middle[:, *part], covering, limits[part], usual, known, check)
    check()
    ground = seen_median(half[picks], covered[:, None], peeled.astype(np.uint8))
    level = _lit(luma, light)
    bright = seen_median(level[picks], doubled(covered), doubled(ground[0]))
    check()
    colours = np.abs(half[:, 1:] - ground[1:].astype(np.int16)).sum(axis=1, dtype=np.int16)
    cover = _unshaded(level, doubled(np.minimum(colours, 255).astype(np.uint8)), bright, limit)
    if seen is not None:
        cover *= doubled(seen[held][:, *part])
    return Cutout(cover, luma, full[1].start, full[0].start, width, height)


def _inside(boxes: Grey, height: int, width: int) -> Mask:
    """Which pixels lie in one of the boxes of each picture (n, boxes, 4)."""
    left, right, top, bottom = boxes.transpose(2, 0, 1)[..., None]
    rows, columns = np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2
    down = (rows >= top) & (rows <= bottom)
    across = (columns >= left) & (columns <= right)
    return np.asarray((down[..., None] & across[:, :, None]).any(axis=1))


def _median(pictures: Ints) -> Ints:
    """The median of each picture."""
    values = pictures.reshape(len(pictures), -1)
    middle = values.shape[1] // 2
    return np.partition(values, middle, axis=1)[:, middle]


def _lit(luma: Bytes, light: Ints) -> Bytes:
    """Pictures (n, h, w) less so much light each."""
    if not light.any():
        return luma
    return np.clip(luma - light[:, None, None], 0, 255).astype(np.uint8)


def _unshaded(level: Bytes, colours: Bytes, bright: Bytes, limit: float) -> Grey:
    """The share of each pixel that is the subject, by how far it stands out, but for the shadows that it casts."""
    ground = bright.astype(np.int16)
    differs = np.abs(level - ground)
    part, whole = map(np.int16, SHADOW)
    shadow = (differs * whole < np.maximum(level, bright) * part) & (colours < SHADOW_COLOUR)
    differs += colours
    cover = differs * (1 / (limit + STEEP * slope(ground)))
    cover -= 0.5
    np.clip(cover, 0, 1, out=cover)
    subject = cover > LIT
    if np.count_nonzero(shadow & subject) < SHADOW_SHARE * np.count_nonzero(subject):
        cover *= ~shadow
    return cover


def _steadied(shot: Shot, check: Callable[[], None]) -> tuple[Bytes, Bytes, Mask | None] | None:
    """Luma and colours as if the camera had rested; none if it moved too far for that.

    And where each picture (n, h, w of the colours) shows something, if that is not everywhere.

    A large subject misleads the measure of the camera's motion, so pictures are moved only if it makes them more alike.
    """
    if shot.camera is None or not moves(shot):
        return shot.luma, shot.chroma, None
    x, y, zoom = shot.camera.astype(np.float32).T
    height, width = shot.chroma.shape[2:]
    reference = int((np.abs(x) + np.abs(y) + FAR_ZOOM * np.abs(zoom)).argmin())
    luma = shot.luma[:, None]
    few = luma[..., SAMPLED, SAMPLED]
    usual, most = len(few) // 2, int(BRIEF * len(few))
    before = _unlike(few, reference)
    if before[most] < ALIKE:
        return shot.luma, shot.chroma, None
    if max(np.abs(x).max() / width, np.abs(y).max() / height, np.abs(zoom).max()) > MOST_CAMERA:
        return None
    down, across = _Sources.of(2 * height, 2 * y, zoom), _Sources.of(2 * width, 2 * x, zoom)
    moved = _moved(luma, down[SAMPLED], across[SAMPLED], few[reference], check)
    after = _unlike(moved, reference)
    if not any(before[place] >= ALIKE and after[place] <= LESS_UNLIKE * before[place] for place in (usual, most)):
        return shot.luma, shot.chroma, None
    luma = _moved(luma, down, across, luma[reference], check)
    down, across = _Sources.of(height, y, zoom), _Sources.of(width, x, zoom)
    seen = down.seen[:, :, None] & across.seen[:, None]
    return luma[:, 0], _moved(shot.chroma, down, across, shot.chroma[reference], check), seen


@dataclass(frozen=True, slots=True)
class _Sources:
    """Where the pixels of one axis of each picture (n, size) come from: the pixel before, how far beyond it, in 256ths,
    and whether there is one."""

    before: Numbers
    beyond: Levels
    seen: Mask

    @classmethod
    def of(cls, size: int, shift: Grey, zoom: Grey) -> Self:
        """The sources along an axis of so many pixels in pictures that the camera has moved and zoomed so far."""
        middle = (size - 1) / 2
        places = (np.arange(size, dtype=np.float32) - middle - shift[:, None]) * np.exp(-zoom[:, None]) + middle
        held = np.clip(places, 0, size - 1)
        before = np.minimum(held.astype(np.intp), size - 2)
        return cls(before, (256 * (held - before)).round().astype(np.uint16), np.abs(places - held) < BEYOND)

    def __getitem__(self, some: slice) -> Self:
        return type(self)(self.before[:, some], self.beyond[:, some], self.seen[:, some])


def _moved(pictures: Bytes, down: _Sources, across: _Sources, unseen: Bytes, check: Callable[[], None]) -> Bytes:
    """Pictures (n, planes, h, w) as their sources say; what those do not tell is as in the `unseen` one."""
    count, planes, height, width = pictures.shape
    out = np.empty((count, *unseen.shape), np.uint8)
    for start in range(0, count, PIECE):
        check()
        piece = slice(start, start + PIECE)
        rows = pictures[piece].astype(np.uint16).reshape(-1, width)
        index = height * np.arange(len(rows) // height).reshape(-1, planes, 1) + down.before[piece, None]
        mixed = _between(rows.take(index, axis=0), rows.take(index + 1, axis=0), down.beyond[piece, None, :, None])
        sides = np.empty((2, *out[piece].shape), np.uint16)
        for picture, before, left, right in zip(mixed, across.before[piece], *sides, strict=True):
            picture.take(before, axis=-1, out=left, mode="clip")
            picture.take(before + 1, axis=-1, out=right, mode="clip")
        out[piece] = _between(sides[0], sides[1], across.beyond[piece, None, None])
        seen = down.seen[piece, None, :, None] & across.seen[piece, None, None]
        np.copyto(out[piece], unseen, where=~seen)
    return out


def _between(one: Levels, other: Levels, share: Levels) -> Levels:
    """One picture turned into another by so many 256ths."""
    one *= 256 - share
    other *= share
    one += other
    one += 128
    one >>= 8
    return one


def _evenly_lit(luma: Bytes, chroma: Bytes, check: Callable[[], None]) -> tuple[Bytes, Bytes]:
    """The pictures with the contrast of the one that has most, if the light fades and they are more alike then."""
    few = luma[:, SAMPLED, SAMPLED]
    ordered = np.sort(few.reshape(len(few), -1).astype(np.int16), axis=1)
    low, middle, high = (ordered[:, round(share * ordered.shape[1])].astype(np.float32) for share in (0.25, 0.5, 0.75))
    spread = high - low
    best = int(spread.argmax())
    if spread.min() > FADED * spread[best]:
        return luma, chroma
    gain = np.minimum(spread[best] / np.maximum(spread, 1), MOST_GAIN)
    lit, tinted = np.empty_like(luma), np.empty_like(chroma)
    for start in range(0, len(luma), PIECE):
        check()
        piece = slice(start, start + PIECE)
        raised = gain[piece, None, None]
        lit[piece] = _raised(luma[piece], middle[piece, None, None], raised, middle[best])
        tinted[piece] = _raised(chroma[piece], np.float32(128), raised[:, None], np.float32(128))
    most = int(BRIEF * len(few))
    if _unlike(lit[:, SAMPLED, SAMPLED], best)[most] > LESS_UNLIKE * _unlike(few, best)[most]:
        return luma, chroma
    return lit, tinted


def _raised(pictures: Bytes, middle: Grey | np.float32, gain: Grey, to: np.float32) -> Grey:
    """Pictures with more contrast, and their middle level moved."""
    out = pictures - middle
    out *= gain
    out += to
    return np.clip(out, 0, 255, out=out)


def _unlike(pictures: Bytes, reference: int) -> Ints:
    """Grey levels by which each picture differs from one, in all but the quarter that differs most; the least first."""
    few = pictures.reshape(len(pictures), -1).astype(np.int16)
    most = 3 * few.shape[1] // 4
    return np.sort(np.partition(np.abs(few - few[reference]), most, axis=1)[:, most])


def _held(lost: Mask) -> Numbers:
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
