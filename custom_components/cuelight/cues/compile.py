"""From one button's cues to the commands it stores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from ..link.commands import Command, Light, Play, Puppet, Servo, TimedCue
from ..link.const import FIRST_BUILT_IN_SPRITE, FIRST_UPLOADED_ASSET, MAX_CUES_PER_TIMELINE, LightPattern
from .exceptions import NoPicture
from .models import (
    BUILT_IN_ANIMATIONS,
    BUILT_IN_SPRITES,
    ButtonAction,
    Cue,
    CueSheet,
    MoveServo,
    PlayAnimation,
    PlayPuppet,
    ShowLight,
)

LONGEST_DT_MS: Final = 0xFFFF
_DARK: Final = Light(LightPattern.SOLID, (0, 0, 0), 0, 0)


@dataclass(frozen=True, slots=True)
class CompiledTimeline:
    """What one button needs for a scene.

    Attributes:
        cues: the timeline, at most 64 cues; the last darkens the light at the scene's end, so that it lasts till then.
        assets: the pictures it shows that no button has built in, by asset id.
        dropped: the cues that the button could not hold, the least important ones.
    """

    cues: tuple[TimedCue, ...]
    assets: Mapping[int, bytes]
    dropped: tuple[Cue, ...] = ()


def compile_timeline(sheet: CueSheet, performer: str) -> CompiledTimeline:
    """Return the button's timeline, every cue on its planned millisecond; without cues for this button it is empty.

    Raises:
        NoPicture: a cue shows a picture that the scene does not have.
    """
    cues = [cue for cue in sheet.of(performer) if isinstance(cue.action, ButtonAction.__value__)]
    if not cues:
        return CompiledTimeline((), {})
    ids = _asset_ids(sheet, cues)
    kept = list(cues)
    while len(timeline := _timeline(kept, ids, sheet.duration_s)) > MAX_CUES_PER_TIMELINE:
        kept.remove(_least(kept))
    dropped = tuple(cue for cue in cues if cue not in kept)
    return CompiledTimeline(timeline, {asset_id: sheet.assets[name] for name, asset_id in ids.items()}, dropped)


def _asset_ids(sheet: CueSheet, cues: Iterable[Cue]) -> dict[str, int]:
    """Choose ids by content, so that a button that holds a picture already is recognised as holding it."""
    ids: dict[str, int] = {}
    for name in sorted({name for cue in cues if (name := _uploaded(cue.action)) is not None}):
        if name not in sheet.assets:
            raise NoPicture(name)
        span = LONGEST_DT_MS + 1 - FIRST_UPLOADED_ASSET
        number = int.from_bytes(sha256(sheet.assets[name]).digest()[:4])
        while (asset_id := FIRST_UPLOADED_ASSET + number % span) in ids.values():
            number += 1
        ids[name] = asset_id
    return ids


def _uploaded(action: object) -> str | None:
    """Return the name of the picture that the action needs and that is not built in."""
    if isinstance(action, PlayAnimation) and action.animation not in BUILT_IN_ANIMATIONS:
        return action.animation
    if isinstance(action, PlayPuppet) and action.sprite not in BUILT_IN_SPRITES:
        return action.sprite
    return None


def _least(cues: Sequence[Cue]) -> Cue:
    """Return the cue that is missed least: of the least important, the one soonest after another of its output."""
    since: dict[object, float] = {}
    gaps: list[tuple[int, float, int]] = []
    for index, cue in enumerate(cues):
        gaps.append((cue.importance, cue.at_s - since.get(_output(cue), float("-inf")), index))
        since[_output(cue)] = cue.at_s
    return cues[min(gaps)[2]]


def _output(cue: Cue) -> object:
    action = cue.action
    if isinstance(action, MoveServo):
        return action.channel
    return "light" if isinstance(action, ShowLight) else "display"


def _timeline(cues: Iterable[Cue], ids: Mapping[str, int], duration_s: float) -> tuple[TimedCue, ...]:
    planned: list[tuple[int, Command]] = [(_ms(cue.at_s), _command(cue.action, ids)) for cue in cues]
    planned.append((max(_ms(duration_s), planned[-1][0]), _DARK))
    bridged = [planned[0]] if planned[0][0] <= LONGEST_DT_MS else [*_bridge(0, planned[0][0], _DARK), planned[0]]
    for (before_ms, _), (at_ms, command) in pairwise(planned):
        bridged += [*_bridge(before_ms, at_ms, _harmless(bridged)), (at_ms, command)]
    times = [0, *(at_ms for at_ms, _ in bridged)]
    return tuple(
        TimedCue(at_ms - before_ms, command) for before_ms, (at_ms, command) in zip(times, bridged, strict=False)
    )


def _bridge(from_ms: int, to_ms: int, command: Command) -> list[tuple[int, Command]]:
    """Return cues that change nothing, so that no two are further apart than a button can count."""
    return [(at_ms, command) for at_ms in range(from_ms + LONGEST_DT_MS, to_ms, LONGEST_DT_MS)]


def _harmless(planned: Sequence[tuple[int, Command]]) -> Command:
    """Return a command that a button has already carried out, best one that is absolute."""
    commands = [command for _, command in reversed(planned)]
    servo = next((command for command in commands if isinstance(command, Servo)), None)
    return servo or next((command for command in commands if isinstance(command, Light)), _DARK)


def _command(action: object, ids: Mapping[str, int]) -> Command:
    match action:
        case PlayAnimation(animation, duration_s):
            asset_id = ids[animation] if animation in ids else BUILT_IN_ANIMATIONS.index(animation)
            return Play(asset_id, _duration(duration_s))
        case PlayPuppet(sprite, motion, amplitude, period_s, duration_s):
            sprite_id = ids[sprite] if sprite in ids else FIRST_BUILT_IN_SPRITE + BUILT_IN_SPRITES.index(sprite)
            return Puppet(sprite_id, motion, round(255 * amplitude), _capped(period_s), _duration(duration_s))
        case ShowLight(pattern, rgb, brightness, period_s):
            return Light(pattern, rgb, round(brightness * 255 / 100), _capped(period_s))
        case MoveServo(channel, degrees, ramp_s):
            return Servo(channel, round(10 * degrees), _capped(ramp_s))
    raise TypeError(f"A button cannot {action}.")


def _duration(seconds: float | None) -> int:
    """Return milliseconds; what a button cannot count is played once, which lasts as long as the film did."""
    milliseconds = 0 if seconds is None else _ms(seconds)
    return milliseconds if milliseconds <= LONGEST_DT_MS else 0


def _capped(seconds: float) -> int:
    return min(_ms(seconds), LONGEST_DT_MS)


def _ms(seconds: float) -> int:
    return round(1000 * seconds)
