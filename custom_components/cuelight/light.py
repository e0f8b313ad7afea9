"""The button's light."""

from typing import Any, Final, override

from homeassistant.components.light import (
    ATTR_BRIGHTNESS,
    ATTR_EFFECT,
    ATTR_RGB_COLOR,
    EFFECT_OFF,
    ColorMode,
    LightEntity,
    LightEntityFeature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity
from .link import Light, LightPattern

PARALLEL_UPDATES = 0

WHITE: Final = (255, 255, 255)
FULL: Final = 255
_EFFECTS: Final = {
    EFFECT_OFF if pattern is LightPattern.SOLID else pattern.name.lower(): pattern for pattern in LightPattern
}
_NAMES: Final = {pattern: name for name, pattern in _EFFECTS.items()}


async def async_setup_entry(
    hass: HomeAssistant, entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the light."""
    async_add_entities([ButtonLight(entry.runtime_data)])


class ButtonLight(ButtonEntity, LightEntity):
    """The light; on while the button has acknowledged it and the link keeps its lease alive."""

    _attr_name = None
    _attr_color_mode = ColorMode.RGB
    _attr_supported_color_modes = {ColorMode.RGB}  # noqa: RUF012
    _attr_supported_features = LightEntityFeature.EFFECT
    _attr_effect_list = list(_EFFECTS)  # noqa: RUF012

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Start off, in white."""
        super().__init__(coordinator, "light")
        self._last = Light(LightPattern.SOLID, WHITE, FULL, 0)

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the button shows a light that this entity commanded."""
        return self.coordinator.light is not None

    @property
    @override
    def brightness(self) -> int | None:
        """Return the brightness, 1 to 255."""
        return light.brightness if (light := self.coordinator.light) else None

    @property
    @override
    def rgb_color(self) -> tuple[int, int, int] | None:
        """Return the colour."""
        return light.rgb if (light := self.coordinator.light) else None

    @property
    @override
    def effect(self) -> str | None:
        """Return the pattern."""
        return _NAMES[LightPattern(light.pattern)] if (light := self.coordinator.light) else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Show a light; what is not said stays as it was last."""
        pattern = _EFFECTS[kwargs[ATTR_EFFECT]] if ATTR_EFFECT in kwargs else self._last.pattern
        light = Light(
            pattern,
            kwargs.get(ATTR_RGB_COLOR, self._last.rgb),
            kwargs.get(ATTR_BRIGHTNESS, self._last.brightness),
            0,
        )
        await self._async_command(self.coordinator.async_light(light))
        self._last = light

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Darken the light."""
        await self._async_command(self.coordinator.async_light(None))
