"""Scores found events against what happens: precision, recall and F1 for each kind."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

INSTANTS = frozenset({"cut", "flash", "turn", "appear", "disappear"})
INSTANT_S = 0.2
"""Most that the middle of an instant may be off, in seconds."""
OVERLAP = 0.3
"""Least overlap of two spans, as a share of both together, for them to be the same."""
ONSET_S = 0.3
"""Or the most that their beginnings may be apart, in seconds, where they overlap at all."""
SHORT_STILL_S = 0.7
"""Rests shorter than this count for nothing when they have no partner."""
MOSTLY = 0.5
"""Share of a found event that must lie in an `either` for it to be excused."""

type Span = tuple[str, float, float]
"""Kind, start and end in seconds."""


@dataclass(slots=True)
class Score:
    """What was right, invented and missed, by kind."""

    right: Counter[str] = field(default_factory=Counter)
    invented: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def add(
        self, truth: list[Span], found: list[Span], unjudged: Iterable[str] = (), either: Iterable[Span] = ()
    ) -> list[bool | None]:
        """Score one film; say of each found event whether it is right, or None where that counts for nothing."""
        skipped = set(unjudged)
        pairs = matched(truth, found)
        verdicts: list[bool | None] = []
        for index, event in enumerate(found):
            excused = event[0] in skipped or _short_still(event) or any(_excuses(other, event) for other in either)
            right = index in pairs.values() and event[0] not in skipped
            verdicts.append(right or (None if excused else False))
            self.right[event[0]] += right
            self.invented[event[0]] += verdicts[-1] is False
        for index, event in enumerate(truth):
            if index not in pairs and event[0] not in skipped and not _short_still(event):
                self.missed[event[0]] += 1
        return verdicts

    def kinds(self) -> list[str]:
        """All kinds that happened or were found."""
        return sorted(set(+self.right) | set(+self.invented) | set(+self.missed))

    def of(self, kind: str) -> tuple[float, float, float]:
        """Precision, recall and F1 of a kind, each 0..1."""
        return _rates(self.right[kind], self.invented[kind], self.missed[kind])

    def micro(self) -> tuple[float, float, float]:
        """Precision, recall and F1 over all events."""
        return _rates(self.right.total(), self.invented.total(), self.missed.total())

    def macro(self) -> float:
        """Mean F1 of the kinds that happened."""
        happened = sorted(set(+self.right) | set(+self.missed))
        return sum(self.of(kind)[2] for kind in happened) / max(1, len(happened))


def matched(truth: list[Span], found: list[Span]) -> dict[int, int]:
    """Pair each true event with at most one found event of its kind, the nearest pairs first."""
    near = sorted(
        (distance, i, j)
        for i, event in enumerate(truth)
        for j, other in enumerate(found)
        if (distance := _distance(event, other)) is not None
    )
    pairs: dict[int, int] = {}
    for _, i, j in near:
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def _distance(event: Span, other: Span) -> float | None:
    """How unlike two events are (0..1), or None if they are not the same."""
    if event[0] != other[0]:
        return None
    if event[0] in INSTANTS:
        apart = abs((event[1] + event[2]) - (other[1] + other[2])) / 2
        return apart if apart <= INSTANT_S else None
    shared = _shared(event, other)
    share = shared / max(1e-9, max(event[2], other[2]) - min(event[1], other[1]))
    return 1 - share if share >= OVERLAP or (shared > 0 and abs(event[1] - other[1]) <= ONSET_S) else None


def _shared(event: Span, other: Span) -> float:
    return max(0.0, min(event[2], other[2]) - max(event[1], other[1]))


def _excuses(either: Span, event: Span) -> bool:
    return either[0] == event[0] and _shared(either, event) >= MOSTLY * (event[2] - event[1])


def _short_still(event: Span) -> bool:
    return event[0] == "still" and event[2] - event[1] < SHORT_STILL_S


def _rates(right: int, invented: int, missed: int) -> tuple[float, float, float]:
    precision = right / (right + invented) if right + invented else 0.0
    recall = right / (right + missed) if right + missed else 0.0
    return precision, recall, 2 * right / max(1, 2 * right + invented + missed)
