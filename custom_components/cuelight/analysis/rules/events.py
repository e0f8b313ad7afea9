"""The order in which the rules are asked, and what one finding excludes of another."""

from collections.abc import Iterator

from ..models import Event, EventKind
from ..prompt import Expectation
from ..signals import Signals
from .camera import camera_events
from .candidate import Candidate, Likely
from .confidence import LEAST, confidence
from .picture import cuts, fades, flashes
from .subject import growths, motions, pops
from .whole import stills

ZOOMS = (EventKind.ZOOM_IN, EventKind.ZOOM_OUT)
BACKED = 0.5
"""Share of what changes at the picture's border that a zoom must explain to be the camera's; of less, what grows is
something before it. Drawn zooms explain 0.65 and more; a bird that comes up to the camera, a third."""


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
    camera = list(camera_events(signals, likely))
    misfits = [candidate for candidate in camera if candidate.kind in ZOOMS and candidate.evidence["backed"] < BACKED]
    found = [
        *flashes(signals),
        *cuts(signals),
        *fades(signals),
        *(candidate for candidate in camera if candidate not in misfits),
        *popped,
        *motions(signals, there, likely),
        *growths(signals, there, misfits),
    ]
    yield from found
    yield from stills(signals, [candidate for candidate in found if likely(candidate)])
