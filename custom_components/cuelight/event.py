"""The button's contacts, as standard button events."""

from typing import Final, override

from homeassistant.components.event import (
    ATTR_MULTI_PRESS_COUNT,
    ButtonEventType,
    EventDeviceClass,
    EventEntity,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONTACTS
from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity
from .link import ButtonEvent, ButtonKind

PARALLEL_UPDATES = 0

_PRESSES: Final = {ButtonKind.SINGLE: 1, ButtonKind.DOUBLE: 2}


async def async_setup_entry(
    hass: HomeAssistant, entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add an event entity for each contact a board can have; most boards have one."""
    async_add_entities(ButtonContact(entry.runtime_data, contact) for contact in range(CONTACTS))


class ButtonContact(ButtonEntity, EventEntity):
    """One contact."""

    _attr_device_class = EventDeviceClass.BUTTON
    _attr_event_types = [  # noqa: RUF012
        ButtonEventType.PRESS_START,
        ButtonEventType.PRESS_END,
        ButtonEventType.LONG_PRESS_START,
        ButtonEventType.LONG_PRESS_END,
        ButtonEventType.MULTI_PRESS_END,
    ]

    def __init__(self, coordinator: ButtonCoordinator, contact: int) -> None:
        """Number the contact as boards print them, from 1."""
        super().__init__(coordinator, "contact" if contact == 0 else f"contact_{contact + 1}")
        self._attr_entity_registry_enabled_default = contact == 0
        self._contact = contact
        self._long = False

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the contact."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_listen_contacts(self._handle))

    @callback
    def _handle(self, event: ButtonEvent) -> None:
        if event.button != self._contact:
            return
        match event.kind:
            case ButtonKind.PRESS:
                self._long = False
                self._trigger_event(ButtonEventType.PRESS_START)
            case ButtonKind.RELEASE:
                self._trigger_event(ButtonEventType.LONG_PRESS_END if self._long else ButtonEventType.PRESS_END)
            case ButtonKind.LONG:
                self._long = True
                self._trigger_event(ButtonEventType.LONG_PRESS_START)
            case kind:
                self._trigger_event(ButtonEventType.MULTI_PRESS_END, {ATTR_MULTI_PRESS_COUNT: _PRESSES[kind]})
        self.async_write_ha_state()
