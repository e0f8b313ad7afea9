"""Whom a Home Assistant target means: the buttons and the entities that perform."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from .const import CONF_DEV_ID, CONF_KIND, DOMAIN, EntryKind
from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .cues import Performer, PerformerKind

_KINDS: Final = {"light": PerformerKind.LIGHT, "media_player": PerformerKind.MEDIA_PLAYER}
"""The domains that the cues have something for; other entities act only on the user's own rules."""


@dataclass(frozen=True, slots=True)
class ButtonTarget:
    """A button that is to perform; `coordinator` is None while its entry is not loaded."""

    performer: Performer
    device_id: str
    coordinator: ButtonCoordinator | None

    @property
    def key(self) -> str:
        """What tells this performer from every other."""
        return self.device_id


@dataclass(frozen=True, slots=True)
class EntityTarget:
    """An entity that is to perform."""

    performer: Performer
    entity_id: str

    @property
    def key(self) -> str:
        """What tells this performer from every other."""
        return self.entity_id


type Target = ButtonTarget | EntityTarget


def is_ready(target: Target) -> bool:
    """Return whether a performer is there, as far as that is known without asking it."""
    if isinstance(target, EntityTarget):
        return True
    return target.coordinator is not None and target.coordinator.available


@callback
def async_resolve_target(hass: HomeAssistant, target: Mapping[str, Any]) -> tuple[Target, ...]:
    """Return who is meant; without any target, every button.

    An area means its buttons, lights and media players; another entity performs only where it is named itself.

    Raises:
        ServiceValidationError: the target names a device or entity that does not exist, or nothing that can perform.
    """
    selection = TargetSelection(dict(target))
    if not selection.has_any_target:
        return tuple(_button_targets(hass, _button_entries(hass)))
    selected = async_extract_referenced_entity_ids(hass, selection)
    _check_known(hass, selected.missing_devices, selected.referenced)
    registry = er.async_get(hass)
    device_ids = set(selected.referenced_devices)
    entity_ids: set[str] = set()
    for entity_id in selected.referenced | selected.indirectly_referenced:
        registered = registry.async_get(entity_id)
        if registered is not None and registered.platform == DOMAIN:
            # A button's light is a part of the button, and the button performs as one.
            device_ids.add(registered.device_id or "")
        elif entity_id in selected.referenced or entity_id.split(".")[0] in _KINDS:
            entity_ids.add(entity_id)
    devices = [device for device_id in device_ids if (device := dr.async_get(hass).async_get(device_id))]
    entries = {entry.entry_id: entry for device in devices if (entry := _button_entry(hass, device))}
    found: list[Target] = [*_button_targets(hass, entries.values()), *map(entity_target, sorted(entity_ids))]
    if not found:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_performer")
    return tuple(found)


def _check_known(hass: HomeAssistant, missing_devices: Iterable[str], entity_ids: Iterable[str]) -> None:
    registry = er.async_get(hass)
    missing = {*missing_devices}
    missing |= {name for name in entity_ids if hass.states.get(name) is None and registry.async_get(name) is None}
    if missing:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="unknown_target",
            translation_placeholders={"target": ", ".join(sorted(missing))},
        )


def _button_entries(hass: HomeAssistant) -> list[ButtonConfigEntry]:
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
    return [entry for entry in entries if entry.data[CONF_KIND] == EntryKind.BUTTON]


def _button_entry(hass: HomeAssistant, device: dr.AnyDeviceEntry) -> ConfigEntry | None:
    dev_ids = {identifier for domain, identifier in device.identifiers if domain == DOMAIN}
    return next((entry for entry in _button_entries(hass) if entry.data[CONF_DEV_ID] in dev_ids), None)


def _button_targets(hass: HomeAssistant, entries: Iterable[ButtonConfigEntry]) -> list[ButtonTarget]:
    """Return the buttons in the order of their names; two of one name get their identity's end added."""
    devices = dr.async_get(hass)
    named: list[tuple[str, str, str, ButtonConfigEntry]] = []
    for entry in entries:
        dev_id = entry.data[CONF_DEV_ID]
        device = next(iter(dr.async_entries_for_config_entry(devices, entry.entry_id)), None)
        name = entry.title if device is None else device.name_by_user or device.name or entry.title
        named.append((name, dev_id, "" if device is None else device.id, entry))
    names = [name for name, *_ in named]
    return [
        ButtonTarget(
            Performer(name if names.count(name) == 1 else f"{name} {dev_id[-4:]}", PerformerKind.BUTTON),
            device_id,
            entry.runtime_data if entry.state is ConfigEntryState.LOADED else None,
        )
        for name, dev_id, device_id, entry in sorted(named, key=lambda item: item[:2])
    ]


def entity_target(entity_id: str) -> EntityTarget:
    """Return the entity as a performer."""
    kind = _KINDS.get(entity_id.split(".")[0], PerformerKind.ENTITY)
    return EntityTarget(Performer(entity_id, kind, entity_id), entity_id)
