"""One pairing by press and hold: the button is kept free for it, from the wait for its window to the proved key."""

from contextlib import AsyncExitStack
from typing import Final

from homeassistant.components.bluetooth import (
    BluetoothCallbackMatcher,
    BluetoothScanningMode,
    BluetoothServiceInfoBleak,
    async_ble_device_from_address,
    async_last_service_info,
    async_process_advertisements,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .coordinator import ButtonCoordinator, connecting_turn
from .link import Credentials, PairingClient, device_address, parse_advertisement

HOLD_LIMIT_S: Final = 120
"""How long a person has to hold the button."""
CONFIRM_LIMIT_S: Final = 60
"""How long a person has to compare the digits and press: as long as the button's pairing window is open."""


class NotHeld(Exception):
    """Nobody held the button, or nothing heard that it was held."""


def window_open(hass: HomeAssistant, dev_id: bytes) -> bool:
    """Whether the button, when it was heard last, said that it can be paired: a hint, for anyone can say so."""
    info = async_last_service_info(hass, device_address(dev_id), connectable=False)
    return info is not None and _says_so(info, dev_id)


def _says_so(info: BluetoothServiceInfoBleak, dev_id: bytes) -> bool:
    advertisement = parse_advertisement(info.manufacturer_data)
    return advertisement is not None and advertisement.dev_id == dev_id and advertisement.pairing


class Pairing:
    """One attempt. Whoever makes one ends it, however it went."""

    def __init__(self, hass: HomeAssistant, dev_id: bytes, name: str, coordinator: ButtonCoordinator | None) -> None:
        """Prepare; ``coordinator`` is the button's, if it has one: it lets go of the link meanwhile."""
        address = device_address(dev_id)
        self._hass = hass
        self._dev_id = dev_id
        self._coordinator = coordinator
        self._held_free = AsyncExitStack()
        self._expire: CALLBACK_TYPE | None = None
        self._client = PairingClient(
            address, name, dev_id, lambda: async_ble_device_from_address(hass, address, connectable=True)
        )

    async def async_begin(self) -> str:
        """Wait until the button is held, exchange keys with it, and return the six digits to compare.

        Raises:
            NotHeld: it was not, in good time.
            LinkError: the exchange came to nothing.
        """
        if self._coordinator is not None:
            await self._held_free.enter_async_context(self._coordinator.async_suspended())
        try:
            await async_process_advertisements(
                self._hass,
                lambda info: _says_so(info, self._dev_id),
                BluetoothCallbackMatcher(address=device_address(self._dev_id), connectable=False),
                BluetoothScanningMode.ACTIVE,
                HOLD_LIMIT_S,
            )
        except TimeoutError as err:
            raise NotHeld from err
        async with connecting_turn(self._hass):
            code = await self._client.begin()
        self._expire = async_call_later(self._hass, CONFIRM_LIMIT_S, self._async_expired)
        return code

    async def async_confirm(self) -> Credentials:
        """Say yes for the person here, wait for the press at the button, and return the key that both then hold.

        Raises:
            LinkError: the button was not pressed, or the pairing came to nothing in another way.
        """
        self._cancel_expiry()
        return await self._client.confirm(CONFIRM_LIMIT_S)

    async def async_end(self) -> None:
        """Let the button go, and its coordinator have it again; never raises."""
        self._cancel_expiry()
        await self._client.cancel()
        await self._held_free.aclose()

    async def _async_expired(self, _now: object) -> None:
        """Do not keep the button from its entities for a dialog that was left open."""
        self._expire = None
        await self.async_end()

    @callback
    def _cancel_expiry(self) -> None:
        if self._expire is not None:
            self._expire()
            self._expire = None
