"""Where films happen: still pictures with depth, painted once a film, different for every seed."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from .pen import Colour, Pen, Transform, darker, lighter, mix

_SUPERSAMPLING = 2
_BAND = 64


@dataclass(frozen=True, slots=True)
class Place:
    """A painted place.

    ``ground`` is the height of the floor under the subject, ``ledge`` the colour of furniture, ``glow`` of the light.
    """

    backdrop: Image.Image
    ground: float
    ledge: Colour
    glow: Colour


class Painter:
    """Paints in units of the picture's height, x to the right, y upwards; colours take on the hour."""

    def __init__(self, width: int, height: int, rng: random.Random, hour: str) -> None:
        self._size = (width * _SUPERSAMPLING, height * _SUPERSAMPLING)
        self.wide = width / height
        self.rng = rng
        self.hour = hour
        self._image = Image.new("RGB", self._size)

    def finish(self, size: tuple[int, int]) -> Image.Image:
        """Return the picture with a soft vignette."""
        picture = self._image.resize(size, Image.Resampling.LANCZOS)

        def darken(band: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
            x, y = 2 * columns / size[0] - 1, 2 * rows / size[1] - 1
            shade = 1 - 0.2 * np.clip((x * x + y * y) / 2 - 0.15, 0, 1)
            return band * shade[..., None]

        _by_bands(picture, darken)
        return picture

    def tone(self, colour: Colour) -> Colour:
        """Return how a surface of this colour looks at this hour."""
        if self.hour == "night":
            return mix(_scale(colour, 0.5), (38, 48, 104), 0.4)
        if self.hour == "sunset":
            return mix(_scale(colour, 0.9), (244, 140, 96), 0.26)
        return colour

    def vary(self, colour: Colour, amount: int = 16) -> Colour:
        """Return a colour near this one."""
        shift = self.rng.randint(-amount, amount)
        r, g, b = (max(0, min(255, c + shift + self.rng.randint(-amount, amount) // 2)) for c in colour)
        return (r, g, b)

    def gradient(self, stops: Sequence[tuple[float, Colour]]) -> None:
        """Fill the picture with colours at heights, dithered against banding."""
        ordered = sorted(stops)
        heights = [height for height, _ in ordered]
        noise = np.random.default_rng(self.rng.randrange(2**32))

        def fill(band: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
            y = 1 - rows[:, 0] / (self._size[1] - 1)
            column = np.stack([np.interp(y, heights, [c[i] for _, c in ordered]) for i in range(3)], -1)
            return column.astype(np.float32)[:, None] + noise.random((*band.shape[:2], 1), np.float32)

        _by_bands(self._image, fill)

    def layer(self, draw: Callable[[Pen], None], blur: float = 0.0, opacity: float = 1.0) -> None:
        """Draw something, blurred by a share of the height (0.01 is soft), and lay it over the picture."""
        sheet = Image.new("RGBA", self._size)
        unit = self._size[1]
        pen = Pen(sheet, Transform(unit, 0, 0, -unit, 0, unit), (0, 0, 0), 0)
        with pen.flat():
            draw(pen)
        self._lay(sheet, blur, opacity)

    def light(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Add a round glow."""
        unit = self._size[1]
        tint = np.array(colour, np.float32)

        def glow(band: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
            squared = ((columns / unit - x) ** 2 + (1 - rows / unit - y) ** 2) / radius**2
            share = (np.exp(-2.2 * squared) * strength).astype(np.float32)[..., None]
            return np.asarray(band + (tint - band) * share)

        _by_bands(self._image, glow)

    def _lay(self, sheet: Image.Image, blur: float, opacity: float) -> None:
        if blur:
            radius = blur * self._size[1]
            # Blurring straight alpha would drag in black from where nothing is drawn.
            premultiplied = sheet.convert("RGBa").filter(ImageFilter.GaussianBlur(radius))
            sheet = premultiplied.convert("RGBA")
        alpha = sheet.getchannel("A")
        if opacity < 1:
            alpha = alpha.point([round(value * opacity) for value in range(256)])
        self._image.paste(sheet, (0, 0), alpha)

    # --- things that several places have ---

    def sky(self, horizon: float) -> None:
        """Paint the sky of the hour with sun or moon, clouds or stars."""
        x = self.rng.uniform(0.15, 0.85) * self.wide
        if self.hour == "night":
            self.gradient([(1, (14, 18, 50)), (0.6, (34, 42, 92)), (horizon, (78, 86, 140))])
            self.stars(90, horizon)
            self.moon(x, self.rng.uniform(0.76, 0.86))
        elif self.hour == "sunset":
            self.gradient(
                [(1, (92, 92, 168)), (0.7, (232, 128, 128)), (horizon + 0.05, (255, 208, 140)), (0, (255, 224, 170))]
            )
            self.light(x, horizon + 0.08, 0.42, (255, 236, 180), 0.8)
            self.layer(lambda pen: pen.oval(x, horizon + 0.1, 0.075, 0.075, (255, 246, 214)))
            self.clouds(horizon, (255, 190, 160))
        else:
            top = self.rng.choice(((88, 164, 232), (108, 186, 232), (126, 178, 236)))
            self.gradient([(1, top), (horizon, (222, 240, 250)), (0, (230, 244, 250))])
            self.light(x, 0.86, 0.3, (255, 250, 220), 0.75)
            self.layer(lambda pen: pen.oval(x, 0.86, 0.06, 0.06, (255, 248, 214)), blur=0.004)
            self.clouds(horizon, (255, 255, 255))

    def stars(self, count: int, lowest: float) -> None:
        """Scatter stars above a height."""

        def draw(pen: Pen) -> None:
            for _ in range(count):
                size = self.rng.choice((0.0016, 0.002, 0.002, 0.0036))
                shade = self.rng.randint(170, 255)
                pen.oval(
                    self.rng.uniform(0, self.wide),
                    self.rng.uniform(lowest, 1),
                    size,
                    size,
                    (shade, shade, min(255, shade + 20)),
                )

        self.layer(draw)

    def moon(self, x: float, y: float) -> None:
        """Hang the moon."""
        self.light(x, y, 0.3, (190, 200, 255), 0.4)

        def draw(pen: Pen) -> None:
            pen.oval(x, y, 0.062, 0.062, (250, 246, 222))
            for dx, dy, r in ((-0.02, 0.015, 0.014), (0.018, -0.012, 0.018), (0.02, 0.026, 0.008)):
                pen.oval(x + dx, y + dy, r, r, (232, 226, 200))

        self.layer(draw)

    def clouds(self, horizon: float, colour: Colour) -> None:
        """Draw a few clouds."""

        def draw(pen: Pen) -> None:
            for _ in range(self.rng.randint(2, 4)):
                x, y = self.rng.uniform(0, self.wide), self.rng.uniform(max(0.7, horizon + 0.15), 0.94)
                size = self.rng.uniform(0.03, 0.06)
                for step in range(-2, 3):
                    high = size * (1.15 - 0.28 * abs(step)) * self.rng.uniform(0.85, 1.1)
                    pen.oval(x + step * size * 0.95, y + high * 0.5, size, high, colour)
                pen.oval(x, y + size * 0.12, size * 2.9, size * 0.42, colour)

        self.layer(draw, blur=0.006, opacity=0.85)

    def hills(self, base: float, rise: float, colour: Colour, blur: float = 0.0, bumps: float = 2.0) -> None:
        """Draw a rolling range; ``base`` is its mean height."""
        phase = [self.rng.uniform(0, 2 * math.pi) for _ in range(3)]

        def draw(pen: Pen) -> None:
            line = [(x, base + rise * self._roll(x, phase, bumps)) for x in np.linspace(-0.1, self.wide + 0.1, 90)]
            pen.polygon([*line, (self.wide + 0.1, -0.1), (-0.1, -0.1)], self.tone(colour))

        self.layer(draw, blur)

    @staticmethod
    def _roll(x: float, phase: Sequence[float], bumps: float) -> float:
        return (
            0.6 * math.sin(bumps * 1.7 * x + phase[0])
            + 0.3 * math.sin(bumps * 3.9 * x + phase[1])
            + 0.1 * math.sin(bumps * 9 * x + phase[2])
        )

    def floor(self, top: float, far: Colour, near: Colour) -> None:
        """Fill the ground below a height, from far to near."""

        def draw(pen: Pen) -> None:
            steps = 60
            for index in range(steps):
                y = top * (1 - index / steps)
                shade = self.tone(mix(far, near, index / steps))
                pen.polygon([(-0.1, y), (self.wide + 0.1, y), (self.wide + 0.1, -0.1), (-0.1, -0.1)], shade)

        self.layer(draw)

    def tree(self, pen: Pen, x: float, foot: float, size: float, leaves: Colour, trunk: Colour = (112, 78, 58)) -> None:
        """Draw a leafy tree."""
        pen.limb([(x, foot), (x + 0.02 * size, foot + 0.45 * size)], 0.06 * size, 0.035 * size, self.tone(trunk))
        dark, light = self.tone(darker(leaves, 0.16)), self.tone(lighter(leaves, 0.1))
        for dx, dy, r in ((-0.2, 0.52, 0.2), (0.2, 0.54, 0.21), (0.0, 0.72, 0.25)):
            pen.oval(x + dx * size, foot + (dy - 0.03) * size, r * size, r * size, dark)
        for dx, dy, r in ((-0.18, 0.56, 0.17), (0.16, 0.6, 0.17), (-0.02, 0.78, 0.2)):
            pen.oval(x + dx * size, foot + dy * size, r * size, r * size, light)

    def grove(
        self, pen: Pen, spots: Sequence[tuple[float, float]], foot: float, colour: Colour, snowy_pines: bool = False
    ) -> None:
        """Draw a tree at each x, of the size beside it."""
        for x, size in spots:
            if snowy_pines:
                self.pine(pen, x, foot, size, colour, snow=True)
            else:
                self.tree(pen, x, foot, size, colour)

    def pine(self, pen: Pen, x: float, foot: float, size: float, colour: Colour, snow: bool = False) -> None:
        """Draw a conifer."""
        pen.polygon(
            [
                (x - 0.03 * size, foot),
                (x - 0.03 * size, foot + 0.2 * size),
                (x + 0.03 * size, foot + 0.2 * size),
                (x + 0.03 * size, foot),
            ],
            self.tone((96, 70, 58)),
        )
        for level, width in ((0.12, 0.3), (0.36, 0.24), (0.6, 0.17)):
            y = foot + level * size
            pen.polygon(
                [(x - width * size, y), (x, y + 0.46 * size), (x + width * size, y)],
                self.tone(mix(colour, (255, 255, 255), level * 0.12)),
            )
            if snow:
                pen.polygon(
                    [
                        (x - width * 0.45 * size, y + 0.25 * size),
                        (x, y + 0.46 * size),
                        (x + width * 0.45 * size, y + 0.25 * size),
                        (x, y + 0.32 * size),
                    ],
                    self.tone((246, 250, 255)),
                )


def _by_bands(image: Image.Image, change: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> None:
    """Change the picture in place, a band of rows at a time: a large picture in floats would need much memory.

    ``change`` gets a band of RGB floats and its row and column numbers.
    """
    width, height = image.size
    columns = np.arange(width, dtype=np.float32)[None]
    for top in range(0, height, _BAND):
        box = (0, top, width, min(height, top + _BAND))
        rows = np.arange(top, box[3], dtype=np.float32)[:, None]
        changed = change(np.asarray(image.crop(box), np.float32), rows, columns)
        image.paste(Image.fromarray(np.clip(changed, 0, 255).astype(np.uint8)), box[:2])


def _scale(colour: Colour, factor: float) -> Colour:
    return (round(colour[0] * factor), round(colour[1] * factor), round(colour[2] * factor))


type _Paint = Callable[[Painter], tuple[float, Colour]]


def _meadow(p: Painter) -> tuple[float, Colour]:
    p.sky(0.42)
    green = p.rng.choice(((132, 190, 96), (150, 196, 92), (112, 180, 104)))
    p.hills(0.47, 0.05, mix(green, (160, 200, 220), 0.55), blur=0.008)
    p.hills(0.41, 0.04, mix(green, (170, 210, 200), 0.25), blur=0.005)
    spots = [(p.rng.uniform(0, p.wide), p.rng.uniform(0.18, 0.3)) for _ in range(p.rng.randint(3, 5))]
    p.layer(lambda pen: p.grove(pen, spots, 0.36, darker(green, 0.12)), blur=0.004)
    p.floor(0.37, lighter(green, 0.12), darker(green, 0.22))

    def grass(pen: Pen) -> None:
        for _ in range(240):
            y = 0.35 * p.rng.random() ** 0.7
            x, size = p.rng.uniform(0, p.wide), 0.012 + 0.03 * (0.36 - y)
            shade = p.tone(mix(green, p.rng.choice(((255, 255, 180), (30, 90, 60))), p.rng.uniform(0.05, 0.28)))
            pen.limb([(x, y), (x + size * p.rng.uniform(-0.5, 0.5), y + size)], size * 0.12, size * 0.04, shade)
        for _ in range(p.rng.randint(14, 26)):
            y = p.rng.choice((p.rng.uniform(0.28, 0.34), p.rng.uniform(0.01, 0.1)))
            x, size = p.rng.uniform(0, p.wide), 0.004 + 0.012 * (0.36 - y)
            petal = p.tone(p.rng.choice(((255, 255, 250), (255, 214, 92), (246, 150, 176), (190, 160, 240))))
            for step in range(5):
                a = step * 2 * math.pi / 5
                pen.oval(x + size * math.cos(a), y + size * math.sin(a), size * 0.7, size * 0.7, petal)
            pen.oval(x, y, size * 0.5, size * 0.5, p.tone((250, 190, 60)))

    p.layer(grass)
    return 0.17, (150, 116, 84)


def _forest(p: Painter) -> tuple[float, Colour]:
    p.sky(0.4)
    green = p.rng.choice(((86, 146, 96), (104, 152, 84), (74, 136, 112)))
    for depth in range(4):
        haze = 0.62 - 0.2 * depth
        colour = mix(green, (206, 226, 214), haze)
        p.hills(0.36 - 0.015 * depth, 0.02, colour, blur=0.008 - 0.0016 * depth, bumps=4)

        def trees(pen: Pen, depth: int = depth, colour: Colour = colour) -> None:
            count = 12 - 2 * depth
            for index in range(count):
                x = p.wide * (index + p.rng.uniform(0.1, 0.9)) / count
                # The middle stays open for the subject.
                if depth > 1 and abs(x - p.wide / 2) < p.wide * 0.27:
                    continue
                size = p.rng.uniform(0.34, 0.46) * (1 + 0.35 * depth)
                p.pine(pen, x, 0.33 - 0.015 * depth, size, darker(colour, 0.1 + 0.08 * depth))

        p.layer(trees, blur=0.009 - 0.0018 * depth)
    p.floor(0.31, mix(green, (214, 220, 170), 0.35), darker(green, 0.35))
    p.light(p.wide / 2, 0.45, 0.6, (250, 250, 214) if p.hour != "night" else (120, 140, 210), 0.28)

    def litter(pen: Pen) -> None:
        for _ in range(70):
            y = 0.29 * p.rng.random()
            x, size = p.rng.uniform(0, p.wide), 0.006 + 0.02 * (0.3 - y)
            shade = p.tone(p.rng.choice(((176, 140, 84), (110, 140, 70), (200, 160, 96), (84, 120, 72))))
            pen.oval(x, y, size, size * 0.4, shade, p.rng.uniform(-30, 30))
        for side in (0.04, 0.96):
            x = p.wide * (side + p.rng.uniform(-0.02, 0.02))
            pen.limb([(x, 0.05), (x, 0.11)], 0.018, 0.014, p.tone((240, 226, 206)))
            pen.blob([(x - 0.06, 0.105), (x - 0.03, 0.16), (x + 0.03, 0.16), (x + 0.06, 0.105)], p.tone((214, 76, 66)))
            for dx, dy in ((-0.025, 0.13), (0.02, 0.14), (0.0, 0.115)):
                pen.oval(x + dx, dy, 0.007, 0.006, p.tone((255, 246, 236)))

    p.layer(litter)
    return 0.16, (134, 100, 74)


def _sea(p: Painter) -> tuple[float, Colour]:
    p.sky(0.46)
    blue = p.rng.choice(((52, 134, 190), (44, 150, 178), (64, 122, 196)))

    def water(pen: Pen) -> None:
        for index in range(40):
            y = 0.48 - 0.23 * index / 40
            pen.polygon(
                [(-0.1, y), (p.wide + 0.1, y), (p.wide + 0.1, 0), (-0.1, 0)],
                p.tone(mix(lighter(blue, 0.35), blue, index / 40)),
            )
        for _ in range(60):
            y = 0.26 + 0.21 * p.rng.random() ** 1.6
            x, size = p.rng.uniform(0, p.wide), 0.02 + 0.25 * (0.48 - y)
            pen.limb(
                [(x, y), (x + size / 2, y + 0.003), (x + size, y)],
                0.0012,
                0.0012,
                p.tone(lighter(blue, p.rng.uniform(0.3, 0.7))),
            )

    p.layer(water, blur=0.0015)
    boat = p.rng.uniform(0.12, 0.88) * p.wide

    def sail(pen: Pen) -> None:
        pen.polygon(
            [(boat - 0.045, 0.47), (boat + 0.045, 0.47), (boat + 0.03, 0.452), (boat - 0.03, 0.452)],
            p.tone((140, 80, 70)),
        )
        pen.polygon([(boat - 0.004, 0.475), (boat - 0.004, 0.57), (boat + 0.045, 0.48)], p.tone((255, 252, 244)))
        pen.polygon([(boat - 0.01, 0.475), (boat - 0.01, 0.55), (boat - 0.04, 0.48)], p.tone((240, 226, 216)))

    p.layer(sail, blur=0.002)
    sand = p.rng.choice(((244, 222, 176), (238, 208, 160), (248, 230, 194)))
    p.hills(0.262, 0.012, (248, 252, 252), blur=0.003, bumps=3)
    p.hills(0.25, 0.012, mix(sand, blue, 0.25), bumps=3)
    p.floor(0.235, sand, darker(sand, 0.16))

    def shells(pen: Pen) -> None:
        for _ in range(160):
            x, y = p.rng.uniform(0, p.wide), 0.23 * p.rng.random()
            pen.oval(x, y, 0.0022, 0.0014, p.tone(darker(sand, p.rng.uniform(0.1, 0.3))))
        for _ in range(5):
            x, y, size = p.rng.uniform(0, p.wide), p.rng.uniform(0.02, 0.07), p.rng.uniform(0.012, 0.02)
            pen.blob(
                [
                    (x - size, y),
                    (x - size * 0.6, y + size),
                    (x + size * 0.6, y + size),
                    (x + size, y),
                    (x, y - size * 0.6),
                ],
                p.tone((252, 200, 190)),
            )

    p.layer(shells)
    return 0.14, (176, 140, 104)


def _underwater(p: Painter) -> tuple[float, Colour]:
    if p.hour == "sunset":
        p.hour = "day"
    blue = p.rng.choice(((30, 120, 170), (24, 132, 150), (44, 104, 176)))
    top, deep = p.tone(lighter(blue, 0.6)), p.tone(darker(blue, 0.35))
    p.gradient([(1, top), (0.55, p.tone(blue)), (0, deep)])

    def rays(pen: Pen) -> None:
        for _ in range(7):
            x, width = p.rng.uniform(-0.1, p.wide), p.rng.uniform(0.03, 0.1)
            lean = p.rng.uniform(0.15, 0.35)
            pen.polygon([(x, 1.05), (x + width, 1.05), (x + width * 2.4 + lean, 0.1), (x + lean, 0.1)], (226, 250, 250))

    p.layer(rays, blur=0.02, opacity=0.16)
    p.hills(0.26, 0.06, mix(blue, (20, 60, 90), 0.35), blur=0.012, bumps=3)
    p.hills(0.18, 0.03, mix((226, 206, 160), blue, 0.45), blur=0.004, bumps=2)

    def weeds(pen: Pen) -> None:
        for _ in range(p.rng.randint(9, 13)):
            x = p.rng.choice((p.rng.uniform(0, 0.24), p.rng.uniform(0.76, 1))) * p.wide
            size, bend = p.rng.uniform(0.14, 0.42), p.rng.uniform(-0.04, 0.04)
            shade = p.tone(p.vary(p.rng.choice(((52, 150, 96), (96, 160, 84), (190, 84, 120), (236, 138, 92)))))
            stem = [(x, 0.08), (x + bend, 0.08 + size * 0.35), (x - bend, 0.08 + size * 0.7), (x + bend, 0.08 + size)]
            pen.limb(stem, 0.016, 0.005, shade)
        for _ in range(4):
            x, r = p.rng.choice((p.rng.uniform(0, 0.25), p.rng.uniform(0.75, 1))) * p.wide, p.rng.uniform(0.03, 0.06)
            pen.oval(x, 0.09, r * 1.4, r, p.tone(mix((120, 118, 130), blue, 0.3)))

    p.layer(weeds, blur=0.003)

    def bubbles(pen: Pen) -> None:
        for _ in range(26):
            x, y, r = p.rng.uniform(0, p.wide), p.rng.uniform(0.15, 1), p.rng.uniform(0.004, 0.013)
            pen.oval(x, y, r, r, lighter(blue, 0.75))
            pen.oval(x, y, r * 0.8, r * 0.8, lighter(blue, 0.4))

    p.layer(bubbles, opacity=0.55)
    return 0.12, (180, 150, 116)


def _street(p: Painter) -> tuple[float, Colour]:
    p.sky(0.4)
    walls = [(226, 150, 120), (236, 204, 150), (158, 186, 196), (198, 170, 200), (176, 200, 160), (230, 180, 170)]
    p.rng.shuffle(walls)
    lit = p.hour != "day"

    def houses(pen: Pen) -> None:
        x, index = -0.05, 0
        while x < p.wide:
            width, high = p.rng.uniform(0.22, 0.34), p.rng.uniform(0.4, 0.58)
            wall = mix(walls[index % len(walls)], (240, 240, 244), 0.12)
            pen.polygon([(x, 0.2), (x, 0.24 + high), (x + width, 0.24 + high), (x + width, 0.2)], p.tone(wall))
            pen.polygon(
                [(x - 0.01, 0.24 + high), (x + width / 2, 0.31 + high), (x + width + 0.01, 0.24 + high)],
                p.tone(darker(wall, 0.4)),
            )
            columns, rows = (2, 3) if width < 0.27 else (3, 3)
            for c in range(columns):
                for r in range(rows):
                    wx, wy = x + width * (c + 0.5) / columns, 0.36 + (high - 0.14) * r / rows + 0.06
                    glass = (255, 222, 140) if lit and p.rng.random() < 0.65 else p.tone((150, 190, 212))
                    pen.polygon(
                        [
                            (wx - 0.03, wy - 0.042),
                            (wx - 0.03, wy + 0.042),
                            (wx + 0.03, wy + 0.042),
                            (wx + 0.03, wy - 0.042),
                        ],
                        p.tone(lighter(wall, 0.5)),
                    )
                    pen.polygon(
                        [
                            (wx - 0.024, wy - 0.036),
                            (wx - 0.024, wy + 0.036),
                            (wx + 0.024, wy + 0.036),
                            (wx + 0.024, wy - 0.036),
                        ],
                        glass,
                    )
            x += width
            index += 1

    p.layer(houses, blur=0.0045)
    p.floor(0.31, (196, 192, 190), (176, 172, 174))
    p.floor(0.235, (112, 112, 124), (92, 92, 106))

    def road(pen: Pen) -> None:
        pen.polygon([(-0.1, 0.245), (p.wide + 0.1, 0.245), (p.wide + 0.1, 0.23), (-0.1, 0.23)], p.tone((214, 210, 206)))
        for index in range(7):
            x = p.wide * (index + 0.2) / 6.5
            pen.polygon([(x, 0.062), (x + 0.02, 0.082), (x + 0.16, 0.082), (x + 0.15, 0.062)], p.tone((236, 230, 206)))
        for side in (0.06, 0.95):
            x = side * p.wide
            pen.limb([(x, 0.24), (x, 0.72)], 0.009, 0.006, p.tone((70, 74, 84)))
            pen.oval(x, 0.735, 0.026, 0.026, (255, 236, 170) if lit else p.tone((236, 236, 226)))

    p.layer(road)
    if lit:
        for side in (0.06, 0.95):
            p.light(side * p.wide, 0.735, 0.16, (255, 226, 150), 0.55)
    return 0.15, (150, 130, 120)


def _room(p: Painter) -> tuple[float, Colour]:
    wall = p.rng.choice(((222, 206, 184), (190, 210, 206), (214, 196, 214), (204, 212, 188), (232, 208, 196)))
    night = p.hour == "night"
    p.gradient([(1, p.tone(darker(wall, 0.08))), (0.3, p.tone(lighter(wall, 0.12))), (0, p.tone(wall))])

    def paper(pen: Pen) -> None:
        for index in range(26):
            x = p.wide * index / 25
            pen.polygon([(x, 0.3), (x, 1), (x + 0.018, 1), (x + 0.018, 0.3)], p.tone(darker(wall, 0.06)))

    p.layer(paper, blur=0.003, opacity=0.7)
    left = p.rng.random() < 0.5
    window, lamp = (0.2, 0.86) if left else (0.8, 0.14)

    def furniture(pen: Pen) -> None:
        x = window * p.wide
        sky = (
            ((24, 30, 70), (80, 90, 140))
            if night
            else ((255, 190, 140), (255, 226, 180))
            if p.hour == "sunset"
            else ((150, 206, 240), (226, 242, 250))
        )
        pen.polygon([(x - 0.21, 0.46), (x - 0.21, 0.92), (x + 0.21, 0.92), (x + 0.21, 0.46)], p.tone((250, 248, 242)))
        for index in range(16):
            y = 0.9 - 0.42 * index / 16
            pen.polygon(
                [(x - 0.185, 0.48), (x - 0.185, y), (x + 0.185, y), (x + 0.185, 0.48)], mix(sky[0], sky[1], index / 16)
            )
        pen.polygon([(x - 0.009, 0.48), (x - 0.009, 0.9), (x + 0.009, 0.9), (x + 0.009, 0.48)], p.tone((250, 248, 242)))
        pen.polygon(
            [(x - 0.185, 0.685), (x - 0.185, 0.7), (x + 0.185, 0.7), (x + 0.185, 0.685)], p.tone((250, 248, 242))
        )
        curtain = p.vary(p.rng.choice(((214, 110, 100), (104, 140, 180), (230, 180, 90), (120, 160, 120))))
        for sign in (-1, 1):
            edge = x + sign * 0.25
            pen.blob(
                [
                    (edge, 0.96),
                    (x + sign * 0.12, 0.95),
                    (x + sign * 0.17, 0.68),
                    (x + sign * 0.2, 0.42),
                    (edge + sign * 0.02, 0.42),
                ],
                p.tone(curtain),
            )
        frame = (0.5 + p.rng.uniform(-0.08, 0.08)) * p.wide
        pen.polygon(
            [(frame - 0.11, 0.62), (frame - 0.11, 0.82), (frame + 0.11, 0.82), (frame + 0.11, 0.62)],
            p.tone((150, 110, 80)),
        )
        pen.polygon(
            [(frame - 0.095, 0.635), (frame - 0.095, 0.805), (frame + 0.095, 0.805), (frame + 0.095, 0.635)],
            p.tone((236, 232, 216)),
        )
        pen.blob(
            [(frame - 0.09, 0.64), (frame - 0.04, 0.73), (frame, 0.69), (frame + 0.05, 0.76), (frame + 0.09, 0.64)],
            p.tone((140, 176, 160)),
        )
        lx = lamp * p.wide
        pen.limb([(lx, 0.3), (lx, 0.66)], 0.007, 0.007, p.tone((90, 80, 76)))
        pen.polygon(
            [(lx - 0.1, 0.62), (lx - 0.055, 0.78), (lx + 0.055, 0.78), (lx + 0.1, 0.62)],
            (255, 226, 160) if night else p.tone((246, 226, 186)),
        )

    p.layer(furniture, blur=0.004)
    wood = p.rng.choice(((186, 138, 98), (164, 118, 88), (206, 164, 120)))
    p.floor(0.34, lighter(wood, 0.1), darker(wood, 0.2))

    def boards(pen: Pen) -> None:
        pen.polygon(
            [(-0.1, 0.335), (-0.1, 0.365), (p.wide + 0.1, 0.365), (p.wide + 0.1, 0.335)], p.tone(lighter(wall, 0.5))
        )
        for index in range(-14, 15):
            pen.line(
                [(p.wide / 2 + index * 0.11, 0.336), (p.wide / 2 + index * 0.26, -0.02)],
                0.003,
                p.tone(darker(wood, 0.28)),
            )

    p.layer(boards)
    rug = p.rng.choice(((196, 96, 96), (92, 128, 168), (226, 186, 116), (120, 154, 130)))

    def carpet(pen: Pen) -> None:
        for shrink, colour in ((1.0, rug), (0.88, lighter(rug, 0.4)), (0.82, rug), (0.4, lighter(rug, 0.25))):
            pen.oval(p.wide / 2, 0.14, 0.66 * shrink, 0.115 * shrink, p.tone(colour))

    p.layer(carpet, blur=0.0015)
    if night:
        p.light(lamp * p.wide, 0.66, 0.5, (255, 214, 140), 0.5)
    else:
        p.light(window * p.wide, 0.66, 0.7, (255, 250, 230), 0.3)
    return 0.15, darker(wood, 0.1)


def _windowsill(p: Painter) -> tuple[float, Colour]:
    p.sky(0.34)
    green = p.rng.choice(((120, 174, 110), (138, 168, 120), (108, 160, 140)))
    p.hills(0.44, 0.06, mix(green, (180, 206, 220), 0.6), blur=0.014)
    p.hills(0.37, 0.05, mix(green, (190, 210, 200), 0.3), blur=0.011)
    spots = [(p.rng.uniform(0.1, 0.9) * p.wide, p.rng.uniform(0.2, 0.32)) for _ in range(5)]
    p.layer(lambda pen: p.grove(pen, spots, 0.24, green), blur=0.011)
    frame = p.tone(p.rng.choice(((250, 248, 242), (222, 196, 160), (206, 222, 226))))
    wall = p.tone(p.rng.choice(((226, 200, 176), (196, 206, 214), (216, 190, 196))))
    curtain = p.tone(p.rng.choice(((240, 170, 140), (250, 232, 200), (150, 190, 196), (236, 150, 160))))

    def window(pen: Pen) -> None:
        w = p.wide
        pen.polygon([(0, 0.2), (0, 1), (0.09, 1), (0.09, 0.2)], wall)
        pen.polygon([(w, 0.2), (w, 1), (w - 0.09, 1), (w - 0.09, 0.2)], wall)
        for x in (0.09, w / 2 - 0.018, w - 0.126):
            pen.polygon([(x, 0.2), (x, 1), (x + 0.036, 1), (x + 0.036, 0.2)], frame)
            pen.polygon([(x + 0.03, 0.2), (x + 0.03, 1), (x + 0.036, 1), (x + 0.036, 0.2)], darker(frame, 0.18))
        pen.polygon([(0.09, 0.972), (0.09, 1), (w - 0.09, 1), (w - 0.09, 0.972)], frame)
        pen.polygon([(0.09, 0.2), (0.09, 0.242), (w - 0.09, 0.242), (w - 0.09, 0.2)], darker(frame, 0.1))
        for edge, sign in ((-0.02, 1), (w + 0.02, -1)):
            pen.blob(
                [
                    (edge, 1.06),
                    (edge + sign * 0.44, 1.05),
                    (edge + sign * 0.27, 0.74),
                    (edge + sign * 0.12, 0.5),
                    (edge + sign * 0.2, 0.22),
                    (edge, 0.2),
                ],
                curtain,
            )
            for fold in (0.08, 0.17, 0.26):
                pen.line(
                    [(edge + sign * fold * 1.4, 1.02), (edge + sign * fold, 0.74), (edge + sign * fold * 0.42, 0.5)],
                    0.008,
                    darker(curtain, 0.1),
                )
            pen.limb([(edge, 0.48), (edge + sign * 0.13, 0.51)], 0.018, 0.016, darker(curtain, 0.28))

    p.layer(window, blur=0.0025)
    ledge = p.rng.choice(((236, 214, 184), (246, 242, 234), (204, 164, 124)))
    p.floor(0.235, lighter(ledge, 0.2), ledge)

    def board(pen: Pen) -> None:
        pen.polygon(
            [(-0.1, 0.075), (p.wide + 0.1, 0.075), (p.wide + 0.1, -0.1), (-0.1, -0.1)], p.tone(darker(ledge, 0.24))
        )
        pen.polygon(
            [(-0.1, 0.085), (p.wide + 0.1, 0.085), (p.wide + 0.1, 0.073), (-0.1, 0.073)], p.tone(lighter(ledge, 0.5))
        )
        pot = p.wide * (0.9 if p.rng.random() < 0.5 else 0.1)
        clay = p.tone(p.rng.choice(((206, 112, 80), (96, 140, 160), (232, 190, 96))))
        leaf = p.tone(p.vary((88, 150, 92)))
        for index in range(7):
            a = math.radians(25 + index * 21.5)
            tip = (pot + 0.17 * math.cos(a), 0.33 + 0.2 * math.sin(a))
            pen.limb(
                [(pot, 0.3), ((pot + tip[0]) / 2, 0.33 + 0.16 * math.sin(a)), tip],
                0.012,
                0.022,
                darker(leaf, 0.12 * (index % 2)),
            )
        pen.polygon([(pot - 0.07, 0.31), (pot - 0.05, 0.165), (pot + 0.05, 0.165), (pot + 0.07, 0.31)], clay)
        pen.polygon(
            [(pot - 0.08, 0.325), (pot - 0.08, 0.29), (pot + 0.08, 0.29), (pot + 0.08, 0.325)], lighter(clay, 0.14)
        )

    p.layer(board)
    return 0.15, darker(ledge, 0.3)


def _snow(p: Painter) -> tuple[float, Colour]:
    p.sky(0.4)

    def peaks(pen: Pen) -> None:
        for index in range(5):
            x = p.wide * (index + p.rng.uniform(0, 0.8)) / 4.5
            high, width = p.rng.uniform(0.24, 0.44), p.rng.uniform(0.28, 0.42)
            rock = p.tone(mix((126, 144, 178), (220, 232, 244), p.rng.uniform(0.2, 0.45)))
            pen.polygon([(x - width, 0.34), (x, 0.36 + high), (x + width, 0.34)], rock)
            pen.polygon(
                [
                    (x - width * 0.38, 0.36 + high * 0.6),
                    (x, 0.36 + high),
                    (x + width * 0.38, 0.36 + high * 0.6),
                    (x + width * 0.16, 0.36 + high * 0.68),
                    (x, 0.36 + high * 0.56),
                    (x - width * 0.18, 0.36 + high * 0.7),
                ],
                p.tone((250, 252, 255)),
            )

    p.layer(peaks, blur=0.008)
    p.hills(0.38, 0.03, (222, 232, 246), blur=0.004)
    spots = [
        (p.rng.choice((p.rng.uniform(0, 0.3), p.rng.uniform(0.7, 1))) * p.wide, p.rng.uniform(0.24, 0.44))
        for _ in range(8)
    ]
    p.layer(lambda pen: p.grove(pen, spots, 0.34, (72, 120, 112), snowy_pines=True), blur=0.004)
    p.floor(0.35, (240, 246, 254), (206, 220, 240))

    def drifts(pen: Pen) -> None:
        for _ in range(18):
            x, y = p.rng.uniform(0, p.wide), p.rng.uniform(0, 0.32)
            size = 0.05 + 0.3 * (0.34 - y)
            pen.limb([(x, y), (x + size / 2, y + 0.006), (x + size, y)], 0.003, 0.002, p.tone((196, 212, 236)))
        for _ in range(70):
            x, y, r = p.rng.uniform(0, p.wide), p.rng.uniform(0.3, 1), p.rng.uniform(0.002, 0.006)
            pen.oval(x, y, r, r, p.tone((255, 255, 255)))

    p.layer(drifts, blur=0.001, opacity=0.9)
    return 0.16, (150, 130, 120)


def _desert(p: Painter) -> tuple[float, Colour]:
    p.sky(0.4)
    sand = p.rng.choice(((236, 188, 120), (228, 168, 112), (242, 204, 140)))
    p.hills(0.44, 0.05, mix(sand, (236, 210, 220), 0.5), blur=0.008, bumps=1.4)
    p.hills(0.38, 0.05, mix(sand, (240, 220, 200), 0.25), blur=0.005, bumps=1.8)

    def cacti(pen: Pen) -> None:
        for _ in range(p.rng.randint(3, 5)):
            x = p.rng.choice((p.rng.uniform(0.02, 0.28), p.rng.uniform(0.72, 0.98))) * p.wide
            s = p.rng.uniform(0.1, 0.22)
            green = p.tone((98, 148, 98))
            pen.limb([(x, 0.32), (x, 0.32 + s)], s * 0.11, s * 0.1, green)
            pen.limb(
                [(x, 0.32 + s * 0.4), (x - s * 0.3, 0.32 + s * 0.42), (x - s * 0.3, 0.32 + s * 0.75)],
                s * 0.07,
                s * 0.065,
                green,
            )
            pen.limb(
                [(x, 0.32 + s * 0.5), (x + s * 0.28, 0.32 + s * 0.52), (x + s * 0.28, 0.32 + s * 0.88)],
                s * 0.07,
                s * 0.065,
                green,
            )

    p.layer(cacti, blur=0.003)
    p.floor(0.33, lighter(sand, 0.12), darker(sand, 0.18))

    def ripples(pen: Pen) -> None:
        for _ in range(46):
            x, y = p.rng.uniform(-0.1, p.wide), p.rng.uniform(0, 0.31)
            size = 0.06 + 0.5 * (0.33 - y)
            pen.line(
                [(x, y), (x + size * 0.3, y + 0.006), (x + size * 0.7, y - 0.004), (x + size, y)],
                0.0032,
                p.tone(darker(sand, 0.13)),
            )

    p.layer(ripples)
    return 0.16, (168, 118, 84)


def _space(p: Painter) -> tuple[float, Colour]:
    p.hour = "day"
    hue = p.rng.choice(((70, 40, 130), (24, 70, 120), (110, 40, 100)))
    p.gradient([(1, (10, 10, 30)), (0.4, darker(hue, 0.5)), (0, darker(hue, 0.3))])
    for _ in range(4):
        p.light(
            p.rng.uniform(0, p.wide),
            p.rng.uniform(0.4, 1),
            p.rng.uniform(0.2, 0.5),
            p.vary(lighter(hue, 0.25), 30),
            0.3,
        )
    p.stars(170, 0.2)
    x, y, r = p.rng.choice((0.16, 0.84)) * p.wide, p.rng.uniform(0.68, 0.82), p.rng.uniform(0.09, 0.14)
    world = p.vary(p.rng.choice(((230, 160, 100), (110, 170, 210), (200, 130, 180))))

    def planet(pen: Pen) -> None:
        pen.limb([(x - r * 1.8, y - r * 0.3), (x + r * 1.8, y + r * 0.3)], r * 0.1, r * 0.1, lighter(world, 0.5))
        pen.oval(x, y, r, r, world)
        pen.oval(x - r * 0.22, y + r * 0.2, r * 0.68, r * 0.68, lighter(world, 0.16))
        pen.limb(
            [(x - r * 0.75, y - r * 0.25), (x, y - r * 0.1), (x + r * 0.85, y + r * 0.1)],
            r * 0.07,
            r * 0.07,
            darker(world, 0.15),
        )

    p.layer(planet, blur=0.003)
    dust = p.rng.choice(((150, 146, 166), (170, 140, 150), (136, 150, 170)))
    p.hills(0.27, 0.025, darker(dust, 0.25), blur=0.004)
    p.floor(0.25, dust, darker(dust, 0.4))

    def craters(pen: Pen) -> None:
        for _ in range(9):
            cx, cy = p.rng.uniform(0, p.wide), p.rng.uniform(0.01, 0.22)
            size = 0.02 + 0.16 * (0.26 - cy)
            pen.oval(cx, cy, size, size * 0.3, lighter(dust, 0.12))
            pen.oval(cx, cy - size * 0.04, size * 0.86, size * 0.22, darker(dust, 0.35))

    p.layer(craters, blur=0.001)
    return 0.15, (120, 114, 140)


def _stage(p: Painter) -> tuple[float, Colour]:
    p.hour = "day"
    velvet = p.rng.choice(((150, 36, 52), (44, 60, 120), (96, 44, 112)))
    p.gradient([(1, darker(velvet, 0.72)), (0.3, darker(velvet, 0.45)), (0, darker(velvet, 0.6))])

    def drapes(pen: Pen) -> None:
        for index in range(34):
            x = p.wide * index / 33
            shade = mix(darker(velvet, 0.55), darker(velvet, 0.3), 0.5 + 0.5 * math.sin(index * 2.4))
            pen.limb([(x, 0.3), (x + 0.01, 0.7), (x, 1.05)], 0.03, 0.03, shade)

    p.layer(drapes, blur=0.01)
    wood = p.rng.choice(((150, 102, 70), (130, 92, 76)))
    p.floor(0.33, darker(wood, 0.25), wood)
    p.layer(lambda pen: pen.oval(p.wide / 2, 0.15, 0.62, 0.13, (255, 236, 196)), blur=0.03, opacity=0.55)
    p.layer(
        lambda pen: pen.polygon(
            [
                (p.wide / 2 - 0.05, 1.05),
                (p.wide / 2 + 0.05, 1.05),
                (p.wide / 2 + 0.62, 0.15),
                (p.wide / 2 - 0.62, 0.15),
            ],
            (255, 240, 206),
        ),
        blur=0.03,
        opacity=0.2,
    )

    def curtains(pen: Pen) -> None:
        for edge, sign in ((-0.04, 1), (p.wide + 0.04, -1)):
            for index in range(7):
                x = edge + sign * index * 0.038
                shade = mix(velvet, darker(velvet, 0.35), (index % 2) * 0.8)
                pen.limb(
                    [(x, 0.2), (x - sign * 0.012, 0.55), (x + sign * 0.02 * index * 0.5, 1.05)], 0.028, 0.034, shade
                )
        for index in range(12):
            x = p.wide * (index + 0.5) / 12
            pen.oval(x, 1.02, p.wide / 20, 0.11, velvet if index % 2 else darker(velvet, 0.16))
            pen.oval(x, 0.918, 0.012, 0.012, (244, 206, 110))

    p.layer(curtains, blur=0.002)
    return 0.15, darker(wood, 0.1)


_PLACES: dict[str, _Paint] = {
    "meadow": _meadow,
    "forest": _forest,
    "sea": _sea,
    "underwater": _underwater,
    "street": _street,
    "room": _room,
    "windowsill": _windowsill,
    "snow": _snow,
    "desert": _desert,
    "space": _space,
    "stage": _stage,
}


def paint(name: str, hour: str, size: tuple[int, int], rng: random.Random) -> Place:
    """Return the place at an hour (``day``, ``sunset`` or ``night``), in the size of the film."""
    painter = Painter(*size, rng, hour)
    ground, ledge = _PLACES[name](painter)
    glow = {"night": (170, 186, 255), "sunset": (255, 206, 160)}.get(painter.hour, (255, 252, 240))
    return Place(painter.finish(size), ground, painter.tone(ledge), glow)
