"""Whether the button's outputs are safe."""

from typing import override

from homeassistant.components.binary_sensor import BinarySensorDeviceClass, BinarySensorEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the safety sensor."""
    async_add_entities([ButtonSafety(entry.runtime_data)])


class ButtonSafety(ButtonEntity, BinarySensorEntity):
    """Off is safe: every output at rest. On: a lease gives the button authority to move and shine."""

    _attr_device_class = BinarySensorDeviceClass.SAFETY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "safety")

    @property
    @override
    def is_on(self) -> bool:
        """Return whether outputs may be on."""
        return self.coordinator.active
