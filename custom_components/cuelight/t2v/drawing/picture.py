"""The film's pictures: the subject of a choreography before its place, one frame at a time."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from ..beats import Beats
from ..models import FilmRequest
from .choreography import Choreography, Pose, choreograph
from .pen import Colour, Pen, Transform, darker, distance, lighter, luminance, mix
from .places import Place, paint
from .subjects import CAST, Character, Look, look_of

_SUPERSAMPLING = 3
_OUTLINE = 0.02
_DEPTH = 0.13  # how far above the subject's ground, in frame heights, the floor vanishes


class Picture:
    """A film ready to be drawn. The same request always gives the same frames."""

    def __init__(self, request: FilmRequest, beats: Beats) -> None:
        rng = random.Random(f"{request.seed}/{beats.subject}")
        self._size = (request.width, request.height)
        self._fps = request.fps
        self._count = request.frames
        self._character: Character = CAST[beats.subject]
        self._film: Choreography = choreograph(
            beats.motions, self._character, (request.frames - 1) / request.fps, request.fps, rng
        )
        hour = beats.hour or rng.choice(("day", "day", "sunset"))
        if beats.hour is None and beats.subject in ("ghost", "star"):
            hour = "night"
        name = beats.place or rng.choice(self._character.places)
        self._place: Place = paint(name, hour, self._size, rng)
        self._look = self._choose_look(beats.colour, rng)
        self._backdrop = self._with_ledge(self._place.backdrop)
        self.notes: tuple[str, ...] = self._film.notes

    def frames(self) -> Iterator[np.ndarray]:
        """Yield the frames, RGB, height x width x 3."""
        for index in range(self._count):
            yield self._draw(self._film.pose(index / self._fps))

    def _choose_look(self, colour: Colour | None, rng: random.Random) -> Look:
        """Take the colour asked for, else the one that stands out best from this place, with some chance."""
        if colour is not None:
            return look_of(self._character, colour)
        width, height = self._size
        around = self._place.backdrop.crop((width // 4, height // 3, width * 3 // 4, height * 9 // 10)).resize((1, 1))
        pixel = around.getpixel((0, 0))
        assert isinstance(pixel, tuple)
        behind: Colour = (int(pixel[0]), int(pixel[1]), int(pixel[2]))
        ranked = sorted(self._character.mains, key=lambda main: -distance(main, behind))
        return look_of(self._character, rng.choice(ranked[: max(1, (len(ranked) + 1) // 2)]))

    def _with_ledge(self, backdrop: Image.Image) -> Image.Image:
        """Stand a table under a subject that is going to fall from it."""
        if self._film.ledge is None:
            return backdrop
        width, height = self._size
        sheet = Image.new("RGBA", (width * 2, height * 2))
        unit = height * 2
        aspect = width / height
        left, right = (max(-0.2, min(1.2, x)) * aspect for x in self._film.ledge)
        ground, top = self._place.ground, self._place.ground + self._film.opening.level
        wood = self._place.ledge
        pen = Pen(sheet, Transform(unit, 0, 0, -unit, 0, unit), darker(wood, 0.6), 0.004)
        inset = min(0.06, (right - left) / 4)
        for x in (left + inset, right - inset):
            pen.polygon(
                [(x - 0.016, ground - 0.02), (x - 0.016, top), (x + 0.016, top), (x + 0.016, ground - 0.02)],
                darker(wood, 0.2),
            )
        pen.polygon(
            [
                (left + inset, ground + 0.1),
                (left + inset, ground + 0.125),
                (right - inset, ground + 0.125),
                (right - inset, ground + 0.1),
            ],
            darker(wood, 0.14),
        )
        pen.polygon([(left, top - 0.045), (left, top), (right, top), (right, top - 0.045)], wood)
        with pen.flat():
            pen.polygon([(left, top - 0.012), (left, top), (right, top), (right, top - 0.012)], lighter(wood, 0.3))
        small = sheet.resize(self._size, Image.Resampling.LANCZOS)
        table = backdrop.copy()
        _cast_shadow(table, Shadow((left + right) / 2 / aspect, ground, (right - left) * 0.5, 0.3))
        table.paste(small, (0, 0), small)
        return table

    def _draw(self, pose: Pose) -> np.ndarray:
        picture = self._backdrop
        if pose.alpha > 0.003:
            picture = self._with_subject(pose)
        frame = np.asarray(picture)
        if pose.flash:
            frame = (frame + (255.0 - frame) * pose.flash).astype(np.uint8)
        return np.ascontiguousarray(frame)

    def _with_subject(self, pose: Pose) -> Image.Image:
        width, height = self._size
        foot = self._foot(pose)
        size = self._character.height * pose.scale
        ledge = self._film.ledge if self._over_ledge(pose) else None
        surface = foot if ledge else self._foot(replace(pose, level=0.0))
        above = foot + pose.lift - surface
        radius = size * (0.62 - 0.4 * min(above, 0.8)) * max(0.4, abs(pose.face))
        picture = self._backdrop.copy()
        _cast_shadow(picture, Shadow(pose.x, surface, radius, pose.alpha * 0.42 / (1 + 5 * above), ledge or (0.0, 1.0)))
        sheet, corner = self._subject(pose, pose.x * width, (1 - foot - pose.lift) * height, size * height)
        if pose.alpha < 1:
            sheet.putalpha(sheet.getchannel("A").point([round(value * pose.alpha) for value in range(256)]))
        halo = Image.new("RGBA", sheet.size, (*self._place.glow, 0))
        halo.putalpha(
            sheet.getchannel("A")
            .filter(ImageFilter.GaussianBlur(height * 0.014))
            .point([round(v * 0.34) for v in range(256)])
        )
        picture.paste(halo, corner, halo)
        picture.paste(sheet, corner, sheet)
        return picture

    def _foot(self, pose: Pose) -> float:
        """Return the height of what the subject stands on; the farther away it is, the higher the floor."""
        near = 1.0 if pose.level else pose.scale / self._film.opening.scale
        if self._film.opening.scale > 1:
            near = pose.scale
        return max(0.035, self._place.ground + _DEPTH * (1 - near)) + pose.level

    def _over_ledge(self, pose: Pose) -> bool:
        ledge = self._film.ledge
        return bool(ledge and pose.level > self._film.opening.level - 1e-6 and ledge[0] <= pose.x <= ledge[1])

    def _subject(self, pose: Pose, x: float, y: float, size: float) -> tuple[Image.Image, tuple[int, int]]:
        """Return the subject drawn around its foot point, and where to paste it."""
        reach = math.ceil(size * 1.35) + 12
        origin = (math.floor(x) - reach, math.floor(y) - math.ceil(size * 1.45) - 12)
        extent = (2 * reach, math.ceil(size * 1.95) + 24)
        sheet = Image.new("RGBA", (extent[0] * _SUPERSAMPLING, extent[1] * _SUPERSAMPLING))
        unit = size * _SUPERSAMPLING
        wide = unit * pose.face / math.sqrt(pose.stretch) if abs(pose.face) > 0.04 else unit * 0.04
        high = unit * pose.stretch
        c, s = math.cos(math.radians(pose.tilt)), math.sin(math.radians(pose.tilt))
        foot = ((x - origin[0]) * _SUPERSAMPLING, (y - origin[1]) * _SUPERSAMPLING)
        # Tilting happens about the middle of the body, so that a wheel turns in its place.
        pivot = unit * 0.5 if self._character.wheels else 0.0
        transform = Transform(
            xx=wide * c,
            xy=-high * s,
            yx=-wide * s,
            yy=-high * c,
            x=foot[0] + pivot * s,
            y=foot[1] - pivot * (1 - c),
        )
        main = self._look.main
        outline = darker(main, 0.74) if luminance(main) > 80 else mix(lighter(main, 0.7), (255, 240, 220), 0.3)
        pen = Pen(sheet, transform, outline, _OUTLINE)
        self._character.draw(pen, self._look, pose.gesture)
        return sheet.reduce(_SUPERSAMPLING), origin


@dataclass(frozen=True, slots=True)
class Shadow:
    """A soft ellipse on a surface: ``x`` and the range it may fill in widths, ``y`` and ``radius`` in heights."""

    x: float
    y: float
    radius: float
    strength: float
    within: tuple[float, float] = (0.0, 1.0)


def _cast_shadow(picture: Image.Image, shadow: Shadow) -> None:
    """Darken the picture where the shadow falls, in place."""
    width, height = picture.size
    x, y = shadow.x * width, (1 - shadow.y) * height
    wide, high = shadow.radius * height, shadow.radius * height * 0.26
    low, high_end = (max(0.0, min(1.0, end)) * width for end in shadow.within)
    left, right = max(math.floor(low), math.floor(x - 1.9 * wide)), min(math.ceil(high_end), math.ceil(x + 1.9 * wide))
    top, bottom = max(0, math.floor(y - 2.2 * high)), min(height, math.ceil(y + 2.2 * high))
    if left >= right or top >= bottom:
        return
    part = np.asarray(picture.crop((left, top, right, bottom)), np.float32)
    rows, columns = np.ogrid[top:bottom, left:right]
    squared = ((columns - x) / wide) ** 2 + ((rows - y) / high) ** 2
    shade = 1 - shadow.strength * np.exp(-1.6 * squared)
    picture.paste(Image.fromarray((part * shade[..., None]).astype(np.uint8)), (left, top))
