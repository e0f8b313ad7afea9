"""One button: where it is, whether it is here, and every command to it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, override

from bleak.backends.device import BLEDevice
from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import (
    BluetoothChange,
    BluetoothScanningMode,
    BluetoothServiceInfoBleak,
)
from homeassistant.components.bluetooth.passive_update_coordinator import PassiveBluetoothDataUpdateCoordinator
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant, callback

from .link.commands import Ack, Command, TimedCue

_LOGGER = logging.getLogger(__name__)

type ButtonConfigEntry = ConfigEntry[ButtonCoordinator]


@dataclass(frozen=True, slots=True)
class PerformanceOutcome:
    """How a button got through its part.

    Attributes:
        acked_cues: cues the button has confirmed to hold.
        start_skew_s: when the button started against ``start_at``, as far as the host's view of its clock tells;
            None when it never started.
        done: why the timeline ended, None when the button never said.
    """

    acked_cues: int
    start_skew_s: float | None
    done: int | None


class ButtonCoordinator(PassiveBluetoothDataUpdateCoordinator):
    """Wraps the link to one button.

    Every method that talks to the button connects on demand, waits a bounded time and raises ``link.LinkError``.
    """

    async def async_prepare(self) -> None:
        """Connect now and hold the link until `async_release`, so that what follows starts at once.

        Calls nest: each needs its own release.
        """
        raise NotImplementedError

    @callback
    def async_release(self) -> None:
        """Give up one hold; the link goes down after the idle time."""
        raise NotImplementedError

    async def async_upload(
        self, assets: Mapping[int, bytes], on_progress: Callable[[float], None] | None = None
    ) -> None:
        """Store the assets that the button does not hold yet; ``on_progress`` hears the share done, 0 to 1."""
        raise NotImplementedError

    async def async_perform(
        self,
        cues: Sequence[TimedCue],
        assets: Mapping[int, bytes],
        start_at: float,
        duration_s: float,
        on_progress: Callable[[float], None] | None = None,
    ) -> PerformanceOutcome:
        """Upload what is missing, load the cues, start them at ``start_at`` (``hass.loop.time()``), wait for the end.

        Upload first with `async_upload` where several buttons must start together. A cancelled call stops the button.
        """
        raise NotImplementedError

    async def async_send(self, command: Command, *, supersede: bool = False) -> Ack:
        """Send one command; with ``supersede`` a newer command of its kind may replace it while it waits."""
        raise NotImplementedError

    async def async_stop(self) -> None:
        """Put every output at rest; sent only where a link is up, for without one the button is at rest by itself."""
        raise NotImplementedError
