"""Every stored scene as a Home Assistant scene: activating it performs it."""

from collections.abc import Container
from typing import Any, Final, override

from homeassistant.components.scene import Scene as SceneEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .library import SIGNAL_SCENES, SceneRecord
from .studio import StudioConfigEntry, studio_device

PARALLEL_UPDATES = 0

NAME_LENGTH: Final = 60


async def async_setup_entry(
    hass: HomeAssistant, entry: StudioConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the studio's scenes, and follow what becomes of them."""
    known: set[str] = set()

    @callback
    def follow() -> None:
        records = {record.scene_id: record for record in entry.runtime_data.library.records(entry.entry_id)}
        _forget(hass, entry, keep=records.keys())
        async_add_entities(StoredScene(entry, record) for key, record in records.items() if key not in known)
        known.clear()
        known.update(records)

    entry.async_on_unload(async_dispatcher_connect(hass, f"{SIGNAL_SCENES}_{entry.entry_id}", follow))
    follow()


def _forget(hass: HomeAssistant, entry: StudioConfigEntry, keep: Container[str]) -> None:
    """Remove the entities of scenes that are no more; taking them from the registry removes them for good."""
    registry = er.async_get(hass)
    for registered in er.async_entries_for_config_entry(registry, entry.entry_id):
        if registered.domain == "scene" and registered.unique_id not in keep:
            registry.async_remove(registered.entity_id)


def scene_name(prompt: str) -> str:
    """Return a prompt short enough for a name, cut between words where there are any."""
    if len(prompt) <= NAME_LENGTH:
        return prompt
    cut = prompt[: NAME_LENGTH - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;.") + "…"


class StoredScene(SceneEntity):
    """A scene of the library."""

    _attr_has_entity_name = True
    _attr_translation_key = "scene"

    def __init__(self, entry: StudioConfigEntry, record: SceneRecord) -> None:
        """Take the prompt as the name."""
        self._entry = entry
        self._record = record
        self._attr_unique_id = record.scene_id
        self._attr_name = scene_name(record.prompt)
        self._attr_device_info = studio_device(entry)
        self._attr_extra_state_attributes = {
            "scene_id": record.scene_id,
            "prompt": record.prompt,
            "provider": record.provider,
            "duration": round(record.duration_s, 1),
        }

    @override
    async def async_activate(self, **kwargs: Any) -> None:
        """Perform the scene for whom it was made; what becomes of it is told by the event and the sensor."""
        await self._entry.runtime_data.jobs.async_replay(self._record.scene_id, context=self._context)
