"""What a person must mend so that a button can be connected to; told in Settings, Repairs, until it works again."""

from typing import Final

from homeassistant.components.bluetooth import async_address_present, async_last_service_info
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .errors import reachability
from .link import LinkUnreachable, UnreachableReason
from .slots import slots_in_reach

OUT_OF_SLOTS: Final = "out_of_slots"
PASSIVE_ONLY: Final = "passive_only"
_KINDS: Final = (OUT_OF_SLOTS, PASSIVE_ONLY)


@callback
def async_tell_unreachable(hass: HomeAssistant, entry: ConfigEntry, err: LinkUnreachable) -> None:
    """Tell why a command found no connection, where a person can do something about it."""
    if err.reason is UnreachableReason.OUT_OF_SLOTS:
        _tell(hass, entry, OUT_OF_SLOTS, holders=_holders(hass, entry.data[CONF_ADDRESS]))
    elif err.reason is UnreachableReason.NOT_IN_RANGE:
        async_check_path(hass, entry)


@callback
def async_check_path(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Tell when the button is heard, but only by what cannot connect."""
    address = entry.data[CONF_ADDRESS]
    if async_address_present(hass, address, connectable=True):
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, PASSIVE_ONLY))
    elif async_address_present(hass, address, connectable=False):
        _tell(hass, entry, PASSIVE_ONLY)


@callback
def async_forget(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take back what was told: the button is connected, or no longer ours."""
    for kind in _KINDS:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, kind))


def _tell(hass: HomeAssistant, entry: ConfigEntry, kind: str, **placeholders: str) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, kind),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=kind,
        translation_placeholders={
            "name": entry.title,
            "reason": reachability(hass, entry.data[CONF_ADDRESS]),
            **placeholders,
        },
    )


def _issue_id(entry: ConfigEntry, kind: str) -> str:
    return f"{kind}_{entry.entry_id}"


def _holders(hass: HomeAssistant, address: str) -> str:
    """Return who holds the slots in reach, by name where there is one."""
    slots = slots_in_reach(hass, address)
    if slots is None or not slots.holders:
        return "?"
    ours = {entry.data.get(CONF_ADDRESS): entry.title for entry in hass.config_entries.async_entries(DOMAIN)}
    return ", ".join(sorted(ours.get(holder) or _name(hass, holder) for holder in slots.holders))


def _name(hass: HomeAssistant, address: str) -> str:
    info = async_last_service_info(hass, address, connectable=False)
    return address if info is None or info.name == address else f"{info.name} ({address})"
