"""What to show on the button's display."""

from typing import Final, override

from homeassistant.components.select import SelectEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .animations import NAMES
from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity

PARALLEL_UPDATES = 0

_OPTIONS: Final = list(NAMES)


async def async_setup_entry(
    hass: HomeAssistant, entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the choice of animations."""
    async_add_entities([ButtonAnimation(entry.runtime_data)])


class ButtonAnimation(ButtonEntity, SelectEntity):
    """The built-in animation shown last; unknown while the outputs rest. One that is chosen runs once and stays."""

    _attr_options = _OPTIONS

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "animation")

    @property
    @override
    def current_option(self) -> str | None:
        """Return the animation's name."""
        shown = self.coordinator.shown
        return None if shown is None or shown >= len(NAMES) else NAMES[shown]

    @override
    async def async_select_option(self, option: str) -> None:
        """Show the animation."""
        await self._async_command(self.coordinator.async_play(NAMES.index(option), 0))
