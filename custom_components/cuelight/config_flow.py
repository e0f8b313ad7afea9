"""Adds studios and buttons."""

import logging
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
    ConfigSubentryFlow,
    OptionsFlow,
    OptionsFlowWithReload,
    SubentryFlowResult,
)
from homeassistant.const import CONF_ADDRESS, CONF_NAME
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
from .cues import CueMapError, parse_cue_map
from .errors import reachability
from .forms import KEY_SCHEMA, InvalidAnswer, async_check_studio, parse_key, provider_schema, studio_schema
from .link import (
    Advertisement,
    AuthenticationFailed,
    Credentials,
    LinkError,
    device_address,
    parse_advertisement,
)
from .studio import (
    CONF_BUDGET,
    CONF_DEADLINE,
    CONF_FALLBACK,
    CONF_PRICE,
    CONF_PROMPT_HELP,
    CONF_QUOTA,
    CONF_RETENTION,
    CONF_RULES,
    CUE_MAP_SUBENTRY,
    DEFAULT_QUOTA_MB,
    DEFAULT_RETENTION_DAYS,
)
from .t2v import PROVIDERS, FieldKind, Provider

_LOGGER = logging.getLogger(__name__)

LABEL_SLOT: Final = 0
EXAMPLE_RULES: Final = [{"event": "jump", "do": [{"light": {"colour": "#ff8000", "pattern": "pulse", "for_s": 1}}]}]


def _honest(info: BluetoothServiceInfoBleak) -> Advertisement | None:
    """Return what a button advertises, None for anything else: also for one that is not where its identity puts it."""
    advertisement = parse_advertisement(info.manufacturer_data)
    if advertisement is None or info.address.upper() != device_address(advertisement.dev_id):
        return None
    return advertisement


def _studio_id(provider: Provider) -> str:
    """Return what tells two studios apart: one model on one account is one studio, and one storyboard is enough."""
    return " ".join(filter(None, (provider.name, provider.base_url, provider.model)))


def _name(dev_id: bytes) -> str:
    """Return a name that tells two buttons apart."""
    return f"Cuelight {dev_id.hex()[-4:].upper()}"


class CuelightConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds a studio or a button, and renews a button's key."""

    def __init__(self) -> None:
        """Start with nothing chosen."""
        self._provider = ""
        self._dev_id = b""
        self._placeholders: dict[str, str] = {}

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the options of a studio or a button."""
        return StudioOptionsFlow() if config_entry.data[CONF_KIND] == EntryKind.STUDIO else ButtonOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added to an entry: cue maps, to a studio."""
        return {CUE_MAP_SUBENTRY: CueMapFlow} if config_entry.data[CONF_KIND] == EntryKind.STUDIO else {}

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what to add."""
        return self.async_show_menu(step_id="user", menu_options=["studio", "button"])

    # Studio

    async def async_step_studio(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose the provider."""
        if user_input is None:
            return self.async_show_form(step_id="studio", data_schema=provider_schema())
        self._choose_provider(user_input[CONF_PROVIDER])
        if PROVIDERS[self._provider].fields:
            return await self.async_step_studio_settings()
        return await self.async_step_studio_settings({})

    async def async_step_studio_settings(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the provider's settings and try them."""
        provider, errors = await self._async_try_studio(user_input, {})
        if provider is None:
            return self._show_studio_form("studio_settings", user_input or {}, errors)
        await self.async_set_unique_id(_studio_id(provider), raise_on_progress=False)
        self._abort_if_unique_id_configured()
        return self.async_create_entry(title=provider.title, data=self._studio_data(user_input or {}))

    async def async_step_studio_reauth(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take another key for a studio that refuses the stored one."""
        return await self._async_change_studio("studio_reauth", self._get_reauth_entry(), user_input)

    async def async_step_studio_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change a studio's settings."""
        return await self._async_change_studio("studio_reconfigure", self._get_reconfigure_entry(), user_input)

    async def _async_change_studio(
        self, step_id: str, entry: ConfigEntry, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        self._choose_provider(entry.data[CONF_PROVIDER])
        self._placeholders["name"] = entry.title
        fields = PROVIDERS[self._provider].fields
        kept = {field.name: entry.data.get(field.name) for field in fields if field.kind is FieldKind.SECRET}
        provider, errors = await self._async_try_studio(user_input, kept)
        if provider is None:
            return self._show_studio_form(step_id, {**entry.data, **(user_input or {})}, errors)
        if (studio_id := _studio_id(provider)) != entry.unique_id:
            await self.async_set_unique_id(studio_id)
            self._abort_if_unique_id_configured()
        return self.async_update_reload_and_abort(
            entry, unique_id=studio_id, data={**kept, **self._studio_data(user_input or {})}
        )

    def _choose_provider(self, provider: str) -> None:
        self._provider = provider
        self._placeholders = {"provider": PROVIDERS[provider].title}

    def _studio_data(self, user_input: Mapping[str, Any]) -> dict[str, Any]:
        answers = {name: value for name, value in user_input.items() if value}
        return {CONF_KIND: EntryKind.STUDIO.value, CONF_PROVIDER: self._provider, **answers}

    def _show_studio_form(self, step_id: str, known: Mapping[str, Any], errors: dict[str, str]) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=studio_schema(PROVIDERS[self._provider].fields, known),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def _async_try_studio(
        self, user_input: dict[str, Any] | None, known: Mapping[str, Any]
    ) -> tuple[Provider | None, dict[str, str]]:
        """Return the provider once it has answered to the settings, else what is wrong with them."""
        if user_input is None:
            return None, {}
        settings = {**known, **self._studio_data(user_input)}
        try:
            return await async_check_studio(self.hass, self._provider, settings), {}
        except InvalidAnswer as err:
            return None, self._explain(err)
        except Exception:
            _LOGGER.exception("Unexpected error while checking the studio %s", self._provider)
            return None, {"base": "unknown"}

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
        """Ask for a new key after the stored one was refused, or the button was reset."""
        if entry_data[CONF_KIND] == EntryKind.STUDIO:
            return await self.async_step_studio_reauth()
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take the new key."""
        return await self._async_renew("reauth_confirm", self._get_reauth_entry(), user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Give a button another key, or a studio other settings."""
        entry = self._get_reconfigure_entry()
        if entry.data[CONF_KIND] == EntryKind.BUTTON:
            return await self._async_renew("reconfigure", entry, user_input)
        if PROVIDERS[entry.data[CONF_PROVIDER]].fields:
            return await self.async_step_studio_reconfigure()
        return self.async_abort(reason="nothing_to_reconfigure")

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
            step_id=step_id, data_schema=KEY_SCHEMA, errors=errors, description_placeholders=self._placeholders
        )

    def _explain(self, err: InvalidAnswer) -> dict[str, str]:
        self._placeholders |= err.placeholders
        return {err.field: err.reason}

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
        except InvalidAnswer as err:
            return None, self._explain(err)
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


def _number(low: float, high: float, unit: str, step: float = 1) -> selector.NumberSelector:
    return selector.NumberSelector(
        selector.NumberSelectorConfig(
            min=low, max=high, step=step, unit_of_measurement=unit, mode=selector.NumberSelectorMode.BOX
        )
    )


def _whole(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers with whole numbers as such, which a number selector gives as floats."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in answers.items()
    }


class ButtonOptionsFlow(OptionsFlowWithReload):
    """How a button's link is kept."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take the options."""
        if user_input is not None:
            return self.async_create_entry(data=_whole(user_input))
        schema = probatio.Schema(
            {
                probatio.Required(CONF_LISTEN, default=DEFAULT_LISTEN): selector.BooleanSelector(),
                probatio.Required(CONF_IDLE_DISCONNECT, default=DEFAULT_IDLE_DISCONNECT_S): _number(5, 600, "s"),
            }
        )
        return self.async_show_form(
            step_id="init", data_schema=self.add_suggested_values_to_schema(schema, self.config_entry.options)
        )


class StudioOptionsFlow(OptionsFlow):
    """A studio's limits and helpers, taken as they are when the next film is made, with no reload."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Go to the studio's own step, for a button's options are others."""
        return await self.async_step_studio(user_input)

    async def async_step_studio(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take the options."""
        if user_input is not None:
            return self.async_create_entry(data=_whole(user_input))
        schema = probatio.Schema(
            {
                probatio.Optional(CONF_FALLBACK): self._stand_ins(),
                probatio.Optional(CONF_BUDGET): _number(0, 10_000, "USD", 0.01),
                probatio.Optional(CONF_PRICE): _number(0, 100, "USD/s", 0.001),
                probatio.Optional(CONF_PROMPT_HELP): selector.EntitySelector(
                    selector.EntitySelectorConfig(domain="ai_task")
                ),
                probatio.Optional(CONF_DEADLINE): _number(10, 86400, "s"),
                probatio.Required(CONF_QUOTA, default=DEFAULT_QUOTA_MB): _number(10, 1_000_000, "MB"),
                probatio.Required(CONF_RETENTION, default=DEFAULT_RETENTION_DAYS): _number(1, 3650, "d"),
            }
        )
        return self.async_show_form(
            step_id="studio", data_schema=self.add_suggested_values_to_schema(schema, self.config_entry.options)
        )

    def _stand_ins(self) -> selector.SelectSelector:
        """Return the choice among the other studios."""
        entries = self.hass.config_entries.async_entries(DOMAIN)
        options = [
            selector.SelectOptionDict(value=entry.entry_id, label=entry.title)
            for entry in entries
            if entry.data[CONF_KIND] == EntryKind.STUDIO and entry.entry_id != self.config_entry.entry_id
        ]
        config = selector.SelectSelectorConfig(options=options, mode=selector.SelectSelectorMode.DROPDOWN)
        return selector.SelectSelector(config)


class CueMapFlow(ConfigSubentryFlow):
    """The user's own rules from events to cues."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add a cue map."""
        errors, placeholders = self._check(user_input)
        if user_input is None or errors:
            return self._show("user", user_input or {CONF_RULES: EXAMPLE_RULES}, errors, placeholders)
        return self.async_create_entry(title=user_input[CONF_NAME], data={CONF_RULES: user_input[CONF_RULES]})

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change a cue map."""
        subentry = self._get_reconfigure_subentry()
        errors, placeholders = self._check(user_input)
        if user_input is None or errors:
            known = user_input or {CONF_NAME: subentry.title, CONF_RULES: subentry.data[CONF_RULES]}
            return self._show("reconfigure", known, errors, placeholders)
        return self.async_update_and_abort(
            self._get_entry(),
            subentry,
            title=user_input[CONF_NAME],
            data={CONF_RULES: user_input[CONF_RULES]},
        )

    def _check(self, user_input: dict[str, Any] | None) -> tuple[dict[str, str], dict[str, str]]:
        """Return what is wrong with the answers, and what its sentence needs."""
        if user_input is None:
            return {}, {}
        try:
            parse_cue_map({"name": user_input[CONF_NAME], "rules": user_input[CONF_RULES]})
        except CueMapError as err:
            return {CONF_RULES: "cue_map_invalid"}, {"error": str(err)}
        return {}, {}

    def _show(
        self, step_id: str, known: Mapping[str, Any], errors: dict[str, str], placeholders: dict[str, str]
    ) -> SubentryFlowResult:
        schema = probatio.Schema(
            {
                probatio.Required(CONF_NAME): selector.TextSelector(),
                probatio.Required(CONF_RULES): selector.ObjectSelector(),
            }
        )
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, known),
            errors=errors,
            description_placeholders=placeholders,
        )
