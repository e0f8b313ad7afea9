"""One job of a studio, and what the user has set for it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from .cues import CueMap, Shape
from .library import Retention
from .t2v import FilmRequest


class Stage(StrEnum):
    """Where a job is, as the sensor shows it."""

    IDLE = "idle"
    GENERATE = "generate"
    ANALYSE = "analyse"
    UPLOAD = "upload"
    PERFORM = "perform"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class StudioSettings:
    """What the user has set for a studio.

    Attributes:
        cue_map: from events to cues.
        retention: how much it keeps.
        deadline_s: how long a film may take, the provider's own limit where None.
        usd_per_second: what a second of film costs, the table's price where None.
        budget_usd: what it may spend in a day, without limit where None.
        fallback: config entry id of the studio that stands in for it.
        prompt_help: the AI task entity that words short prompts better.
    """

    cue_map: CueMap
    retention: Retention
    deadline_s: float | None = None
    usd_per_second: float | None = None
    budget_usd: float | None = None
    fallback: str | None = None
    prompt_help: str | None = None


ENDS: Final = frozenset({Stage.FINISHED, Stage.FAILED, Stage.CANCELLED})


@dataclass(slots=True)
class Job:
    """One job.

    Attributes:
        job_id: its name.
        scene_id: the scene it makes or performs.
        prompt: what was asked for.
        target: on whom, as a Home Assistant target.
        perform: whether the scene is performed once it is made.
        seed: makes the same film again.
        duration_s: the film's length, the studio's own where None.
        display: how buttons show the film.
        film: a film that was there already, instead of a prompt.
        stored: whether the scene is in the library already.
        replay: whether it only performs a scene that was there before.
        late: whether it has failed already, and only the film it may yet have is looked for.
        fresh: whether a stored film of the same request will not do.
        cached: whether a stored film did.
        wording: the prompt as a helper has worded it, where one has.
        maker: config entry id of the studio that is asked for the film, the job's own where None.
        tried: config entry ids of the studios that were asked before.
        notes: what is to be said of how the film came about.
        film_key: what tells its film from others.
        estimate_usd: what the film is expected to cost.
        cost_usd: what it cost as far as one knows, once it is there.
        created_at: seconds since 1970.
        handle: what finds the job at the provider again.
        generated: what the provider made, once it has.
        stage: where it is.
        progress: how much of the stage is done, 0 to 100.
        estimated: whether that is guessed from earlier films, for the studio does not tell.
        message: why it ended, where it did not end well.
        answer: what becomes of it, while this Home Assistant runs.
    """

    job_id: str
    scene_id: str
    prompt: str
    target: Mapping[str, Any] = field(default_factory=dict)
    perform: bool = True
    seed: int | None = None
    duration_s: float | None = None
    display: Shape = Shape.AUTO
    film: str | None = None
    stored: bool = False
    replay: bool = False
    late: bool = False
    fresh: bool = False
    cached: bool = False
    wording: str | None = None
    maker: str | None = None
    tried: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    film_key: str = ""
    estimate_usd: float | None = None
    cost_usd: float | None = None
    created_at: float = field(default_factory=time.time)
    handle: dict[str, Any] | None = None
    generated: dict[str, Any] | None = None
    stage: Stage = Stage.GENERATE
    progress: float = 0.0
    estimated: bool = False
    message: str | None = None
    answer: asyncio.Future[dict[str, Any]] | None = field(default=None, repr=False, compare=False)

    @property
    def made_here(self) -> bool:
        """Whether the studio makes the film."""
        return self.film is None and not self.replay

    @property
    def wish(self) -> FilmRequest:
        """What the user asked for."""
        wish = FilmRequest(self.prompt, seed=self.seed)
        return wish if self.duration_s is None else replace(wish, duration_s=self.duration_s)

    @property
    def request(self) -> FilmRequest:
        """What a studio is asked for."""
        return replace(self.wish, prompt=self.wording or self.prompt)

    def hand_over(self, maker: str, stand_in: str, note: str) -> None:
        """Turn from the studio that was asked to the one that stands in for it."""
        self.tried.append(maker)
        self.notes.append(note)
        self.maker, self.handle, self.estimate_usd = stand_in, None, None

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart."""
        return {name: getattr(self, name) for name in _PERSISTED}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Job:
        """Read back what `as_dict` wrote."""
        display = Shape(data.get("display", Shape.AUTO))
        return cls(**{**data, "stage": Stage(data["stage"]), "display": display})


_PERSISTED: Final = (
    *("job_id", "scene_id", "prompt", "target", "perform", "seed", "duration_s", "display", "film", "stored", "late"),
    *("wording", "maker", "tried", "notes", "film_key", "estimate_usd", "cost_usd"),
    *("created_at", "handle", "generated", "stage"),
)
