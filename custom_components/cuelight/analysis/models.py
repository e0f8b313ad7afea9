"""What the analysis hands on: the film's facts, its events, its colours, its curves and its distilled animation."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

type Colour = tuple[int, int, int]
"""Red, green and blue, 0..255 each."""


class EventKind(StrEnum):
    """What can be seen happening in a film."""

    JUMP = "jump"
    FALL = "fall"
    TURN = "turn"
    APPROACH = "approach"
    RETREAT = "retreat"
    SHAKE = "shake"
    APPEAR = "appear"
    DISAPPEAR = "disappear"
    MOVE_LEFT = "move_left"
    MOVE_RIGHT = "move_right"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    PAN_UP = "pan_up"
    PAN_DOWN = "pan_down"
    ZOOM_IN = "zoom_in"
    ZOOM_OUT = "zoom_out"
    CAMERA_SHAKE = "camera_shake"
    CUT = "cut"
    FLASH = "flash"
    BRIGHTEN = "brighten"
    DARKEN = "darken"
    STILL = "still"

    @property
    def instant(self) -> bool:
        """Whether it happens at a moment rather than over a span."""
        return self in INSTANTS


INSTANTS = frozenset({EventKind.CUT, EventKind.FLASH, EventKind.TURN, EventKind.APPEAR, EventKind.DISAPPEAR})


@dataclass(frozen=True, slots=True)
class Film:
    """The decoded film: size as stored, mean frame rate, frames decoded, time to the last one's end."""

    path: Path
    width: int
    height: int
    fps: float
    frames: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Event:
    """Something seen in the film.

    Times are seconds from the film's first frame. An instant's `duration_s` is one frame or what the change took.
    `confidence` (0..1) is the chance that a person would agree. `parameters` by kind:

    - jump `height`, fall `drop`: fraction of the frame's height
    - turn `direction`: -1 when it turns to the left, 1 to the right
    - approach, retreat `ratio`: size at the end over size at the start
    - shake `hz`, `amplitude` (fraction of the frame's width)
    - appear, disappear `x`, `y`: where, as fractions of the frame
    - move_left, move_right `distance`: fraction of the frame's width
    - pan_*: `speed` in fractions of the width per second; zoom_*: `ratio`; camera_shake: `amplitude`
    - cut, flash, brighten, darken `strength`: change of picture or brightness, 0..1
    """

    kind: EventKind
    start_s: float
    duration_s: float
    confidence: float
    parameters: dict[str, float] = field(default_factory=dict)

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class ShotPalette:
    """The dominant colours of one shot, the most frequent first (at least one)."""

    start_s: float
    duration_s: float
    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True)
class Curves:
    """Brightness and motion energy, both 0..1, one value every 1/`rate_hz` seconds from the start."""

    rate_hz: int
    brightness: tuple[float, ...]
    motion: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Animation:
    """The film distilled to 1-bit pictures; `data` is what `codec.encode_animation` made and a button plays."""

    data: bytes
    side: int
    fps: int
    frames: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything seen in one film. `sprite` is the subject's clearest silhouette (`codec.encode_sprite`), if any."""

    film: Film
    events: tuple[Event, ...]
    palette: tuple[ShotPalette, ...]
    curves: Curves
    animation: Animation
    sprite: bytes | None
