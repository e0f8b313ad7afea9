"""What a film will cost, and whether today's budget allows it; a studio's own figure counts more than the estimate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any, Self

from .base import Provider
from .exceptions import BudgetExceeded
from .models import FilmRequest

# US dollars for a second of film, by provider, model and lines, as the studios listed them on 2026-11-22.
PRICES: tuple[tuple[str, str, Mapping[int, float]], ...] = (
    ("dashscope", "wan2.7-t2v*", {720: 0.10, 1080: 0.15}),
    ("fal", "fal-ai/wan/v2.2-a14b/*", {480: 0.04, 580: 0.06, 720: 0.08}),
    ("fal", "fal-ai/wan/v2.7/*", {720: 0.10, 1080: 0.15}),
)
_KEPT_S = 8 * 86400.0


def estimate_usd(provider: Provider, request: FilmRequest, usd_per_second: float | None = None) -> float | None:
    """Return what the film is likely to cost.

    Args:
        provider: the studio.
        request: the film.
        usd_per_second: the user's own price, over the table's.

    Returns:
        0 where films are free, None where neither the table nor the user knows a price.
    """
    if provider.free:
        return 0.0
    price = usd_per_second
    if price is None:
        price = _listed(provider, request)
    return None if price is None else round(price * request.duration_s, 4)


def _listed(provider: Provider, request: FilmRequest) -> float | None:
    lines = min(request.width, request.height)
    for name, model, prices in PRICES:
        if name == provider.name and fnmatch(provider.model, model):
            return prices[min(prices, key=lambda listed: abs(listed - lines))]
    return None


@dataclass(slots=True)
class Ledger:
    """What was spent at one studio, by job, JSON-able. A job counts as estimated until its real cost is known."""

    entries: dict[str, tuple[float, float]] = field(default_factory=dict)

    def reserve(
        self, job: str, at: float, usd: float | None, limit_usd: float | None, day_began: float, title: str
    ) -> None:
        """Enter a job before it is submitted, if the day's budget allows it.

        Raises:
            BudgetExceeded: it does not, or nobody knows what the job costs while a budget is set.
        """
        spent = self.spent_since(day_began)
        if limit_usd is not None and usd is None:
            raise BudgetExceeded(
                f"The price of a film at {title} is not known, so the daily budget cannot be kept; "
                "enter a price per second for this studio.",
                provider=title,
            )
        if limit_usd is not None and usd and spent + usd > limit_usd:
            raise BudgetExceeded(
                f"This film costs about {usd:.2f} USD, and {spent:.2f} of today's {limit_usd:.2f} USD "
                f"for {title} are spent.",
                provider=title,
                usd=usd,
                spent=spent,
                limit=limit_usd,
            )
        self.entries = {name: entry for name, entry in self.entries.items() if entry[0] > at - _KEPT_S}
        self.entries[job] = (at, usd or 0.0)

    def settle(self, job: str, usd: float | None) -> None:
        """Enter what a job really cost, where that is known."""
        if job in self.entries and usd is not None:
            self.entries[job] = (self.entries[job][0], usd)

    def release(self, job: str) -> None:
        """Take out a job that costs nothing: it was refused, or never came about."""
        self.entries.pop(job, None)

    def spent_since(self, began: float) -> float:
        """Return the US dollars spent since a moment."""
        return round(sum(usd for at, usd in self.entries.values() if at >= began), 4)

    def as_dict(self) -> dict[str, list[float]]:
        """Return the entries as JSON-able data."""
        return {job: list(entry) for job, entry in self.entries.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `as_dict` wrote; what is damaged is left out."""
        return cls(
            {
                str(job): (float(entry[0]), float(entry[1]))
                for job, entry in data.items()
                if isinstance(entry, list) and len(entry) == 2 and all(isinstance(x, (int, float)) for x in entry)
            }
        )
