"""The labels of the real clips: what a person sees in them, written down before the analysis was asked."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLIPS = ROOT / ".tools" / "clips"
LABELS = ROOT / "tests" / "analysis" / "clips.json"


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """One clip: where it comes from, and what happens in it, as (kind, start, end) in seconds.

    `use` is "watched" (rules may be improved by looking at it) or "held out" (they may not). `either` lists what one
    person would report and another not: found or missed, it counts for nothing. `unjudged` are the kinds that were not
    labelled, because too much of them goes on. `check` tells in words what to look for.
    """

    name: str
    registry: str
    package: str
    path: str
    sha256: str
    use: str
    check: str
    unjudged: list[str]
    events: list[tuple[str, float, float]]
    either: list[tuple[str, float, float]]

    @property
    def film(self) -> Path:
        """Where the clip lies once it is fetched."""
        return CLIPS / self.name

    def there(self) -> bool:
        """Whether the very clip that was labelled lies there."""
        return self.film.exists() and hashlib.sha256(self.film.read_bytes()).hexdigest() == self.sha256


def labelled_clips() -> list[LabelledClip]:
    """All clips in the order of their labels."""
    return [LabelledClip(**clip) for clip in json.loads(LABELS.read_text())]
