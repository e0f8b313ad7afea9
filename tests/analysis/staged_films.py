"""Films whose every event is known, drawn and encoded in a moment: one textured creature before a textured scene."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

type Frame = npt.NDArray[np.uint8]
"""Red, green and blue, height x width x 3."""

WIDTH, HEIGHT = 256, 144
FPS = 16
WALL = -1
"""The scene that is nothing but a wall, a little darker to one side."""
SCENE = 2
"""Sides of the painted scene over the frame's, so that the camera has somewhere to go."""


@dataclass(frozen=True, slots=True)
class View:
    """What one frame shows. Places are fractions of the frame, `size` the creature's radius in frame heights."""

    x: float = 0.5
    y: float = 0.65
    size: float = 0.14
    there: bool = True
    camera_x: float = 0.0
    camera_y: float = 0.0
    zoom: float = 1.0
    light: float = 1.0
    flash: float = 0.0
    scene: int = 0


type Script = Callable[[float], View]
"""From seconds to what is seen then."""


@cache
def scene(seed: int) -> Frame:
    """A painted scene, SCENE times the frame: soft blotches of mid-dark colours that depend on the seed."""
    wide, tall = SCENE * WIDTH, SCENE * HEIGHT
    if seed == WALL:
        return np.broadcast_to(np.linspace(60, 90, wide, dtype=np.uint8)[:, None], (tall, wide, 3)).copy()
    random = np.random.default_rng(1000 + seed)
    coarse = random.integers(30, 130, (9, 16, 3), np.uint8)
    fine = random.integers(0, 60, (36, 64, 3), np.uint8)
    layers = (Image.fromarray(layer).resize((wide, tall), Image.Resampling.BICUBIC) for layer in (coarse, fine))
    return sum((np.asarray(layer, np.float32) for layer in layers), np.float32(0)).clip(0, 255).astype(np.uint8)


def draw(view: View) -> Frame:
    """One frame."""
    left = WIDTH * (SCENE / 2 + view.camera_x - 0.5 / view.zoom)
    top = HEIGHT * (SCENE / 2 + view.camera_y - 0.5 / view.zoom)
    box = (left, top, left + WIDTH / view.zoom, top + HEIGHT / view.zoom)
    ground = Image.fromarray(scene(view.scene)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC, box)
    picture = np.asarray(ground, np.float32)
    if view.there:
        cover, coat = _creature(view)
        picture = picture * (1 - cover) + coat * cover
    return (picture * view.light + 255 * view.flash).clip(0, 255).astype(np.uint8)


def _creature(view: View) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """How much of each pixel it covers, and its striped coat."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32) + 0.5
    radius = view.size * HEIGHT * view.zoom
    x = WIDTH * (0.5 + (view.x - 0.5 - view.camera_x) * view.zoom)
    y = HEIGHT * (0.5 + (view.y - 0.5 - view.camera_y) * view.zoom)
    across, down = (columns - x) / radius, (rows - y) / radius
    body = np.hypot(across, down) - 1
    head = np.hypot(across - 0.5, down + 0.9) - 0.55
    edge = (np.minimum(body, head) * radius)[:, :, None]
    stripes = 30 * np.sin(4 * across + 3 * down)[:, :, None]
    return np.clip(0.5 - edge, 0, 1), np.array((235, 190, 110), np.float32) + stripes


def frames(script: Script, duration_s: float = 4.0, fps: float = FPS) -> Iterator[Frame]:
    """The frames of a film, with a little grain, the same every time."""
    random = np.random.default_rng(5)
    for index in range(round(duration_s * fps)):
        grain = random.normal(0, 1.5, (HEIGHT, WIDTH, 1))
        yield (draw(script(index / fps)) + grain).clip(0, 255).astype(np.uint8)


def write(
    path: Path,
    pictures: Iterable[Frame],
    *,
    fps: float = FPS,
    times_s: Iterable[float] | None = None,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
) -> Path:
    """Encode pictures, evenly or at the given times; the file's ending says in which container."""
    crisp = {"preset": "ultrafast", "crf": "18"} if codec == "libx264" else {}
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001), options=crisp)
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.thread_count = 1
        if times_s is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        times = iter(times_s) if times_s is not None else None
        for index, picture in enumerate(pictures):
            if index == 0:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts = index
            if times is not None:
                frame.pts, frame.time_base = round(1000 * next(times)), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def film(path: Path, script: Script, duration_s: float = 4.0) -> Path:
    """Draw and encode one film."""
    return write(path, frames(script, duration_s))


def stands(_: float) -> View:
    """Nothing happens."""
    return View()


def ramp(time_s: float, start_s: float, end_s: float) -> float:
    """From 0 at the start to 1 at the end, straight."""
    return min(1.0, max(0.0, (time_s - start_s) / (end_s - start_s)))


def arc(time_s: float, start_s: float, end_s: float) -> float:
    """From 0 up to 1 and back, as a thrown thing flies."""
    share = ramp(time_s, start_s, end_s)
    return 4 * share * (1 - share)
