"""What a rule proposes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..models import Event, EventKind


@dataclass(frozen=True, slots=True)
class Candidate:
    """Perhaps an event, from tick `first` up to tick `end`.

    `evidence` are the numbers by which it is judged (see `confidence.WEIGHTS`), `parameters` those of the event.
    """

    kind: EventKind
    first: int
    end: int
    evidence: dict[str, float] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)

    def overlap(self, first: int, end: int) -> float:
        """The share of it that lies between two ticks."""
        return max(0, min(self.end, end) - max(self.first, first)) / max(1, self.end - self.first)

    def event(self, rate: float, confidence: float) -> Event:
        """The event, in seconds."""
        return Event(
            self.kind,
            round(self.first / rate, 3),
            round(max(1, self.end - self.first) / rate, 3),
            round(confidence, 2),
            {name: round(float(value), 3) for name, value in self.parameters.items()},
        )


type Likely = Callable[[Candidate], bool]
"""Whether a candidate is an event, so that it excludes others."""
