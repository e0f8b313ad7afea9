"""Pictures of an analysis, drawn with Pillow alone: the timeline, and the animation as a GIF."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .codec import Picture, decode_animation
from .decode import FilmReader
from .exceptions import AnalysisError
from .models import Analysis, Animation, Event, EventKind
from .palette import to_rgb

WIDTH = 1280
GUTTER = 118
EDGE = 18
LANE = 24
STRIP = 12
"""Pictures in the film strip."""
CURVE = 54
BAND = 22
CUE_ROW = 18
CUE_ROWS = 5
"""Rows of cues that one lane has at most."""
SPRITE_SCALE = 2
PAPER = (250, 249, 246)
INK = (38, 38, 44)
FAINT = (214, 212, 206)
GREY = (112, 112, 118)
BRIGHT = (214, 148, 20)
MOVING = (60, 110, 190)
LIT = (250, 236, 200)
UNLIT = (30, 30, 36)
GIF_SCALE = 8

GROUPS: tuple[tuple[str, tuple[int, int, int], tuple[EventKind, ...]], ...] = (
    (
        "subject",
        (47, 125, 100),
        (
            EventKind.JUMP,
            EventKind.FALL,
            EventKind.TURN,
            EventKind.APPROACH,
            EventKind.RETREAT,
            EventKind.SHAKE,
            EventKind.APPEAR,
            EventKind.DISAPPEAR,
            EventKind.MOVE_LEFT,
            EventKind.MOVE_RIGHT,
        ),
    ),
    (
        "camera",
        (60, 110, 190),
        (
            EventKind.PAN_LEFT,
            EventKind.PAN_RIGHT,
            EventKind.PAN_UP,
            EventKind.PAN_DOWN,
            EventKind.ZOOM_IN,
            EventKind.ZOOM_OUT,
            EventKind.CAMERA_SHAKE,
        ),
    ),
    ("picture", (190, 84, 60), (EventKind.CUT, EventKind.FLASH, EventKind.BRIGHTEN, EventKind.DARKEN)),
    ("whole", (128, 120, 140), (EventKind.STILL,)),
)


class CueLike(Protocol):
    """What a cue must tell to be drawn."""

    @property
    def at_s(self) -> float:
        """When, in seconds of the film."""

    @property
    def performer(self) -> str:
        """Who acts."""

    @property
    def action(self) -> object:
        """What is done; its text is drawn."""


def draw_timeline(analysis: Analysis, cues: Sequence[CueLike] | None = None) -> Image.Image:
    """The film strip, the animation, the palette, events, curves and cues over one time axis.

    The strip is left out if the film is no longer there. The picture has its own background, so that it reads the same
    on a light and on a dark page.
    """
    return _Timeline(analysis, cues or ()).drawn()


def draw_gif(animation: Animation, path: str | Path | BinaryIO) -> None:
    """Write the animation as a looping GIF, each of its pixels a square."""
    _, fps, pictures = decode_animation(animation.data)
    first, *rest = (_lit(picture, GIF_SCALE) for picture in pictures)
    first.save(path, format="GIF", save_all=True, append_images=rest, duration=round(1000 / fps), loop=0)


class _Timeline:
    """One timeline while it is drawn, from top to bottom."""

    def __init__(self, analysis: Analysis, cues: Sequence[CueLike]) -> None:
        self._analysis = analysis
        self._cues = cues
        self._length_s = max(analysis.film.duration_s, 0.1)
        self._y = EDGE
        self._image = Image.new("RGB", (WIDTH, 4000), PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self._small = ImageFont.load_default(12)
        self._label = ImageFont.load_default(13)
        self._title = ImageFont.load_default(17)

    def drawn(self) -> Image.Image:
        self._heading()
        self._film_strip()
        self._animation()
        self._palette()
        top = self._y
        self._events()
        self._curves()
        self._cue_lanes()
        self._axis(top)
        return self._image.crop((0, 0, WIDTH, self._y + EDGE))

    def _x(self, time_s: float) -> float:
        return GUTTER + (WIDTH - GUTTER - EDGE) * min(max(time_s / self._length_s, 0.0), 1.0)

    def _gutter(self, text: str, height: float, colour: tuple[int, int, int] = INK) -> None:
        self._draw.text((GUTTER - 10, self._y + height / 2), text, INK if colour is None else colour, self._label, "rm")

    def _heading(self) -> None:
        film = self._analysis.film
        self._draw.text((EDGE, self._y), film.path.name, INK, self._title)
        facts = f"{film.width} x {film.height}   {film.fps:g} fps   {film.duration_s:g} s"
        self._draw.text((WIDTH - EDGE, self._y + 2), facts, GREY, self._label, "ra")
        self._y += 32

    def _film_strip(self) -> None:
        pictures = _strip(self._analysis)
        if not pictures:
            return
        wide = (WIDTH - GUTTER - EDGE) / STRIP
        tall = round((wide - 2) * pictures[0].height / pictures[0].width)
        for index, picture in enumerate(pictures):
            shown = picture.resize((round(wide - 2), tall), Image.Resampling.BICUBIC)
            self._image.paste(shown, (round(GUTTER + index * wide + 1), self._y))
        self._gutter("film", tall)
        self._y += tall + 8

    def _animation(self) -> None:
        side, fps, pictures = decode_animation(self._analysis.animation.data)
        size = side * SPRITE_SCALE
        count = (WIDTH - GUTTER - EDGE) // (size + 4)
        wide = (WIDTH - GUTTER - EDGE) / count
        for index in range(count):
            tick = int((index + 0.5) / count * self._length_s * fps)
            if tick < len(pictures):
                self._image.paste(
                    _lit(pictures[tick], SPRITE_SCALE), (round(GUTTER + (index + 0.5) * wide - size / 2), self._y)
                )
        self._gutter("animation", size)
        self._y += size + 8

    def _palette(self) -> None:
        for shot in self._analysis.palette:
            left, right = self._x(shot.start_s), self._x(shot.start_s + shot.duration_s)
            step = (right - left) / len(shot.colours)
            for index, colour in enumerate(shot.colours):
                box = (left + index * step, self._y, left + (index + 1) * step, self._y + BAND)
                self._draw.rectangle(box, colour)
            self._draw.line((right, self._y, right, self._y + BAND), PAPER, 2)
        self._gutter("palette", BAND)
        self._y += BAND + 14

    def _events(self) -> None:
        for _, colour, kinds in GROUPS:
            for kind in kinds:
                lane = [event for event in self._analysis.events if event.kind is kind]
                if lane:
                    self._gutter(kind.replace("_", " "), LANE, colour)
                    lefts = [self._x(event.start_s) for event in lane[1:]]
                    taken = float(GUTTER)
                    for event, left in zip(lane, [*lefts, WIDTH - EDGE], strict=True):
                        taken = self._event(event, colour, taken, left)
                    self._y += LANE
        self._y += 10

    def _event(self, event: Event, colour: tuple[int, int, int], since: float, until: float) -> float:
        """Draw it with its text, or what of that has room between its neighbours; return where the room is taken to."""
        shade = tuple(round(p + (c - p) * (0.35 + 0.65 * event.confidence)) for c, p in zip(colour, PAPER, strict=True))
        middle = self._y + LANE / 2
        left = self._x(event.start_s)
        if event.kind.instant:
            left = self._x(event.start_s + event.duration_s / 2)
            points = [(left - 6, middle), (left, middle - 7), (left + 6, middle), (left, middle + 7)]
            self._draw.polygon(points, shade)
            right = left + 8
        else:
            right = max(self._x(event.end_s), left + 3)
            self._draw.rounded_rectangle((left, middle - 8, right, middle + 8), 4, shade)
        texts = [(text, self._draw.textlength(text, self._small)) for text in _described(event)]
        for text, length in texts:
            if right - left > length + 10:
                self._draw.text(
                    ((left + right) / 2, middle), text, PAPER if event.confidence > 0.45 else INK, self._small, "mm"
                )
                return right
        for text, length in texts:
            if right + length + 8 < until:
                self._draw.text((right + 4, middle), text, GREY, self._small, "lm")
                return right + length + 4
            if left - length - 12 > since:
                self._draw.text((left - 8, middle), text, GREY, self._small, "rm")
                return right
        return right

    def _curves(self) -> None:
        curves = self._analysis.curves
        for name, values, colour in (("brightness", curves.brightness, BRIGHT), ("motion", curves.motion, MOVING)):
            base = self._y + CURVE
            self._gutter(name, CURVE, colour)
            self._draw.line((GUTTER, base, WIDTH - EDGE, base), FAINT)
            points = [(self._x(i / curves.rate_hz), base - value * (CURVE - 4)) for i, value in enumerate(values)]
            if len(points) > 1:
                under = [(points[0][0], base), *points, (points[-1][0], base)]
                self._draw.polygon(under, tuple(round(p + (c - p) * 0.25) for c, p in zip(colour, PAPER, strict=True)))
                self._draw.line(points, colour, 2, joint="curve")
            self._y += CURVE + 8

    def _cue_lanes(self) -> None:
        """One lane for all performers that do the same."""
        lanes: dict[tuple[tuple[float, str], ...], list[str]] = {}
        for performer in dict.fromkeys(cue.performer for cue in self._cues):
            acts = tuple(sorted((cue.at_s, str(cue.action)) for cue in self._cues if cue.performer == performer))
            lanes.setdefault(acts, []).append(performer)
        for acts, performers in lanes.items():
            self._cue_lane(acts, performers)

    def _cue_lane(self, acts: Sequence[tuple[float, str]], performers: Sequence[str]) -> None:
        """Each act in the first row that has room for its text; where none has, a short mark below."""
        ends = [0.0] * CUE_ROWS
        bottom = self._y + CUE_ROWS * CUE_ROW
        for at_s, text in acts:
            left = self._x(at_s)
            room = WIDTH - EDGE - left - 5
            row = next((row for row, end in enumerate(ends) if left >= end), None)
            if row is None or room <= 20:
                self._draw.line((left, bottom, left, bottom + 5), GREY, 2)
                continue
            top = self._y + row * CUE_ROW
            shown = _shortened(text, room, self._draw, self._small)
            self._draw.line((left, top + 1, left, top + CUE_ROW - 2), INK, 2)
            self._draw.text((left + 5, top + CUE_ROW / 2 - 1), shown, INK, self._small, "lm")
            ends[row] = left + 12 + self._draw.textlength(shown, self._small)
        used = CUE_ROW * max(1, sum(end > 0 for end in ends))
        names = list(performers)
        if len(names) > CUE_ROWS:
            names[CUE_ROWS - 1 :] = [f"and {len(names) - CUE_ROWS + 1} more"]
        for index, name in enumerate(names):
            height = self._y + (index + 0.5) * CUE_ROW
            self._draw.text(
                (GUTTER - 10, height), _shortened(name, GUTTER - EDGE, self._draw, self._label), INK, self._label, "rm"
            )
        self._y = max(bottom + 8 if used == CUE_ROWS * CUE_ROW else self._y + used, self._y + len(names) * CUE_ROW) + 8

    def _axis(self, top: int) -> None:
        step = next((step for step in (0.5, 1, 2, 5, 10, 30, 60, 120) if self._length_s / step <= 16), 300)
        self._draw.line((GUTTER, self._y, WIDTH - EDGE, self._y), GREY)
        for index in range(math.floor(self._length_s / step) + 1):
            x = self._x(index * step)
            for y in range(top, self._y, 6):
                if self._image.getpixel((min(int(x), WIDTH - 1), y)) == PAPER:
                    self._draw.point((x, y), GREY)
            self._draw.line((x, self._y, x, self._y + 5), GREY)
            self._draw.text((x, self._y + 8), f"{index * step:g} s", GREY, self._small, "ma")
        self._y += 24


def _described(event: Event) -> list[str]:
    """The event in words, in full and in short: the lane has its name."""
    shown = {
        "height": "{:.0%} high",
        "drop": "{:.0%} down",
        "ratio": "x {:.2f}",
        "hz": "{:.1f} Hz",
        "distance": "{:.0%}",
        "speed": "{:.0%}/s",
    }
    parts = [form.format(event.parameters[name]) for name, form in shown.items() if name in event.parameters]
    full = " ".join((event.kind.replace("_", " "), *parts))
    return [full, " ".join(parts)] if parts else [full]


def _shortened(
    text: str, room: float, draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> str:
    while text and draw.textlength(text, font) > room:
        text = text[:-2].rstrip() + "…" if len(text) > 2 else ""
    return text


def _strip(analysis: Analysis) -> list[Image.Image]:
    """Evenly spaced pictures of the film, in colour; none if it cannot be read any more."""
    try:
        with FilmReader(analysis.film.path) as reader:
            return list(_evenly(reader, analysis.film.duration_s))
    except AnalysisError:
        return []


def _evenly(reader: FilmReader, duration_s: float) -> Iterator[Image.Image]:
    wanted = [(index + 0.5) / STRIP * duration_s * reader.rate for index in range(STRIP)]
    for picture in reader.pictures():
        while wanted and picture.index >= math.floor(wanted[0]):
            wanted.pop(0)
            chroma = picture.chroma.repeat(2, axis=1).repeat(2, axis=2).astype(np.float32) - 128
            yield Image.fromarray(to_rgb(picture.luma.astype(np.float32), chroma).astype(np.uint8))


def _lit(picture: Picture, scale: int) -> Image.Image:
    """The picture as a display shows it, each pixel `scale` wide."""
    colours = np.where(picture[:, :, None], np.array(LIT, np.uint8), np.array(UNLIT, np.uint8))
    return Image.fromarray(colours.repeat(scale, axis=0).repeat(scale, axis=1))
