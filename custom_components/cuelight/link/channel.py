"""The way to one button: brings its connection up on demand, keeps it while it is needed, lets it go when it is not."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from enum import StrEnum

from bleak.backends.device import BLEDevice

from .backoff import Backoff
from .commands import Ack, Command, Done, Event, Renew, Status, Value
from .connection import Connection, Limits
from .const import AckCode, DoneCode
from .credentials import Credentials
from .exceptions import (
    CommandRefused,
    LinkError,
    LinkLost,
    LinkReleased,
    LinkUnreachable,
    Stale,
    UnreachableReason,
    WrongGeneration,
)
from .outputs import LEASE_S, LEASE_UNITS, Outputs

_LOGGER = logging.getLogger(__name__)


class LinkState(StrEnum):
    """What a client tells of its link."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"


class Channel:
    """Keeps one button's connection; ``LinkClient`` is its public face and documents the arguments."""

    def __init__(
        self,
        name: str,
        credentials: Credentials,
        ble_device_callback: Callable[[], BLEDevice | None],
        on_event: Callable[[Event], None],
        on_state: Callable[[LinkState], None],
        on_credentials: Callable[[Credentials], None],
        idle_disconnect_s: float,
        limits: Limits,
    ) -> None:
        self.name = name
        self.credentials = credentials
        self.limits = limits
        self.outputs = Outputs()
        self.state = LinkState.DISCONNECTED
        self.last_error: LinkError | None = None
        self.last_status: Status | None = None
        self.connection: Connection | None = None
        self._ble_device_callback = ble_device_callback
        self._on_event = on_event
        self._on_state = on_state
        self._on_credentials = on_credentials
        self._idle_disconnect_s = idle_disconnect_s
        self._backoff = Backoff()
        self._bringing_up: asyncio.Task[Connection] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._holds = 0
        self._leased_at = 0.0
        self._used_at = 0.0
        self._told_time_at = 0.0

    @staticmethod
    def now() -> float:
        """The clock that everything here runs by, in seconds."""
        return asyncio.get_running_loop().time()

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run something that ``shut`` ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the link from being released as idle."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            self._used_at = self.now()

    async def up(self) -> Connection:
        """The authenticated connection, brought up if need be; everyone who asks at once shares one attempt.

        Raises:
            LinkError: see ``LinkClient.connect``.
        """
        if self.connection is not None:
            return self.connection
        if self._bringing_up is None:
            self._bringing_up = asyncio.get_running_loop().create_task(self._bring_up())
            self._bringing_up.add_done_callback(self._brought_up)
        attempt = self._bringing_up
        try:
            return await asyncio.shield(attempt)
        except asyncio.CancelledError:
            if attempt.cancelled() and not _is_being_cancelled():
                raise LinkReleased from None
            raise

    def forget_failures(self) -> None:
        """Allow an attempt at once."""
        self._backoff.forget()

    async def release(self) -> None:
        """Let the connection go; never raises."""
        if self.connection is not None:
            self._down(self.connection, None)
        await self._closed()

    async def shut(self) -> None:
        """Let the connection go and end everything that runs here; never raises."""
        tasks = [task for task in (self._bringing_up, *self._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.release()

    async def ask(
        self, connection: Connection, command: Command, *, limit_s: float | None = None, run_s: float = 0.0
    ) -> Ack:
        """Send a command at once and wait for its ack.

        Args:
            connection: where.
            command: what.
            limit_s: how long the button may take, if longer than usual.
            run_s: for a run: how long from now its timeline lasts.

        Raises:
            CommandRefused: the button refused it.
            LinkError: it did not get through.
        """
        try:
            return await self._ask_once(connection, command, limit_s, run_s)
        except Stale:
            # Its state is unchanged, so asking again cannot act twice; with the clock set anew it may come in time.
            await self.query(connection)
            return await self._ask_once(connection, command, limit_s, run_s)

    async def query(self, connection: Connection) -> Status:
        """Ask for a status at once.

        Raises:
            LinkError: it did not get through.
        """
        async with connection.write_lock:
            future = await connection.transmit_query()
        return await connection.answer(future, self.limits.command_s)

    async def get(self, connection: Connection, key: int) -> Value:
        """Ask for a setting at once.

        Raises:
            CommandRefused: the button has no such setting.
            LinkError: it did not get through.
        """
        async with connection.write_lock:
            future = await connection.transmit_get(key)
        return await connection.answer(future, self.limits.command_s)

    def adopt(self, credentials: Credentials) -> None:
        """Take new credentials, once they have been stored."""
        if credentials != self.credentials:
            self._on_credentials(credentials)
            self.credentials = credentials

    async def _ask_once(self, connection: Connection, command: Command, limit_s: float | None, run_s: float) -> Ack:
        name = type(command).__name__.lower()
        async with connection.write_lock:
            now = self.now()
            undo = self.outputs.note(command, now, run_s)
            lease = None
            if command.leased:
                lease = LEASE_UNITS if self.outputs.active(now) else 0
                self._leased_at = now
            try:
                future = await connection.transmit(command, lease)
            except LinkError:
                self.outputs.undo(undo)
                raise
        ack = await connection.answer(future, limit_s or self.limits.command_s)
        if ack.code == AckCode.OK:
            return ack
        self.outputs.undo(undo)
        raise (Stale if ack.code == AckCode.STALE else CommandRefused)(ack.code, name)

    async def _bring_up(self) -> Connection:
        await self._closed()
        self._backoff.check(self.now())
        self._set_state(LinkState.CONNECTING)
        connection = Connection(self._heard, self._down, self.limits)
        try:
            device = self._ble_device_callback()
            if device is None:
                raise LinkUnreachable(UnreachableReason.NOT_IN_RANGE, f"{self.name} is not in range.")
            await connection.open(device, self.name, self._ble_device_callback)
            self.adopt(await self._authenticate(connection))
        except BaseException as err:
            if isinstance(err, LinkError):
                self._backoff.failed(err, self.now())
            self.last_error = err if isinstance(err, LinkError) else None
            await connection.close()
            self._set_state(LinkState.DISCONNECTED)
            raise
        self._backoff.succeeded()
        self.connection = connection
        self._used_at = self.now()
        self.last_error = None
        self._keeping = asyncio.get_running_loop().create_task(self._keep(connection))
        self._set_state(LinkState.CONNECTED)
        return connection

    def _brought_up(self, attempt: asyncio.Task[Connection]) -> None:
        self._bringing_up = None
        if not attempt.cancelled():
            attempt.exception()  # whoever still waits for it hears of it

    async def _authenticate(self, connection: Connection) -> Credentials:
        """Authenticate; returns the credentials that the button proved to hold."""
        try:
            await connection.handshake(self.credentials.completed())
        except WrongGeneration as err:
            # The hint is not authenticated: nothing is kept of it until the button has proved that key.
            other = self.credentials.of_generation(err.device_gen)
            if other is None:
                raise
            await connection.handshake(other)
        return connection.session.credentials

    async def _keep(self, connection: Connection) -> None:
        """Renew the lease while outputs are on, release the link when idle, and until then keep asking for the status.

        Asking keeps the session alive, and with it the picture of the button's clock. Acks do not tell what that clock
        reads, and a cheap one gains or loses in a minute what makes the ticks of commands impossible ones.
        """
        while True:
            await asyncio.sleep(self._pause())
            now = self.now()
            try:
                if self.outputs.active(now):
                    await self._keep_lease(connection, now)
                elif self._is_idle(now):
                    self._down(connection, None)
                if now >= self._told_time_at + self.limits.keep_alive_s:
                    self._told_time_at = now
                    await self.query(connection)
            except CommandRefused as err:
                _LOGGER.debug("%s: the lease was not renewed: %s", self.name, err)
            except LinkError:
                return  # whoever ended the connection has told everyone

    async def _keep_lease(self, connection: Connection, now: float) -> None:
        if now < self._leased_at + self.limits.renew_every_s:
            return
        if now >= self._leased_at + LEASE_S:
            connection.fail(LinkLost("The host was held up for longer than the lease."))
        await self.ask(connection, Renew())

    def _pause(self) -> float:
        """Seconds until the keeper has to look again; never longer than the time between renewals."""
        now = self.now()
        due = self._told_time_at + self.limits.keep_alive_s
        if self.outputs.active(now):
            due = min(due, self._leased_at + self.limits.renew_every_s)
        elif not self._holds:
            due = min(due, self._used_at + self._idle_disconnect_s)
        return min(max(due - now, 0.0), self.limits.renew_every_s)

    def _is_idle(self, now: float) -> bool:
        return not self._holds and now >= self._used_at + self._idle_disconnect_s

    def _heard(self, event: Event) -> None:
        match event:
            case Status():
                self.last_status = event
                self._told_time_at = self.now()
            case Done() if event.code != DoneCode.REPLACED:
                self.outputs.clear()
        _call(self._on_event, event)

    def _down(self, connection: Connection, error: LinkError | None) -> None:
        """The connection is over: by an error, or because the host lets it go."""
        if connection is not self.connection:
            return
        self.connection = None
        self.last_error = error
        self.outputs.clear()
        if self._keeping is not None:
            self._keeping.cancel()
        closing = asyncio.get_running_loop().create_task(connection.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        self._set_state(LinkState.DISCONNECTED)

    async def _closed(self) -> None:
        """Wait for earlier connections to be gone; bounded by the disconnect limit."""
        if self._closing:
            await asyncio.wait(list(self._closing))

    def _set_state(self, state: LinkState) -> None:
        if state is not self.state:
            self.state = state
            _call(self._on_state, state)


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _call[T](listener: Callable[[T], None], value: T) -> None:
    """Tell a listener; what it does wrong must not end the link."""
    try:
        listener(value)
    except Exception:
        _LOGGER.exception("A listener to the link failed")
