"""What the button's display shows."""

from typing import override

import numpy as np
from homeassistant.components.image import ImageEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .analysis import Animation
from .analysis.codec import encode_animation
from .animations import gif
from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .entity import ButtonEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: ButtonConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the display."""
    async_add_entities([ButtonDisplay(hass, entry.runtime_data)])


def _dark() -> Animation:
    return Animation(encode_animation([np.zeros((32, 32), np.bool_)], 1), 32, 1, 1)


class ButtonDisplay(ButtonEntity, ImageEntity):
    """The animation that was commanded last, dark when none is; unknown for a picture that only the button has."""

    _attr_content_type = "image/gif"

    def __init__(self, hass: HomeAssistant, coordinator: ButtonCoordinator) -> None:
        """Name the entity."""
        ButtonEntity.__init__(self, coordinator, "display")
        ImageEntity.__init__(self, hass)
        self._shown = coordinator.shown
        self._update_time()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Have the picture fetched again when it is another."""
        if self._shown != self.coordinator.shown:
            self._shown = self.coordinator.shown
            self._update_time()
        super()._handle_coordinator_update()

    def _update_time(self) -> None:
        self._attr_image_last_updated = None if self._picture() is None else dt_util.utcnow()

    def _picture(self) -> Animation | None:
        return _dark() if self._shown is None else self.coordinator.memory.animation(self._shown)

    @override
    async def async_image(self) -> bytes | None:
        """Return the picture as GIF."""
        if (picture := self._picture()) is None:
            return None
        return await self.hass.async_add_executor_job(gif, picture)
