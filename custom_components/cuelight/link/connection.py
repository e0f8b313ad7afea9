"""One GATT connection to a button and the session on it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import bleak_retry_connector
from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from .commands import Ack, Command, Event, Get, Query, Status, Value
from .const import (
    FIRMWARE_UUID,
    INFORMATION_UUID,
    MAX_FRAME,
    MODEL_UUID,
    RX_UUID,
    SERVICE_UUID,
    TX_UUID,
)
from .credentials import Credentials
from .exceptions import (
    CommandRefused,
    FrameTooLong,
    LinkError,
    LinkLost,
    LinkReleased,
    LinkTimeout,
    LinkUnreachable,
    MalformedFrame,
    ProtocolError,
    SessionExpired,
    UnreachableReason,
)
from .frames import FrameType, frame_type
from .session import HostSession, Sent

# What a GATT client reports as the write limit when it does not know the MTU.
_UNKNOWN_WRITE_LIMIT = 20
# Frame sizes to try, with response, where the MTU is not known: the device's own limit, then common MTUs less 3.
_FRAME_SIZES_TO_TRY = (MAX_FRAME, 182, 100, 64)
_LONGEST_TEXT = 64


@dataclass(frozen=True, slots=True)
class DeviceInformation:
    """What a button says of itself in the Device Information service; None where it says nothing.

    Attributes:
        model: the board's name.
        firmware: the firmware's revision.
    """

    model: str | None
    firmware: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each stage may take, in seconds."""

    connect_s: float = 20.0
    handshake_s: float = 5.0
    command_s: float = 3.0
    commit_s: float = 10.0
    disconnect_s: float = 5.0
    queue_s: float = 60.0
    renew_every_s: float = 5.0
    keep_alive_s: float = 10.0


@asynccontextmanager
async def bounded(stage: str, limit_s: float) -> AsyncIterator[None]:
    """Give a stage its deadline, and translate what the Bluetooth stack raises.

    Raises:
        LinkTimeout: the stage did not finish.
        LinkLost: the Bluetooth stack failed.
    """
    try:
        async with asyncio.timeout(limit_s):
            yield
    except TimeoutError as err:
        raise LinkTimeout(stage, limit_s) from err
    except (BleakError, OSError, EOFError) as err:
        raise LinkLost(f"The link failed: {err}") from err


class Connection:
    """One GATT connection, with the session that was authenticated on it.

    Args:
        on_event: hears every authentic event.
        on_lost: hears once that the connection has ended, and why; ``close`` must follow.
        limits: the deadlines.
    """

    def __init__(
        self, on_event: Callable[[Event], None], on_lost: Callable[[Connection, LinkError], None], limits: Limits
    ) -> None:
        self.write_lock = asyncio.Lock()
        self._on_event = on_event
        self._on_lost = on_lost
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._client: BleakClient | None = None
        self._session: HostSession | None = None
        self._hello: asyncio.Future[tuple[bytes, float]] | None = None
        self._proof: asyncio.Future[Status] | None = None
        self._acks: dict[int, asyncio.Future[Ack]] = {}
        self._queries: dict[int, asyncio.Future[Status]] = {}
        self._gets: dict[int, tuple[int, asyncio.Future[Value]]] = {}
        self._heard: Callable[[bytes, float], None] | None = None
        self._error: LinkError | None = None
        self._frame_limit: int | None = None

    @property
    def session(self) -> HostSession:
        """The authenticated session."""
        if self._error is not None:
            raise self._error
        if self._session is None or not self._session.authenticated:
            raise LinkLost("The link is not authenticated.")
        return self._session

    @property
    def frame_limit(self) -> int:
        """The longest frame worth trying on this connection."""
        if self._frame_limit is None:
            reported = self._characteristic(RX_UUID).max_write_without_response_size
            self._frame_limit = min(reported, MAX_FRAME) if reported > _UNKNOWN_WRITE_LIMIT else MAX_FRAME
        return self._frame_limit

    def lower_frame_limit(self, error: FrameTooLong) -> None:
        """Learn that a frame was too long; raises the error again when there is nothing smaller to try."""
        smaller = [size for size in _FRAME_SIZES_TO_TRY if size < error.size]
        if not smaller:
            raise error
        self._frame_limit = smaller[0]

    async def open(self, device: BLEDevice, name: str, ble_device_callback: Callable[[], BLEDevice | None]) -> None:
        """Connect.

        Raises:
            LinkUnreachable: no connection came about.
            ProtocolError: what answers has not the link's GATT service.
        """
        try:
            async with asyncio.timeout(self._limits.connect_s):
                # Looked up at call time: Home Assistant swaps the class when its Bluetooth starts.
                self._client = await bleak_retry_connector.establish_connection(
                    bleak_retry_connector.BleakClientWithServiceCache,
                    device,
                    name,
                    disconnected_callback=self._disconnected,
                    ble_device_callback=lambda: ble_device_callback() or device,
                )
        except Exception as err:  # the stacks below raise more than they document
            raise _unreachable(err, name) from err
        if self._find(RX_UUID) is None or self._find(TX_UUID) is None:
            with suppress(BleakError, OSError, EOFError, AttributeError, TimeoutError):
                async with asyncio.timeout(self._limits.disconnect_s):
                    await self._client.clear_cache()
            raise ProtocolError(f"{name} does not offer the Cuelight service.")

    async def handshake(self, credentials: Credentials) -> Status:
        """Subscribe, authenticate both ways, and return the status that proves the device.

        May be called again after the device refused the credentials: the new subscription starts anew.

        Raises:
            AuthenticationFailed, WrongInstance, ProtocolError, LinkLost, LinkTimeout.
        """
        self._hello, self._proof, self._session = self._loop.create_future(), self._loop.create_future(), None
        async with bounded("handshake", self._limits.handshake_s):
            subscribed_at = await self.subscribe(self._take)
            hello, arrived_at = await self._hello
            session = HostSession(credentials, subscribed_at)
            auth = session.greet(hello, arrived_at)
            self._session = session
            await self.write(auth)
            return await self._proof

    async def subscribe(self, heard: Callable[[bytes, float], None]) -> float:
        """Subscribe anew, which makes the device say HELLO; returns when that was asked for.

        Args:
            heard: takes each notification from then on, and when it arrived.
        """
        client = self._connected_client()
        if self._heard is not None:
            await client.stop_notify(self._characteristic(TX_UUID))
        self._heard = heard
        subscribed_at = self._loop.time()
        await client.start_notify(self._characteristic(TX_UUID), self._notified)
        return subscribed_at

    async def transmit(self, command: Command, lease_units: int | None = None) -> asyncio.Future[Ack]:
        """Write a command; returns the future of its ack. Needs ``write_lock``: counters go out in order.

        Raises:
            FrameTooLong: this connection cannot carry the command; nothing was sent.
            LinkLost, LinkTimeout: the write failed.
        """
        return await self._transmit(self._signed(command, lease_units), self._acks)

    async def transmit_query(self) -> asyncio.Future[Status]:
        """Write a query; otherwise like ``transmit``."""
        return await self._transmit(self._signed(Query(), None), self._queries)

    async def transmit_get(self, key: int) -> asyncio.Future[Value]:
        """Write a question for a setting; otherwise like ``transmit``. The future raises CommandRefused, if refused."""
        sent = self._signed(Get(key), None)
        future: asyncio.Future[Value] = self._loop.create_future()
        self._gets[sent.counter] = (key, future)
        await self._put(sent, self._gets)
        return future

    async def transmit_rekey(self, slot: int, gen: int, new_key: bytes) -> asyncio.Future[Ack]:
        """Write a rekey command; otherwise like ``transmit``."""
        return await self._transmit(self.session.rekey(slot, gen, new_key, self._loop.time()), self._acks)

    async def answer[T: Event](self, future: asyncio.Future[T], limit_s: float) -> T:
        """Wait for a command's answer; a link that does not answer in time is given up.

        Raises:
            LinkTimeout, LinkLost.
        """
        try:
            async with bounded("command", limit_s):
                return await future
        except LinkTimeout as err:
            self.fail(err)
            raise

    async def read_information(self) -> DeviceInformation:
        """Read what the button says of itself; not authenticated, so for display only.

        Raises:
            LinkLost, LinkTimeout: a read failed.
        """
        return DeviceInformation(await self._read_text(MODEL_UUID), await self._read_text(FIRMWARE_UUID))

    async def _read_text(self, uuid: str) -> str | None:
        client = self._connected_client()
        service = client.services.get_service(INFORMATION_UUID)
        characteristic = None if service is None else service.get_characteristic(uuid)
        if characteristic is None:
            return None
        async with bounded("read", self._limits.command_s):
            raw = await client.read_gatt_char(characteristic)
        return bytes(raw).decode(errors="replace").strip("\0 ")[:_LONGEST_TEXT] or None

    def fail(self, error: LinkError) -> None:
        """End the connection for a reason that everyone waiting on it is told."""
        if self._error is not None:
            return
        self._error = error
        for future in self._waiting():
            if future is not None and not future.done():
                future.set_exception(error)
                future.exception()  # not everyone is listening
        self._on_lost(self, error)

    async def close(self) -> None:
        """Disconnect; never raises."""
        if self._error is None:
            self.fail(LinkReleased())
        if self._client is None:
            return
        with suppress(BleakError, OSError, EOFError, TimeoutError):
            async with asyncio.timeout(self._limits.disconnect_s):
                await self._client.disconnect()

    def _signed(self, command: Command, lease_units: int | None) -> Sent:
        try:
            return self.session.command(command, lease_units, self._loop.time())
        except SessionExpired as err:
            self.fail(err)
            raise

    async def _transmit[T: Event](self, sent: Sent, waiting: dict[int, asyncio.Future[T]]) -> asyncio.Future[T]:
        future: asyncio.Future[T]
        future = waiting[sent.counter] = self._loop.create_future()
        await self._put(sent, waiting)
        return future

    async def _put(self, sent: Sent, waiting: dict[int, Any]) -> None:
        """Write a command that ``waiting`` already holds the answer's place for."""
        try:
            async with bounded("command", self._limits.command_s):
                await self.write(sent.frame)
        except BaseException as err:
            waiting.pop(sent.counter, None)
            if isinstance(err, LinkLost | LinkTimeout):
                self.fail(err)
            raise

    async def write(self, frame: bytes) -> None:
        """Write one frame.

        Raises:
            FrameTooLong: this connection cannot carry it; nothing was sent.
            BleakError, OSError, EOFError: the Bluetooth stack failed.
        """
        client, characteristic = self._connected_client(), self._characteristic(RX_UUID)
        limit = characteristic.max_write_without_response_size
        too_long = len(frame) > limit
        try:
            await client.write_gatt_char(
                characteristic,
                frame,
                response=too_long or "write-without-response" not in characteristic.properties,
            )
        except BleakError as err:
            # Over the limit that the stack knows of, the write succeeds if the MTU is larger after all. If it is not,
            # it becomes a long write, which the device refuses and the link survives.
            if too_long and client.is_connected and self._error is None:
                raise FrameTooLong(len(frame), limit) from err
            raise

    def _notified(self, _characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
        if self._error is None and self._heard is not None:
            self._heard(bytes(data), self._loop.time())

    def _take(self, frame: bytes, now: float) -> None:
        """Take what is notified from a handshake on."""
        if self._session is None:
            self._take_hello(frame, now)
            return
        try:
            event = self._session.receive(frame, now)
        except LinkError as err:
            self._refuse(err)
            return
        if event is not None:
            self._dispatch(event)

    def _take_hello(self, frame: bytes, now: float) -> None:
        """Take the first HELLO; what a refused handshake left in the air before it does not matter."""
        with suppress(MalformedFrame):
            if frame_type(frame) is FrameType.HELLO and self._hello is not None and not self._hello.done():
                self._hello.set_result((frame, now))

    def _refuse(self, error: LinkError) -> None:
        """A notification broke the session: in the handshake its caller decides, later the link is given up."""
        if self._proof is not None and not self._proof.done():
            self._proof.set_exception(error)
        else:
            self.fail(error)

    def _dispatch(self, event: Event) -> None:
        match event:
            case Ack():
                _resolve(self._acks.pop(event.counter, None), event)
                if event.counter in self._gets:
                    self._refuse_get(event)
                return
            case Value():
                asked = next((counter for counter, (key, _) in self._gets.items() if key == event.key), None)
                if asked is not None:
                    _resolve(self._gets.pop(asked)[1], event)
                return
            case Status():
                _resolve(self._proof, event)
                for counter in [key for key in self._queries if key <= event.last_counter]:
                    _resolve(self._queries.pop(counter), event)
        self._on_event(event)

    def _refuse_get(self, ack: Ack) -> None:
        _, future = self._gets.pop(ack.counter)
        if not future.done():
            future.set_exception(CommandRefused(ack.code, "get"))

    def _waiting(self) -> list[asyncio.Future[Any] | None]:
        gets = [future for _, future in self._gets.values()]
        return [self._hello, self._proof, *self._acks.values(), *self._queries.values(), *gets]

    def _disconnected(self, _client: BleakClient) -> None:
        self.fail(LinkLost("The link to the button was lost."))

    def _connected_client(self) -> BleakClient:
        if self._error is not None:
            raise self._error
        assert self._client is not None, "open comes first"
        return self._client

    def _find(self, uuid: str) -> BleakGATTCharacteristic | None:
        service = self._connected_client().services.get_service(SERVICE_UUID)
        return None if service is None else service.get_characteristic(uuid)

    def _characteristic(self, uuid: str) -> BleakGATTCharacteristic:
        found = self._find(uuid)
        if found is None:
            raise ProtocolError("The button's service has gone.")
        return found


def _resolve[T: Event](future: asyncio.Future[T] | None, event: T) -> None:
    if future is not None and not future.done():
        future.set_result(event)


def _unreachable(error: Exception, name: str) -> LinkUnreachable:
    match error:
        case bleak_retry_connector.BleakOutOfConnectionSlotsError():
            reason = UnreachableReason.OUT_OF_SLOTS
        case bleak_retry_connector.BleakNotFoundError():
            reason = UnreachableReason.NOT_IN_RANGE
        case TimeoutError():
            reason = UnreachableReason.TIMEOUT
        case _:
            reason = UnreachableReason.FAILED
    return LinkUnreachable(reason, f"{name} could not be reached: {error or 'no answer in time'}.")
