"""The order in which the rules are asked, and what one finding excludes of another."""

from collections.abc import Iterator

from ..models import Event
from ..prompt import Expectation
from ..signals import Signals
from .camera import camera_events
from .candidate import Candidate, Likely
from .confidence import LEAST, confidence
from .picture import cuts, fades, flashes
from .subject import growths, motions, pops
from .whole import stills


def find_events(signals: Signals, expected: Expectation) -> list[Event]:
    """All events in order of time; what is expected needs less evidence."""

    def chance(candidate: Candidate) -> float:
        place = (candidate.first + candidate.end) / 2 / max(1, signals.ticks)
        return confidence(candidate, expected.bonus(candidate.kind, place))

    weighed = ((candidate, chance(candidate)) for candidate in candidates(signals, lambda it: chance(it) >= LEAST))
    events = [candidate.event(signals.rate, certainty) for candidate, certainty in weighed if certainty >= LEAST]
    return sorted(events, key=lambda event: (event.start_s, event.kind))


def candidates(signals: Signals, likely: Likely) -> Iterator[Candidate]:
    """Everything that might be an event; what is `likely` excludes other readings of the same pictures."""
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
