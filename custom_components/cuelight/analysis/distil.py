"""The film distilled to 1-bit pictures: the subject a bright silhouette with its dark details, all else black.

What differs from a shot's background is its subject. Where nothing stands out (a landscape, a still film, a camera that
moves too far) the whole picture is thresholded instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .background import CROWDED
from .codec import SPRITE_SIDE, Picture, encode_animation, encode_sprite
from .cutout import Cutout, Shot, cut_out, moves
from .ink import LIT, STRAY, STRAY_REACH, Frame, crop, held_together, inked, thresholded
from .models import Animation
from .pixels import Grey, Mask, border, count_around, crowded, share_below, slope

FPS = 8
"""Pictures a second of the animation: what a button's store and an eye on 32x32 pixels make use of."""
MAX_S = 20.0
"""Seconds of film distilled; longer films are cut off, for a button's store ends before."""
SIDE = 32
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
BODY = 0.6
"""Share of what stands out that must hang together to be a subject; what is in more pieces than that is none, and the
whole picture says more."""
BODY_MOVING = 0.75
"""The same where the camera moves, for much of what stands out then is background that does not fit."""
SPRITE_MARGIN = 1.06
"""Side of the sprite in units of the subject."""
CANDIDATES = 16
"""Pictures that show the subject largest, of which the sharpest becomes the sprite."""
CLIPPED = 0.5
"""How much a subject cut by the picture's edge is worth beside a whole one."""
WHOLE_MARGIN = 1.35
"""Side of the whole picture's frame around what moves in it, in units of its path."""
WHOLE_LEAST = 0.5
"""Smallest side of that frame, as a fraction of the picture's shorter side."""
EXTENT = 2.2
"""Half the size of what moves in standard deviations of its pixels: a filled disc is 2."""


@dataclass(frozen=True, slots=True)
class Distilled:
    """The animation and the subject's clearest silhouette (`codec.encode_sprite`), if there is a subject."""

    animation: Animation
    sprite: bytes | None


def distil(shots: Sequence[Shot], side: int = SIDE, check: Callable[[], None] = lambda: None) -> Distilled:
    """One-bit pictures of what the shots show, FPS a second, and the subject of the shot that shows it largest.

    `check` is called before each piece of work, of a few milliseconds at most, and may raise to end it.
    """
    drawn: list[Picture] = []
    subjects: list[_Subject] = []
    for shot in shots:
        subject = _Subject.found(shot, check)
        check()
        shown = None if subject is None else subject.drawn(subject.frames(), side)
        check()
        if subject is not None and shown is not None and held_together(shown) >= (BODY_MOVING if moves(shot) else BODY):
            drawn += list(shown)
            subjects.append(subject)
        else:
            drawn += list(thresholded(shot.luma, shot.frame, side))
        check()
    return Distilled(
        Animation(encode_animation(drawn, FPS), side, FPS, len(drawn)),
        encode_sprite(max(subjects, key=_Subject.usual_area).clearest()) if subjects else None,
    )


class _Subject:
    """What was cut out of a shot, and where it is in each picture."""

    def __init__(self, cutout: Cutout) -> None:
        self._cutout = cutout
        mask = crowded(cutout.cover[:, ::2, ::2] > LIT, CROWDED)
        dense = count_around(mask, STRAY_REACH)
        mask &= dense >= STRAY * dense.max(axis=(1, 2), keepdims=True)
        columns, rows = (np.add.reduce(mask.view(np.uint8), axis=axis, dtype=np.uint8) for axis in (1, 2))
        self._area = rows.sum(axis=1)
        self._left, self._right = _extents(columns)
        self._top, self._bottom = _extents(rows)
        usual = share_below(self._area[self._area > 0], 0.5) if self._area.any() else 0
        self._present = np.flatnonzero(self._area > PRESENT * usual)

    @classmethod
    def found(cls, shot: Shot, check: Callable[[], None]) -> _Subject | None:
        """The subject of a shot, if one can be told from the background."""
        cutout = cut_out(shot, check)
        if cutout is None:
            return None
        subject = cls(cutout)
        return subject if subject._present.size else None

    def frames(self) -> list[Frame]:
        """One frame for each picture, the same all through unless the path is too long for its subject."""
        here = self._present
        size = share_below(np.maximum(self._right - self._left, self._bottom - self._top)[here], 0.75)
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

    def drawn(self, frames: Sequence[Frame], side: int) -> Mask:
        """The subject in each frame, steady from one to the next."""
        return inked(*crop((self._cutout.cover, self._cutout.luma), frames, side))

    def usual_area(self) -> float:
        """Pixels that it covers where it is shown large."""
        return share_below(self._area[self._present], 0.75)

    def clearest(self) -> Picture:
        """The picture that shows the subject whole, large and sharp, as a sprite."""
        part = self._cutout
        worth = np.minimum(self._area, self.usual_area()) * np.where(self._clipped(), CLIPPED, 1.0)
        here = self._present[np.argsort(-worth[self._present], kind="stable")[:CANDIDATES]]
        edge = border(part.cover[here] > LIT).reshape(len(here), -1).astype(np.float32)
        steep = slope(part.luma[here].astype(np.int16)).reshape(edge.shape)
        sharp = np.vecdot(steep, edge) / np.maximum(1, edge.sum(axis=1))
        best = int(here[(worth[here] * np.square(sharp)).argmax()])
        left, right, top, bottom = (float(side[best]) for side in (self._left, self._right, self._top, self._bottom))
        frame = Frame((left + right) / 2, (top + bottom) / 2, SPRITE_MARGIN * max(right - left, bottom - top, 4))
        return inked(*crop((part.cover[best, None], part.luma[best, None]), [frame], SPRITE_SIDE))[0]

    def _clipped(self) -> Mask:
        """Where the subject reaches the picture's edge, so that some of it may be missing."""
        part = self._cutout
        across = (self._left + part.left <= 1) | (self._right + part.left >= part.width - 2)
        return np.asarray(across | (self._top + part.top <= 1) | (self._bottom + part.top >= part.height - 2))


def _extents(counts: npt.NDArray[np.integer]) -> tuple[Grey, Grey]:
    """First and last place, in pixels of the full-size picture, of all but the outermost of each row's counts."""
    sums = counts.cumsum(axis=1)
    total = sums[:, -1:]
    first = (sums > TRIMMED * total).argmax(axis=1)
    last = (sums >= (1 - TRIMMED) * total).argmax(axis=1)
    return 2.0 * first, 2.0 * last + 1
