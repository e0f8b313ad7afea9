"""Adds studios and buttons."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from contextlib import nullcontext
from typing import Any, Final, override

import probatio
from homeassistant.components.bluetooth import (
    BluetoothServiceInfoBleak,
    async_ble_device_from_address,
    async_discovered_service_info,
    async_request_active_scan,
)
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
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
    CONF_SLOT,
    DEFAULT_IDLE_DISCONNECT_S,
    DEFAULT_LISTEN,
    DOMAIN,
    LABEL_SLOT,
    EntryKind,
)
from .coordinator import ButtonCoordinator, async_check_key, data_of
from .cues import CueMapError, parse_cue_map
from .errors import reachability
from .forms import (
    COMPARE_SCHEMA,
    CONF_DIGITS,
    CONF_WAY,
    DIGITS_SAME,
    KEY_SCHEMA,
    RETRY_SCHEMA,
    WAY_HOLD,
    InvalidAnswer,
    async_check_studio,
    parse_key,
    provider_schema,
    studio_schema,
)
from .issues import async_take_back_key_slots_full, async_tell_key_slots_full
from .link import (
    Advertisement,
    AuthenticationFailed,
    Credentials,
    KeySlotsFull,
    LinkError,
    LinkReleased,
    LinkTimeout,
    PairingClosed,
    PairingFailed,
    PairingInProgress,
    device_address,
    parse_advertisement,
)
from .pairing import NotHeld, Pairing, window_open
from .removal import async_forget_key
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

EXAMPLE_RULES: Final = [{"event": "jump", "do": [{"light": {"colour": "#ff8000", "pattern": "pulse", "for_s": 1}}]}]


def _honest(info: BluetoothServiceInfoBleak) -> Advertisement | None:
    """Return what a button advertises, None for anything else: also for one that is not where its identity puts it."""
    advertisement = parse_advertisement(info.manufacturer_data)
    if advertisement is None or info.address.upper() != device_address(advertisement.dev_id):
        return None
    return advertisement


def button_data(credentials: Credentials) -> dict[str, Any]:
    """Return a button's entry data."""
    address = device_address(credentials.dev_id)
    return {CONF_KIND: EntryKind.BUTTON.value, CONF_ADDRESS: address, **data_of(credentials)}


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
        self._coordinator: ButtonCoordinator | None = None
        self._pairing: Pairing | None = None
        self._work: asyncio.Task[None] | None = None
        self._failure = ""
        self._data: dict[str, Any] = {}

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
        """Ask how to pair; a button whose window a person has opened by now is not asked about again."""
        if window_open(self.hass, self._dev_id):
            return await self.async_step_held()
        return await self._async_show_ways("pair")

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Ask for a new key after the stored one was refused, or the button was reset."""
        if entry_data[CONF_KIND] == EntryKind.STUDIO:
            return await self.async_step_studio_reauth()
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask how to get the new key."""
        return await self._async_renew("reauth_confirm", self._get_reauth_entry())

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Give a button another key, or a studio other settings."""
        entry = self._get_reconfigure_entry()
        if entry.data[CONF_KIND] == EntryKind.BUTTON:
            return await self._async_renew("reconfigure", entry)
        if PROVIDERS[entry.data[CONF_PROVIDER]].fields:
            return await self.async_step_studio_reconfigure()
        return self.async_abort(reason="nothing_to_reconfigure")

    async def _async_renew(self, step_id: str, entry: ConfigEntry) -> ConfigFlowResult:
        self._choose(bytes.fromhex(entry.data[CONF_DEV_ID]), entry.title)
        self._coordinator = entry.runtime_data if entry.state is ConfigEntryState.LOADED else None
        return await self._async_show_ways(step_id)

    async def _async_show_ways(self, step_id: str) -> ConfigFlowResult:
        if not self._path():
            self._failure = "no_connectable_path"
            return await self.async_step_retry()
        return self.async_show_menu(
            step_id=step_id, menu_options=["hold", "key"], description_placeholders=self._placeholders
        )

    async def async_step_key(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the key on the label and prove it with a handshake."""
        data, errors = await self._async_prove(user_input)
        if data is None:
            return self.async_show_form(
                step_id="key", data_schema=KEY_SCHEMA, errors=errors, description_placeholders=self._placeholders
            )
        return await self._async_paired(data)

    # Press and hold

    async def async_step_held(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whether to pair with the button that someone holds or has held; nothing connects before that."""
        if user_input is None:
            return self.async_show_form(step_id="held", description_placeholders=self._placeholders)
        return await self.async_step_hold()

    async def async_step_hold(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Wait until the button is held, and exchange keys with it."""
        if self._work is None:
            await self._async_end_pairing()
            self._pairing = Pairing(self.hass, self._dev_id, self._placeholders["name"], self._coordinator)
            self._start_work(self._async_begin(self._pairing))
        return self._show_work("hold", "hold", "compare")

    async def _async_begin(self, pairing: Pairing) -> None:
        code = await pairing.async_begin()
        self._placeholders["code"] = f"{code[:3]} {code[3:]}"

    async def async_step_compare(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whether both show the same digits: if not, someone in between has another key with each."""
        if not user_input:
            return self.async_show_form(
                step_id="compare",
                data_schema=COMPARE_SCHEMA,
                errors={} if user_input is None else {CONF_DIGITS: "digits_unanswered"},
                description_placeholders=self._placeholders,
            )
        if user_input[CONF_DIGITS] != DIGITS_SAME:
            self._failure = "digits_differ"
            return await self.async_step_retry()
        return await self.async_step_press()

    async def async_step_press(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Wait until the button is pressed: the person there agrees, too."""
        assert self._pairing is not None
        if self._work is None:
            self._start_work(self._async_confirm(self._pairing))
        return self._show_work("press", "press", "paired")

    async def _async_confirm(self, pairing: Pairing) -> None:
        credentials = await pairing.async_confirm()
        self._data = button_data(credentials)

    async def async_step_paired(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take the key that both hold now."""
        return await self._async_paired(self._data)

    def _start_work(self, work: Coroutine[Any, Any, None]) -> None:
        # Not eagerly: a step that has ended before it was shown would hand this step's answers to the next.
        self._work = self.hass.async_create_task(work, eager_start=False)

    def _show_work(self, step_id: str, action: str, next_step_id: str) -> ConfigFlowResult:
        """Show that the task is at work; once it has ended, go on, or say what went wrong."""
        assert self._work is not None
        if not self._work.done():
            return self.async_show_progress(
                step_id=step_id,
                progress_action=action,
                progress_task=self._work,
                description_placeholders=self._placeholders,
            )
        work, self._work = self._work, None
        if (err := work.exception()) is not None:
            self._failure = self._explain_pairing(err)
        return self.async_show_progress_done(next_step_id="retry" if err else next_step_id)

    def _explain_pairing(self, err: BaseException) -> str:
        """Return which sentence tells why the pairing came to nothing."""
        self._placeholders["error"] = str(err)
        match err:
            case NotHeld():
                return "not_held"
            case PairingClosed():
                return "pairing_closed"
            case KeySlotsFull():
                async_tell_key_slots_full(self.hass, self._dev_id, self._placeholders["name"])
                return "key_slots_full"
            case PairingFailed() | LinkReleased() | LinkTimeout(stage="pairing"):
                return "pairing_failed"
            case LinkError():
                return "pairing_lost"
        _LOGGER.error("Unexpected error while pairing with %s", self._placeholders["name"], exc_info=err)
        return "unknown"

    async def async_step_retry(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say why it came to nothing, and ask how to try again."""
        await self._async_end_pairing()
        if not user_input:
            self._placeholders["reason"] = reachability(self.hass, device_address(self._dev_id))
            return self.async_show_form(
                step_id="retry",
                data_schema=RETRY_SCHEMA,
                errors={"base": self._failure},
                description_placeholders=self._placeholders,
            )
        return await (self.async_step_hold() if user_input[CONF_WAY] == WAY_HOLD else self.async_step_key())

    async def _async_end_pairing(self) -> None:
        pairing, self._pairing = self._pairing, None
        if pairing is not None:
            await pairing.async_end()

    @callback
    @override
    def async_remove(self) -> None:
        """Let go of the button, wherever the dialog was closed."""
        if self._work is not None:
            self._work.cancel()
        self.hass.async_create_task(self._async_clean_up())

    async def _async_clean_up(self) -> None:
        if self._data:  # paired in the last moment, and nobody was there to see it
            await self._async_forget_key(self._data)
        await self._async_end_pairing()

    async def _async_paired(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Make the entry, or give it its new key."""
        self._data = {}
        async_take_back_key_slots_full(self.hass, self._dev_id)
        if self.source == SOURCE_REAUTH:
            return self.async_update_reload_and_abort(self._get_reauth_entry(), data_updates=data)
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            await self._async_forget_old_key(entry, data)
            return self.async_update_reload_and_abort(entry, data_updates=data)
        return self.async_create_entry(title=_name(self._dev_id), data=data)

    async def _async_forget_old_key(self, entry: ConfigEntry, data: Mapping[str, Any]) -> None:
        """Free the slot of the key that is replaced, for a button has three; one that cannot be freed stays taken."""
        if entry.data[CONF_SLOT] in (LABEL_SLOT, data[CONF_SLOT]):
            return
        async with self._coordinator.async_suspended() if self._coordinator and not self._pairing else nullcontext():
            await self._async_forget_key(entry.data)

    async def _async_forget_key(self, data: Mapping[str, Any]) -> None:
        name = self._placeholders["name"]
        try:
            await async_forget_key(self.hass, name, data)
        except (LinkError, ValueError) as err:
            _LOGGER.info("%s keeps a key that nobody uses: %s", name, err)

    def _choose(self, dev_id: bytes, name: str | None = None) -> None:
        self._dev_id = dev_id
        self._placeholders = {"name": name or _name(dev_id), "address": device_address(dev_id)}
        self.context["title_placeholders"] = {"name": self._placeholders["name"]}

    def _path(self) -> bool:
        """Return whether anything can connect to the button."""
        return async_ble_device_from_address(self.hass, device_address(self._dev_id), connectable=True) is not None

    def _explain(self, err: InvalidAnswer) -> dict[str, str]:
        self._placeholders |= err.placeholders
        return {err.field: err.reason}

    async def _async_prove(self, user_input: dict[str, Any] | None) -> tuple[dict[str, Any] | None, dict[str, str]]:
        """Return the entry's data once the button has proved that it holds the pasted key, else what is wrong."""
        address = device_address(self._dev_id)
        if not self._path():
            self._placeholders["reason"] = reachability(self.hass, address)
            return None, {"base": "no_connectable_path"}
        if user_input is None:
            return None, {}
        try:
            key = parse_key(user_input[CONF_KEY])
        except InvalidAnswer as err:
            return None, self._explain(err)
        try:
            credentials = Credentials(self._dev_id, None, key, LABEL_SLOT)
            proved = await async_check_key(self.hass, self._placeholders["name"], credentials, self._coordinator)
        except AuthenticationFailed:
            return None, {CONF_KEY: "invalid_auth"}
        except PairingInProgress:
            return None, {"base": "pairing_in_progress"}
        except LinkError as err:
            self._placeholders["error"] = str(err)
            self._placeholders["reason"] = reachability(self.hass, address)
            return None, {"base": "cannot_connect"}
        except Exception:
            _LOGGER.exception("Unexpected error while checking the key of %s", self._placeholders["name"])
            return None, {"base": "unknown"}
        return button_data(proved), {}


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
