"""What to show on the button's display, and which of it is the favourite."""

from typing import override

from homeassistant.components.select import SelectEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the choices among animations."""
    async_add_entities(kind(entry.runtime_data) for kind in (ButtonAnimation, ButtonFavourite))


class _Choice(ButtonEntity, SelectEntity):
    """A choice among the built-in animations and those that were uploaded by hand."""

    @property
    @override
    def options(self) -> list[str]:
        """Return the animations' names."""
        return list(self.coordinator.memory.choices())


class ButtonAnimation(_Choice):
    """The animation shown last; unknown while the outputs rest. One that is chosen runs once and stays."""

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "animation")

    @property
    @override
    def current_option(self) -> str | None:
        """Return the animation's name."""
        return self.coordinator.memory.name(self.coordinator.shown)

    @override
    async def async_select_option(self, option: str) -> None:
        """Show the animation."""
        await self._async_command(self.coordinator.async_play(self.coordinator.memory.choices()[option], 0))


class ButtonFavourite(_Choice):
    """The animation that Play favourite shows; chosen here, with nothing sent."""

    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        super().__init__(coordinator, "favourite")

    @property
    @override
    def available(self) -> bool:
        """Return True: the favourite is remembered here, wherever the button is."""
        return True

    @property
    @override
    def current_option(self) -> str | None:
        """Return the animation's name."""
        return self.coordinator.memory.name(self.coordinator.memory.favourite)

    @override
    async def async_select_option(self, option: str) -> None:
        """Remember the animation."""
        await self.coordinator.memory.async_prefer(self.coordinator.memory.choices()[option])
        self.async_write_ha_state()
