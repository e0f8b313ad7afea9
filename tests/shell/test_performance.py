"""Performing: everybody starts together, one that fails stops nobody, and all end at rest."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.link import AckCode, Cues, DeviceState, Done, DoneCode, Light, Run

from .conftest import SetUp, button_entry
from .radio import Radio
from .stage import FILM_S, StageButton, call, calls_of, device_of, until

LEFT = bytes.fromhex("0102030405060708")
RIGHT = bytes.fromhex("1112131415161718")

type Stage = Callable[..., Awaitable[StageButton]]


@pytest.fixture
def stage(radio: Radio, set_up: SetUp) -> Stage:
    """Bring a button on stage."""

    async def enter(dev_id: bytes = LEFT, **options: Any) -> StageButton:
        button = StageButton(dev_id)
        radio.add(button)
        await set_up(button_entry(dev_id, **options))
        return button

    return enter


def lamp(hass: HomeAssistant, name: str = "light.lamp", state: str = "off") -> str:
    """A lamp of another integration."""
    hass.states.async_set(name, state, {"supported_color_modes": ["rgb"]})
    return name


def by_name(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The performers of an answer, by name."""
    return {performer["name"]: performer for performer in answer["performers"]}


async def test_two_buttons_perform_and_start_together(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    left, right = await stage(LEFT), await stage(RIGHT)
    answer = await call(hass, "perform", film=str(film))
    assert [performer["outcome"] for performer in answer["performers"]] == ["performed", "performed"]
    assert [performer["acked_cues"] for performer in answer["performers"]] == [len(left.timeline), len(right.timeline)]
    assert all(performer["safe_after_end"] for performer in answer["performers"])
    assert answer["performers"][0]["planned_start_us"] == answer["performers"][1]["planned_start_us"]
    assert abs(left.started_at[0] - right.started_at[0]) < 0.1
    assert left.session.state is right.session.state is DeviceState.SESSION


async def test_the_answer_tells_the_scene_the_film_the_events_the_cues_and_the_times(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    await stage()
    answer = await call(hass, "perform", film=str(film))
    assert answer["film"] == {
        "path": str(film),
        "width": 208,
        "height": 120,
        "fps": 16.0,
        "frames": 13,
        "duration_s": pytest.approx(0.812, abs=0.01),
    }
    assert [event["kind"] for event in answer["events"]] == ["flash"]
    assert {"kind", "start_s", "duration_s", "confidence"} <= answer["events"][0].keys()
    assert {"at_s": 0.0, "performer": "Stage left", "action": "show film for 0.812 s"} in answer["cues"]
    assert answer["stages_s"].keys() == {"generate", "analyse", "upload", "perform"}
    assert answer["stages_s"]["perform"] >= FILM_S


async def test_a_button_that_cannot_be_reached_fails_with_a_reason_and_the_other_performs(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    left, right = await stage(LEFT), await stage(RIGHT)
    left.reachable = False
    answer = await call(hass, "perform", film=str(film))
    failed, performed = answer["performers"]
    assert failed["outcome"] == "failed"
    assert "cannot be reached" in failed["reason"]
    assert failed["planned_start_us"] is None
    assert performed["outcome"] == "performed"
    assert len(right.started_at) == 1


async def test_a_button_that_refuses_its_cues_fails_and_the_other_performs(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    left, _ = await stage(LEFT), await stage(RIGHT)
    left.refused[Cues] = AckCode.UNSUPPORTED
    answer = await call(hass, "perform", film=str(film))
    assert [performer["outcome"] for performer in answer["performers"]] == ["failed", "performed"]


async def test_a_link_lost_on_stage_is_a_part_performed(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    button = await stage()
    performing = hass.async_create_task(call(hass, "perform", film=str(film)))
    await until(lambda: button.started_at)
    button.lose_link()
    [performer] = (await performing)["performers"]
    assert performer["outcome"] == "partial"
    assert "lost" in performer["reason"]
    assert performer["safe_after_end"]


async def test_a_button_that_is_not_loaded_fails_with_a_reason(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    button = await stage()
    [entry] = [entry for entry in hass.config_entries.async_entries() if entry.data.get("kind") == "button"]
    await hass.config_entries.async_unload(entry.entry_id)
    answer = await call(hass, "perform", film=str(film), device_id=device_of(hass, button))
    assert answer["performers"][0]["outcome"] == "failed"
    assert "Stage left" in answer["performers"][0]["reason"]


async def test_the_same_scene_again_uploads_nothing(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    button = await stage()
    first = await call(hass, "perform", film=str(film))
    again = await call(hass, "perform", scene=first["scene_id"])
    assert again["performers"][0]["outcome"] == "performed"
    offered = [command for command in button.commands if type(command).__name__ == "Asset"]
    assert len({command.asset_id for command in offered}) == 1


async def test_a_newer_scene_takes_a_button_from_the_older_one(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    button = await stage()
    older = hass.async_create_task(call(hass, "perform", film=str(film)))
    await until(lambda: button.started_at)
    newer = await call(hass, "perform", film=str(film))
    taken = (await older)["performers"][0]
    assert taken["outcome"] == "partial"
    assert taken["reason"] == "Another scene took Stage left over"
    assert newer["performers"][0]["outcome"] == "performed"
    assert len(button.started_at) == 2


async def test_a_stop_ends_the_part_of_the_button_it_names_only(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    left, right = await stage(LEFT), await stage(RIGHT)
    performing = hass.async_create_task(call(hass, "perform", film=str(film)))
    await until(lambda: left.started_at and right.started_at)
    await hass.services.async_call("cuelight", "stop", {"device_id": device_of(hass, left)}, blocking=True)
    assert left.session.state is DeviceState.SESSION
    assert right.session.state is DeviceState.ACTIVE
    outcomes = sorted(performer["outcome"] for performer in (await performing)["performers"])
    assert outcomes == ["partial", "performed"]


async def test_a_stop_without_a_target_ends_everything_also_outside_of_scenes(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    left = await stage(LEFT)
    await hass.services.async_call("light", "turn_on", {"entity_id": "light.stage_left"}, blocking=True)
    assert left.session.state is DeviceState.ACTIVE
    await hass.services.async_call("cuelight", "stop", {}, blocking=True)
    assert left.session.state is DeviceState.SESSION


async def test_unloading_the_studio_in_the_middle_of_a_scene_stops_the_button(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    button = await stage()
    await call(hass, "perform", film=str(film), wait=False)
    await until(lambda: button.started_at)
    assert await hass.config_entries.async_unload(studio.entry_id)
    await until(lambda: button.session.state is not DeviceState.ACTIVE)


async def test_a_lamp_takes_the_films_colours_and_returns_to_what_it_was(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path
) -> None:
    turned_on: list[ServiceCall] = []

    @callback
    def turn_on(call: ServiceCall) -> None:
        turned_on.append(call)
        hass.states.async_set("light.lamp", "on")

    hass.services.async_register("light", "turn_on", turn_on)
    turned_off = calls_of(hass, "light", "turn_off")
    answer = await call(hass, "perform", film=str(film), entity_id=lamp(hass))
    performer = by_name(answer)["light.lamp"]
    assert performer["outcome"] == "performed"
    assert performer["acked_cues"] == len(turned_on) >= 1
    assert {"rgb_color", "brightness_pct", "transition"} <= turned_on[0].data.keys()
    assert [call.data["entity_id"] for call in turned_off] == ["light.lamp"]


async def test_an_entity_whose_action_fails_is_told_of_and_stops_nobody(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    button = await stage()

    def refuse(call: object) -> None:
        raise HomeAssistantError("no power")

    hass.services.async_register("light", "turn_on", refuse)
    calls_of(hass, "light", "turn_off")
    answer = await call(hass, "perform", film=str(film), entity_id=lamp(hass), device_id=device_of(hass, button))
    performers = by_name(answer)
    assert performers["light.lamp"]["outcome"] == "failed"
    assert "no power" in performers["light.lamp"]["reason"]
    assert performers["Stage left"]["outcome"] == "performed"


async def test_an_entity_that_hangs_is_given_up_after_its_own_limit(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.cuelight.performance.ACTION_LIMIT_S", 0.05)

    async def hang(call: object) -> None:
        await asyncio.sleep(60)

    hass.services.async_register("light", "turn_on", hang)
    calls_of(hass, "light", "turn_off")
    answer = await call(hass, "perform", film=str(film), entity_id=lamp(hass))
    assert "took longer than" in by_name(answer)["light.lamp"]["reason"]


async def test_a_lamp_that_is_unavailable_fails_with_a_reason(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path
) -> None:
    answer = await call(hass, "perform", film=str(film), entity_id=lamp(hass, state="unavailable"))
    assert "light.lamp" in by_name(answer)["light.lamp"]["reason"]


async def test_an_entity_that_the_cues_have_nothing_for_is_told_of(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path
) -> None:
    hass.states.async_set("switch.fan", "off")
    answer = await call(hass, "perform", film=str(film), entity_id="switch.fan")
    assert by_name(answer)["switch.fan"]["outcome"] == "failed"
    assert "cue map" in by_name(answer)["switch.fan"]["reason"]


async def test_a_media_player_is_asked_to_play_the_film(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path
) -> None:
    hass.states.async_set("media_player.tv", "idle")
    played = calls_of(hass, "media_player", "play_media")
    answer = await call(hass, "perform", film=str(film), entity_id="media_player.tv")
    assert by_name(answer)["media_player.tv"]["outcome"] == "performed"
    assert played[0].data["media_content_id"] == f"media-source://cuelight/{answer['scene_id']}/film.mp4"


async def test_the_buttons_cues_are_the_ones_of_the_answer(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    button = await stage()
    answer = await call(hass, "perform", film=str(film))
    own = [cue for cue in answer["cues"] if cue["performer"] == "Stage left"]
    # One more: the last darkens the light at the end.
    assert len(button.timeline) == len(own) + 1
    assert isinstance(button.timeline[-1].command, Light)
    assert any(isinstance(command, Run) for command in button.commands)


async def test_a_cancelled_job_stops_its_button_at_once(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path
) -> None:
    button = await stage()
    performing = hass.async_create_task(call(hass, "perform", film=str(film)))
    await until(lambda: button.started_at)
    await call(hass, "cancel")
    assert button.session.state is DeviceState.SESSION
    with pytest.raises(HomeAssistantError, match="cancelled"):
        await performing


async def test_a_button_that_does_not_get_ready_is_not_waited_for_for_ever(
    hass: HomeAssistant,
    studio: MockConfigEntry,
    stage: Stage,
    radio: Radio,
    film: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.cuelight.performance.PREPARE_LIMIT_S", 0.1)
    await stage()
    radio.may_connect.clear()
    answer = await call(hass, "perform", film=str(film))
    assert answer["performers"][0]["outcome"] == "failed"
    assert "did not get ready" in answer["performers"][0]["reason"]
    radio.may_connect.set()


@pytest.mark.parametrize(
    ("code", "says"), [(DoneCode.LEASE_ENDED, "no longer heard"), (DoneCode.STOPPED, "was stopped")]
)
async def test_a_button_that_ends_early_by_itself_is_a_part_performed(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path, code: DoneCode, says: str
) -> None:
    button = await stage()
    performing = hass.async_create_task(call(hass, "perform", film=str(film)))
    await until(lambda: button.started_at)
    button.tell(Done(0, code))
    [performer] = (await performing)["performers"]
    assert performer["outcome"] == "partial"
    assert says in performer["reason"]


async def test_cues_that_a_button_cannot_hold_are_told_of(
    hass: HomeAssistant, studio: MockConfigEntry, stage: Stage, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.cuelight.cues.compile.MAX_CUES_PER_TIMELINE", 3)
    button = await stage()
    [performer] = (await call(hass, "perform", film=str(film)))["performers"]
    assert performer["outcome"] == "partial"
    assert "least important cues" in performer["reason"]
    assert len(button.timeline) == 3


async def test_an_action_that_a_rule_names_is_called_on_its_own_entity(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path
) -> None:
    rule = {
        "event": "flash",
        "do": [{"call": {"action": "script.turn_on", "entity_id": "script.boom", "data": {"variables": {"a": 1}}}}],
    }
    subentry = ConfigSubentry(
        data=MappingProxyType({"rules": [rule]}), subentry_type="cue_map", title="Mine", unique_id=None
    )
    hass.config_entries.async_add_subentry(studio, subentry)
    hass.states.async_set("script.boom", "off")
    calls = calls_of(hass, "script", "turn_on")
    answer = await call(hass, "perform", film=str(film))
    assert by_name(answer)["script.boom"]["outcome"] == "performed"
    assert [dict(call.data) for call in calls] == [{"entity_id": "script.boom", "variables": {"a": 1}}]


async def test_a_cue_map_that_is_broken_is_left_out_and_told_of(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path, caplog: pytest.LogCaptureFixture
) -> None:
    subentry = ConfigSubentry(
        data=MappingProxyType({"rules": [{"event": "hop"}]}), subentry_type="cue_map", title="Mine", unique_id=None
    )
    hass.config_entries.async_add_subentry(studio, subentry)
    answer = await call(hass, "perform", film=str(film))
    assert answer["scene_id"]
    assert "rules[0].event" in caplog.text
