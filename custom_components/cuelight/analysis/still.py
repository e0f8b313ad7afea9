"""A single picture as an animation of one frame."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from .codec import encode_animation
from .exceptions import FilmTooLarge, FilmUnreadable
from .models import Animation

SIDE = 32
FPS = 1
PIXELS_LIMIT = 40_000_000


def is_still(path: Path) -> bool:
    """Whether the file is a picture that does not move."""
    try:
        with Image.open(path) as image:
            return getattr(image, "n_frames", 1) == 1
    except OSError, ValueError, Image.DecompressionBombError:
        return False


def animate_still(path: Path, side: int = SIDE) -> Animation:
    """Return the picture, whole and centred, its greys diffused to 1 bit (Floyd and Steinberg, 1976).

    Raises FilmUnreadable, FilmTooLarge.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > PIXELS_LIMIT:
                raise FilmTooLarge(path, "its pixel count", image.width * image.height, PIXELS_LIMIT)
            turned = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as err:
        raise FilmUnreadable(path, str(err)) from err
    # What is transparent is dark, as the display is.
    flat = Image.alpha_composite(Image.new("RGBA", turned.size, "black"), turned).convert("L")
    small = ImageOps.pad(ImageOps.autocontrast(flat), (side, side), Image.Resampling.LANCZOS, color=0)
    pixels = np.asarray(small.convert("1"), dtype=np.bool_)
    return Animation(encode_animation([pixels], FPS), side, FPS, 1)
