"""Whether the button's outputs are safe, and whether it had a fault."""

from typing import Final, override

from homeassistant.components.binary_sensor import BinarySensorDeviceClass, BinarySensorEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity
from .link import Fault

PARALLEL_UPDATES = 0

_PROBLEMS: Final = frozenset({Fault.WATCHDOG, Fault.BROWN_OUT, Fault.STORE})
"""What a healthy board never has; the other faults are of the link, and pass with it."""


async def async_setup_entry(
    hass: HomeAssistant, entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add what tells of safety and faults."""
    async_add_entities(kind(entry.runtime_data) for kind in (ButtonSafety, ButtonProblem))


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


class ButtonProblem(ButtonEntity, BinarySensorEntity):
    """On when the button put itself at rest because something was wrong with the board, until its next good session."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "problem")

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the last session began with a fault of the board."""
        return self.coordinator.fault in _PROBLEMS

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str]:
        """Return which fault it was."""
        return {"fault": self.coordinator.fault.name.lower()}
