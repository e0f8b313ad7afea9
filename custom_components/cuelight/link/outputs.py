"""Which of a button's outputs the host has on, hence whether the button needs a lease."""

from dataclasses import dataclass
from math import inf

from .commands import Command, Light, Play, Puppet, Run, Servo
from .const import LEASE_UNIT_MS, LightPattern

LEASE_UNITS = 60
LEASE_S = LEASE_UNITS * LEASE_UNIT_MS / 1000


def output_of(command: Command) -> str | None:
    """The output that a command sets; None for commands that set none."""
    match command:
        case Play() | Puppet():
            return "display"
        case Light():
            return "light"
        case Servo():
            return f"servo {command.channel}"
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Undo:
    """What an output was before a command that the button then refused."""

    output: str
    until: float | None


class Outputs:
    """The outputs that are on, and until when.

    A light is on until it is switched off. An animation of no given duration, and a servo after its ramp, are kept up
    for one lease: a servo that has arrived needs no authority, and a link held for ever would drain the button.
    """

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def active(self, now: float) -> bool:
        """Whether anything is on."""
        return any(until > now for until in self._until.values())

    def note(self, command: Command, now: float, run_s: float = 0.0) -> Undo | None:
        """Take a command into account as it is sent; ``run_s`` is how long from now a run's timeline lasts."""
        output = f"timeline {command.timeline}" if isinstance(command, Run) else output_of(command)
        if output is None:
            return None
        undo = Undo(output, self._until.get(output))
        self._until[output] = now + (run_s if isinstance(command, Run) else _lasts_s(command))
        return undo

    def undo(self, undo: Undo | None) -> None:
        """Take a refused command back."""
        if undo is None:
            return
        if undo.until is None:
            self._until.pop(undo.output, None)
        else:
            self._until[undo.output] = undo.until

    def clear(self) -> None:
        """Everything is at rest."""
        self._until.clear()


def _lasts_s(command: Command) -> float:
    match command:
        case Light():
            lit = command.brightness and (any(command.rgb) or command.pattern == LightPattern.RAINBOW)
            return inf if lit else 0.0
        case Play() | Puppet():
            return command.duration_ms / 1000 or LEASE_S
        case Servo():
            return command.ramp_ms / 1000 + LEASE_S
        case _:
            return 0.0
