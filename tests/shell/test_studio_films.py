"""What a film costs, who makes it, and when a stored one will do."""

import asyncio
import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.const import DOMAIN
from custom_components.cuelight.jobs import EVENT_SCENE_FINISHED
from custom_components.cuelight.studio import async_remove_studio
from custom_components.cuelight.t2v import (
    AuthenticationFailed,
    BalanceEmpty,
    CreateUnconfirmed,
    GeneratedFilm,
    JobHandle,
    JobLost,
    JobState,
    JobStatus,
    Moderated,
    StudioUnreachable,
    T2VError,
)

from .stage import SlowStudio, call, events_of, load, studio_entry, unload, until

PROMPT = "a cat jumps"
HELPER = "ai_task.writer"

type Open = Callable[..., Awaitable[MockConfigEntry]]


@pytest.fixture
async def open_studio(
    hass: HomeAssistant, media: Path, bluetooth: None, slow_studio: type[SlowStudio]
) -> AsyncIterator[Open]:
    """Load a studio with these options; unloaded again at the end."""
    entries: list[MockConfigEntry] = []

    async def open_one(provider: str = "slow", **options: Any) -> MockConfigEntry:
        entries.append(await load(hass, studio_entry(provider, **options)))
        return entries[-1]

    slow_studio.finished = True
    yield open_one
    for entry in entries:
        await unload(hass, entry)


def refuse(studio: type[SlowStudio], error: T2VError | None) -> None:
    """Have the studio refuse every create, or take them again."""

    async def create(self: SlowStudio, intent: JobHandle) -> JobHandle:
        if error is None:
            return await SlowStudio.create(self, intent)
        raise error

    studio.create = create  # type: ignore[method-assign]


def bill(studio: type[SlowStudio], usd: float) -> None:
    """Have the studio say what its films cost."""

    async def fetch(self: SlowStudio, handle: Any, status: Any, destination: Path, report: Any) -> GeneratedFilm:
        film = await SlowStudio.fetch(self, handle, status, destination, report)
        return GeneratedFilm(film.path, film.provider, film.seed, cost_usd=usd)

    studio.fetch = fetch  # type: ignore[method-assign]


def sensor(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, Any]:
    """The attributes of the studio's sensor."""
    entity_id = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{entry.entry_id}-job")
    assert entity_id is not None
    state = hass.states.get(entity_id)
    assert state is not None
    return dict(state.attributes)


def issues(hass: HomeAssistant) -> set[str]:
    """What there is to repair."""
    return {str(issue.translation_key) for (domain, _), issue in ir.async_get(hass).issues.items() if domain == DOMAIN}


# Cost


async def test_a_film_is_estimated_before_and_counted_after(hass: HomeAssistant, open_studio: Open) -> None:
    studio = await open_studio(usd_per_second=0.1)
    answer = await call(hass, "generate_scene", prompt=PROMPT)
    assert (answer["estimate_usd"], answer["cost_usd"]) == (0.5, 0.5)
    shown = sensor(hass, studio)
    assert (shown["estimate_usd"], shown["cost_usd"], shown["spent_today_usd"]) == (0.5, 0.5, 0.5)


async def test_what_the_studio_says_a_film_cost_replaces_the_estimate(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    studio = await open_studio(usd_per_second=0.1)
    bill(slow_studio, 0.31)
    events = events_of(hass, EVENT_SCENE_FINISHED)
    answer = await call(hass, "generate_scene", prompt=PROMPT)
    assert (answer["estimate_usd"], answer["cost_usd"]) == (0.5, 0.31)
    assert sensor(hass, studio)["spent_today_usd"] == 0.31
    await hass.async_block_till_done()
    assert (events[0]["provider"], events[0]["cost_usd"]) == ("slow", 0.31)


async def test_the_daily_budget_refuses_what_would_exceed_it_also_after_a_restart(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    studio = await open_studio(usd_per_second=0.1, budget_usd=0.8)
    await call(hass, "generate_scene", prompt=PROMPT)
    hass.data.pop("cuelight_books")
    await unload(hass, studio)
    await load(hass, studio)
    with pytest.raises(HomeAssistantError, match=r"costs about 0.50 USD, and 0.50 of today's 0.80 USD"):
        await call(hass, "generate_scene", prompt="a dog jumps")
    assert slow_studio.creates == 1
    assert sensor(hass, studio)["spent_today_usd"] == 0.5


async def test_a_film_of_unknown_price_is_refused_where_there_is_a_budget(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    await open_studio(budget_usd=5)
    with pytest.raises(HomeAssistantError, match="enter a price per second"):
        await call(hass, "generate_scene", prompt=PROMPT)
    assert slow_studio.creates == 0


async def test_a_refused_create_costs_nothing_and_an_unconfirmed_one_may(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    studio = await open_studio(usd_per_second=0.1)
    refuse(slow_studio, Moderated("no cats"))
    with pytest.raises(HomeAssistantError, match="no cats"):
        await call(hass, "generate_scene", prompt=PROMPT)
    assert sensor(hass, studio)["spent_today_usd"] == 0
    refuse(slow_studio, CreateUnconfirmed("no answer"))
    slow_studio.first_poll_s = 0.0
    with pytest.raises(HomeAssistantError, match="no answer"):
        await call(hass, "generate_scene", prompt=PROMPT)
    assert sensor(hass, studio)["spent_today_usd"] == 0.5


async def test_a_restart_before_the_create_counts_the_film_once(
    hass: HomeAssistant, open_studio: Open, hass_storage: dict[str, Any], slow_studio: type[SlowStudio]
) -> None:
    studio = await open_studio(usd_per_second=0.1, budget_usd=0.5)
    disk: dict[str, Any] = {}
    create = slow_studio.create

    async def die(self: SlowStudio, intent: JobHandle) -> JobHandle:
        disk.update(copy.deepcopy(hass_storage))
        raise Moderated("not now")

    slow_studio.create = die  # type: ignore[method-assign]
    with pytest.raises(HomeAssistantError):
        await call(hass, "generate_scene", prompt=PROMPT)
    slow_studio.create = create  # type: ignore[method-assign]
    await unload(hass, studio)
    disk[f"cuelight.jobs.{studio.entry_id}"]["data"]["jobs"][0]["handle"] = None
    hass_storage.clear()
    hass_storage.update(disk)
    hass.data.pop("cuelight_books")
    events = events_of(hass, EVENT_SCENE_FINISHED)
    await load(hass, studio)
    await until(lambda: events)
    assert events[0]["status"] == "finished", events[0]["reason"]
    assert sensor(hass, studio)["spent_today_usd"] == 0.5


async def test_how_long_films_take_is_remembered(
    hass: HomeAssistant, open_studio: Open, hass_storage: dict[str, Any]
) -> None:
    studio = await open_studio()
    await call(hass, "generate_scene", prompt=PROMPT)
    [(kind, seconds)] = hass_storage[f"cuelight.books.{studio.entry_id}"]["data"]["pace"].items()
    assert kind.startswith("slow")
    assert len(seconds) == 1


async def test_progress_that_the_studio_does_not_tell_is_estimated_and_marked_so(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    async def poll(self: SlowStudio, handle: JobHandle) -> JobStatus:
        finished = (await SlowStudio.poll(self, handle)).state is JobState.FINISHED
        return JobStatus(JobState.FINISHED if finished else JobState.RUNNING)

    slow_studio.poll = poll  # type: ignore[method-assign]
    studio = await open_studio()
    await call(hass, "generate_scene", prompt=PROMPT)
    slow_studio.finished = False
    await call(hass, "generate_scene", prompt="a dog jumps", wait=False)
    await until(lambda: sensor(hass, studio).get("estimated") and sensor(hass, studio)["progress"] > 0)
    slow_studio.finished = True
    await until(lambda: sensor(hass, studio)["progress"] == 100)
    assert sensor(hass, studio)["estimated"] is False


async def test_a_removed_studio_leaves_no_books_behind(
    hass: HomeAssistant, open_studio: Open, hass_storage: dict[str, Any], slow_studio: type[SlowStudio]
) -> None:
    studio = await open_studio()
    refuse(slow_studio, BalanceEmpty("top up"))
    with pytest.raises(HomeAssistantError):
        await call(hass, "generate_scene", prompt=PROMPT)
    await async_remove_studio(hass, studio)
    assert f"cuelight.books.{studio.entry_id}" not in hass_storage
    assert issues(hass) == set()


# Stored films


async def test_the_same_request_gives_the_stored_film(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    studio = await open_studio(usd_per_second=0.1)
    first = await call(hass, "generate_scene", prompt=PROMPT, seed=7)
    await unload(hass, studio)
    await load(hass, studio)
    second = await call(hass, "generate_scene", prompt=f"  {PROMPT} ", seed=7)
    assert (first["cached"], second["cached"]) == (False, True)
    assert second["scene_id"] == first["scene_id"]
    assert second["cost_usd"] == 0
    assert second["events"] == first["events"]
    assert slow_studio.creates == 1
    assert len(hass.states.async_entity_ids("scene")) == 1


@pytest.mark.parametrize("change", [{"prompt": "a dog jumps"}, {"seed": 8}, {"duration": 4}, {"fresh": True}])
async def test_another_request_or_a_wish_for_a_fresh_film_makes_one(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio], change: dict[str, Any]
) -> None:
    await open_studio()
    wish = {"prompt": PROMPT, "seed": 7, "duration": 5}
    await call(hass, "generate_scene", **wish)
    answer = await call(hass, "generate_scene", **{**wish, **change})
    assert answer["cached"] is False
    assert slow_studio.creates == 2


@pytest.mark.parametrize("gone", ["scene.json", "film.mp4"])
async def test_a_stored_film_that_is_gone_is_made_again(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio], media: Path, gone: str
) -> None:
    await open_studio()
    answer = await call(hass, "generate_scene", prompt=PROMPT)
    (media / "cuelight" / answer["scene_id"] / gone).unlink()
    assert (await call(hass, "generate_scene", prompt=PROMPT))["cached"] is False
    assert slow_studio.creates == 2


async def test_a_stored_film_is_not_performed_where_that_is_not_wished(hass: HomeAssistant, open_studio: Open) -> None:
    await open_studio()
    await call(hass, "generate_scene", prompt=PROMPT, perform=False)
    answer = await call(hass, "generate_scene", prompt=PROMPT, perform=False)
    assert (answer["cached"], answer["performers"]) == (True, [])


# Stand-ins


@pytest.mark.parametrize(
    "refusal", [StudioUnreachable("no route"), BalanceEmpty("top up"), Moderated("no cats"), AuthenticationFailed("no")]
)
async def test_another_studio_stands_in_for_one_that_takes_no_job(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio], refusal: T2VError
) -> None:
    stand_in = await open_studio("storyboard")
    studio = await open_studio(fallback=stand_in.entry_id, usd_per_second=0.1)
    refuse(slow_studio, refusal)
    answer = await call(hass, "generate_scene", prompt=PROMPT, studio=studio.entry_id, duration=1)
    assert answer["provider"] == "storyboard"
    assert answer["notes"][0] == f"Slow studio made no film: {refusal} {stand_in.title} was asked instead."
    assert (answer["estimate_usd"], answer["cost_usd"]) == (0, 0)
    assert sensor(hass, studio)["spent_today_usd"] == 0


async def test_a_stand_in_has_a_budget_of_its_own(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    stand_in = await open_studio("storyboard", budget_usd=1)
    studio = await open_studio(fallback=stand_in.entry_id, budget_usd=0.2, usd_per_second=0.1)
    answer = await call(hass, "generate_scene", prompt=PROMPT, studio=studio.entry_id)
    assert answer["provider"] == "storyboard"
    assert "of today's 0.20 USD" in answer["notes"][0]
    assert slow_studio.creates == 0


@pytest.mark.parametrize("refusal", [JobLost("gone"), CreateUnconfirmed("no answer")])
async def test_nobody_stands_in_where_a_film_may_be_paid_twice_or_the_job_is_to_blame(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio], refusal: T2VError
) -> None:
    stand_in = await open_studio("storyboard")
    studio = await open_studio(fallback=stand_in.entry_id)
    slow_studio.first_poll_s = 0.0
    refuse(slow_studio, refusal)
    with pytest.raises(HomeAssistantError, match=str(refusal)):
        await call(hass, "generate_scene", prompt=PROMPT, studio=studio.entry_id)


async def test_studios_that_stand_in_for_each_other_are_each_asked_once(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    first = await open_studio()
    second = await open_studio(fallback=first.entry_id)
    hass.config_entries.async_update_entry(first, options={"fallback": second.entry_id})
    refuse(slow_studio, Moderated("no cats"))
    with pytest.raises(HomeAssistantError, match="no cats"):
        await call(hass, "generate_scene", prompt=PROMPT, studio=first.entry_id)


async def test_a_film_of_a_stand_in_is_not_mistaken_for_one_of_the_studio(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    stand_in = await open_studio("storyboard")
    studio = await open_studio(fallback=stand_in.entry_id)
    refuse(slow_studio, StudioUnreachable("no route"))
    wish = {"prompt": PROMPT, "studio": studio.entry_id, "duration": 1}
    await call(hass, "generate_scene", **wish)
    refuse(slow_studio, None)
    answer = await call(hass, "generate_scene", **wish)
    assert (answer["provider"], answer["cached"]) == ("slow", False)


async def test_a_restart_finds_the_job_at_the_stand_in(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    slow_studio.finished = False
    stand_in = await open_studio()
    studio = await open_studio(fallback=stand_in.entry_id, budget_usd=0)
    await call(hass, "generate_scene", prompt=PROMPT, studio=studio.entry_id, wait=False)
    await until(lambda: slow_studio.polls)
    await unload(hass, studio)
    await unload(hass, stand_in)
    events = events_of(hass, EVENT_SCENE_FINISHED)
    slow_studio.finished = True
    await load(hass, studio)
    await until(lambda: events)
    assert events[0]["status"] == "finished"
    assert slow_studio.creates == 1


async def test_a_key_that_dies_while_the_film_is_made_does_not_lose_it(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    stand_in = await open_studio("storyboard")
    studio = await open_studio(fallback=stand_in.entry_id)
    slow_studio.failure = AuthenticationFailed("revoked")
    events = events_of(hass, EVENT_SCENE_FINISHED)
    with pytest.raises(HomeAssistantError, match="refuses its key"):
        await call(hass, "generate_scene", prompt=PROMPT, studio=studio.entry_id)
    slow_studio.failure = None
    await unload(hass, studio)
    await load(hass, studio)
    await until(lambda: len(events) == 2)
    assert events[1]["status"] == "finished"
    assert slow_studio.creates == 1


# Repairs


async def test_a_studio_that_never_answers_is_to_be_repaired_until_it_makes_a_film(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    await open_studio()
    refuse(slow_studio, StudioUnreachable("no route"))
    for found in (set(), set(), {"studio_unreachable"}):
        with pytest.raises(HomeAssistantError):
            await call(hass, "generate_scene", prompt=PROMPT)
        assert issues(hass) == found
    refuse(slow_studio, None)
    await call(hass, "generate_scene", prompt=PROMPT)
    assert issues(hass) == set()


async def test_an_empty_account_is_to_be_repaired_at_once(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    await open_studio()
    refuse(slow_studio, BalanceEmpty("top up"))
    with pytest.raises(HomeAssistantError):
        await call(hass, "generate_scene", prompt=PROMPT)
    assert issues(hass) == {"studio_balance"}
    refuse(slow_studio, None)
    await call(hass, "generate_scene", prompt=PROMPT)
    assert issues(hass) == set()


# Help with prompts


def helper(hass: HomeAssistant, answer: Callable[[ServiceCall], Awaitable[Any]]) -> None:
    """Have an AI task answer."""
    hass.services.async_register("ai_task", "generate_data", answer, supports_response=SupportsResponse.ONLY)


async def test_a_short_prompt_is_put_into_more_words_where_that_is_wished(
    hass: HomeAssistant, open_studio: Open, slow_studio: type[SlowStudio]
) -> None:
    asked: list[dict[str, Any]] = []
    words = "A black cat waits on a sill, then jumps."

    async def answer(service_call: ServiceCall) -> Any:
        asked.append(dict(service_call.data))
        return {"data": {"prompt": words}}

    helper(hass, answer)
    prompts: list[str] = []

    async def create(self: SlowStudio, intent: JobHandle) -> JobHandle:
        prompts.append(intent.request.prompt)
        return await SlowStudio.create(self, intent)

    slow_studio.create = create  # type: ignore[method-assign]
    studio = await open_studio(prompt_help=HELPER)
    made = await call(hass, "generate_scene", prompt=PROMPT)
    assert made["prompt"] == PROMPT
    assert made["notes"][0] == f"{HELPER} worded the prompt: {words}"
    await call(hass, "generate_scene", prompt=PROMPT)
    long = "a cat jumps and " * 20
    await call(hass, "generate_scene", prompt=long)
    assert [one["entity_id"] for one in asked] == [HELPER]
    assert prompts == [words, long.strip()]
    hass.config_entries.async_update_entry(studio, options={})
    await call(hass, "generate_scene", prompt=PROMPT)
    assert prompts[-1] == PROMPT


@pytest.mark.parametrize("answer", [None, {}, {"data": "no"}, {"data": {"prompt": " "}}, "error", "silence"])
async def test_help_that_fails_never_fails_the_job(
    hass: HomeAssistant, open_studio: Open, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr("custom_components.cuelight.prompt_help.HELP_LIMIT_S", 0.05)

    async def help_badly(service_call: ServiceCall) -> Any:
        if answer == "error":
            raise HomeAssistantError("the model is gone")
        if answer == "silence":
            await asyncio.sleep(3600)
        return answer

    if answer is not None:
        helper(hass, help_badly)
    await open_studio(prompt_help=HELPER)
    made = await call(hass, "generate_scene", prompt=PROMPT)
    assert made["provider"] == "slow"
    assert not any("worded" in note for note in made["notes"])
