"""Films whose events are known: drawn subjects over drawn places, seen by a moving camera, encoded like real ones.

Everything follows from the seed. Used by the tests, and by `script/bench` for precision and recall.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image, ImageDraw, ImageFilter

SUBJECT_KINDS = (
    *("jump", "fall", "turn", "approach", "retreat", "shake", "appear", "disappear", "move_left", "move_right"),
)
CAMERA_KINDS = (
    *("pan_left", "pan_right", "pan_up", "pan_down", "zoom_in", "zoom_out", "camera_shake"),
    *("cut", "flash", "brighten", "darken"),
)
INSTANTS = frozenset({"cut", "flash", "turn", "appear", "disappear"})
GROUND_SCALE = 2.0
"""The drawn place's size, in frames, so that the camera can roam."""
STILL_S = 0.5

type Rng = np.random.Generator
type Track = np.ndarray


@dataclass(frozen=True, slots=True)
class Truth:
    """One thing that happens, in seconds."""

    kind: str
    start_s: float
    end_s: float


@dataclass(slots=True)
class Plan:
    """A film before it is drawn: its events, and for every frame where everything is.

    Positions are fractions of the frame, the camera's in frames from the middle of the place.
    """

    seed: int
    size: tuple[int, int]
    fps: int
    frames: int
    truths: list[Truth] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)
    x: Track = field(default_factory=lambda: np.zeros(0))
    y: Track = field(default_factory=lambda: np.zeros(0))
    scale: Track = field(default_factory=lambda: np.zeros(0))
    alpha: Track = field(default_factory=lambda: np.zeros(0))
    mirrored: Track = field(default_factory=lambda: np.zeros(0))
    camera_x: Track = field(default_factory=lambda: np.zeros(0))
    camera_y: Track = field(default_factory=lambda: np.zeros(0))
    zoom: Track = field(default_factory=lambda: np.zeros(0))
    gain: Track = field(default_factory=lambda: np.zeros(0))
    light: Track = field(default_factory=lambda: np.zeros(0))
    shot: Track = field(default_factory=lambda: np.zeros(0, int))
    noise: float = 0.0
    crf: int = 23

    @property
    def times(self) -> Track:
        """Seconds of each frame."""
        return np.arange(self.frames) / self.fps

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the last one's end."""
        return self.frames / self.fps


def plan_film(seed: int, size: tuple[int, int] = (832, 480), seconds: float = 5.0) -> Plan:
    """Decide what happens in the film of a seed."""
    rng = np.random.default_rng((seed, 77))
    fps = int(rng.choice((16, 16, 24, 25, 30)))
    frames = round(seconds * fps) + 1
    plan = Plan(seed, size, fps, frames)
    for name in ("y", "camera_x", "camera_y", "light"):
        setattr(plan, name, np.zeros(frames))
    for name in ("scale", "zoom", "gain", "alpha"):
        setattr(plan, name, np.ones(frames))
    plan.x, plan.y = np.full(frames, rng.uniform(0.35, 0.65)), np.full(frames, rng.uniform(0.5, 0.7))
    plan.mirrored, plan.shot = np.zeros(frames, bool), np.zeros(frames, int)
    plan.noise, plan.crf = float(rng.choice((0, 2, 5))), int(rng.integers(18, 29))
    _Director(plan, rng).direct()
    if rng.random() < 0.25:
        _hold_by_hand(plan, rng)
    plan.truths += _stills(plan)
    return plan


def make_film(path: Path, seed: int, size: tuple[int, int] = (832, 480), seconds: float = 5.0) -> Plan:
    """Draw and encode the film of a seed; return what happens in it."""
    plan = plan_film(seed, size, seconds)
    encode(path, draw(plan), plan.fps, plan.crf)
    return plan


class _Director:
    """Fills a plan with events, one after the other, with pauses between."""

    def __init__(self, plan: Plan, rng: Rng) -> None:
        self.plan = plan
        self.rng = rng
        self.visible = rng.random() < 0.85
        self.used: set[str] = set()

    def direct(self) -> None:
        wanted = (*SUBJECT_KINDS, *CAMERA_KINDS, None)[self.plan.seed % (len(SUBJECT_KINDS) + len(CAMERA_KINDS) + 1)]
        if wanted is None:
            return
        self.visible = wanted != "appear" and (self.visible or wanted in SUBJECT_KINDS)
        self.plan.alpha[:] = float(self.visible)
        now, kind = self.rng.uniform(0.4, 0.8), wanted
        for _ in range(int(self.rng.integers(1, 4))):
            length = getattr(self, f"_{kind}")(now, kind) if hasattr(self, f"_{kind}") else self._pan(now, kind)
            self.used.add(kind)
            now += length + self.rng.uniform(0.4, 0.9)
            free = [other for other in self._possible() if other not in self.used]
            if now > self.plan.duration_s - 1.6 or not free:
                return
            kind = str(self.rng.choice(free))

    def _possible(self) -> list[str]:
        if not self.visible:
            return [*CAMERA_KINDS, "appear"]
        return [*(kind for kind in SUBJECT_KINDS if kind != "appear"), *CAMERA_KINDS]

    def _tell(self, kind: str, start: float, end: float) -> float:
        self.plan.truths.append(Truth(kind, float(start), float(end)))
        return end - start

    def _share(self, start: float, length: float, eased: bool = True) -> Track:
        share = np.clip((self.plan.times - start) / length, 0, 1)
        return share * share * (3 - 2 * share) if eased else share

    def _jump(self, start: float, kind: str) -> float:
        length, height = self.rng.uniform(0.5, 0.95), self.rng.uniform(0.15, 0.38)
        share = self._share(start, length, eased=False)
        self.plan.y -= 4 * height * share * (1 - share)
        if self.rng.random() < 0.3:
            self.plan.x += self._way() * self.rng.uniform(0.05, 0.12) * share
            self.plan.ignored |= {"move_left", "move_right"}
        return self._tell(kind, start, start + length)

    def _fall(self, start: float, kind: str) -> float:
        drop = self.rng.uniform(0.28, 0.45)
        length = self.rng.uniform(0.35, 0.6)
        self.plan.y += drop * self._share(start, length, eased=False) ** 2 - max(0.0, self.plan.y[-1] + drop - 0.85)
        return self._tell(kind, start, start + length)

    def _way(self) -> int:
        """A direction in which there is room."""
        here = self.plan.x[-1]
        return int(self.rng.choice((-1, 1))) if 0.4 < here < 0.6 else (1 if here <= 0.4 else -1)

    def _turn(self, start: float, kind: str) -> float:
        half, way, far = self.rng.uniform(0.5, 0.9), self._way(), self.rng.uniform(0.15, 0.3)
        eased = bool(self.rng.random() < 0.5)
        out, back = self._share(start, half, eased), self._share(start + half, half, eased)
        self.plan.x += way * far * (out - back)
        self.plan.mirrored ^= (self.plan.times >= start + half) ^ (way < 0)
        names = ("move_right", "move_left")[::way]
        self._tell(names[0], start, start + half)
        self._tell(names[1], start + half, start + 2 * half)
        self._tell(kind, start + half - 0.1, start + half + 0.1)
        return 2 * half

    def _move_left(self, start: float, kind: str) -> float:
        way = self._way()
        length, far = self.rng.uniform(0.7, 1.6), self.rng.uniform(0.18, 0.36)
        self.plan.x += way * far * self._share(start, length, bool(self.rng.random() < 0.5))
        self.plan.mirrored ^= way < 0
        return self._tell("move_right" if way > 0 else "move_left", start, start + length)

    _move_right = _move_left

    def _approach(self, start: float, kind: str) -> float:
        length, ratio = self.rng.uniform(0.9, 1.9), self.rng.uniform(1.5, 2.4)
        ratio = ratio if kind == "approach" else 1 / ratio
        grown = ratio ** self._share(start, length)
        size = self.plan.scale[-1]
        room = 2.6 / (size * max(ratio, 1))
        least = 1.3 / (size * min(ratio, 1)) if kind == "retreat" else 0
        self.plan.scale *= grown * min(room, max(1.0, least))
        return self._tell(kind, start, start + length)

    _retreat = _approach

    def _shake(self, start: float, kind: str) -> float:
        length, hz = self.rng.uniform(0.8, 1.5), self.rng.uniform(2.5, min(6.0, self.plan.fps / 3.5))
        inside = (self.plan.times >= start) & (self.plan.times < start + length)
        wave = self.rng.uniform(0.022, 0.05) * np.sin(2 * math.pi * hz * (self.plan.times - start)) * inside
        if self.rng.random() < 0.75:
            self.plan.x += wave
        else:
            self.plan.y += wave * self.plan.size[0] / self.plan.size[1]
        return self._tell(kind, start, start + length)

    def _appear(self, start: float, kind: str) -> float:
        length = float(self.rng.choice((1 / self.plan.fps, 0.15, 0.3)))
        share = self._share(start, length, eased=False)
        self.plan.alpha *= 0
        self.plan.alpha += share if kind == "appear" else 1 - share
        self.visible = kind == "appear"
        return self._tell(kind, start, start + length)

    _disappear = _appear

    def _pan(self, start: float, kind: str) -> float:
        length, far = self.rng.uniform(0.8, 1.8), self.rng.uniform(0.15, 0.34)
        way = 1 if kind in ("pan_right", "pan_down") else -1
        if kind in ("pan_left", "pan_right"):
            self.plan.camera_x += way * far * self._share(start, length)
        else:
            self.plan.camera_y += way * far * self._share(start, length)
        return self._tell(kind, start, start + length)

    def _zoom_in(self, start: float, kind: str) -> float:
        length, ratio = self.rng.uniform(0.9, 1.9), self.rng.uniform(1.22, 1.5)
        way = 1 if kind == "zoom_in" else -1
        self.plan.zoom *= ratio ** (way * self._share(start, length)) * (1.0 if way > 0 else ratio)
        return self._tell(kind, start, start + length)

    _zoom_out = _zoom_in

    def _camera_shake(self, start: float, kind: str) -> float:
        length, amplitude = self.rng.uniform(0.6, 1.3), self.rng.uniform(0.012, 0.028)
        inside = (self.plan.times >= start) & (self.plan.times < start + length)
        for name, unit in (("camera_x", 1.0), ("camera_y", self.plan.size[0] / self.plan.size[1])):
            jolts = self.rng.standard_normal(self.plan.frames)
            tremble = amplitude * unit * (jolts - np.roll(jolts, 1)) * 0.7 * inside
            setattr(self.plan, name, getattr(self.plan, name) + tremble)
        return self._tell(kind, start, start + length)

    def _cut(self, start: float, kind: str) -> float:
        self.plan.shot += self.plan.times >= start
        return self._tell(kind, start, start + 1 / self.plan.fps)

    def _flash(self, start: float, kind: str) -> float:
        first, count = int(start * self.plan.fps), int(self.rng.integers(1, 4))
        self.plan.light[first : first + count] += self.rng.uniform(60, 140)
        return self._tell(kind, first / self.plan.fps, (first + count) / self.plan.fps)

    def _brighten(self, start: float, kind: str) -> float:
        length, dark = self.rng.uniform(0.6, 1.7), self.rng.uniform(0.25, 0.6)
        share = self._share(start, length, eased=False)
        self.plan.gain *= dark + (1 - dark) * (share if kind == "brighten" else 1 - share)
        return self._tell(kind, start, start + length)

    _darken = _brighten


def _hold_by_hand(plan: Plan, rng: Rng) -> None:
    """Let the camera drift and tremble a little, so that nothing is ever still."""
    drift = rng.uniform(-0.015, 0.015, 2)
    for name, speed in zip(("camera_x", "camera_y"), drift, strict=True):
        tremble = np.convolve(rng.standard_normal(plan.frames), np.ones(5) / 5, "same") * 0.0008
        setattr(plan, name, getattr(plan, name) + speed * plan.times + tremble)
    plan.ignored.add("still")


def _stills(plan: Plan) -> list[Truth]:
    if "still" in plan.ignored:
        return []
    tracks = (
        plan.x,
        plan.y,
        plan.scale,
        plan.alpha,
        plan.camera_x,
        plan.camera_y,
        plan.zoom,
        plan.gain,
        plan.light / 255,
    )
    changes = sum(np.abs(np.diff(track)) for track in tracks) + np.abs(np.diff(plan.shot))
    moving = np.concatenate(([True], changes > 0.003 * 16 / plan.fps, [True]))
    edges = np.flatnonzero(moving)
    spans = ((first / plan.fps, (last - 1) / plan.fps) for first, last in itertools.pairwise(edges))
    return [Truth("still", float(first), float(last)) for first, last in spans if last - first >= STILL_S]


def draw(plan: Plan) -> Iterator[np.ndarray]:
    """Yield the film's frames, (height, width, 3) bytes."""
    rng = np.random.default_rng((plan.seed, 78))
    width, height = plan.size
    places = [_place(rng, width, height) for _ in range(int(plan.shot.max()) + 1)]
    subjects = [_subject(rng) for _ in places]
    size = rng.uniform(0.24, 0.4) * height
    largest = max(1.0, float((plan.scale * plan.zoom).max()) * size / (0.95 * height))
    for frame in range(plan.frames):
        shot = int(plan.shot[frame])
        picture = _seen(places[shot], plan, frame)
        if plan.alpha[frame] > 0:
            _paste(picture, subjects[shot], plan, frame, size / largest)
        lit = np.asarray(picture, np.float32) * plan.gain[frame] + plan.light[frame]
        if plan.noise:
            lit += plan.noise * rng.standard_normal((height, width, 1), np.float32)
        yield np.clip(lit, 0, 255).astype(np.uint8)


def _seen(place: Image.Image, plan: Plan, frame: int) -> Image.Image:
    width, height = plan.size
    step = 1 / plan.zoom[frame]
    left = place.width / 2 + plan.camera_x[frame] * width - step * width / 2
    top = place.height / 2 + plan.camera_y[frame] * height - step * height / 2
    view = (step, 0, left, 0, step, top)
    return place.transform((width, height), Image.Transform.AFFINE, view, Image.Resampling.BILINEAR)


def _paste(picture: Image.Image, subject: Image.Image, plan: Plan, frame: int, size: float) -> None:
    width, height = plan.size
    zoom = plan.zoom[frame]
    step = subject.height / (size * plan.scale[frame] * zoom)
    x = width / 2 + ((plan.x[frame] - 0.5) - (plan.camera_x[frame] - plan.camera_x[0])) * width * zoom
    y = height / 2 + ((plan.y[frame] - 0.5) - (plan.camera_y[frame] - plan.camera_y[0])) * height * zoom
    shown = subject.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if plan.mirrored[frame] else subject
    view = (step, 0, shown.width / 2 - step * x, 0, step, shown.height / 2 - step * y)
    layer = shown.transform((width, height), Image.Transform.AFFINE, view, Image.Resampling.BILINEAR)
    mask = layer.getchannel("A").point(lambda value: round(value * plan.alpha[frame]))
    picture.paste(layer, (0, 0), mask)


def _colour(rng: Rng, low: int = 20, high: int = 235) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(low, high, 3))
    return red, green, blue


def _place(rng: Rng, width: int, height: int) -> Image.Image:
    """A landscape, a wall or a cloudy nothing, larger than the frame."""
    size = (round(width * GROUND_SCALE), round(height * GROUND_SCALE))
    painter = (_landscape, _wall, _clouds)[int(rng.integers(3))]
    return painter(rng, *size).filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 2))))


def _clouds(rng: Rng, width: int, height: int) -> Image.Image:
    total = np.zeros((height, width, 3), np.float32)
    for octave in range(2, 8):
        coarse = rng.integers(0, 255, (2**octave, 2**octave, 3), np.uint8)
        total += (
            np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.float32)
            / 1.6**octave
        )
    total = (total - total.mean()) / total.std() * rng.uniform(25, 45) + rng.uniform(80, 170, 3)
    return Image.fromarray(np.clip(total, 0, 255).astype(np.uint8))


def _landscape(rng: Rng, width: int, height: int) -> Image.Image:
    image = Image.new("RGB", (width, height), _colour(rng, 90))
    pen = ImageDraw.Draw(image)
    for ridge in range(4):
        base = height * (0.35 + 0.15 * ridge)
        waves = rng.uniform(0.5, 3, 3), rng.uniform(0, 7, 3), rng.uniform(10, 40, 3)
        across = np.linspace(0, width, 80)
        down = base + sum(a * np.sin(f * across / width * 7 + p) for f, p, a in zip(*waves, strict=True))
        pen.polygon([(0, height), *zip(across.tolist(), down.tolist(), strict=True), (width, height)], _colour(rng))
    for _ in range(120):
        x, y, r = rng.uniform(0, width), rng.uniform(0.3 * height, height), rng.uniform(4, 26)
        pen.ellipse((x - r, y - r, x + r, y + r), _colour(rng))
    return image


def _wall(rng: Rng, width: int, height: int) -> Image.Image:
    image = Image.new("RGB", (width, height), _colour(rng))
    pen = ImageDraw.Draw(image)
    step = int(rng.integers(50, 130))
    for row, y in enumerate(range(0, height, step)):
        for x in range(-step, width, 2 * step):
            left = x + step * (row % 2)
            pen.rectangle((left + 3, y + 3, left + 2 * step - 3, y + step - 3), _colour(rng, 40, 220))
    return image


def _subject(rng: Rng) -> Image.Image:
    """A creature that looks to the right: body, head, eye, legs and a mark, on nothing."""
    image = Image.new("RGBA", (320, 320))
    pen = ImageDraw.Draw(image)
    body, trim = _colour(rng), _colour(rng)
    for leg in range(int(rng.integers(1, 4))):
        pen.rectangle((80 + 60 * leg, 220, 105 + 60 * leg, 312), trim)
    angles = np.linspace(0, 2 * math.pi, 24, endpoint=False)
    radii = rng.uniform(0.85, 1.15, 24)
    outline = [(150 + 110 * r * math.cos(a), 175 + 75 * r * math.sin(a)) for a, r in zip(angles, radii, strict=True)]
    pen.polygon(outline, body)
    pen.ellipse((185, 25, 300, 140), body, trim, 8)
    pen.ellipse((245, 60, 272, 87), (250, 250, 250), (10, 10, 10), 6)
    for stripe in range(int(rng.integers(0, 4))):
        pen.line((90 + 40 * stripe, 120, 80 + 40 * stripe, 230), trim, 14)
    return image.filter(ImageFilter.GaussianBlur(1))


def encode(
    path: Path, frames: Iterator[np.ndarray], fps: int, crf: int = 23, at: Callable[[int], int] = lambda index: index
) -> None:
    """Write H.264 as an MP4; `at` gives each frame's time in 1/fps seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        assert isinstance(stream, VideoStream)
        stream.pix_fmt, stream.options = "yuv420p", {"crf": str(crf), "preset": "veryfast"}
        stream.codec_context.time_base = Fraction(1, fps)
        for index, rgb in enumerate(frames):
            if index == 0:
                stream.height, stream.width = rgb.shape[:2]
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = at(index), Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
