"""The button's servos, and the settings that bound what it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.number import NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.const import DEGREE, PERCENTAGE, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN, SERVO_CHANNELS
from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity
from .link import SettingKey

PARALLEL_UPDATES = 0

FULL: Final = 255
_LOW: Final = 0xFFFF


@dataclass(frozen=True, kw_only=True)
class Setting(NumberEntityDescription):
    """A setting of the button, or a half of one.

    Attributes:
        setting: which one.
        read: what a person sees of it.
        write: the setting with another number in its place.
    """

    setting: SettingKey
    read: Callable[[int], float]
    write: Callable[[int, float], int]


def _servo(channel: int) -> str:
    """Return a servo's key; numbered from 1, as boards do."""
    return "servo" if channel == 0 else f"servo_{channel + 1}"


def _limits(channel: int) -> tuple[Setting, Setting]:
    """Return both soft limits of a servo, which the button holds in one number: lower << 16 | upper."""
    setting = SettingKey(SettingKey.SERVO_LIMITS_0 + channel)
    return (
        Setting(
            key=f"{_servo(channel)}_lower",
            setting=setting,
            read=lambda held: (held >> 16) / 10,
            write=lambda held, degrees: round(degrees * 10) << 16 | held & _LOW,
            native_max_value=180,
            native_step=0.1,
            native_unit_of_measurement=DEGREE,
            entity_registry_enabled_default=channel == 0,
        ),
        Setting(
            key=f"{_servo(channel)}_upper",
            setting=setting,
            read=lambda held: (held & _LOW) / 10,
            write=lambda held, degrees: held & ~_LOW | round(degrees * 10),
            native_max_value=180,
            native_step=0.1,
            native_unit_of_measurement=DEGREE,
            entity_registry_enabled_default=channel == 0,
        ),
    )


SETTINGS: Final = (
    Setting(
        key="light_cap",
        setting=SettingKey.LIGHT_CAP,
        read=lambda held: round(held * 100 / FULL),
        write=lambda _held, percent: max(1, round(percent * FULL / 100)),
        native_min_value=1,
        native_unit_of_measurement=PERCENTAGE,
    ),
    Setting(
        key="servo_speed",
        setting=SettingKey.SERVO_SPEED,
        read=lambda held: held / 10,
        write=lambda _held, speed: round(speed * 10),
        native_min_value=0.1,
        native_max_value=6553.5,
        native_step=0.1,
        native_unit_of_measurement=f"{DEGREE}/s",
    ),
    *(limit for channel in range(SERVO_CHANNELS) for limit in _limits(channel)),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a number for each servo channel, of which most boards have one, and for each setting."""
    async_add_entities(ButtonServo(entry.runtime_data, channel) for channel in range(SERVO_CHANNELS))
    async_add_entities(ButtonSetting(entry.runtime_data, setting) for setting in SETTINGS)


class ButtonServo(ButtonEntity, NumberEntity):
    """The angle of a servo; unknown while the servo is at rest, for then nothing holds it."""

    _attr_native_min_value = 0
    _attr_native_max_value = 180
    _attr_native_step = 0.1
    _attr_native_unit_of_measurement = DEGREE
    _attr_mode = NumberMode.SLIDER

    def __init__(self, coordinator: ButtonCoordinator, channel: int) -> None:
        """Name the entity."""
        super().__init__(coordinator, _servo(channel))
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


class ButtonSetting(ButtonEntity, NumberEntity):
    """A setting; as the button told it last, also before a restart, and unknown before it ever told."""

    entity_description: Setting
    _attr_entity_category = EntityCategory.CONFIG
    _attr_mode = NumberMode.BOX

    def __init__(self, coordinator: ButtonCoordinator, description: Setting) -> None:
        """Describe the entity."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @override
    async def async_added_to_hass(self) -> None:
        """Have it read from now on."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_want_setting(self.entity_description.setting))

    @property
    @override
    def native_value(self) -> float | None:
        """Return what the button has."""
        held = self.coordinator.memory.settings.get(self.entity_description.setting)
        return None if held is None else self.entity_description.read(held)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Change it on the button, which holds itself to it from then on."""
        setting = self.entity_description.setting
        held = await self._async_command(self.coordinator.async_setting(setting))
        changed = self.entity_description.write(held, value)
        if setting >= SettingKey.SERVO_LIMITS_0 and changed >> 16 > changed & _LOW:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="limits_crossed",
                translation_placeholders={"name": self.coordinator.title},
            )
        await self._async_command(self.coordinator.async_change_setting(setting, changed))
