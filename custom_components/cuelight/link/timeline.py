"""Cutting a timeline's cues into commands."""

from collections.abc import Sequence

from . import commands
from .commands import Cues, Play, Puppet, Servo, TimedCue
from .const import MAX_CUES_PER_COMMAND, MAX_CUES_PER_TIMELINE
from .exceptions import FrameTooLong, InvalidArgument

_FRAME_OVERHEAD = 11


def next_batch(timeline: int, first: int, cues: Sequence[TimedCue], frame_limit: int) -> Cues:
    """The command for the cues from index ``first`` on, as many as fit a frame.

    Raises:
        InvalidArgument: the timeline has more cues than a button holds.
        FrameTooLong: not even one cue fits.
    """
    if len(cues) > MAX_CUES_PER_TIMELINE:
        raise InvalidArgument("cues", f"A timeline holds at most {MAX_CUES_PER_TIMELINE} cues, not {len(cues)}.")
    batch = tuple(cues[first : first + MAX_CUES_PER_COMMAND])
    while (size := frame_size(command := Cues(timeline, first, batch))) > frame_limit:
        if len(batch) == 1:
            raise FrameTooLong(size, frame_limit)
        batch = batch[:-1]
    return command


def frame_size(command: commands.Command) -> int:
    """The longest a frame with this command gets, for commands that carry no lease."""
    return len(commands.encode(command)) + _FRAME_OVERHEAD


def duration_of(cues: Sequence[TimedCue]) -> float:
    """How long a timeline takes: until the last cue has begun and each has run for its own duration."""
    end_ms = at_ms = 0
    for cue in cues:
        at_ms += cue.dt_ms
        end_ms = max(end_ms, at_ms + _own_ms(cue))
    return end_ms / 1000


def _own_ms(cue: TimedCue) -> int:
    match cue.command:
        case Play() | Puppet():
            return cue.command.duration_ms
        case Servo():
            return cue.command.ramp_ms
        case _:
            return 0
