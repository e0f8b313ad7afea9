"""How long jobs of a kind take, learned from those that are done, for the progress that a studio does not tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Self

from .base import Provider
from .models import FilmRequest, GeneratedFilm

_REMEMBERED = 5
_MOST_KINDS = 64


def kind_of(provider: Provider, request: FilmRequest) -> str:
    """Return what makes jobs comparable: the studio, its model, and the amount of picture."""
    return f"{provider.name} {provider.model} {request.size} {request.frames}"


@dataclass(slots=True)
class Pace:
    """Seconds of past jobs by kind, JSON-able."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def learn(self, kind: str, film: GeneratedFilm) -> None:
        """Remember how long a film took."""
        self.seconds[kind] = [*self.seconds.pop(kind, []), film.elapsed_s][-_REMEMBERED:]
        while len(self.seconds) > _MOST_KINDS:
            del self.seconds[next(iter(self.seconds))]

    def expected_s(self, kind: str) -> float | None:
        """Return the usual seconds of a kind, None for the first of it."""
        known = self.seconds.get(kind)
        return median(known) if known else None

    def as_dict(self) -> dict[str, list[float]]:
        """Return the memory as JSON-able data."""
        return {kind: list(seconds) for kind, seconds in self.seconds.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `as_dict` wrote; what is damaged is left out."""
        return cls(
            {
                str(kind): [float(value) for value in seconds if isinstance(value, (int, float))]
                for kind, seconds in data.items()
                if isinstance(seconds, list)
            }
        )
