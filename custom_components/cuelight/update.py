"""Whether the button's firmware is the one that comes with this integration."""

from typing import Final, override

from homeassistant.components.update import UpdateDeviceClass, UpdateEntity, UpdateEntityFeature
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN, FIRMWARE
from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity

PARALLEL_UPDATES = 0

NOTES_URL: Final = "https://github.com/cuelight/cuelight/blob/main/docs/boards.md"


async def async_setup_entry(
    hass: HomeAssistant, entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the firmware."""
    async_add_entities([ButtonUpdate(entry.runtime_data)])


class ButtonUpdate(ButtonEntity, UpdateEntity):
    """The firmware: told, not installed, for the link carries no firmware; the notes say how to flash a board."""

    _attr_device_class = UpdateDeviceClass.FIRMWARE
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_latest_version = FIRMWARE
    _attr_release_url = NOTES_URL
    _attr_supported_features = UpdateEntityFeature.RELEASE_NOTES

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "update")

    @property
    @override
    def available(self) -> bool:
        """Return True: the version is what the button told last, wherever it is now."""
        return True

    @property
    @override
    def installed_version(self) -> str | None:
        """Return the version that the button told last."""
        return self.coordinator.firmware

    @override
    async def async_release_notes(self) -> str:
        """Return how the update is made."""
        notes = HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="firmware_notes",
            translation_placeholders={"name": self.coordinator.title, "version": FIRMWARE, "url": NOTES_URL},
        )
        return str(notes)
