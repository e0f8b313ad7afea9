"""What the actions accept, refuse and answer."""

from pathlib import Path
from typing import Any

import probatio
import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.jobs import EVENT_SCENE_PROGRESS
from custom_components.cuelight.services import CANCEL_SCHEMA, GENERATE_SCHEMA, STOP_SCHEMA
from custom_components.cuelight.targets import async_resolve_target

from .conftest import SetUp, button_entry
from .radio import Radio
from .stage import StageButton, call, device_of, events_of, load, studio_entry, unload

COMPONENT = Path(__file__).resolve().parents[2] / "custom_components" / "cuelight"
LEFT = bytes.fromhex("0102030405060708")
RIGHT = bytes.fromhex("1112131415161718")


@pytest.fixture
async def buttons(radio: Radio, set_up: SetUp) -> list[StageButton]:
    """Two buttons of one name."""
    both = [StageButton(LEFT), StageButton(RIGHT)]
    for button in both:
        radio.add(button)
        await set_up(button_entry(button.dev_id))
    return both


def names(hass: HomeAssistant, **target: Any) -> list[str]:
    """Who is meant by a target."""
    return [one.performer.name for one in async_resolve_target(hass, target)]


async def test_the_actions_are_there_without_any_studio_and_say_that_one_is_needed(
    hass: HomeAssistant, bluetooth: None, media: Path
) -> None:
    assert await async_setup_component(hass, "cuelight", {})
    with pytest.raises(ServiceValidationError, match="Add one: Settings"):
        await call(hass, "generate_scene", prompt="a cat jumps")


async def test_every_field_of_the_descriptions_is_one_that_the_actions_take() -> None:
    described = load_yaml_dict(str(COMPONENT / "services.yaml"))
    on_buttons = {"play_animation", "set_servo", "upload_animation", "rotate_key"}
    assert set(described) - on_buttons == {"generate_scene", "perform", "stop", "cancel"}
    for schema, action in ((GENERATE_SCHEMA, "generate_scene"), (CANCEL_SCHEMA, "cancel"), (STOP_SCHEMA, "stop")):
        taken = {str(key) for key in schema.schema} - {"entity_id", "device_id", "area_id", "floor_id", "label_id"}
        assert taken == set(described[action].get("fields", {}))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"prompt": "x", "seed": -1},
        {"prompt": "x", "seed": 2**31},
        {"prompt": "x", "duration": 0},
        {"prompt": "x", "duration": 61},
        {"prompt": "x", "wait": "perhaps"},
        {"prompt": "x", "colour": "red"},
    ],
)
async def test_data_that_makes_no_sense_is_refused(
    hass: HomeAssistant, studio: MockConfigEntry, data: dict[str, Any]
) -> None:
    with pytest.raises(probatio.Invalid):
        await call(hass, "generate_scene", **data)


@pytest.mark.parametrize("data", [{}, {"scene": "a", "film": "b"}, {"film": []}, {"film": {"media": "x"}}])
async def test_a_performance_needs_exactly_one_thing_to_perform(
    hass: HomeAssistant, studio: MockConfigEntry, data: dict[str, Any]
) -> None:
    with pytest.raises(probatio.Invalid):
        await call(hass, "perform", **data)


async def test_a_studio_that_is_not_loaded_is_told_of(hass: HomeAssistant, studio: MockConfigEntry) -> None:
    with pytest.raises(ServiceValidationError, match="nowhere"):
        await call(hass, "generate_scene", prompt="a cat jumps", studio="nowhere")


async def test_the_studio_asked_for_makes_the_film(
    hass: HomeAssistant, studio: MockConfigEntry, slow_studio: Any
) -> None:
    slow_studio.finished = True
    other = await load(hass, studio_entry("slow"))
    answer = await call(hass, "generate_scene", prompt="a cat jumps", studio=other.entry_id)
    assert answer["provider"] == "slow"
    await unload(hass, other)


async def test_without_waiting_the_answer_is_where_to_look(hass: HomeAssistant, studio: MockConfigEntry) -> None:
    answer = await call(hass, "generate_scene", prompt="a cat jumps", duration=0.5, wait=False)
    assert answer.keys() == {"job_id", "scene_id"}
    assert await call(hass, "cancel", job_id=answer["job_id"]) == {"cancelled": 1}


async def test_a_scene_that_is_not_to_be_performed_is_only_made(
    hass: HomeAssistant, studio: MockConfigEntry, buttons: list[StageButton], film: Path
) -> None:
    answer = await call(hass, "generate_scene", prompt="a cat jumps", duration=0.5, perform=False)
    assert answer["performers"] == []
    assert {cue["performer"] for cue in answer["cues"]} == {"Stage left 0708", "Stage left 1718"}
    assert not any(button.started_at for button in buttons)


async def test_without_anyone_to_read_the_answer_a_performance_of_nobody_is_an_error(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path
) -> None:
    hass.states.async_set("switch.fan", "off")
    with pytest.raises(HomeAssistantError, match=r"Nobody performed. switch.fan: The cue map"):
        await hass.services.async_call(
            "cuelight", "perform", {"film": str(film), "entity_id": "switch.fan"}, blocking=True
        )


# Films


async def test_a_film_of_the_media_folder_is_found_by_its_media_id(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path, media: Path
) -> None:
    media.mkdir(exist_ok=True)
    (media / "cat.mp4").write_bytes(film.read_bytes())
    content_id = "media-source://media_source/local/cat.mp4"
    for given in (content_id, {"media_content_id": content_id, "media_content_type": "video/mp4", "metadata": {}}):
        answer = await call(hass, "perform", film=given)
        assert answer["film"]["path"] == str(media / "cat.mp4")
        assert answer["provider"] is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("/etc/passwd", "may not read"),
        ("../../etc/passwd", "may not read"),
        ("media-source://media_source/local/none.mp4", "no film"),
        ("media-source://nobody/x", "no film"),
        ("media-source://media_source/local/../../etc/passwd", "no film"),
    ],
)
async def test_a_film_that_is_not_there_or_not_to_be_read_is_refused(
    hass: HomeAssistant, studio: MockConfigEntry, name: str, says: str
) -> None:
    with pytest.raises(ServiceValidationError, match=says):
        await call(hass, "perform", film=name)


async def test_an_allowed_path_without_a_film_is_refused(
    hass: HomeAssistant, studio: MockConfigEntry, tmp_path: Path
) -> None:
    for name in (tmp_path / "none.mp4", tmp_path):
        with pytest.raises(ServiceValidationError, match="no film"):
            await call(hass, "perform", film=str(name))


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 500])
async def test_a_file_that_is_no_film_is_told_of(
    hass: HomeAssistant, studio: MockConfigEntry, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "bad.mp4").write_bytes(content)
    with pytest.raises(HomeAssistantError, match="cannot be read as a film"):
        await call(hass, "perform", film=str(tmp_path / "bad.mp4"))


@pytest.mark.parametrize("scene", ["scene.other", "01234567890123456789012345", ""])
async def test_a_scene_that_is_not_in_the_library_is_told_of(
    hass: HomeAssistant, studio: MockConfigEntry, scene: str
) -> None:
    with pytest.raises(HomeAssistantError, match="not in the library"):
        await call(hass, "perform", scene=scene)


# Targets


async def test_without_a_target_every_button_is_meant_and_names_are_told_apart(
    hass: HomeAssistant, buttons: list[StageButton]
) -> None:
    assert names(hass) == ["Stage left 0708", "Stage left 1718"]


async def test_a_name_that_the_user_gave_is_used(hass: HomeAssistant, buttons: list[StageButton]) -> None:
    dr.async_get(hass).async_update_device(device_of(hass, buttons[1]), name_by_user="Window")
    assert names(hass) == ["Stage left", "Window"]


async def test_a_button_is_meant_once_by_its_device_its_entities_and_its_area(
    hass: HomeAssistant, buttons: list[StageButton]
) -> None:
    area = ar.async_get(hass).async_create("Stage")
    device_id = device_of(hass, buttons[0])
    dr.async_get(hass).async_update_device(device_id, area_id=area.id)
    entity_ids = [entry.entity_id for entry in er.async_entries_for_device(er.async_get(hass), device_id)]
    assert names(hass, device_id=[device_id], area_id=[area.id], entity_id=entity_ids) == ["Stage left"]


async def test_an_area_means_its_buttons_lamps_and_screens_only(
    hass: HomeAssistant, buttons: list[StageButton]
) -> None:
    area = ar.async_get(hass).async_create("Stage")
    registry = er.async_get(hass)
    for domain in ("light", "media_player", "switch", "lock"):
        entry = registry.async_get_or_create(domain, "elsewhere", "1", suggested_object_id="stage")
        registry.async_update_entity(entry.entity_id, area_id=area.id)
    assert names(hass, area_id=[area.id]) == ["light.stage", "media_player.stage"]
    assert "switch.stage" in names(hass, area_id=[area.id], entity_id=["switch.stage"])


@pytest.mark.parametrize("target", [{"device_id": ["nothing"]}, {"entity_id": ["light.nothing"]}])
async def test_a_target_that_does_not_exist_is_refused(
    hass: HomeAssistant, studio: MockConfigEntry, target: dict[str, Any]
) -> None:
    with pytest.raises(ServiceValidationError, match="nothing"):
        await call(hass, "generate_scene", prompt="a cat jumps", **target)


async def test_a_target_in_which_nothing_can_perform_is_refused(hass: HomeAssistant, studio: MockConfigEntry) -> None:
    area = ar.async_get(hass).async_create("Cellar")
    with pytest.raises(ServiceValidationError, match="Nothing in the target can perform"):
        await call(hass, "generate_scene", prompt="a cat jumps", area_id=[area.id])
    with pytest.raises(ServiceValidationError, match="Nothing in the target can perform"):
        await call(hass, "generate_scene", prompt="a cat", entity_id=["sensor.storyboard_job"])


async def test_the_progress_is_told_on_the_bus_in_steps_of_each_stage(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path
) -> None:
    events = events_of(hass, EVENT_SCENE_PROGRESS)
    answer = await call(hass, "generate_scene", prompt="a flash", seed=1, duration=1, perform=False)
    await hass.async_block_till_done()
    assert {event["scene_id"] for event in events} == {answer["scene_id"]}
    assert list(dict.fromkeys(event["stage"] for event in events)) == ["generate", "analyse"]
    for stage in ("generate", "analyse"):
        tenths = [event["progress"] // 10 for event in events if event["stage"] == stage]
        assert tenths == sorted(set(tenths)), "a step is told once, and in order"
    assert events[0]["estimated"] is False
