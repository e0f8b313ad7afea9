"""The button's servos."""

from typing import override

from homeassistant.components.number import NumberEntity, NumberMode
from homeassistant.const import DEGREE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import SERVO_CHANNELS
from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a number for each servo channel; most boards have one servo."""
    async_add_entities(ButtonServo(entry.runtime_data, channel) for channel in range(SERVO_CHANNELS))


class ButtonServo(ButtonEntity, NumberEntity):
    """The angle of a servo; unknown while the servo is at rest, for then nothing holds it."""

    _attr_native_min_value = 0
    _attr_native_max_value = 180
    _attr_native_step = 0.1
    _attr_native_unit_of_measurement = DEGREE
    _attr_mode = NumberMode.SLIDER

    def __init__(self, coordinator: ButtonCoordinator, channel: int) -> None:
        """Number the servo from 1, as boards do."""
        super().__init__(coordinator, "servo" if channel == 0 else f"servo_{channel + 1}")
        self._attr_entity_registry_enabled_default = channel == 0
        self._channel = channel

    @property
    @override
    def native_value(self) -> float | None:
        """Return the angle the button has acknowledged, in degrees."""
        decidegrees = self.coordinator.servos.get(self._channel)
        return None if decidegrees is None else decidegrees / 10

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Turn the servo."""
        await self._async_command(self.coordinator.async_servo(self._channel, round(value * 10)))
