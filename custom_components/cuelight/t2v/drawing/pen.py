"""A pen that draws smooth outlined shapes through an affine transform, supersampled by whoever owns the image."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

type Colour = tuple[int, int, int]
type Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Transform:
    """Maps drawing units (y upwards) to pixels (y downwards)."""

    xx: float
    xy: float
    yx: float
    yy: float
    x: float
    y: float

    def apply(self, points: Points) -> list[tuple[float, float]]:
        """Return the points in pixels."""
        return [(self.xx * x + self.xy * y + self.x, self.yx * x + self.yy * y + self.y) for x, y in points]

    @property
    def scale(self) -> float:
        """Pixels per drawing unit, the geometric mean of both directions (of the larger one when nearly edge-on)."""
        wide, high = math.hypot(self.xx, self.yx), math.hypot(self.xy, self.yy)
        return math.sqrt(max(wide, high * 0.5) * high)


class Pen:
    """Draws on an RGBA image. Every shape gets an outline, except within `flat`; `joined` shares one among several."""

    def __init__(self, image: Image.Image, transform: Transform, outline: Colour, width: float) -> None:
        self._draw = ImageDraw.Draw(image)
        self._transform = transform
        self._outline = outline
        self._width = width * transform.scale
        self._pending: list[tuple[list[tuple[float, float]], Colour]] | None = None
        self._outlined = True

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Let the shapes drawn inside melt into one silhouette."""
        self._pending = []
        yield
        shapes, self._pending = self._pending, None
        for points, _ in shapes:
            self._stroke(points)
        for points, fill in shapes:
            self._draw.polygon(points, fill=fill)

    @contextmanager
    def flat(self) -> Iterator[None]:
        """Draw without outlines: markings, eyes, shine."""
        self._outlined = False
        yield
        self._outlined = True

    def polygon(self, points: Points, fill: Colour) -> None:
        """Draw a shape with corners."""
        self._shape(self._transform.apply(points), fill)

    def blob(self, points: Points, fill: Colour) -> None:
        """Draw a closed smooth shape through the points."""
        self._shape(self._transform.apply(smooth(points, closed=True)), fill)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour, tilt: float = 0.0) -> None:
        """Draw an ellipse, tilted by degrees."""
        self._shape(self._transform.apply(ellipse(x, y, rx, ry, tilt)), fill)

    def limb(self, points: Points, start: float, end: float, fill: Colour) -> None:
        """Draw a round-ended tapering stroke of half-widths ``start`` to ``end`` along a smooth line."""
        curve = smooth(points, closed=False)
        # Discs fill the holes that a ribbon folding over itself leaves at sharp bends.
        last = len(curve) - 1
        halves = [start + (end - start) * index / last for index in range(len(curve))]
        discs = [ellipse(*curve[i], halves[i], halves[i], count=16) for i in range(2, last, 2)]
        outlines = [self._transform.apply(outline) for outline in (ribbon(curve, start, end), *discs)]
        if self._pending is not None or not self._outlined:
            for outline in outlines:
                self._shape(outline, fill)
            return
        for outline in outlines:
            self._stroke(outline)
        for outline in outlines:
            self._draw.polygon(outline, fill=fill)

    def line(self, points: Points, width: float, fill: Colour) -> None:
        """Draw a thin smooth line with no outline."""
        with self.flat():
            self.limb(points, width / 2, width / 2, fill)

    def _shape(self, points: list[tuple[float, float]], fill: Colour) -> None:
        if self._pending is not None and self._outlined:
            self._pending.append((points, fill))
            return
        if self._outlined:
            self._stroke(points)
        self._draw.polygon(points, fill=fill)

    def _stroke(self, points: list[tuple[float, float]]) -> None:
        width = max(1, round(self._width * 2))
        self._draw.line([*points, points[0], points[1]], fill=self._outline, width=width, joint="curve")


def ellipse(x: float, y: float, rx: float, ry: float, tilt: float = 0.0, count: int = 40) -> list[tuple[float, float]]:
    """Return the outline of an ellipse tilted by degrees."""
    c, s = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    around = ((rx * math.cos(a), ry * math.sin(a)) for a in (2 * math.pi * i / count for i in range(count)))
    return [(x + c * u - s * v, y + s * u + c * v) for u, v in around]


def smooth(points: Points, closed: bool, steps: int = 7) -> list[tuple[float, float]]:
    """Return a Catmull-Rom curve through the points."""
    p = np.asarray(points, float)
    before, after = (p[-1:], p[:2]) if closed else (2 * p[:1] - p[1:2], 2 * p[-1:] - p[-2:-1])
    p = np.concatenate([before, p, after])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    line = curve.transpose(1, 0, 2).reshape(-1, 2)
    if not closed:
        line = np.concatenate([line, p[-2:-1]])
    return [(float(x), float(y)) for x, y in line]


def ribbon(line: Points, start: float, end: float) -> list[tuple[float, float]]:
    """Return the outline of a round-ended stroke along the line, tapering between the half-widths."""
    p = np.asarray(line, float)
    direction = np.gradient(p, axis=0)
    direction /= np.maximum(np.hypot(direction[:, 0], direction[:, 1]), 1e-9)[:, None]
    normal = np.stack([-direction[:, 1], direction[:, 0]], 1)
    half = np.linspace(start, end, len(p))[:, None]
    left, right = p + normal * half, p - normal * half
    cap_end = _cap(p[-1], direction[-1], end)
    cap_start = _cap(p[0], -direction[0], start)
    outline = np.concatenate([left, cap_end, right[::-1], cap_start])
    return [(float(x), float(y)) for x, y in outline]


def _cap(centre: np.ndarray, direction: np.ndarray, radius: float) -> np.ndarray:
    angle = math.atan2(direction[1], direction[0])
    around = angle + np.linspace(math.pi / 2, -math.pi / 2, 9)[1:-1]
    return centre + radius * np.stack([np.cos(around), np.sin(around)], 1)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Return the colour ``share`` of the way from ``a`` to ``b``."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def lighter(colour: Colour, share: float) -> Colour:
    """Return the colour mixed with white."""
    return mix(colour, (255, 255, 255), share)


def darker(colour: Colour, share: float) -> Colour:
    """Return the colour mixed with a deep blue black."""
    return mix(colour, (22, 18, 38), share)


def luminance(colour: Colour) -> float:
    """Return the perceived brightness, 0 to 255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def distance(a: Colour, b: Colour) -> float:
    """Return how different two colours look: brightness weighs most."""
    return abs(luminance(a) - luminance(b)) * 1.2 + math.dist(a, b) * 0.6
