"""One run of a scene: everybody prepares, then all start together, and whatever happens ends at rest."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, override

from homeassistant.components.light.const import ATTR_BRIGHTNESS_PCT, ATTR_RGB_COLOR, ATTR_TRANSITION
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Context, HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.state import async_reproduce_state
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .coordinator import ButtonCoordinator
from .cues import Cue, CueMap, CuesError, CueSheet, PerformerKind, compile_timeline, make_cue_sheet
from .cues.models import CallAction, PlayFilm, SetLight
from .errors import translated
from .library import FILM_FILE
from .link import DoneCode, LinkError
from .scene_file import Scene
from .targets import ButtonTarget, EntityTarget, Target, entity_target

_LOGGER = logging.getLogger(__name__)

PREPARE_LIMIT_S: Final = 60.0
"""How long the others wait for a performer that does not get ready."""

LEAD_S: Final = 0.4
LEAD_PER_PERFORMER_S: Final = 0.05
LONGEST_LEAD_S: Final = 2.0
"""The common start lies so far ahead that every button hears of it in time, one after the other."""

ACTION_LIMIT_S: Final = 5.0
"""How long one Home Assistant action of an entity may take before the next cue goes ahead."""

END_LIMIT_S: Final = 20.0
"""How long after the scene's end a performer may take to say that it is done."""

TICK_S: Final = 0.5
"""How often the progress of the scene itself is told."""

_PERFORMANCES: HassKey[Performances] = HassKey(f"{DOMAIN}_performances")


class Outcome(StrEnum):
    """How a performer got through the scene."""

    PERFORMED = "performed"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PerformerResult:
    """What became of one performer.

    Attributes:
        name: as in the cue sheet.
        device_id: the button's device; None for an entity.
        outcome: performed, partial or failed.
        reason: a sentence, where it did not all go well.
        acked_cues: cues that the button confirmed to hold, or that the entity's actions accepted.
        planned_start_us: when it was to start, on the monotonic clock; None if it never came to that.
        start_skew_ms: when it started against that plan, as far as this host can tell.
        at_rest: whether it is known to be at rest since; None where that has no meaning.
    """

    name: str
    device_id: str | None
    outcome: Outcome
    reason: str | None = None
    acked_cues: int = 0
    planned_start_us: int | None = None
    start_skew_ms: float | None = None
    at_rest: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able data."""
        return {
            "name": self.name,
            "device_id": self.device_id,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "acked_cues": self.acked_cues,
            "planned_start_us": self.planned_start_us,
            "start_skew_ms": self.start_skew_ms,
            "safe_after_end": self.at_rest,
        }


@dataclass(frozen=True, slots=True)
class PerformanceResult:
    """What became of a performance: each performer's part, and how long loading and performing took."""

    sheet: CueSheet
    performers: tuple[PerformerResult, ...] = ()
    stages_s: Mapping[str, float] = field(default_factory=dict)


type OnStage = Callable[[str, float], None]
"""Hears the stage (``upload``, ``perform``) and how much of it is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a part ended."""

    outcome: Outcome
    reason: str | None = None
    start_skew_s: float | None = None


def sentence(key: str, **placeholders: str) -> str:
    """Return a sentence of the translations' `exceptions`, for an answer or an attribute."""
    return str(error(key, **placeholders))


def error(key: str, **placeholders: str) -> HomeAssistantError:
    """Return a failure whose sentence is under `exceptions` in the translations."""
    return HomeAssistantError(translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders)


class _Curtain:
    """Rises for all at once, as soon as nobody is getting ready any longer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, performers: int, on_rise: Callable[[float], None]) -> None:
        self._loop = loop
        self._preparing = performers
        self._ready: set[_Part] = set()
        self._gone: set[_Part] = set()
        self._start_at: asyncio.Future[float] = loop.create_future()
        self._on_rise = on_rise

    async def ready(self, part: _Part) -> float:
        """Wait for the others; return the common start, in the loop's time."""
        self._ready.add(part)
        self._rise()
        return await asyncio.shield(self._start_at)

    @callback
    def gone(self, part: _Part) -> None:
        """Do not wait for a performer that will not get ready any more."""
        self._gone.add(part)
        self._rise()

    def _rise(self) -> None:
        if len(self._ready | self._gone) == self._preparing and self._ready and not self._start_at.done():
            lead_s = min(LEAD_S + LEAD_PER_PERFORMER_S * len(self._ready), LONGEST_LEAD_S)
            self._start_at.set_result(self._loop.time() + lead_s)
            self._on_rise(self._start_at.result())


class _Part(ABC):
    """One performer's part in one performance."""

    def __init__(self, hass: HomeAssistant, target: Target, on_loaded: Callable[[float], None]) -> None:
        self.hass = hass
        self.target = target
        self.loaded = 0.0
        self.start_at: float | None = None
        self.acked = 0
        self._on_loaded = on_loaded

    @property
    def started(self) -> bool:
        """Whether the common start has passed with this performer in it."""
        return self.start_at is not None and self.hass.loop.time() >= self.start_at

    @callback
    def report(self, share: float) -> None:
        """Note how much of the loading is done."""
        self.loaded = share
        self._on_loaded(share)

    @abstractmethod
    async def prepare(self) -> None:
        """Get ready; may take long, and may fail."""

    @abstractmethod
    async def run(self, start_at: float) -> _Ended:
        """Perform from the common start to the end."""

    @abstractmethod
    async def finish(self) -> None:
        """Leave nothing on; never raises."""

    @abstractmethod
    def reason(self, err: Exception) -> str:
        """Return a failure as a sentence."""

    @property
    def at_rest(self) -> bool | None:
        """Whether the performer is known to be at rest."""
        return None

    def broken_off(self, reason: str) -> _Ended:
        """Return the end of a part that something came in between of."""
        return _Ended(Outcome.PARTIAL if self.started else Outcome.FAILED, reason)

    def result(self, ended: _Ended) -> PerformerResult:
        """Return what became of this part."""
        return PerformerResult(
            name=self.target.performer.name,
            device_id=self.target.device_id if isinstance(self.target, ButtonTarget) else None,
            outcome=ended.outcome,
            reason=ended.reason,
            acked_cues=self.acked,
            planned_start_us=None if self.start_at is None else round(1_000_000 * self.start_at),
            start_skew_ms=None if ended.start_skew_s is None else round(1000 * ended.start_skew_s, 2),
            at_rest=self.at_rest,
        )


class _ButtonPart(_Part):
    """A button: loads its timeline first, then runs it by its own clock."""

    def __init__(
        self, hass: HomeAssistant, target: ButtonTarget, sheet: CueSheet, on_loaded: Callable[[float], None]
    ) -> None:
        super().__init__(hass, target, on_loaded)
        self._sheet = sheet
        self._coordinator = target.coordinator
        self._dropped = 0
        self._held = False

    @property
    def _button(self) -> ButtonCoordinator:
        if self._coordinator is None:
            raise error("button_not_loaded", name=self.target.performer.name)
        return self._coordinator

    @override
    async def prepare(self) -> None:
        button = self._button
        timeline = await self.hass.async_add_executor_job(compile_timeline, self._sheet, self.target.performer.name)
        if not timeline.cues:
            raise error("no_cues", name=self.target.performer.name)
        self._dropped = len(timeline.dropped)
        await button.async_prepare()
        self._held = True
        self.acked = await button.async_load(timeline.cues, timeline.assets, self.report)

    @override
    async def run(self, start_at: float) -> _Ended:
        outcome = await self._button.async_run(start_at, self._sheet.duration_s)
        self.acked = outcome.acked_cues
        name = self.target.performer.name
        if outcome.done is not DoneCode.COMPLETED:
            return _Ended(Outcome.PARTIAL, sentence(_DONE[outcome.done], name=name), outcome.start_skew_s)
        if self._dropped:
            reason = sentence("cues_dropped", name=name, count=str(self._dropped))
            return _Ended(Outcome.PARTIAL, reason, outcome.start_skew_s)
        return _Ended(Outcome.PERFORMED, None, outcome.start_skew_s)

    @override
    async def finish(self) -> None:
        if self._held:
            self._held = False
            # Also after a good end: it takes back the authority over the outputs that the lease still gives.
            await self._button.async_stop()
            self._button.async_release()

    @override
    def reason(self, err: Exception) -> str:
        if isinstance(err, LinkError):
            return str(translated(self.hass, self._button, err))
        return str(err)

    @property
    @override
    def at_rest(self) -> bool | None:
        return None if self._coordinator is None else not self._coordinator.active


_DONE: Final = {
    DoneCode.STOPPED: "performer_stopped",
    DoneCode.LEASE_ENDED: "performer_lease_ended",
    DoneCode.REPLACED: "performer_taken",
}


class _EntityPart(_Part):
    """An entity: its cues are Home Assistant actions; a light returns to what it was."""

    def __init__(
        self,
        hass: HomeAssistant,
        target: EntityTarget,
        sheet: CueSheet,
        film: str,
        context: Context | None,
        on_loaded: Callable[[float], None],
    ) -> None:
        super().__init__(hass, target, on_loaded)
        self._cues = sheet.of(target.performer.name)
        self._film = film
        self._context = context
        self._before: State | None = None
        self._failures: list[str] = []

    @override
    async def prepare(self) -> None:
        state = self.hass.states.get(self.target.key)
        if state is None or state.state == STATE_UNAVAILABLE:
            raise error("entity_unavailable", name=self.target.key)
        if not self._cues:
            raise error("no_cues", name=self.target.key)
        if self.target.performer.kind is PerformerKind.LIGHT and state.state != STATE_UNKNOWN:
            self._before = state
        self.report(1.0)

    @override
    async def run(self, start_at: float) -> _Ended:
        skew_s: float | None = None
        for index, cue in enumerate(self._cues):
            at = start_at + cue.at_s
            await asyncio.sleep(max(0.0, at - self.hass.loop.time()))
            if skew_s is None:
                skew_s = self.hass.loop.time() - at
            if not self._overtaken(index, start_at):
                await self._async_act(cue)
        if not self._failures:
            return _Ended(Outcome.PERFORMED, None, skew_s)
        return _Ended(Outcome.PARTIAL if self.acked else Outcome.FAILED, self._failures[0], skew_s)

    def _overtaken(self, index: int, start_at: float) -> bool:
        """Return whether the next look of a light is due already, so that this one would only be in its way."""
        following = self._cues[index + 1 : index + 2]
        return (
            isinstance(self._cues[index].action, SetLight)
            and bool(following)
            and isinstance(following[0].action, SetLight)
            and start_at + following[0].at_s <= self.hass.loop.time()
        )

    async def _async_act(self, cue: Cue) -> None:
        domain, service, data = self._call(cue)
        try:
            async with asyncio.timeout(ACTION_LIMIT_S):
                await self.hass.services.async_call(domain, service, data, blocking=True, context=self._context)
        except TimeoutError:
            self._failures.append(
                sentence("action_timeout", action=f"{domain}.{service}", seconds=f"{ACTION_LIMIT_S:g}")
            )
        except Exception as err:  # an action is anyone's code, and one that fails must not end the scene
            self._failures.append(sentence("action_failed", action=f"{domain}.{service}", error=str(err)))
        else:
            self.acked += 1

    def _call(self, cue: Cue) -> tuple[str, str, dict[str, Any]]:
        entity = {ATTR_ENTITY_ID: self.target.key}
        match cue.action:
            case SetLight(rgb, brightness, transition_s):
                look = {ATTR_RGB_COLOR: list(rgb), ATTR_BRIGHTNESS_PCT: brightness, ATTR_TRANSITION: transition_s}
                return "light", "turn_on", entity | look
            case PlayFilm():
                media = {"media_content_id": self._film, "media_content_type": "video/mp4"}
                return "media_player", "play_media", entity | media
            case CallAction(action, data):
                domain, _, service = action.partition(".")
                return domain, service, entity | dict(data)
        raise TypeError(f"An entity cannot {cue.action}.")

    @override
    async def finish(self) -> None:
        if self._before is None or not self.started:
            return
        try:
            async with asyncio.timeout(ACTION_LIMIT_S):
                await async_reproduce_state(self.hass, [self._before], context=self._context)
        except Exception as err:  # a light is anyone's code too
            _LOGGER.warning("%s could not be returned to what it was: %s", self.target.key, err)

    @override
    def reason(self, err: Exception) -> str:
        return str(err)


class _Stages:
    """Tells how far the performance is: the mean of the loading, then the time since the curtain rose."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_stage: OnStage, duration_s: float) -> None:
        self._loop = loop
        self._on_stage = on_stage
        self._duration_s = duration_s
        self._parts: list[_Part] = []
        self._began = loop.time()
        self._start_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        on_stage("upload", 0.0)

    def add(self, part: _Part) -> None:
        """Count a performer in."""
        self._parts.append(part)

    @callback
    def loaded(self, _share: float) -> None:
        """Tell how much is loaded."""
        if self._start_at is None and self._parts:
            self._on_stage("upload", sum(part.loaded for part in self._parts) / len(self._parts))

    @callback
    def rise(self, start_at: float) -> None:
        """Tell from now on how much of the scene is over."""
        if self._start_at is None:
            self._start_at = start_at
            self._tick()

    def _tick(self) -> None:
        assert self._start_at is not None
        share = (self._loop.time() - self._start_at) / max(self._duration_s, TICK_S)
        self._on_stage("perform", min(max(share, 0.0), 1.0))
        if share < 1:
            self._timer = self._loop.call_later(TICK_S, self._tick)

    def close(self) -> None:
        """Tell nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def seconds(self) -> dict[str, float]:
        """Return how long loading took and how long performing."""
        now = self._loop.time()
        start_at = self._start_at or now
        return {"upload": round(start_at - self._began, 3), "perform": round(max(now - start_at, 0.0), 3)}


@dataclass(slots=True)
class _Playing:
    """A performer at work; `taken` is the key of the sentence that says why it was taken from its performance."""

    task: asyncio.Task[PerformerResult]
    taken: str | None = None


class Performances:
    """Every performance under way in this Home Assistant; a newer one takes its performers from the older."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with nobody performing."""
        self.hass = hass
        self._playing: dict[str, _Playing] = {}

    async def async_perform(
        self,
        scene: Scene,
        targets: Sequence[Target],
        cue_map: CueMap,
        on_stage: OnStage,
        context: Context | None = None,
    ) -> PerformanceResult:
        """Perform a scene; return what became of each performer. Cancelled, it puts everybody at rest first."""
        sheet = await self.hass.async_add_executor_job(
            make_cue_sheet, scene.analysis, cue_map, [target.performer for target in targets]
        )
        everybody = (*targets, *_named_by_cues(sheet, targets))
        stages = _Stages(self.hass.loop, on_stage, sheet.duration_s)
        curtain = _Curtain(self.hass.loop, len(everybody), stages.rise)
        parts = [self._part(scene, sheet, target, stages, context) for target in everybody]
        tasks = [asyncio.create_task(self._async_play(part, sheet.duration_s, curtain)) for part in parts]
        try:
            performers = [await task for task in tasks]
        finally:
            # Only with everybody at rest is it over; cancelling a task that is done changes nothing.
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
            stages.close()
        return PerformanceResult(sheet, tuple(performers), stages.seconds())

    @asynccontextmanager
    async def async_warm(self, targets: Sequence[Target]) -> AsyncGenerator[None]:
        """Connect the buttons ahead of need, and hold them until the context ends; one that fails is left alone."""
        buttons = [target.coordinator for target in targets if isinstance(target, ButtonTarget)]
        tasks = [asyncio.create_task(_async_hold(button)) for button in buttons if button is not None]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    async def async_stop(self, targets: Sequence[Target] | None = None) -> None:
        """Take these performers, or all, out of what they perform; return when they are at rest."""
        keys = list(self._playing) if targets is None else [target.key for target in targets]
        await self._async_take([self._playing[key] for key in keys if key in self._playing], "performer_stopped")

    async def async_rest(self, targets: Sequence[Target]) -> None:
        """Put buttons at rest that act outside of any performance."""
        buttons = [target.coordinator for target in targets if isinstance(target, ButtonTarget)]
        await asyncio.gather(*(button.async_stop() for button in buttons if button is not None))

    def _part(self, scene: Scene, sheet: CueSheet, target: Target, stages: _Stages, context: Context | None) -> _Part:
        part = (
            _ButtonPart(self.hass, target, sheet, stages.loaded)
            if isinstance(target, ButtonTarget)
            else _EntityPart(self.hass, target, sheet, media_content_id(self.hass, scene), context, stages.loaded)
        )
        stages.add(part)
        return part

    async def _async_play(self, part: _Part, duration_s: float, curtain: _Curtain) -> PerformerResult:
        task = asyncio.current_task()
        assert task is not None
        own, key = _Playing(task), part.target.key
        try:
            ended = await self._async_act(part, own, key, duration_s, curtain)
        except asyncio.CancelledError:
            if own.taken is None:
                raise
            ended = part.broken_off(sentence(own.taken, name=part.target.performer.name))
        except TimeoutError:
            ended = part.broken_off(sentence("performer_timeout", name=part.target.performer.name))
        except (LinkError, HomeAssistantError, CuesError) as err:
            ended = part.broken_off(part.reason(err))
        except Exception as err:
            _LOGGER.exception("Unexpected error while %s performed", part.target.performer.name)
            ended = part.broken_off(sentence("performer_error", name=part.target.performer.name, error=str(err)))
        finally:
            curtain.gone(part)
            await part.finish()
            if self._playing.get(key) is own:
                del self._playing[key]
        return part.result(ended)

    async def _async_act(self, part: _Part, own: _Playing, key: str, duration_s: float, curtain: _Curtain) -> _Ended:
        async with asyncio.timeout(PREPARE_LIMIT_S):
            previous = self._playing.get(key)
            self._playing[key] = own
            await self._async_take([] if previous is None else [previous], "performer_taken")
            await part.prepare()
        part.start_at = await curtain.ready(part)
        async with asyncio.timeout_at(part.start_at + duration_s + END_LIMIT_S):
            return await part.run(part.start_at)

    @staticmethod
    async def _async_take(playing: Sequence[_Playing], why: str) -> None:
        for taken in playing:
            taken.taken = why
            taken.task.cancel()
        if playing:
            await asyncio.wait([taken.task for taken in playing])


async def _async_hold(button: ButtonCoordinator) -> None:
    try:
        await button.async_prepare()
    except LinkError as err:
        _LOGGER.debug("%s could not be connected ahead of the performance: %s", button.title, err)
        return
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        button.async_release()


def _named_by_cues(sheet: CueSheet, targets: Sequence[Target]) -> list[Target]:
    """Return the entities that the user's rules act on by name."""
    known = {target.performer.name for target in targets}
    named = {cue.performer for cue in sheet.cues} - known
    return [entity_target(entity_id) for entity_id in sorted(named)]


def media_content_id(hass: HomeAssistant, scene: Scene) -> str:
    """Return how a media player finds the scene's film."""
    return f"media-source://{DOMAIN}/{scene.scene_id}/{FILM_FILE}"


@callback
def async_get_performances(hass: HomeAssistant) -> Performances:
    """Return Home Assistant's performances."""
    return hass.data.setdefault(_PERFORMANCES, Performances(hass))
