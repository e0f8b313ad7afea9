"""What the entities of a button share."""

from collections.abc import Awaitable

from homeassistant.components.bluetooth.passive_update_coordinator import PassiveBluetoothCoordinatorEntity
from homeassistant.helpers.device_registry import CONNECTION_BLUETOOTH, DeviceInfo

from .const import DOMAIN, MANUFACTURER
from .coordinator import ButtonCoordinator
from .errors import translated
from .link import LinkError


class ButtonEntity(PassiveBluetoothCoordinatorEntity[ButtonCoordinator]):
    """An entity of a button; available while the button advertises or is connected."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: ButtonCoordinator, key: str) -> None:
        """Name the entity by its key; the key also finds its translation and its icon."""
        super().__init__(coordinator)
        dev_id = coordinator.dev_id.hex()
        self._attr_unique_id = f"{dev_id}-{key}"
        self._attr_translation_key = key
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, dev_id)},
            connections={(CONNECTION_BLUETOOTH, coordinator.address)},
            name=coordinator.title,
            manufacturer=MANUFACTURER,
            serial_number=dev_id,
        )

    async def _async_command[ResultT](self, command: Awaitable[ResultT]) -> ResultT:
        """Await a command; a failure becomes a sentence that says what to do next."""
        try:
            return await command
        except LinkError as err:
            raise translated(self.hass, self.coordinator, err) from err
