"""Stored scenes as Home Assistant's scenes."""

from pathlib import Path

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.jobs import EVENT_SCENE_FINISHED
from custom_components.cuelight.library import async_get_library
from custom_components.cuelight.scene import scene_name

from .conftest import SetUp, button_entry
from .radio import Radio
from .stage import StageButton, call, device_of, events_of, load, until


@pytest.fixture
async def button(radio: Radio, set_up: SetUp) -> StageButton:
    """A button on stage."""
    button = StageButton()
    radio.add(button)
    await set_up(button_entry())
    return button


async def test_a_scene_appears_when_it_is_made(hass: HomeAssistant, studio: MockConfigEntry, film: Path) -> None:
    answer = await call(hass, "perform", film=str(film))
    [entity_id] = hass.states.async_entity_ids("scene")
    state = hass.states.get(entity_id)
    assert state is not None
    assert state.attributes["friendly_name"] == "Storyboard flash"
    assert state.attributes["scene_id"] == answer["scene_id"]


async def test_activating_it_performs_it_for_whom_it_was_made(
    hass: HomeAssistant, studio: MockConfigEntry, button: StageButton, film: Path
) -> None:
    await call(hass, "perform", film=str(film), device_id=device_of(hass, button))
    [entity_id] = hass.states.async_entity_ids("scene")
    events = events_of(hass, EVENT_SCENE_FINISHED)
    await hass.services.async_call("scene", "turn_on", {"entity_id": entity_id}, blocking=True)
    await until(lambda: events)
    assert [performer["outcome"] for performer in events[0]["performers"]] == ["performed"]
    assert len(button.started_at) == 2


async def test_the_action_takes_the_entity_too(hass: HomeAssistant, studio: MockConfigEntry, film: Path) -> None:
    first = await call(hass, "perform", film=str(film))
    [entity_id] = hass.states.async_entity_ids("scene")
    answer = await call(hass, "perform", scene=entity_id)
    assert answer["scene_id"] == first["scene_id"]
    assert answer["stages_s"]["analyse"] == 0


async def test_it_is_there_again_after_a_reload(hass: HomeAssistant, studio: MockConfigEntry, film: Path) -> None:
    await call(hass, "perform", film=str(film))
    before = hass.states.async_entity_ids("scene")
    await hass.config_entries.async_unload(studio.entry_id)
    await load(hass, studio)
    assert hass.states.async_entity_ids("scene") == before
    states = [hass.states.get(entity_id) for entity_id in before]
    assert all(state is not None and state.state != "unavailable" for state in states)


async def test_it_goes_for_good_when_the_library_lets_it_go(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path
) -> None:
    answer = await call(hass, "perform", film=str(film))
    [entity_id] = hass.states.async_entity_ids("scene")
    await (await async_get_library(hass)).async_remove([answer["scene_id"]])
    await hass.async_block_till_done()
    assert hass.states.get(entity_id) is None
    assert er.async_get(hass).async_get(entity_id) is None


async def test_a_scene_that_went_while_the_studio_was_not_loaded_leaves_no_entity(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path
) -> None:
    answer = await call(hass, "perform", film=str(film))
    await hass.config_entries.async_unload(studio.entry_id)
    await (await async_get_library(hass)).async_remove([answer["scene_id"]])
    await load(hass, studio)
    assert not [entry for entry in er.async_get(hass).entities.values() if entry.domain == "scene"]


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a cat", "a cat"),
        (
            "a cat waits, then jumps onto the windowsill and turns around twice",
            "a cat waits, then jumps onto the windowsill and turns…",
        ),
        ("猫" * 100, "猫" * 59 + "…"),
        ("🐈" * 60, "🐈" * 60),
    ],
)
def test_its_name_is_the_prompt_cut_between_words(prompt: str, name: str) -> None:
    assert scene_name(prompt) == name
