"""Battery, signal and state of a button; progress of a studio."""

from datetime import datetime
from typing import Final, override

from homeassistant.components import bluetooth
from homeassistant.components.sensor import RestoreSensor, SensorDeviceClass, SensorEntity, SensorStateClass
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    PERCENTAGE,
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    EntityCategory,
    UnitOfInformation,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_KIND, EntryKind
from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity
from .link import DeviceState, SettingKey
from .studio_sensor import async_setup_studio_sensors

PARALLEL_UPDATES = 0

_STATES: Final = [state.name.lower() for state in DeviceState]


async def async_setup_entry(
    hass: HomeAssistant, entry: ConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of a studio or a button."""
    if entry.data[CONF_KIND] == EntryKind.STUDIO:
        await async_setup_studio_sensors(hass, entry, async_add_entities)
    else:
        _setup_button(entry, async_add_entities)


def _setup_button(entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback) -> None:
    async_add_entities(kind(entry.runtime_data) for kind in _BUTTON_SENSORS)


class ButtonBattery(ButtonEntity, SensorEntity):
    """The battery, as advertised."""

    _attr_device_class = SensorDeviceClass.BATTERY
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_native_unit_of_measurement = PERCENTAGE
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "battery")

    @property
    @override
    def native_value(self) -> int | None:
        """Return the charge in percent."""
        return self.coordinator.battery


class ButtonSignal(ButtonEntity, SensorEntity):
    """The signal where it is received best; read now and then, for it changes with every advertisement."""

    _attr_device_class = SensorDeviceClass.SIGNAL_STRENGTH
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_native_unit_of_measurement = SIGNAL_STRENGTH_DECIBELS_MILLIWATT
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "signal")

    @property
    @override
    def should_poll(self) -> bool:
        """Return True: reading what Home Assistant last heard costs the button nothing."""
        return True

    @override
    async def async_update(self) -> None:
        """Read the signal of the last advertisement."""
        info = bluetooth.async_last_service_info(self.hass, self.coordinator.address)
        self._attr_native_value = info.rssi if info else None


class ButtonState(ButtonEntity, SensorEntity):
    """The state of the button's safety state machine, as far as this Home Assistant knows it."""

    _attr_device_class = SensorDeviceClass.ENUM
    _attr_options = _STATES
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "state")

    @property
    @override
    def native_value(self) -> str:
        """Return the state."""
        return self.coordinator.state.name.lower()


class ButtonFirmware(ButtonEntity, SensorEntity):
    """The firmware's version as the button told it last; known from the first link on, also over restarts."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "firmware")

    @property
    @override
    def native_value(self) -> str | None:
        """Return the version."""
        return self.coordinator.firmware


class ButtonLastPerformance(ButtonEntity, RestoreSensor):
    """When the button's last performance ended, however it did; kept over restarts."""

    _attr_device_class = SensorDeviceClass.TIMESTAMP
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "last_performance")

    @override
    async def async_added_to_hass(self) -> None:
        """Take what was known before the restart."""
        await super().async_added_to_hass()
        last = await self.async_get_last_sensor_data()
        if last is not None and isinstance(last.native_value, datetime):
            self._attr_native_value = last.native_value

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the time."""
        kept = self._attr_native_value
        return self.coordinator.last_performance or (kept if isinstance(kept, datetime) else None)


class ButtonStoreFree(ButtonEntity, SensorEntity):
    """How much room the button has for animations; read in each session and after each upload, while it is wanted."""

    _attr_device_class = SensorDeviceClass.DATA_SIZE
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_native_unit_of_measurement = UnitOfInformation.BYTES
    _attr_suggested_unit_of_measurement = UnitOfInformation.KILOBYTES
    _attr_suggested_display_precision = 1
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "store_free")

    @override
    async def async_added_to_hass(self) -> None:
        """Have it read from now on."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_want_setting(SettingKey.STORE_FREE))

    @property
    @override
    def native_value(self) -> int | None:
        """Return the bytes that were free when the button last told."""
        return self.coordinator.memory.settings.get(SettingKey.STORE_FREE)


_BUTTON_SENSORS: Final = (
    ButtonBattery,
    ButtonSignal,
    ButtonState,
    ButtonFirmware,
    ButtonLastPerformance,
    ButtonStoreFree,
)
