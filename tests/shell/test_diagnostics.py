"""What a bug report gives away."""

import json

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.const import DOMAIN
from custom_components.cuelight.diagnostics import async_get_config_entry_diagnostics

from .conftest import SetUp
from .radio import DEV_ID, INST_ID, KEY, FakeButton
from .test_button import LIGHT, act


async def test_diagnostics_tell_the_link_and_no_secret(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    entry = await set_up()
    await act(hass, "light.turn_on", LIGHT)
    found = await async_get_config_entry_diagnostics(hass, entry)
    text = json.dumps(found).lower()
    for secret in (KEY.hex(), DEV_ID.hex(), INST_ID.hex(), button.address.lower(), button.address.lower()[:8], "stage"):
        assert secret not in text
    assert found["button"]["link"] == "connected"
    assert found["button"]["state"] == "active"
    assert found["button"]["last_error"] is None
    assert found["button"]["last_status"]["state"] == "session"
    assert found["button"]["battery"] == 80
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


async def test_diagnostics_of_a_studio_redact_its_account(hass: HomeAssistant) -> None:
    entry = MockConfigEntry(
        domain=DOMAIN,
        data={"kind": "studio", "provider": "fal", "api_key": "hush", "base_url": "https://me:pw@host/v1"},
    )
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["data"]["provider"] == "fal"
    assert "hush" not in json.dumps(found)
    assert "host" not in json.dumps(found)
