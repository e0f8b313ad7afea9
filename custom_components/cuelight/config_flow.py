"""Adds studios and buttons."""

import logging
import string
from collections.abc import Mapping
from typing import Any, Final, override

import probatio
from homeassistant.components.bluetooth import (
    BluetoothServiceInfoBleak,
    async_ble_device_from_address,
    async_discovered_service_info,
    async_request_active_scan,
)
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import callback
from homeassistant.helpers import selector

from .const import (
    CONF_DEV_ID,
    CONF_IDLE_DISCONNECT,
    CONF_KEY,
    CONF_KIND,
    CONF_LISTEN,
    CONF_PROVIDER,
    DEFAULT_IDLE_DISCONNECT_S,
    DEFAULT_LISTEN,
    DOMAIN,
    EntryKind,
)
from .coordinator import ButtonCoordinator, async_check_key, data_of
from .errors import reachability
from .link import (
    Advertisement,
    AuthenticationFailed,
    Credentials,
    LinkError,
    device_address,
    parse_advertisement,
)
from .t2v import Provider, StoryboardProvider

_LOGGER = logging.getLogger(__name__)

PROVIDERS: Final[dict[str, type[Provider]]] = {StoryboardProvider.name: StoryboardProvider}
KEY_DIGITS: Final = 64
LABEL_SLOT: Final = 0
_KEY_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_KEY): selector.TextSelector(
            selector.TextSelectorConfig(type=selector.TextSelectorType.PASSWORD)
        )
    }
)


class InvalidKey(Exception):
    """What was pasted is no key; ``reason`` is the translation key of the sentence that says why."""

    def __init__(self, reason: str, **placeholders: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.placeholders = placeholders


def parse_key(text: str) -> bytes:
    """Return the key that a label shows, whatever the case and however it is grouped.

    Raises:
        InvalidKey: a character that is no hex digit, or too few or too many of them.
    """
    digits = "".join(text.split()).translate({ord(mark): None for mark in "-\u2010\u2011\u2012\u2013\u2014:"})
    if wrong := next((character for character in digits if character not in string.hexdigits), None):
        raise InvalidKey("key_character", character=wrong)
    if len(digits) != KEY_DIGITS:
        raise InvalidKey("key_length", count=str(len(digits)))
    return bytes.fromhex(digits)


def _honest(info: BluetoothServiceInfoBleak) -> Advertisement | None:
    """Return what a button advertises, None for anything else: also for one that is not where its identity puts it."""
    advertisement = parse_advertisement(info.manufacturer_data)
    if advertisement is None or info.address.upper() != device_address(advertisement.dev_id):
        return None
    return advertisement


def _name(dev_id: bytes) -> str:
    """Return a name that tells two buttons apart."""
    return f"Cuelight {dev_id.hex()[-4:].upper()}"


class CuelightConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds a studio or a button, and renews a button's key."""

    def __init__(self) -> None:
        """Start with no button chosen."""
        self._dev_id = b""
        self._placeholders: dict[str, str] = {}

    @classmethod
    @callback
    @override
    def async_supports_options_flow(cls, config_entry: ConfigEntry) -> bool:
        """Return whether the entry has options: a button does."""
        return bool(config_entry.data[CONF_KIND] == EntryKind.BUTTON)

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> ButtonOptionsFlow:
        """Return the options of a button."""
        return ButtonOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what to add."""
        return self.async_show_menu(step_id="user", menu_options=["studio", "button"])

    # Studio

    async def async_step_studio(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose the provider."""
        if user_input is not None:
            provider = user_input[CONF_PROVIDER]
            # One storyboard is enough: it has nothing to set.
            await self.async_set_unique_id(provider, raise_on_progress=False)
            self._abort_if_unique_id_configured()
            return self.async_create_entry(
                title=PROVIDERS[provider].title,
                data={CONF_KIND: EntryKind.STUDIO.value, CONF_PROVIDER: provider},
            )
        options = [selector.SelectOptionDict(value=name, label=provider.title) for name, provider in PROVIDERS.items()]
        schema = probatio.Schema(
            {
                probatio.Required(CONF_PROVIDER, default=options[0]["value"]): selector.SelectSelector(
                    selector.SelectSelectorConfig(options=options, mode=selector.SelectSelectorMode.LIST)
                )
            }
        )
        return self.async_show_form(step_id="studio", data_schema=schema)

    # Button

    @override
    async def async_step_bluetooth(self, discovery_info: BluetoothServiceInfoBleak) -> ConfigFlowResult:
        """Offer a discovered button; a configured one keeps what it has, whatever an advertisement says."""
        if (advertisement := _honest(discovery_info)) is None:
            return self.async_abort(reason="not_supported")
        await self.async_set_unique_id(advertisement.dev_id.hex())
        self._abort_if_unique_id_configured()
        self._choose(advertisement.dev_id)
        return await self.async_step_pair()

    async def async_step_button(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """List the buttons in range."""
        if user_input is not None:
            self._choose(bytes.fromhex(user_input[CONF_DEV_ID]))
            await self.async_set_unique_id(self._dev_id.hex(), raise_on_progress=False)
            self._abort_if_unique_id_configured()
            return await self.async_step_pair()
        await async_request_active_scan(self.hass)
        configured = self._async_current_ids(include_ignore=False)
        in_range = {
            advertisement.dev_id.hex(): f"{_name(advertisement.dev_id)} ({info.address})"
            for info in async_discovered_service_info(self.hass, connectable=False)
            if (advertisement := _honest(info)) and advertisement.dev_id.hex() not in configured
        }
        if not in_range:
            return self.async_abort(reason="no_devices_found")
        return self.async_show_form(
            step_id="button", data_schema=probatio.Schema({probatio.Required(CONF_DEV_ID): probatio.In(in_range)})
        )

    async def async_step_pair(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the key on the label and prove it with a handshake."""
        data, errors = await self._async_prove(user_input)
        if data is None:
            return self._show_key_form("pair", errors)
        return self.async_create_entry(title=_name(self._dev_id), data=data)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Ask for a new key after the button refused the stored one, or was reset."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take the new key."""
        return await self._async_renew("reauth_confirm", self._get_reauth_entry(), user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Give a button another key, by the user's own wish."""
        entry = self._get_reconfigure_entry()
        if entry.data[CONF_KIND] != EntryKind.BUTTON:
            return self.async_abort(reason="nothing_to_reconfigure")
        return await self._async_renew("reconfigure", entry, user_input)

    async def _async_renew(
        self, step_id: str, entry: ConfigEntry, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        self._choose(bytes.fromhex(entry.data[CONF_DEV_ID]), entry.title)
        coordinator = entry.runtime_data if entry.state is ConfigEntryState.LOADED else None
        data, errors = await self._async_prove(user_input, coordinator)
        if data is None:
            return self._show_key_form(step_id, errors)
        return self.async_update_reload_and_abort(entry, data_updates=data)

    def _choose(self, dev_id: bytes, name: str | None = None) -> None:
        self._dev_id = dev_id
        self._placeholders = {"name": name or _name(dev_id), "address": device_address(dev_id)}
        self.context["title_placeholders"] = {"name": self._placeholders["name"]}

    def _show_key_form(self, step_id: str, errors: dict[str, str]) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step_id, data_schema=_KEY_SCHEMA, errors=errors, description_placeholders=self._placeholders
        )

    async def _async_prove(
        self, user_input: dict[str, Any] | None, coordinator: ButtonCoordinator | None = None
    ) -> tuple[dict[str, Any] | None, dict[str, str]]:
        """Return the entry's data once the button has proved that it holds the pasted key, else what is wrong."""
        address = device_address(self._dev_id)
        if async_ble_device_from_address(self.hass, address, connectable=True) is None:
            self._placeholders["reason"] = reachability(self.hass, address)
            return None, {"base": "no_connectable_path"}
        if user_input is None:
            return None, {}
        try:
            key = parse_key(user_input[CONF_KEY])
        except InvalidKey as err:
            self._placeholders |= err.placeholders
            return None, {CONF_KEY: err.reason}
        try:
            proved = await async_check_key(
                self.hass, self._placeholders["name"], Credentials(self._dev_id, None, key, LABEL_SLOT), coordinator
            )
        except AuthenticationFailed:
            return None, {CONF_KEY: "invalid_auth"}
        except LinkError as err:
            self._placeholders["error"] = str(err)
            self._placeholders["reason"] = reachability(self.hass, address)
            return None, {"base": "cannot_connect"}
        except Exception:
            _LOGGER.exception("Unexpected error while checking the key of %s", self._placeholders["name"])
            return None, {"base": "unknown"}
        return {CONF_KIND: EntryKind.BUTTON.value, CONF_ADDRESS: address, **data_of(proved)}, {}


class ButtonOptionsFlow(OptionsFlowWithReload):
    """How a button's link is kept."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take the options."""
        if user_input is not None:
            return self.async_create_entry(
                data={**user_input, CONF_IDLE_DISCONNECT: int(user_input[CONF_IDLE_DISCONNECT])}
            )
        schema = probatio.Schema(
            {
                probatio.Required(CONF_LISTEN, default=DEFAULT_LISTEN): selector.BooleanSelector(),
                probatio.Required(CONF_IDLE_DISCONNECT, default=DEFAULT_IDLE_DISCONNECT_S): selector.NumberSelector(
                    selector.NumberSelectorConfig(
                        min=5, max=600, step=1, unit_of_measurement="s", mode=selector.NumberSelectorMode.BOX
                    )
                ),
            }
        )
        return self.async_show_form(
            step_id="init", data_schema=self.add_suggested_values_to_schema(schema, self.config_entry.options)
        )
