"""What to attach to a bug report: everything about a link but its secrets and its whereabouts."""

import re
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant

from .const import CONF_DEV_ID, CONF_INST_ID, CONF_KEY, CONF_KIND, CONF_PENDING_KEY, EntryKind
from .coordinator import ButtonCoordinator
from .errors import reachability
from .link import SettingKey
from .studio import Studio
from .t2v import PROVIDERS, FieldKind

_SECRETS: Final = {
    *(CONF_ADDRESS, CONF_DEV_ID, CONF_INST_ID, CONF_KEY, CONF_PENDING_KEY),
    *("api_key", "base_url", "token", "workflow"),
    *(field.name for info in PROVIDERS.values() for field in info.fields if field.kind is FieldKind.SECRET),
}
_ADDRESS: Final = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", re.IGNORECASE)


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, Any]:
    """Return a redacted snapshot; nothing is sent to a button for it."""
    snapshot: dict[str, Any] = {
        "data": async_redact_data(dict(entry.data), _SECRETS),
        "options": dict(entry.options),
    }
    if entry.data[CONF_KIND] == EntryKind.BUTTON and entry.state is ConfigEntryState.LOADED:
        snapshot["button"] = _button(hass, entry.runtime_data)
    if entry.data[CONF_KIND] == EntryKind.STUDIO and entry.state is ConfigEntryState.LOADED:
        snapshot["studio"] = _studio(entry.runtime_data)
    return snapshot


def _button(hass: HomeAssistant, coordinator: ButtonCoordinator) -> dict[str, Any]:
    client = coordinator.client
    status = client.last_status
    error = client.last_error
    return {
        "available": coordinator.available,
        "battery": coordinator.battery,
        "firmware": coordinator.firmware,
        "settings": {SettingKey(key).name.lower(): value for key, value in coordinator.memory.settings.items()},
        "remembered_uploads": coordinator.memory.count,
        "link": client.state.value,
        "state": coordinator.state.name.lower(),
        "last_error": None if error is None else {"kind": type(error).__name__, "text": _anonymous(str(error))},
        "last_status": None
        if status is None
        else {
            "state": status.state.name.lower(),
            "clock_ms": status.clock_ms,
            "lease_left": status.lease_left,
            "millivolts": status.millivolts,
            "fault": status.fault,
            "last_counter": status.last_counter,
        },
        "reachability": _anonymous(reachability(hass, coordinator.address)),
    }


def _studio(studio: Studio) -> dict[str, Any]:
    """Return how the studio's last job went; what was asked for is nobody's business, and errors may tell addresses."""
    job = studio.jobs.shown
    return {
        "spent_today_usd": studio.jobs.spent_today_usd,
        "job": None
        if job is None
        else {
            "stage": job.stage.value,
            "progress": job.progress,
            "failed": job.message is not None,
            "stood_in_for": len(job.tried),
            "estimate_usd": job.estimate_usd,
            "cost_usd": job.cost_usd,
        },
    }


def _anonymous(text: str) -> str:
    """Return the text without Bluetooth addresses."""
    return _ADDRESS.sub("**REDACTED**", text)
