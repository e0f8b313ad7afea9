"""What can be pressed in Home Assistant: identify, play the favourite animation, stop."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonDeviceClass, ButtonEntityDescription
from homeassistant.components.button import ButtonEntity as HomeAssistantButton
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class Description(ButtonEntityDescription):
    """A button entity and what pressing it does."""

    press: Callable[[ButtonCoordinator], Awaitable[object]]


DESCRIPTIONS: Final = (
    Description(
        key="identify",
        device_class=ButtonDeviceClass.IDENTIFY,
        entity_category=EntityCategory.DIAGNOSTIC,
        press=lambda coordinator: coordinator.async_identify(),
    ),
    Description(
        key="play_favourite",
        press=lambda coordinator: coordinator.async_play(coordinator.memory.favourite, 0),
    ),
    Description(key="stop", press=lambda coordinator: coordinator.async_stop()),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the button entities."""
    async_add_entities(ButtonPress(entry.runtime_data, description) for description in DESCRIPTIONS)


class ButtonPress(ButtonEntity, HomeAssistantButton):
    """A button entity."""

    entity_description: Description

    def __init__(self, coordinator: ButtonCoordinator, description: Description) -> None:
        """Describe the entity."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @override
    async def async_press(self) -> None:
        """Do it."""
        await self._async_command(self.entity_description.press(self.coordinator))
