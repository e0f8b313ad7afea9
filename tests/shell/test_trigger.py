"""The trigger: a scene has finished, failed or been cancelled."""

from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.trigger import async_get_all_descriptions
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .stage import call, calls_of


async def automate(hass: HomeAssistant, **options: Any) -> list[ServiceCall]:
    """Run an automation at the end of scenes; return the calls it makes."""
    calls = calls_of(hass, "test", "note")
    config = {
        "trigger": {"trigger": "cuelight.scene_finished", **({"options": options} if options else {})},
        "action": {
            "action": "test.note",
            "data": {"status": "{{ trigger.status }}", "scene": "{{ trigger.scene_id }}"},
        },
    }
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    return calls


async def test_it_fires_when_a_scene_has_finished(hass: HomeAssistant, studio: MockConfigEntry, film: Path) -> None:
    calls = await automate(hass)
    answer = await call(hass, "perform", film=str(film))
    await hass.async_block_till_done()
    assert [dict(call.data) for call in calls] == [{"status": "finished", "scene": answer["scene_id"]}]


@pytest.mark.parametrize(("statuses", "fires"), [(["failed"], 1), (["finished"], 0), (["failed", "cancelled"], 1)])
async def test_it_fires_at_the_ends_it_was_asked_for(
    hass: HomeAssistant, studio: MockConfigEntry, tmp_path: Path, statuses: list[str], fires: int
) -> None:
    calls = await automate(hass, status=statuses)
    (tmp_path / "bad.mp4").write_bytes(b"no film")
    with pytest.raises(HomeAssistantError):
        await call(hass, "perform", film=str(tmp_path / "bad.mp4"))
    await hass.async_block_till_done()
    assert len(calls) == fires


@pytest.mark.parametrize(("mine", "fires"), [(True, 1), (False, 0)])
async def test_it_can_follow_one_studio(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path, mine: bool, fires: int
) -> None:
    calls = await automate(hass, studio=studio.entry_id if mine else "another")
    await call(hass, "perform", film=str(film))
    await hass.async_block_till_done()
    assert len(calls) == fires


async def test_an_end_that_does_not_exist_is_refused(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path, caplog: pytest.LogCaptureFixture
) -> None:
    calls = await automate(hass, status=["exploded"])
    await call(hass, "perform", film=str(film))
    assert not calls
    assert "exploded" in caplog.text or "status" in caplog.text


async def test_the_editor_knows_its_options(hass: HomeAssistant, studio: MockConfigEntry) -> None:
    await async_setup_component(hass, "automation", {})
    descriptions = await async_get_all_descriptions(hass)
    described = descriptions["cuelight.scene_finished"]
    assert described is not None
    assert set(described["fields"]) == {"status", "studio"}
