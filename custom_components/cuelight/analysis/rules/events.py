"""The order in which the rules are asked, and what one finding excludes of another."""

from collections.abc import Iterator, Mapping

from ..models import Event, EventKind
from ..signals import Signals
from .camera import camera_events
from .candidate import Candidate
from .confidence import LEAST, confidence
from .picture import cuts, fades, flashes
from .subject import growths, motions, pops
from .whole import stills

type Prior = Mapping[EventKind, float]


def find_events(signals: Signals, prior: Prior | None = None) -> list[Event]:
    """All events in order of time; `prior` is added to the logit of a kind's confidence."""
    prior = prior or {}
    chances = ((candidate, weighed(candidate, prior)) for candidate in candidates(signals, prior))
    events = [candidate.event(signals.rate, chance) for candidate, chance in chances if chance >= LEAST]
    return sorted(events, key=lambda event: (event.start_s, event.kind))


def candidates(signals: Signals, prior: Prior) -> Iterator[Candidate]:
    """Everything that might be an event, likely or not."""

    def likely(candidate: Candidate) -> bool:
        return weighed(candidate, prior) >= LEAST

    popped = list(pops(signals))
    there = [candidate for candidate in popped if likely(candidate)]
    found = [
        *flashes(signals),
        *cuts(signals),
        *fades(signals),
        *camera_events(signals, likely),
        *popped,
        *motions(signals, there, likely),
        *growths(signals, there),
    ]
    yield from found
    yield from stills(signals, [candidate for candidate in found if likely(candidate)])


def weighed(candidate: Candidate, prior: Prior) -> float:
    """The chance that a candidate is an event."""
    return confidence(candidate, prior.get(candidate.kind, 0.0))
