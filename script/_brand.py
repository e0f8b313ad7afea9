"""Draws the integration's icon and logo: a button that glows, and on it the play sign as its small display shows it.

.venv/bin/python script/_brand.py
"""

from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

FOLDER = Path(__file__).resolve().parents[1] / "custom_components" / "cuelight" / "brand"
SCALE = 4
BODY = (38, 34, 58, 255)
FACE = (24, 21, 38, 255)
GLOW = ((255, 176, 46), (255, 92, 122))
PIXEL = (255, 244, 222, 255)
INK = (38, 34, 58, 255)
PAPER = (243, 240, 250, 255)
PLAY = (
    "X.....",
    "XXX...",
    "XXXXX.",
    "XXXXXX",
    "XXXXX.",
    "XXX...",
    "X.....",
)


def gradient(size: int) -> Image.Image:
    """The two colours of the light, from one corner to the other."""
    ramp = Image.linear_gradient("L").resize((size, size))
    mask = ImageChops.add(ramp, ramp.rotate(90), 2)
    return Image.composite(Image.new("RGB", (size, size), GLOW[1]), Image.new("RGB", (size, size), GLOW[0]), mask)


def ring(size: int, inner: float, outer: float) -> Image.Image:
    """A mask of the ring between two radii, given as shares of the size."""
    mask = Image.new("L", (size, size))
    draw = ImageDraw.Draw(mask)
    for radius, value in ((outer, 255), (inner, 0)):
        low, high = size * (0.5 - radius), size * (0.5 + radius)
        draw.ellipse((low, low, high, high), fill=value)
    return mask


def icon(size: int) -> Image.Image:
    """The button, ``size`` pixels square, on nothing."""
    large = size * SCALE
    picture = Image.new("RGBA", (large, large))
    light = gradient(large).convert("RGBA")
    picture.paste(Image.new("RGBA", picture.size, BODY), mask=ring(large, 0.0, 0.49))
    picture.paste(light, mask=ring(large, 0.35, 0.435))
    picture.paste(Image.new("RGBA", picture.size, FACE), mask=ring(large, 0.0, 0.35))
    draw = ImageDraw.Draw(picture)
    step = large * 0.062
    left, top = large / 2 - step * 2.6, large / 2 - step * len(PLAY) / 2
    for row, line in enumerate(PLAY):
        for column, mark in enumerate(line):
            if mark == "X":
                x, y = left + column * step, top + row * step
                draw.rectangle((x, y, x + step * 0.86, y + step * 0.86), fill=PIXEL)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def logo(height: int, ink: tuple[int, int, int, int]) -> Image.Image:
    """The button and its name."""
    font = ImageFont.load_default(height * 0.5)
    left, top, right, bottom = font.getbbox("cuelight")
    picture = Image.new("RGBA", (round(height * 1.1 + right - left + height * 0.12), height))
    picture.alpha_composite(icon(height))
    ImageDraw.Draw(picture).text((height * 1.08 - left, (height - bottom - top) / 2), "cuelight", ink, font)
    return picture


def main() -> None:
    """Write every size."""
    FOLDER.mkdir(exist_ok=True)
    for suffix, factor in (("", 1), ("@2x", 2)):
        icon(256 * factor).save(FOLDER / f"icon{suffix}.png", optimize=True)
        logo(128 * factor, INK).save(FOLDER / f"logo{suffix}.png", optimize=True)
        logo(128 * factor, PAPER).save(FOLDER / f"dark_logo{suffix}.png", optimize=True)


if __name__ == "__main__":
    main()
