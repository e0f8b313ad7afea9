"""The blueprint: a press makes a film, and the button acts it out."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.automation import DATA_COMPONENT
from homeassistant.components.blueprint.models import Blueprint, DomainBlueprints
from homeassistant.components.blueprint.schemas import BLUEPRINT_SCHEMA
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import yaml as yaml_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.jobs import EVENT_SCENE_FINISHED
from custom_components.cuelight.link import ButtonEvent, ButtonKind

from .conftest import SetUp, button_entry
from .radio import Radio
from .stage import StageButton, calls_of, device_of, events_of, until

BLUEPRINTS = Path(__file__).resolve().parents[2] / "blueprints" / "automation"
NAME = "cuelight/press_generate_perform.yaml"
PRESS = "event.stage_left_press"


@pytest.fixture
async def button(radio: Radio, set_up: SetUp, studio: MockConfigEntry) -> StageButton:
    """A button that listens for presses."""
    button = StageButton()
    radio.add(button)
    await set_up(button_entry(listen=True))
    await until(lambda: button.client is not None and button.session.state.name == "SESSION")
    return button


async def automate(hass: HomeAssistant, **inputs: Any) -> None:
    """Make an automation of the blueprint."""

    def load(self: DomainBlueprints, path: str) -> Blueprint:
        data = yaml_util.load_yaml_dict(BLUEPRINTS / path)
        return Blueprint(data, expected_domain=self.domain, path=path, schema=BLUEPRINT_SCHEMA)

    config = {"use_blueprint": {"path": NAME, "input": {"button": PRESS, **inputs}}}
    with patch.object(DomainBlueprints, "_load_blueprint", load):
        assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    assert [automation.state for automation in hass.data[DATA_COMPONENT].entities] == ["on"]


def press(button: StageButton, kind: ButtonKind = ButtonKind.PRESS) -> None:
    """Press the button."""
    button.tell(ButtonEvent(0, kind, 100))


async def test_a_press_makes_a_film_and_the_button_acts_it_out(hass: HomeAssistant, button: StageButton) -> None:
    await automate(hass, prompt="a cat jumps", performers={"device_id": [device_of(hass, button)]})
    events = events_of(hass, EVENT_SCENE_FINISHED)
    press(button)
    await until(lambda: events, 30)
    assert events[0]["status"] == "finished"
    assert events[0]["prompt"] == "a cat jumps"
    assert [performer["outcome"] for performer in events[0]["performers"]] == ["performed"]
    assert len(button.started_at) == 1


@pytest.mark.parametrize(
    ("wanted", "kind", "fires"),
    [
        ("press_start", ButtonKind.PRESS, True),
        ("press_start", ButtonKind.RELEASE, False),
        ("multi_press_end_1", ButtonKind.SINGLE, True),
        ("multi_press_end_1", ButtonKind.DOUBLE, False),
        ("multi_press_end_2", ButtonKind.DOUBLE, True),
        ("multi_press_end_2", ButtonKind.PRESS, False),
        ("long_press_start", ButtonKind.LONG, True),
    ],
)
async def test_only_the_kind_of_press_that_was_chosen_starts_it(
    hass: HomeAssistant, button: StageButton, wanted: str, kind: ButtonKind, fires: bool
) -> None:
    await automate(hass, press=wanted)
    calls = calls_of(hass, "cuelight", "generate_scene")
    press(button, kind)
    await until(lambda: hass.states.get(PRESS).state != "unknown")  # type: ignore[union-attr]
    await hass.async_block_till_done()
    assert bool(calls) == fires


async def test_the_studio_that_was_chosen_is_asked(
    hass: HomeAssistant, button: StageButton, studio: MockConfigEntry
) -> None:
    await automate(hass, studio=studio.entry_id, prompt="a {{ 'dog' }} turns")
    calls = calls_of(hass, "cuelight", "generate_scene")
    press(button)
    await until(lambda: calls)
    assert dict(calls[0].data) == {"studio": studio.entry_id, "prompt": "a dog turns"}
