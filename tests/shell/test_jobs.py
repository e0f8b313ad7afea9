"""A job's life: on disk before the first poll, taken up after a restart, always ended with an event."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.jobs import EVENT_SCENE_FINISHED, MAX_JOBS
from custom_components.cuelight.studio import async_remove_studio
from custom_components.cuelight.t2v import (
    AuthenticationFailed,
    BadFilm,
    JobLost,
    Moderated,
    StudioUnreachable,
    T2VError,
)

from .conftest import SetUp, button_entry
from .radio import Radio
from .stage import SlowStudio, StageButton, call, events_of, load, studio_entry, unload, until

COMPONENT = Path(__file__).resolve().parents[2] / "custom_components" / "cuelight"
PROMPT = "a cat jumps"


@pytest.fixture
async def slow(hass: HomeAssistant, media: Path, bluetooth: None, slow_studio: type[SlowStudio]) -> Any:
    """A studio elsewhere, loaded."""
    entry = await load(hass, studio_entry("slow"))
    yield entry
    await unload(hass, entry)


def jobs_on_disk(hass_storage: dict[str, Any], entry: MockConfigEntry) -> list[dict[str, Any]]:
    """The studio's jobs that a restart would find."""
    stored = hass_storage.get(f"cuelight.jobs.{entry.entry_id}", {"data": {"jobs": []}})
    return list(stored["data"]["jobs"])


def job_state(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    """What the studio's sensor shows."""
    entity_id = er.async_get(hass).async_get_entity_id("sensor", "cuelight", f"{entry.entry_id}-job")
    assert entity_id is not None
    state = hass.states.get(entity_id)
    assert state is not None
    return state


async def begin(hass: HomeAssistant, slow_studio: type[SlowStudio]) -> dict[str, Any]:
    """Start a job and wait until the studio is at it."""
    answer = await call(hass, "generate_scene", prompt=PROMPT, wait=False)
    before = slow_studio.polls
    await until(lambda: slow_studio.polls > before)
    return dict(answer)


async def test_a_prompt_becomes_a_scene(hass: HomeAssistant, studio: MockConfigEntry, media: Path) -> None:
    answer = await call(hass, "generate_scene", prompt=PROMPT, duration=1, seed=7)
    assert answer["provider"] == "storyboard"
    assert answer["seed"] == 7
    assert answer["film"]["frames"] == 17
    assert any("no AI model" in note for note in answer["notes"])
    assert answer["performers"] == []
    folder = media / "cuelight" / answer["scene_id"]
    assert {path.name for path in folder.iterdir()} == {"film.mp4", "animation.gif", "timeline.png", "scene.json"}


async def test_the_job_is_on_disk_before_the_studio_is_asked_how_far_it_is(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio], hass_storage: dict[str, Any]
) -> None:
    seen: list[list[dict[str, Any]]] = []
    poll = slow_studio.poll

    async def look(self: SlowStudio, handle: Any) -> Any:
        seen.append(copy.deepcopy(jobs_on_disk(hass_storage, slow)))
        return await poll(self, handle)

    slow_studio.poll = look  # type: ignore[method-assign]
    await begin(hass, slow_studio)
    [job] = seen[0]
    assert job["prompt"] == PROMPT
    assert job["handle"]["id"] == "job-1"


async def test_a_job_is_taken_up_after_a_kill_and_nothing_is_paid_twice(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio], hass_storage: dict[str, Any]
) -> None:
    events = events_of(hass, EVENT_SCENE_FINISHED)
    answer = await begin(hass, slow_studio)
    disk = copy.deepcopy(hass_storage)
    await hass.config_entries.async_unload(slow.entry_id)
    hass_storage.clear()
    hass_storage.update(disk)
    assert events == []
    slow_studio.finished = True
    await load(hass, slow)
    await until(lambda: events)
    assert events[0]["status"] == "finished"
    assert events[0]["scene_id"] == answer["scene_id"]
    assert slow_studio.creates == 1
    assert jobs_on_disk(hass_storage, slow) == []


async def test_a_kill_while_the_film_is_analysed_does_not_fetch_it_again(
    hass: HomeAssistant,
    slow: MockConfigEntry,
    slow_studio: type[SlowStudio],
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = events_of(hass, EVENT_SCENE_FINISHED)
    slow_studio.finished = True
    disk: dict[str, Any] = {}

    def die(*args: Any, **options: Any) -> None:
        disk.update(copy.deepcopy(hass_storage))
        raise RuntimeError("the power goes")

    with monkeypatch.context() as patched:
        patched.setattr("custom_components.cuelight.jobs.analyze_film", die)
        answer = await call(hass, "generate_scene", prompt=PROMPT, wait=False)
        await until(lambda: events)
    events.clear()
    await hass.config_entries.async_unload(slow.entry_id)
    hass_storage.clear()
    hass_storage.update(disk)
    slow_studio.failure = JobLost("gone")
    await load(hass, slow)
    await until(lambda: events)
    assert (events[0]["status"], events[0]["scene_id"]) == ("finished", answer["scene_id"])


async def test_after_a_restart_the_performance_waits_for_the_house_to_be_up(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio], radio: Radio, set_up: SetUp
) -> None:
    button = StageButton()
    button_at_home = await set_up(button_entry())
    events = events_of(hass, EVENT_SCENE_FINISHED)
    await begin(hass, slow_studio)
    for entry in (slow, button_at_home):
        await hass.config_entries.async_unload(entry.entry_id)
    hass.set_state(CoreState.starting)
    slow_studio.finished = True
    await load(hass, slow)
    await until(lambda: slow_studio.polls > 1)
    await load(hass, button_at_home)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    radio.add(button)
    await until(lambda: events)
    assert [performer["outcome"] for performer in events[0]["performers"]] == ["performed"]


async def test_a_performance_does_not_begin_by_itself_after_a_restart(
    hass: HomeAssistant, slow: MockConfigEntry, hass_storage: dict[str, Any], slow_studio: type[SlowStudio]
) -> None:
    slow_studio.finished = True
    events = events_of(hass, EVENT_SCENE_FINISHED)
    answer = await call(hass, "generate_scene", prompt=PROMPT)
    await hass.config_entries.async_unload(slow.entry_id)
    key = f"cuelight.jobs.{slow.entry_id}"
    left = {"job_id": "j", "scene_id": answer["scene_id"], "prompt": PROMPT, "stored": True, "stage": "perform"}
    hass_storage[key]["data"]["jobs"] = [left]
    events.clear()
    await load(hass, slow)
    await until(lambda: events)
    assert events[0]["status"] == "failed"
    assert "restarted" in events[0]["reason"]
    assert hass.states.async_entity_ids("scene")


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (Moderated("no cats"), "other words"),
        (JobLost("unknown id"), "no longer knows the job"),
        (BadFilm("HTML"), "no film"),
    ],
)
async def test_a_failure_of_the_studio_is_told_with_what_to_do(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio], failure: Exception, says: str
) -> None:
    events = events_of(hass, EVENT_SCENE_FINISHED)
    slow_studio.failure = failure
    with pytest.raises(HomeAssistantError, match=says) as raised:
        await call(hass, "generate_scene", prompt=PROMPT)
    assert "Slow studio" in str(raised.value)
    await hass.async_block_till_done()
    assert [event["status"] for event in events] == ["failed"]
    assert job_state(hass, slow).state == "failed"
    assert says in job_state(hass, slow).attributes["message"]


async def test_a_key_that_has_died_is_asked_for(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio]
) -> None:
    slow_studio.failure = AuthenticationFailed("revoked")
    with pytest.raises(HomeAssistantError, match="refuses its key"):
        await call(hass, "generate_scene", prompt=PROMPT)
    await hass.async_block_till_done()
    assert any(slow.async_get_active_flows(hass, {"reauth"}))


async def test_one_failed_poll_does_not_fail_the_job(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio]
) -> None:
    events = events_of(hass, EVENT_SCENE_FINISHED)
    slow_studio.failure = StudioUnreachable("the line is down")
    await begin(hass, slow_studio)
    slow_studio.failure, slow_studio.finished = None, True
    await until(lambda: events)
    assert events[0]["status"] == "finished"


async def test_a_cancelled_job_is_cancelled_at_the_studio_too(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio], media: Path
) -> None:
    events = events_of(hass, EVENT_SCENE_FINISHED)
    waiting = hass.async_create_task(call(hass, "generate_scene", prompt=PROMPT))
    await until(lambda: slow_studio.polls)
    assert await call(hass, "cancel") == {"cancelled": 1}
    with pytest.raises(HomeAssistantError, match="The studio stopped it"):
        await waiting
    assert slow_studio.cancelled == ["job-1"]
    await hass.async_block_till_done()
    assert [event["status"] for event in events] == ["cancelled"]
    assert job_state(hass, slow).state == "cancelled"
    assert list((media / "cuelight").iterdir()) == []


async def test_only_the_job_that_is_named_is_cancelled(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio]
) -> None:
    first, second = await begin(hass, slow_studio), await begin(hass, slow_studio)
    assert await call(hass, "cancel", job_id=first["job_id"]) == {"cancelled": 1}
    assert await call(hass, "cancel", job_id=second["job_id"]) == {"cancelled": 1}
    with pytest.raises(ServiceValidationError, match="No job"):
        await call(hass, "cancel", job_id=first["job_id"])


async def test_a_caller_that_gives_up_waiting_leaves_the_job_alone(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio]
) -> None:
    events = events_of(hass, EVENT_SCENE_FINISHED)
    waiting = hass.async_create_task(call(hass, "generate_scene", prompt=PROMPT))
    await until(lambda: slow_studio.polls)
    waiting.cancel()
    slow_studio.finished = True
    await until(lambda: events)
    assert events[0]["status"] == "finished"


async def test_unloading_tells_who_waits_that_the_job_goes_on_later(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio]
) -> None:
    waiting = hass.async_create_task(call(hass, "generate_scene", prompt=PROMPT))
    await until(lambda: slow_studio.polls)
    await hass.config_entries.async_unload(slow.entry_id)
    with pytest.raises(HomeAssistantError, match="goes on when it is loaded again"):
        await waiting


async def test_a_runaway_automation_is_stopped(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio]
) -> None:
    for _ in range(MAX_JOBS):
        await call(hass, "generate_scene", prompt=PROMPT, wait=False)
    with pytest.raises(ServiceValidationError, match="at work on 10 jobs"):
        await call(hass, "generate_scene", prompt=PROMPT, wait=False)
    assert await call(hass, "cancel") == {"cancelled": MAX_JOBS}


async def test_the_sensor_shows_the_stage_and_how_much_of_it_is_done(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio]
) -> None:
    assert job_state(hass, slow).state == "idle"
    assert job_state(hass, slow).attributes["options"][:5] == ["idle", "generate", "analyse", "upload", "perform"]
    stages: list[str] = []
    hass.bus.async_listen("state_changed", callback(lambda event: stages.append(event.data["new_state"].state)))
    answer = await begin(hass, slow_studio)
    await until(lambda: job_state(hass, slow).attributes["progress"] == 40)
    assert job_state(hass, slow).state == "generate"
    assert job_state(hass, slow).attributes["scene_id"] == answer["scene_id"]
    slow_studio.finished = True
    await until(lambda: job_state(hass, slow).state == "finished")
    await hass.async_block_till_done()
    order = [stage for stage in ("generate", "analyse", "finished") if stage in stages]
    assert order == ["generate", "analyse", "finished"]


async def test_a_long_prompt_is_shortened_for_the_sensor_only(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio]
) -> None:
    slow_studio.finished = True
    long = "a cat jumps and " * 625
    answer = await call(hass, "generate_scene", prompt=long)
    assert len(job_state(hass, slow).attributes["prompt"]) == 100
    assert any("10000 characters" in note for note in answer["notes"])


async def test_a_prompt_of_emoji_is_as_good_as_any(hass: HomeAssistant, studio: MockConfigEntry) -> None:
    answer = await call(hass, "generate_scene", prompt="🐈‍⬛⬆️🎉" * 20, duration=0.5, perform=False)
    assert answer["provider"] == "storyboard"
    assert answer["film"]["frames"] == 9


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", "\x00\x07"])
async def test_an_empty_prompt_is_refused_at_once(hass: HomeAssistant, studio: MockConfigEntry, prompt: str) -> None:
    events = events_of(hass, EVENT_SCENE_FINISHED)
    with pytest.raises(ServiceValidationError, match="empty"):
        await call(hass, "generate_scene", prompt=prompt)
    assert events == []


async def test_a_film_that_is_none_is_told_of_and_kept_for_a_look(
    hass: HomeAssistant, slow: MockConfigEntry, slow_studio: type[SlowStudio], media: Path, tmp_path: Path
) -> None:
    slow_studio.film, slow_studio.finished = tmp_path / "page.html", True
    slow_studio.film.write_text("<html>gone</html>")
    with pytest.raises(HomeAssistantError, match="cannot be read as a film"):
        await call(hass, "generate_scene", prompt=PROMPT)
    [folder] = (media / "cuelight").iterdir()
    assert [path.name for path in folder.iterdir()] == ["film.mp4"]


async def test_a_film_that_comes_too_late_is_kept_but_not_performed(
    hass: HomeAssistant,
    slow: MockConfigEntry,
    slow_studio: type[SlowStudio],
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.cuelight.jobs.LATE_PAUSE_S", 0.05)
    slow_studio.default_deadline_s = 0.1
    events = events_of(hass, EVENT_SCENE_FINISHED)
    with pytest.raises(HomeAssistantError, match="took too long"):
        await call(hass, "generate_scene", prompt=PROMPT)
    assert [job["late"] for job in jobs_on_disk(hass_storage, slow)] == [True]
    assert job_state(hass, slow).state == "failed"
    polls = slow_studio.polls
    await until(lambda: slow_studio.polls > polls + 1)
    slow_studio.default_deadline_s, slow_studio.finished = 60, True
    await until(lambda: len(events) == 2)
    assert [event["status"] for event in events] == ["failed", "finished"]
    assert events[1]["performers"] == []
    assert slow_studio.creates == 1
    assert hass.states.async_entity_ids("scene")


async def test_a_film_is_not_looked_for_longer_than_studios_keep_it(
    hass: HomeAssistant,
    slow: MockConfigEntry,
    slow_studio: type[SlowStudio],
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.cuelight.jobs.LATE_LIMIT_S", 0)
    slow_studio.default_deadline_s = 0.1
    with pytest.raises(HomeAssistantError, match="took too long"):
        await call(hass, "generate_scene", prompt=PROMPT)
    assert jobs_on_disk(hass_storage, slow) == []


async def test_removing_a_studio_removes_its_scenes_and_jobs(
    hass: HomeAssistant,
    slow: MockConfigEntry,
    slow_studio: type[SlowStudio],
    hass_storage: dict[str, Any],
    media: Path,
) -> None:
    slow_studio.finished = True
    await call(hass, "generate_scene", prompt=PROMPT)
    await async_remove_studio(hass, slow)
    assert list((media / "cuelight").iterdir()) == []
    assert f"cuelight.jobs.{slow.entry_id}" not in hass_storage


def test_every_failure_of_a_studio_has_a_sentence() -> None:
    def codes(kind: type[T2VError]) -> set[str]:
        return {kind.code}.union(*(codes(child) for child in kind.__subclasses__()))

    translations = json.loads((COMPONENT / "translations" / "en.json").read_text())
    assert {f"film_{code}" for code in codes(T2VError)} <= translations["exceptions"].keys()
