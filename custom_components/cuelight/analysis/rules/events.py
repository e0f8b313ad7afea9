"""The order in which the rules are asked, and what one finding excludes of another."""

from collections.abc import Iterable, Mapping

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
    picture = _likely((*flashes(signals), *cuts(signals), *fades(signals)), prior)
    camera = _likely(camera_events(signals), prior)
    popped = _likely(pops(signals), prior)
    there = [candidate for candidate, _ in popped]
    subject = popped + _likely((*motions(signals, there), *growths(signals, there)), prior)
    found = picture + camera + subject
    found += _likely(stills(signals, [candidate for candidate, _ in found]), prior)
    events = [candidate.event(signals.rate, chance) for candidate, chance in found]
    return sorted(events, key=lambda event: (event.start_s, event.kind))


def _likely(candidates: Iterable[Candidate], prior: Prior) -> list[tuple[Candidate, float]]:
    weighed = [(candidate, confidence(candidate, prior.get(candidate.kind, 0.0))) for candidate in candidates]
    return [(candidate, chance) for candidate, chance in weighed if chance >= LEAST]
