"""The rules from events to cues, and the check of the user's own."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Any, Final

from ..analysis.models import Colour, EventKind
from ..link.const import LightPattern, Motion
from .exceptions import CueMapError
from .models import BUILT_IN_ANIMATIONS, BUILT_IN_SPRITES, FILM, SUBJECT, PerformerKind

MAX_RULES: Final = 100
MAX_STEPS: Final = 20
MAX_NAME: Final = 100


class Tint(StrEnum):
    """A colour taken from the film: the shot's dominant colour, or its second one."""

    PALETTE = "palette"
    ACCENT = "accent"


@dataclass(frozen=True, slots=True)
class Timing:
    """When a step begins: at a share of the event (0 its start, 1 its end), and `delay_s` after that."""

    at: float = 0.0
    delay_s: float = 0.0


class Shape(StrEnum):
    """How a button shows the film: picture by picture, acted by a puppet, or by one only if it is like the film."""

    AUTO = "auto"
    CLIP = "clip"
    PUPPET = "puppet"


@dataclass(frozen=True, slots=True)
class AnimationStep:
    """Show an animation for the rest of the event, or for `for_s`; `shape` is for the film's own."""

    timing: Timing = Timing()
    animation: str = FILM
    for_s: float | None = None
    shape: Shape = Shape.AUTO


@dataclass(frozen=True, slots=True)
class PuppetStep:
    """Let the button move a sprite for the rest of the event, or for `for_s`."""

    motion: Motion
    timing: Timing = Timing()
    sprite: str = SUBJECT
    amplitude: float = 0.6
    period_s: float = 1.0
    for_s: float | None = None


@dataclass(frozen=True, slots=True)
class LightStep:
    """Colour a light for the rest of the event, or for `for_s`; then it returns to what it did before.

    `brightness` is a percentage, `FILM` to follow the film, or a pair for a ramp over the step.
    """

    timing: Timing = Timing()
    colour: Colour | Tint = Tint.PALETTE
    brightness: float | str | tuple[float, float] = FILM
    pattern: LightPattern = LightPattern.SOLID
    period_s: float = 0.0
    for_s: float | None = None


class Pose(StrEnum):
    """What the number of a servo step means."""

    TO = "to"
    BY = "by"
    WIGGLE = "wiggle"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class ServoStep:
    """Move a servo.

    `TO` goes to an angle; `BY` leans forward (or back, below 0) from where the servo faces, 0 being upright; `WIGGLE`
    swings by so many degrees to both sides for the rest of the event; `TURN` faces the other side. `ramp_s` None
    takes the rest of the event.
    """

    pose: Pose
    degrees: float = 0.0
    timing: Timing = Timing()
    ramp_s: float | None = 0.0
    channel: int = 0


@dataclass(frozen=True, slots=True)
class FilmStep:
    """Show the film itself."""

    timing: Timing = Timing()


@dataclass(frozen=True, slots=True)
class CallStep:
    """Call a Home Assistant action: on `entity_id`, or on every chosen performer that is an entity."""

    action: str
    timing: Timing = Timing()
    data: Mapping[str, Any] = field(default_factory=dict)
    entity_id: str | None = None


type Step = AnimationStep | PuppetStep | LightStep | ServoStep | FilmStep | CallStep


@dataclass(frozen=True, slots=True)
class CueRule:
    """What to do at every event of these kinds (`FILM` is the whole film) that is as sure as `min_confidence`.

    `performers` chooses by name or kind; empty means everyone who is able to.
    """

    events: frozenset[str]
    steps: tuple[Step, ...]
    performers: frozenset[str] = frozenset()
    min_confidence: float = 0.0

    def chooses(self, name: str, kind: PerformerKind) -> bool:
        """Return whether the rule is for this performer."""
        return not self.performers or name in self.performers or kind in self.performers


@dataclass(frozen=True, slots=True)
class CueMap:
    """An ordered set of rules; where two steps want one output at one time, the more important event wins."""

    name: str
    rules: tuple[CueRule, ...]

    def shown_as(self, shape: Shape) -> CueMap:
        """Return the same rules with the film shown in this shape; AUTO leaves every rule its own."""
        if shape is Shape.AUTO:
            return self
        rules = tuple(
            replace(
                rule,
                steps=tuple(replace(s, shape=shape) if isinstance(s, AnimationStep) else s for s in rule.steps),
            )
            for rule in self.rules
        )
        return CueMap(self.name, rules)

    def over(self, other: CueMap) -> CueMap:
        """Return these rules, with those of `other` for the events these say nothing about."""
        mine = frozenset[str]().union(*(rule.events for rule in self.rules))
        kept = tuple(
            CueRule(rule.events - mine, rule.steps, rule.performers, rule.min_confidence)
            for rule in other.rules
            if rule.events - mine
        )
        return CueMap(self.name, kept + self.rules)


EVENTS: Final = frozenset({FILM, *EventKind})
_ACTION = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def parse_cue_map(data: object) -> CueMap:
    """Return the user's cue map, checked to the last word.

    Raises:
        CueMapError: something in it is unknown, missing or out of range; it says where and what is allowed.
    """
    fields = _Fields("cue map", data)
    name = fields.take_or("name", "My cues", _text)
    rules = fields.take("rules", _list)
    fields.end()
    if not 1 <= len(rules) <= MAX_RULES:
        raise CueMapError("rules", f"{len(rules)} rules; 1 to {MAX_RULES} are allowed")
    return CueMap(name, tuple(_rule(f"rules[{index}]", rule) for index, rule in enumerate(rules)))


def _rule(where: str, data: object) -> CueRule:
    fields = _Fields(where, data)
    events = fields.take("event", _events)
    performers = fields.take_or("performers", frozenset[str](), _names)
    confidence = fields.take_or("min_confidence", 0.0, _number(0, 1))
    steps = fields.take("do", _list)
    fields.end()
    if not 1 <= len(steps) <= MAX_STEPS:
        raise CueMapError(f"{where}.do", f"{len(steps)} steps; 1 to {MAX_STEPS} are allowed")
    parsed = tuple(_step(f"{where}.do[{index}]", step) for index, step in enumerate(steps))
    return CueRule(events, parsed, performers, confidence)


def _step(where: str, data: object) -> Step:
    if not isinstance(data, Mapping) or len(data) != 1 or next(iter(data)) not in _STEPS:
        raise CueMapError(where, f"a step is one of {', '.join(_STEPS)}, each with its own options")
    name, options = next(iter(data.items()))
    fields = _Fields(f"{where}.{name}", {} if options is None else options)
    timing = Timing(fields.take_or("at", 0.0, _number(0, 1)), fields.take_or("delay_s", 0.0, _number(-10, 600)))
    step = _STEPS[name](fields, timing)
    fields.end()
    return step


def _animation(fields: _Fields, timing: Timing) -> Step:
    allowed = (FILM, *BUILT_IN_ANIMATIONS)
    return AnimationStep(
        timing=timing,
        animation=fields.take_or("show", FILM, _word(allowed)),
        for_s=fields.take_or("for_s", None, _span),
        shape=Shape(fields.take_or("as", Shape.AUTO, _word(tuple(Shape)))),
    )


def _puppet(fields: _Fields, timing: Timing) -> Step:
    return PuppetStep(
        motion=Motion[fields.take("motion", _word(_lower(Motion))).upper()],
        timing=timing,
        sprite=fields.take_or("sprite", SUBJECT, _word((SUBJECT, *BUILT_IN_SPRITES))),
        amplitude=fields.take_or("amplitude", 0.6, _number(0, 1)),
        period_s=fields.take_or("period_s", 1.0, _number(0.1, 60)),
        for_s=fields.take_or("for_s", None, _span),
    )


def _light(fields: _Fields, timing: Timing) -> Step:
    return LightStep(
        timing=timing,
        colour=fields.take_or("colour", Tint.PALETTE, _colour),
        brightness=fields.take_or("brightness", FILM, _brightness),
        pattern=LightPattern[fields.take_or("pattern", "solid", _word(_lower(LightPattern))).upper()],
        period_s=fields.take_or("period_s", 0.0, _number(0.05, 60)),
        for_s=fields.take_or("for_s", None, _span),
    )


def _servo(fields: _Fields, timing: Timing) -> Step:
    chosen = [pose for pose in Pose if pose in fields]
    if len(chosen) != 1:
        raise CueMapError(fields.where, f"name exactly one of {', '.join(Pose)}")
    return ServoStep(
        pose=chosen[0],
        degrees=fields.take(chosen[0], _POSES[chosen[0]]),
        timing=timing,
        ramp_s=fields.take_or("ramp_s", 0.0, _ramp),
        channel=int(fields.take_or("channel", 0, _number(0, 3))),
    )


def _film(fields: _Fields, timing: Timing) -> Step:
    return FilmStep(timing)


def _call(fields: _Fields, timing: Timing) -> Step:
    return CallStep(
        action=fields.take("action", _pattern(_ACTION, "an action such as script.turn_on")),
        timing=timing,
        data=fields.take_or("data", {}, _mapping),
        entity_id=fields.take_or("entity_id", None, _pattern(_ACTION, "an entity such as light.sofa")),
    )


class _Fields:
    """A mapping of the user's, read field by field; what is left at the end is a mistake."""

    def __init__(self, where: str, data: object) -> None:
        self.where = where
        self._left = {str(key): value for key, value in _mapping(where, data).items()}

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def take[T](self, name: str, check: Callable[[str, Any], T]) -> T:
        """Return the checked field."""
        place = f"{self.where}.{name}"
        if name not in self._left:
            raise CueMapError(place, "this is missing")
        return check(place, self._left.pop(name))

    def take_or[T, D](self, name: str, default: D, check: Callable[[str, Any], T]) -> T | D:
        """Return the checked field, or the default where there is none."""
        return self.take(name, check) if name in self._left else default

    def end(self) -> None:
        """Refuse what nobody asked for."""
        if self._left:
            raise CueMapError(f"{self.where}.{next(iter(self._left))}", "this option is unknown")


def _mapping(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CueMapError(where, "a mapping is expected")
    return value


def _list(where: str, value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise CueMapError(where, "a list is expected")
    return value


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= MAX_NAME:
        raise CueMapError(where, f"a text of 1 to {MAX_NAME} characters is expected")
    return value.strip()


def _lower(members: Iterable[IntEnum]) -> tuple[str, ...]:
    return tuple(member.name.lower() for member in members)


def _word(allowed: Sequence[str]) -> Callable[[str, Any], str]:
    def check(where: str, value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise CueMapError(where, f"{value!r} is none of {', '.join(allowed)}")
        return value

    return check


def _pattern(pattern: re.Pattern[str], expected: str) -> Callable[[str, Any], str]:
    def check(where: str, value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise CueMapError(where, f"{value!r} is not {expected}")
        return value

    return check


def _names(where: str, value: Any) -> frozenset[str]:
    values = (value,) if isinstance(value, str) else _list(where, value)
    return frozenset(_text(where, entry) for entry in values)


def _events(where: str, value: Any) -> frozenset[str]:
    names = _names(where, value)
    if not names or names - EVENTS:
        wrong = ", ".join(sorted(names - EVENTS)) or "nothing"
        raise CueMapError(where, f"{wrong} is none of {', '.join(sorted(EVENTS))}")
    return names


def _number(low: float, high: float) -> Callable[[str, Any], float]:
    def check(where: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise CueMapError(where, f"{value!r} is not a number between {low:g} and {high:g}")
        return float(value)

    return check


def _ramp(where: str, value: Any) -> float | None:
    return None if value == _WHOLE_EVENT else _number(0, 60)(where, value)


def _turn(where: str, value: Any) -> float:
    if value is not True:
        raise CueMapError(where, "only true makes sense here")
    return 0.0


def _colour(where: str, value: Any) -> Colour | Tint:
    if isinstance(value, str) and value in list(Tint):
        return Tint(value)
    if isinstance(value, str) and _HEX.fullmatch(value):
        red, green, blue = bytes.fromhex(value[1:])
        return red, green, blue
    if isinstance(value, list | tuple) and len(value) == 3:
        red, green, blue = (int(_number(0, 255)(where, part)) for part in value)
        return red, green, blue
    raise CueMapError(where, f"{value!r} is none of palette, accent, #rrggbb and [red, green, blue]")


def _brightness(where: str, value: Any) -> float | str | tuple[float, float]:
    percent = _number(0, 100)
    if value == FILM:
        return FILM
    if isinstance(value, list | tuple) and len(value) == 2:
        return percent(where, value[0]), percent(where, value[1])
    return percent(where, value)


_WHOLE_EVENT = "event"
_span = _number(0.01, 600)
_POSES: Mapping[Pose, Callable[[str, Any], float]] = {
    Pose.TO: _number(0, 180),
    Pose.BY: _number(-90, 90),
    Pose.WIGGLE: _number(1, 45),
    Pose.TURN: _turn,
}
_STEPS: Mapping[str, Callable[[_Fields, Timing], Step]] = {
    "animation": _animation,
    "puppet": _puppet,
    "light": _light,
    "servo": _servo,
    "film": _film,
    "call": _call,
}
