"""What a bug report gives away."""

import json
from pathlib import Path

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.const import DOMAIN
from custom_components.cuelight.diagnostics import async_get_config_entry_diagnostics
from custom_components.cuelight.t2v import PROVIDERS, FieldKind, JobLost

from .conftest import SetUp
from .radio import DEV_ID, INST_ID, KEY, FakeButton
from .stage import SlowStudio, call, load, studio_entry, unload
from .test_button import LIGHT, act


async def test_diagnostics_tell_the_link_and_no_secret(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    entry = await set_up()
    await act(hass, "light.turn_on", LIGHT)
    await hass.async_block_till_done(wait_background_tasks=True)
    found = await async_get_config_entry_diagnostics(hass, entry)
    text = json.dumps(found).lower()
    for secret in (KEY.hex(), DEV_ID.hex(), INST_ID.hex(), button.address.lower(), button.address.lower()[:8], "stage"):
        assert secret not in text
    assert found["button"]["link"] == "connected"
    assert found["button"]["state"] == "active"
    assert found["button"]["last_error"] is None
    assert found["button"]["last_status"]["state"] == "session"
    assert found["button"]["battery"] == 80
    assert found["button"]["firmware"] == "1.2.3"
    assert found["button"]["settings"]["light_cap"] == 255
    assert found["button"]["remembered_uploads"] == 0
    assert found["data"]["slot"] == 0


async def test_diagnostics_tell_why_a_button_cannot_be_reached(hass: HomeAssistant, set_up: SetUp) -> None:
    entry = await set_up()
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["button"]["available"] is False
    assert found["button"]["last_status"] is None
    assert found["button"]["reachability"]


async def test_an_entry_that_is_not_loaded_has_diagnostics_too(hass: HomeAssistant, set_up: SetUp) -> None:
    entry = await set_up()
    await hass.config_entries.async_unload(entry.entry_id)
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["data"]["key"] == "**REDACTED**"


@pytest.mark.parametrize("provider", [name for name, info in PROVIDERS.items() if info.fields])
async def test_diagnostics_of_a_studio_redact_its_account(hass: HomeAssistant, provider: str) -> None:
    secrets = {field.name for field in PROVIDERS[provider].fields if field.kind is FieldKind.SECRET}
    data = dict.fromkeys(("key", "workflow", *secrets), "hush") | {"base_url": "https://me:pw@host/v1"}
    entry = MockConfigEntry(domain=DOMAIN, data={"kind": "studio", "provider": provider, **data})
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["data"]["provider"] == provider
    assert "hush" not in json.dumps(found)
    assert "host" not in json.dumps(found)


async def test_diagnostics_of_a_studio_tell_how_its_last_job_went_but_not_what_it_was(
    hass: HomeAssistant, slow_studio: type[SlowStudio], media: Path, bluetooth: None
) -> None:
    entry = await load(hass, studio_entry("slow", usd_per_second=0.1))
    assert (await async_get_config_entry_diagnostics(hass, entry))["studio"]["job"] is None
    slow_studio.failure = JobLost("https://me:pw@host knows no secret cat")
    with pytest.raises(HomeAssistantError):
        await call(hass, "generate_scene", prompt="a secret cat")
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["studio"]["job"]["stage"] == "failed"
    assert found["studio"]["spent_today_usd"] == 0.5
    assert "secret" not in json.dumps(found)
    await unload(hass, entry)
