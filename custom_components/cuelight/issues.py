"""What a person must mend so that a button can be connected to; told in Settings, Repairs, until it works again."""

from typing import Final

from awesomeversion import AwesomeVersion, AwesomeVersionException
from homeassistant.components.bluetooth import async_address_present, async_last_service_info
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN, FIRMWARE, OLDEST_FIRMWARE
from .errors import reachability
from .link import LinkUnreachable, UnreachableReason, device_address
from .slots import slots_in_reach

OUT_OF_SLOTS: Final = "out_of_slots"
PASSIVE_ONLY: Final = "passive_only"
FIRMWARE_OLD: Final = "firmware_old"
CLOCK_OFF: Final = "clock_off"
LATE: Final = "late"
KEY_SLOTS_FULL: Final = "key_slots_full"
_UNREACHABLE: Final = (OUT_OF_SLOTS, PASSIVE_ONLY)
_KINDS: Final = (*_UNREACHABLE, FIRMWARE_OLD, CLOCK_OFF, LATE)

CLOCK_LIMIT_S: Final = 0.25
"""How far from the moment asked for a button may start before a person sees that it is not in time."""
LATE_BEFORE_REPAIR: Final = 3


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
        _take_back(hass, entry, PASSIVE_ONLY)
    elif async_address_present(hass, address, connectable=False):
        _tell(hass, entry, PASSIVE_ONLY)


@callback
def async_check_firmware(hass: HomeAssistant, entry: ConfigEntry, version: str | None) -> None:
    """Tell when the button's firmware is older than what this release can be used with; unknown is no reason."""
    if version is not None and _is_old(version):
        _tell(hass, entry, FIRMWARE_OLD, version=version, oldest=OLDEST_FIRMWARE, newest=FIRMWARE)
    else:
        _take_back(hass, entry, FIRMWARE_OLD)


@callback
def async_check_late(hass: HomeAssistant, entry: ConfigEntry, in_a_row: int) -> None:
    """Tell when command after command comes too late, each though it was sent twice; once may be noise."""
    if in_a_row >= LATE_BEFORE_REPAIR:
        _tell(hass, entry, LATE)
    elif not in_a_row:
        _take_back(hass, entry, LATE)


@callback
def async_check_clock(hass: HomeAssistant, entry: ConfigEntry, skew_s: float | None) -> None:
    """Tell when a performance did not start when it was asked to, by the button's clock as it is known at the end."""
    if skew_s is not None and abs(skew_s) > CLOCK_LIMIT_S:
        _tell(hass, entry, CLOCK_OFF, skew=f"{abs(skew_s):.1f}")
    elif skew_s is not None:
        _take_back(hass, entry, CLOCK_OFF)


@callback
def async_tell_key_slots_full(hass: HomeAssistant, dev_id: bytes, name: str) -> None:
    """Tell that a button has no room for this house's key."""
    reason = reachability(hass, device_address(dev_id))
    _create(hass, f"{KEY_SLOTS_FULL}_{dev_id.hex()}", KEY_SLOTS_FULL, {"name": name, "reason": reason})


@callback
def async_take_back_key_slots_full(hass: HomeAssistant, dev_id: bytes) -> None:
    """Take it back: the button has this house's key."""
    ir.async_delete_issue(hass, DOMAIN, f"{KEY_SLOTS_FULL}_{dev_id.hex()}")


@callback
def async_tell_reached(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take back what stood in the way of a connection: there is one."""
    _take_back(hass, entry, *_UNREACHABLE)


@callback
def async_forget(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take back everything: the button is no longer ours to tell about."""
    _take_back(hass, entry, *_KINDS)


def _take_back(hass: HomeAssistant, entry: ConfigEntry, *kinds: str) -> None:
    for kind in kinds:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, kind))


def _is_old(version: str) -> bool:
    try:
        return AwesomeVersion(version) < OLDEST_FIRMWARE
    except AwesomeVersionException:  # a version of someone's own
        return False


def _tell(hass: HomeAssistant, entry: ConfigEntry, kind: str, **placeholders: str) -> None:
    known = {"name": entry.title, "reason": reachability(hass, entry.data[CONF_ADDRESS])}
    _create(hass, _issue_id(entry, kind), kind, known | placeholders)


def _create(hass: HomeAssistant, issue_id: str, kind: str, placeholders: dict[str, str]) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=kind,
        translation_placeholders=placeholders,
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
