"""The cue map that a scene works with when the user has made none; `docs/cues.md` shows it as a table."""

from typing import Final

from ..analysis.models import EventKind
from ..link.const import LightPattern
from .cue_map import AnimationStep, CueMap, CueRule, FilmStep, LightStep, Pose, ServoStep, Step, Timing, Tint
from .models import FILM

_WHITE: Final = (255, 255, 255)


def _rule(events: EventKind | str | tuple[EventKind, ...], *steps: Step) -> CueRule:
    return CueRule(frozenset(events if isinstance(events, tuple) else (events,)), steps)


def _lean(degrees: float, *, ramp_s: float | None = 0.0, at: float = 0.0, delay_s: float = 0.0) -> ServoStep:
    return ServoStep(Pose.BY, degrees, Timing(at, delay_s), ramp_s)


def _upright(delay_s: float = 0.0) -> ServoStep:
    """Return to where the servo faces, at the event's end."""
    return _lean(0, ramp_s=0.3, at=1.0, delay_s=delay_s)


DEFAULT_CUE_MAP: Final = CueMap(
    "Default",
    (
        _rule(FILM, AnimationStep(), FilmStep(), LightStep(), _lean(0)),
        _rule(EventKind.STILL, LightStep(pattern=LightPattern.BREATHE, period_s=3.0), _lean(0, ramp_s=0.3)),
        _rule(
            EventKind.JUMP,
            _lean(-25),
            _lean(45, at=0.25),
            _upright(),
            LightStep(brightness=100),
        ),
        _rule(EventKind.FALL, _lean(-60), _upright(0.4), LightStep(brightness=(100, 15))),
        _rule(
            EventKind.TURN,
            ServoStep(Pose.TURN, ramp_s=0.25),
            LightStep(colour=Tint.ACCENT, pattern=LightPattern.PULSE, period_s=0.5, for_s=0.5),
        ),
        _rule(EventKind.APPROACH, _lean(35, ramp_s=None), _upright(), LightStep(brightness=(30, 100))),
        _rule(EventKind.RETREAT, _lean(-35, ramp_s=None), _upright(), LightStep(brightness=(100, 20))),
        _rule(
            EventKind.SHAKE,
            ServoStep(Pose.WIGGLE, 15),
            LightStep(brightness=80, pattern=LightPattern.SPARKLE, period_s=0.3),
        ),
        _rule(
            EventKind.APPEAR,
            _lean(15),
            _lean(0, ramp_s=0.3, delay_s=0.4),
            LightStep(brightness=90, pattern=LightPattern.PULSE, period_s=0.6, for_s=0.6),
        ),
        _rule(
            EventKind.DISAPPEAR,
            _lean(-15, ramp_s=0.3),
            _lean(0, ramp_s=0.3, delay_s=0.6),
            LightStep(brightness=(40, 5), for_s=0.6),
        ),
        _rule(EventKind.MOVE_LEFT, ServoStep(Pose.TO, 60, ramp_s=None), _upright(0.2)),
        _rule(EventKind.MOVE_RIGHT, ServoStep(Pose.TO, 120, ramp_s=None), _upright(0.2)),
        _rule(EventKind.PAN_LEFT, ServoStep(Pose.TO, 70, ramp_s=None), _upright(0.2)),
        _rule(EventKind.PAN_RIGHT, ServoStep(Pose.TO, 110, ramp_s=None), _upright(0.2)),
        _rule((EventKind.PAN_UP, EventKind.ZOOM_IN), _lean(20, ramp_s=None), _upright()),
        _rule((EventKind.PAN_DOWN, EventKind.ZOOM_OUT), _lean(-20, ramp_s=None), _upright()),
        _rule(EventKind.CAMERA_SHAKE, ServoStep(Pose.WIGGLE, 8)),
        _rule(EventKind.CUT, LightStep(pattern=LightPattern.PULSE, period_s=0.3, for_s=0.3)),
        _rule(
            EventKind.FLASH,
            LightStep(colour=_WHITE, brightness=100, pattern=LightPattern.BLINK, period_s=0.2, for_s=0.4),
        ),
    ),
)
