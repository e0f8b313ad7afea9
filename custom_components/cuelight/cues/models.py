"""What a performer does, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from ..analysis.models import Colour, EventKind
from ..link.const import LightPattern, Motion

FILM = "film"
"""Names the whole film where an event kind is expected, and the film's own animation where a picture is."""

SUBJECT = "subject"
"""The scene's own sprite where a sprite is expected."""

REST_DEGREES = 90.0


BUILT_IN_ANIMATIONS = ("idle", "jump", "turn", "approach", "fall", "shake", "sleep", "happy", "alert", "safe")
"""The animations every button holds, by asset id."""

BUILT_IN_SPRITES = (
    *("cat", "dog", "bird", "fish", "person", "ball", "star", "car", "heart", "ghost", "rabbit", "horse", "cow"),
    *("frog", "duck", "butterfly", "tree", "flower", "house", "sun", "moon", "cloud", "boat", "plane", "rocket"),
    *("robot", "balloon", "cup", "key", "bell", "gift", "spark"),
)
"""The sprites every button holds, by asset id from 0x0100."""


class Importance(IntEnum):
    """What goes first when a button cannot hold every cue; the lowest is dropped first."""

    FOLLOW = 0
    MOOD = 1
    CAMERA = 2
    SUBJECT = 3
    PICTURE = 4
    ESSENTIAL = 5


class PerformerKind(StrEnum):
    """What a performer can do."""

    BUTTON = "button"
    LIGHT = "light"
    MEDIA_PLAYER = "media_player"
    ENTITY = "entity"


@dataclass(frozen=True, slots=True)
class Performer:
    """Who acts; `name` is unique in a performance, `entity_id` is None for a button."""

    name: str
    kind: PerformerKind
    entity_id: str | None = None


@dataclass(frozen=True, slots=True)
class PlayAnimation:
    """A button shows an animation; `animation` is `FILM` or a built-in one, `duration_s` None plays it once."""

    animation: str
    duration_s: float | None = None

    def __str__(self) -> str:
        """Describe the action in a few words."""
        return f"show {self.animation}" + ("" if self.duration_s is None else f" for {self.duration_s:g} s")


@dataclass(frozen=True, slots=True)
class PlayPuppet:
    """A button moves a sprite by itself; `sprite` is `SUBJECT` or a built-in one, `amplitude` is 0..1."""

    sprite: str
    motion: Motion
    amplitude: float
    period_s: float
    duration_s: float

    def __str__(self) -> str:
        """Describe the action in a few words."""
        return f"{self.sprite} {self.motion.name.lower()} for {self.duration_s:g} s"


@dataclass(frozen=True, slots=True)
class ShowLight:
    """A button's light; `brightness` in percent, `period_s` 0 where the pattern does not move."""

    pattern: LightPattern
    rgb: Colour
    brightness: int
    period_s: float = 0.0

    def __str__(self) -> str:
        """Describe the action in a few words."""
        every = f" every {self.period_s:g} s" if self.period_s else ""
        return f"light {self.pattern.name.lower()} {hex_colour(self.rgb)} {self.brightness} %{every}"


@dataclass(frozen=True, slots=True)
class MoveServo:
    """A servo goes to `degrees` (0..180) within `ramp_s`; 0 means as fast as it may."""

    channel: int
    degrees: float
    ramp_s: float

    def __str__(self) -> str:
        """Describe the action in a few words."""
        return f"servo {self.channel} to {self.degrees:g}° in {self.ramp_s:g} s"


@dataclass(frozen=True, slots=True)
class SetLight:
    """A light entity takes a colour and a brightness in percent; 0 turns it off."""

    rgb: Colour
    brightness: int
    transition_s: float

    def __str__(self) -> str:
        """Describe the action in a few words."""
        return f"set {hex_colour(self.rgb)} {self.brightness} % in {self.transition_s:g} s"


@dataclass(frozen=True, slots=True)
class PlayFilm:
    """A media player shows the scene's film."""

    def __str__(self) -> str:
        """Describe the action in a few words."""
        return "play the film"


@dataclass(frozen=True, slots=True)
class CallAction:
    """Any Home Assistant action (``domain.action``) with its data, on the performer's entity if it has one."""

    action: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Describe the action in a few words."""
        return f"call {self.action}"


type ButtonAction = PlayAnimation | PlayPuppet | ShowLight | MoveServo
type EntityAction = SetLight | PlayFilm | CallAction
type Action = ButtonAction | EntityAction


@dataclass(frozen=True, slots=True)
class Cue:
    """One action of one performer, `at_s` seconds (to the millisecond) from the scene's start."""

    at_s: float
    performer: str
    action: Action
    importance: Importance = Importance.ESSENTIAL


@dataclass(frozen=True, slots=True)
class Display:
    """How buttons show the film, how like it (0..1) a puppet that acts it is, and the bytes of both.

    `puppet` says that one acts it; `likeness` and `puppet_bytes` are None where no puppet can.
    """

    puppet: bool
    clip_bytes: int
    likeness: float | None = None
    puppet_bytes: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data."""
        return {
            "shape": "puppet" if self.puppet else "clip",
            "likeness": self.likeness,
            "clip_bytes": self.clip_bytes,
            "puppet_bytes": self.puppet_bytes,
        }


@dataclass(frozen=True, slots=True)
class CueSheet:
    """A scene's cues in the order of their times; `assets` holds the pictures by name (`FILM`, `SUBJECT`, poses).

    `display` tells how buttons show the film, None where none does.
    """

    duration_s: float
    cues: tuple[Cue, ...]
    assets: Mapping[str, bytes] = field(default_factory=dict)
    display: Display | None = None

    def of(self, performer: str) -> tuple[Cue, ...]:
        """Return the cues of one performer."""
        return tuple(cue for cue in self.cues if cue.performer == performer)


def importance_of(kind: EventKind | str) -> Importance:
    """Return how much the cues of an event matter."""
    return _IMPORTANCE.get(kind, Importance.SUBJECT)


def hex_colour(rgb: Colour) -> str:
    """Return ``#rrggbb``."""
    return "#" + bytes(rgb).hex()


_IMPORTANCE: Mapping[str, Importance] = {
    FILM: Importance.FOLLOW,
    EventKind.STILL: Importance.MOOD,
    EventKind.BRIGHTEN: Importance.MOOD,
    EventKind.DARKEN: Importance.MOOD,
    EventKind.PAN_LEFT: Importance.CAMERA,
    EventKind.PAN_RIGHT: Importance.CAMERA,
    EventKind.PAN_UP: Importance.CAMERA,
    EventKind.PAN_DOWN: Importance.CAMERA,
    EventKind.ZOOM_IN: Importance.CAMERA,
    EventKind.ZOOM_OUT: Importance.CAMERA,
    EventKind.CAMERA_SHAKE: Importance.CAMERA,
    EventKind.CUT: Importance.PICTURE,
    EventKind.FLASH: Importance.PICTURE,
}
