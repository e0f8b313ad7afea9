"""Pairing with one button over bleak."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bleak.backends.device import BLEDevice

from .connection import Connection, Limits, bounded
from .credentials import Credentials
from .exceptions import (
    AuthenticationFailed,
    FrameTooLong,
    LinkError,
    LinkLost,
    LinkReleased,
    LinkTimeout,
    LinkUnreachable,
    PairingFailed,
    PairingInProgress,
    ProtocolError,
    UnknownKeySlot,
    UnreachableReason,
    WrongInstance,
)
from .pairing import HostPairing

_EXCHANGE_S = 10.0


class PairingClient:
    """Pairs with one button whose pairing window a person has opened; good for one attempt, as the window is.

    Args:
        address: Bluetooth address, for messages.
        name: the button's name, for messages.
        dev_id: the button's identity, 8 bytes.
        ble_device_callback: gives the freshest connectable BLEDevice, or None.
        limits: the deadlines of connecting and of the handshake.
    """

    def __init__(
        self,
        address: str,
        name: str,
        dev_id: bytes,
        ble_device_callback: Callable[[], BLEDevice | None],
        *,
        limits: Limits | None = None,
    ) -> None:
        self._name = f"{name} ({address})"
        self._ble_device_callback = ble_device_callback
        self._limits = limits or Limits()
        self._pairing = HostPairing(dev_id)
        self._connection: Connection | None = None
        self._next: asyncio.Future[bytes] | None = None
        self._error: LinkError | None = None
        self._begun = False

    async def begin(self) -> str:
        """Connect and exchange keys; returns the six digits that button and host must both show.

        Raises:
            PairingClosed: the window is not open, or was used up.
            KeySlotsFull: every key slot is taken.
            PairingFailed: the exchange failed, or was begun once already.
            LinkUnreachable, LinkTimeout, LinkLost: the link did not come about or did not last.
        """
        if self._begun:
            raise PairingFailed("A pairing is one attempt; this one has been made.")
        self._begun = True
        try:
            with _only_pairing_errors():
                await self._exchange()
        except BaseException:
            await self.cancel()
            raise
        assert self._pairing.code is not None
        return self._pairing.code

    async def confirm(self, within_s: float = 60.0) -> Credentials:
        """Tell the button that the person agreed, wait for the press, and prove the key; the link is closed after.

        Args:
            within_s: how long the press may take.

        Returns:
            Credentials that the button has proved to hold.

        Raises:
            PairingFailed: the button gave up, was not pressed while its window was open, or has another key.
            LinkTimeout: it was not pressed in time.
            LinkLost: the link was lost, and the button did not prove the key over another one.
            LinkUnreachable: the link was lost, and the button could not be reached again.
        """
        try:
            with _only_pairing_errors():
                if self._error is not None:
                    raise self._error
                credentials, connection = self._pairing.credentials, self._connection
                if credentials is None or connection is None:
                    raise PairingFailed("There are no digits to agree to.")
                try:
                    async with bounded("pairing", within_s):
                        self._pairing.receive(await self._ask(connection, self._pairing.confirm()))
                    return await self._prove(connection, credentials)
                except (LinkLost, LinkTimeout) as err:
                    # The button may have been pressed and its last word lost: then it holds the key.
                    return await self._recover(credentials, err)
        finally:
            await self.cancel()

    async def cancel(self) -> None:
        """Give up: drop the link and every secret; never raises."""
        self._pairing.forget()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _exchange(self) -> None:
        connection = self._connection = await self._connect()
        async with bounded("pairing", _EXCHANGE_S):
            frame: bytes | None = self._pairing.greet(await self._ask(connection, None))
            while frame is not None:
                frame = self._pairing.receive(await self._ask(connection, frame))

    async def _connect(self) -> Connection:
        device = self._ble_device_callback()
        if device is None:
            raise LinkUnreachable(UnreachableReason.NOT_IN_RANGE, f"{self._name} is not in range.")
        connection = Connection(lambda event: None, self._lost, self._limits)
        try:
            await connection.open(device, self._name, self._ble_device_callback)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _ask(self, connection: Connection, frame: bytes | None) -> bytes:
        """Write a frame, or subscribe when there is none; returns what the button notifies next."""
        self._next = asyncio.get_running_loop().create_future()
        if frame is None:
            await connection.subscribe(self._heard)
        else:
            await connection.write(frame)
        return await self._next

    def _heard(self, frame: bytes, _now: float) -> None:
        if self._next is not None and not self._next.done():
            self._next.set_result(frame)
        elif self._connection is not None:
            self._connection.fail(self._unasked(frame))

    def _unasked(self, frame: bytes) -> LinkError:
        """While the person compares, only the end of the attempt comes unasked."""
        try:
            self._pairing.receive(frame)
        except LinkError as err:
            return err
        return PairingFailed("The button spoke out of turn.")

    def _lost(self, _connection: Connection, error: LinkError) -> None:
        self._error = error
        if self._next is not None and not self._next.done():
            self._next.set_exception(error)
            self._next.exception()  # whoever asked may have been cancelled

    async def _prove(self, connection: Connection, credentials: Credentials) -> Credentials:
        await connection.handshake(credentials)
        return connection.session.credentials

    async def _recover(self, credentials: Credentials, error: LinkError) -> Credentials:
        """Try the key once over a new connection; where that is refused, the error stands."""
        if isinstance(error, LinkReleased):
            raise error
        if self._connection is not None:
            await self._connection.close()
        connection = self._connection = await self._connect()
        try:
            return await self._prove(connection, credentials)
        except UnknownKeySlot:
            raise PairingFailed("The button was not pressed while its pairing window was open.") from error
        except AuthenticationFailed, PairingInProgress, WrongInstance, ProtocolError, LinkLost, LinkTimeout:
            raise error from None


@contextmanager
def _only_pairing_errors() -> Iterator[None]:
    """Raise nothing of the link but what ``PairingClient`` names."""
    try:
        yield
    except FrameTooLong as err:
        message = "The connection carries too little at once for a pairing; try another adapter or proxy."
        raise PairingFailed(message) from err
    except (ProtocolError, AuthenticationFailed, WrongInstance, PairingInProgress) as err:
        raise PairingFailed(str(err)) from err
