"""The link to one button over bleak: on demand, in order, in bounded time."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bleak.backends.device import BLEDevice

from .channel import Channel, LinkState
from .commands import Ack, Command, Done, Event, Forget, Get, Query, Rekey, Renew, Run, Set, Status, Stop, TimedCue
from .connection import Connection, DeviceInformation, Limits
from .const import AckCode, DoneCode, SettingKey
from .credentials import Credentials
from .exceptions import (
    CommandRefused,
    FrameTooLong,
    InvalidArgument,
    LinkError,
    LinkLost,
    LinkReleased,
    LinkTimeout,
    Superseded,
)
from .outputs import output_of
from .timeline import duration_of, next_batch
from .upload import Upload

_LOGGER = logging.getLogger(__name__)

_SYNC_QUERIES = 4
_SYNC_GOOD_ENOUGH_S = 0.003
_DONE_MARGIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Performed:
    """What became of a timeline.

    Attributes:
        acked_cues: cues the button has acknowledged.
        start_ms: planned start on the session clock.
        done: how the timeline ended.
    """

    acked_cues: int
    start_ms: int
    done: Done


@dataclass(eq=False, slots=True)
class _Queued:
    command: Command
    output: str | None
    epoch: int
    ack: asyncio.Future[Ack]


@dataclass(eq=False, slots=True)
class _Running:
    """A timeline that was asked to run; ``accepted`` once the button has acknowledged that."""

    timeline: int
    done: asyncio.Future[Done]
    accepted: bool = False


class LinkClient:
    """The authenticated link to one button; connects on demand and recovers by itself.

    Args:
        address: Bluetooth address, for messages.
        name: the button's name, for messages.
        credentials: its key.
        ble_device_callback: gives the freshest connectable BLEDevice, or None.
        on_event: hears every authentic event except acknowledgements.
        on_state: hears every change of ``state``; ``last_error`` tells why it went down.
        idle_disconnect_s: seconds without commands or outputs after which the link is released.
        on_credentials: stores changed credentials before the client goes on; when it raises, the client does not.
        limits: the deadlines.
    """

    def __init__(
        self,
        address: str,
        name: str,
        credentials: Credentials,
        ble_device_callback: Callable[[], BLEDevice | None],
        on_event: Callable[[Event], None] = lambda event: None,
        on_state: Callable[[LinkState], None] = lambda state: None,
        idle_disconnect_s: float = 30.0,
        *,
        on_credentials: Callable[[Credentials], None] = lambda credentials: None,
        limits: Limits | None = None,
    ) -> None:
        self.address = address
        self.name = name
        self._limits = limits or Limits()
        self._on_event = on_event
        self._on_state = on_state
        self._channel = Channel(
            f"{name} ({address})",
            credentials,
            ble_device_callback,
            self._heard,
            self._state_changed,
            on_credentials,
            idle_disconnect_s,
            self._limits,
        )
        self._queue: deque[_Queued] = deque()
        self._pumping: asyncio.Task[None] | None = None
        self._bulk = asyncio.Lock()
        self._epoch = 0
        self._prepared: dict[int, int] = {}
        self._running: list[_Running] = []

    @property
    def connected(self) -> bool:
        """Whether an authenticated session is up."""
        return self._channel.connection is not None

    @property
    def state(self) -> LinkState:
        """The link's state."""
        return self._channel.state

    @property
    def last_error(self) -> LinkError | None:
        """Why the link last went down or did not come up; None when the host let it go, and after a success."""
        return self._channel.last_error

    @property
    def last_status(self) -> Status | None:
        """The latest status the button sent."""
        return self._channel.last_status

    @property
    def clock_offset(self) -> float | None:
        """``time.monotonic()`` seconds at the session clock's zero; None without a session."""
        connection = self._channel.connection
        return None if connection is None else connection.session.clock.zero_at

    @property
    def credentials(self) -> Credentials:
        """The credentials in use."""
        return self._channel.credentials

    async def connect(self) -> None:
        """Bring the link up, if it is not; bounded by the connect and handshake limits.

        Raises:
            LinkUnreachable: no connection, or the client is backing off after a failure.
            AuthenticationFailed, WrongInstance: the two sides do not belong together.
            LinkTimeout, LinkLost, ProtocolError: the handshake did not come to its end.
        """
        with self._channel.hold():
            await self._channel.up()

    def forget_failures(self) -> None:
        """Let the next attempt be made at once: the button was away and is back. Refusals of the key still count."""
        self._channel.forget_failures()

    async def read_information(self) -> DeviceInformation:
        """Read what the button says of itself, over the link that is up.

        Raises:
            LinkError: there is none, or it did not get through.
        """
        connection = self._channel.connection
        if connection is None:
            raise LinkReleased
        return await connection.read_information()

    async def disconnect(self) -> None:
        """Let the link go and end everything under way; never raises."""
        self._drop_queue(LinkReleased())
        await self._channel.shut()

    def hold(self) -> AbstractContextManager[None]:
        """Keep the link from being released while idle, as long as the context is open."""
        return self._channel.hold()

    async def send(self, command: Command, *, supersede: bool = False) -> Ack:
        """Send a command in its turn; returns when the button has acknowledged it.

        Args:
            command: anything but a query, a get, a rekey and a stop, which have methods of their own.
            supersede: let this command (play, puppet, light, servo) take the place of unsent ones for the same output
                that were sent with ``supersede`` too; these raise ``Superseded``.

        Raises:
            CommandRefused: the button refused it; Stale, when it came too late.
            Superseded: a newer command or a stop came first; it was not sent.
            LinkError: it did not get through; see the tree in ``exceptions``.
        """
        if isinstance(command, Query | Get | Rekey | Stop):
            raise InvalidArgument("command", f"A {type(command).__name__.lower()} command has a method of its own.")
        output = output_of(command) if supersede else None
        if supersede:
            if output is None:
                raise InvalidArgument("supersede", "Only output commands can take the place of others.")
            self._drop_queue(Superseded("A newer command for the same output came first."), output)
        entry = _Queued(command, output, self._epoch, asyncio.get_running_loop().create_future())
        self._queue.append(entry)
        if self._pumping is None or self._pumping.done():
            self._pumping = self._channel.spawn(self._pump())
        try:
            async with asyncio.timeout(self._limits.queue_s):
                return await entry.ack
        except TimeoutError as err:
            raise LinkTimeout("queue", self._limits.queue_s) from err

    async def query(self) -> Status:
        """Ask the button for its status.

        Raises:
            LinkError: it did not get through.
        """
        with self._channel.hold():
            return await self._channel.query(await self._channel.up())

    async def setting(self, key: SettingKey) -> int:
        """Ask the button for one of its settings; returns its value, in the units of ``SettingKey``.

        Raises:
            CommandRefused: the button has no such setting.
            LinkError: it did not get through.
        """
        with self._channel.hold():
            return (await self._channel.get(await self._channel.up(), key)).value

    async def set_setting(self, key: SettingKey, value: int) -> None:
        """Change one of the button's settings; it is in effect, and survives a power cut, when this returns.

        Raises:
            CommandRefused: the button cannot be set to this; see also ``send``.
        """
        await self.send(Set(key, value))

    async def forget_key(self) -> None:
        """Let the button forget this host's key. The session goes on until it ends; it is the last one.

        Raises:
            CommandRefused: the key is the label's, which a button never forgets; see also ``send``.
        """
        await self.send(Forget(self._channel.credentials.slot))

    async def upload(self, asset_id: int, data: bytes, progress: Callable[[float], None] | None = None) -> bool:
        """Upload an asset, starting again when the link is lost on the way.

        Args:
            asset_id: its id, 0x0200 or above.
            data: its bytes.
            progress: hears fractions from 0 to 1.

        Returns:
            False when the button had it already.

        Raises:
            InvalidArgument: no such id, or no data.
            CommandRefused: the button refused it, for example as too large for its store.
            LinkError: it did not get through.
        """
        upload = Upload(self._channel, asset_id, data, progress)
        try:
            async with asyncio.timeout(upload.limit_s):
                async with self._bulk:
                    with self._channel.hold():
                        return await upload.run()
        except TimeoutError as err:
            raise LinkTimeout("upload", upload.limit_s) from err

    async def prepare(
        self, timeline: int, cues: Sequence[TimedCue], progress: Callable[[int], None] | None = None
    ) -> int:
        """Store a timeline's cues on the button and sharpen the picture of its clock.

        Args:
            timeline: 0 or 1.
            cues: in order; at most 64.
            progress: hears how many cues the button has acknowledged.

        Returns:
            The cues acknowledged: all of them.

        Raises:
            Superseded: a stop came first.
            LinkError: it did not get through.
        """
        epoch = self._epoch
        with self._channel.hold():
            async with self._bulk:
                connection = await self._channel.up()
                self._prepared[timeline] = sent = 0
                while sent < len(cues):
                    self._check_epoch(epoch)
                    batch = next_batch(timeline, sent, cues, connection.frame_limit)
                    try:
                        await self._channel.ask(connection, batch)
                    except FrameTooLong as err:
                        connection.lower_frame_limit(err)
                        continue
                    if self._channel.connection is not connection:  # it ended right after the ack
                        raise self._channel.last_error or LinkReleased
                    self._prepared[timeline] = sent = sent + len(batch.cues)
                    if progress is not None:
                        progress(sent)
                await self._sharpen_clock(connection)
        return len(cues)

    async def run(self, timeline: int, start_at: float, duration_s: float) -> Performed:
        """Run a stored timeline and wait until it is done; cancelled, it stops the button first.

        Args:
            timeline: 0 or 1.
            start_at: when it starts, in ``time.monotonic()`` seconds; a moment past starts it at once.
            duration_s: how long it lasts.

        Raises:
            LinkError: the button did not accept it, or the link was lost on the way; its outputs are at rest then.
        """
        with self._channel.hold():
            try:
                return await self._run(timeline, start_at, duration_s)
            except asyncio.CancelledError:
                await self.stop()
                raise

    async def perform(
        self,
        timeline: int,
        cues: Sequence[TimedCue],
        start_at: float,
        *,
        duration_s: float | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Performed:
        """``prepare`` and ``run`` in one; ``duration_s`` is by default what the cues take.

        Raises:
            Superseded: a stop came before the start.
            LinkError: it did not get through, or the link was lost on the way.
        """
        epoch = self._epoch
        with self._channel.hold():
            await self.prepare(timeline, cues, progress)
            self._check_epoch(epoch)
            return await self.run(timeline, start_at, duration_of(cues) if duration_s is None else duration_s)

    async def stop(self) -> bool:
        """Put every output to rest, ahead of everything queued; True when the button confirmed it.

        Best effort: never raises on a lost link, which puts the outputs to rest by itself. A link that cannot carry the
        stop in time is cut, to the same effect.
        """
        self._epoch += 1
        self._drop_queue(Superseded("A stop came first."))
        self._channel.outputs.clear()
        connection = self._channel.connection
        if connection is None:
            return False
        try:
            async with asyncio.timeout(self._limits.command_s):
                await self._channel.ask(connection, Stop())
        except TimeoutError:
            connection.fail(LinkTimeout("command", self._limits.command_s))
            return False
        except LinkError as err:
            _LOGGER.debug("%s: the stop was not confirmed: %s", self.name, err)
            connection.fail(err)
            return False
        for run in list(self._running):
            self._ended(Done(run.timeline, DoneCode.STOPPED))
        return True

    async def rotate_key(self, new_key: bytes | None = None) -> Credentials:
        """Rotate to the ratchet's next key, or to a new random one, and prove it.

        Outputs go to rest on the way: the proof needs a new session.

        Returns:
            The new credentials, which ``on_credentials`` has heard too.

        Raises:
            CommandRefused: the button keeps the old key.
            LinkError: it did not get through; the next connection finds out which key the button holds.
        """
        with self._channel.hold():
            connection = await self._channel.up()
            old = self._channel.credentials
            new = old.rotated(new_key)
            assert new.pending_key is not None
            # Stored before it is sent: whatever happens next, the host has the key that the button has.
            self._channel.adopt(new)
            async with connection.write_lock:
                future = await connection.transmit_rekey(old.slot, new.next_gen, new.pending_key)
            ack = await connection.answer(future, self._limits.command_s)
            if ack.code != AckCode.OK:
                self._channel.adopt(old)
                raise CommandRefused(ack.code, "rekey")
            await self._channel.release()
            await self._channel.up()
            return self._channel.credentials

    async def _pump(self) -> None:
        """Send what is queued, one after the other; ends with the queue."""
        with self._channel.hold():
            while self._queue:
                entry = self._queue.popleft()
                if not entry.ack.done():
                    await self._send_now(entry)

    async def _send_now(self, entry: _Queued) -> None:
        try:
            connection = await self._channel.up()
            self._check_epoch(entry.epoch)
            ack = await self._channel.ask(connection, entry.command)
        except Exception as err:
            if not entry.ack.done():
                entry.ack.set_exception(err)
        except asyncio.CancelledError:
            if not entry.ack.done():
                entry.ack.set_exception(LinkReleased())
            raise
        else:
            if not entry.ack.done():
                entry.ack.set_result(ack)

    def _drop_queue(self, error: LinkError, output: str | None = None) -> None:
        """Fail what is queued and not sent yet: everything, or what superseding commands of one output have queued."""
        for entry in [entry for entry in self._queue if output is None or entry.output == output]:
            self._queue.remove(entry)
            if not entry.ack.done():
                entry.ack.set_exception(error)

    def _check_epoch(self, epoch: int) -> None:
        if epoch != self._epoch:
            raise Superseded("A stop came first.")

    async def _sharpen_clock(self, connection: Connection) -> None:
        """Take samples until the button's clock is known well enough to start together with others."""
        for _ in range(_SYNC_QUERIES):
            if connection.session.clock.error_s(self._channel.now()) <= _SYNC_GOOD_ENOUGH_S:
                return
            await self._channel.query(connection)

    async def _run(self, timeline: int, start_at: float, duration_s: float) -> Performed:
        epoch = self._epoch
        connection = await self._channel.up()
        if timeline not in self._prepared:
            raise LinkLost("The link was lost since the cues were stored.")
        acked, start_ms = self._prepared[timeline], max(1, connection.session.clock.estimate_ms(start_at))
        lasts_s = max(0.0, start_at - self._channel.now()) + duration_s + _DONE_MARGIN_S
        running = _Running(timeline, asyncio.get_running_loop().create_future())
        self._running.append(running)
        try:
            await self._channel.ask(connection, Run(timeline, start_ms), run_s=lasts_s)
            self._check_epoch(epoch)
            running.accepted = True
            async with asyncio.timeout(lasts_s):
                performed = Performed(acked, start_ms, await running.done)
            await self._give_back_lease(connection)
            return performed
        except TimeoutError as err:
            error = LinkTimeout("perform", lasts_s)
            connection.fail(error)
            raise error from err
        finally:
            if running in self._running:
                self._running.remove(running)

    async def _give_back_lease(self, connection: Connection) -> None:
        """A timeline that ended left its outputs at rest, but may use them until its lease ends: end that too."""
        try:
            await self._channel.ask(connection, Renew())
        except LinkError as err:
            _LOGGER.debug("%s: the lease was left to end by itself: %s", self.name, err)

    def _heard(self, event: Event) -> None:
        if isinstance(event, Done):
            self._ended(event)
        self._on_event(event)

    def _ended(self, event: Done) -> None:
        """A timeline has ended: tell whoever waits for it.

        One that is replaced is the older of two. One that completes at once may do so before its ack was seen.
        """
        runs = [run for run in self._running if run.timeline == event.timeline]
        over = [run for run in runs if run.accepted]
        if event.code == DoneCode.REPLACED:
            over = (over or runs)[:1]
        elif event.code == DoneCode.COMPLETED and not over:
            over = runs[:1]
        for run in over:
            self._running.remove(run)
            if not run.done.done():
                run.done.set_result(event)

    def _state_changed(self, state: LinkState) -> None:
        if state is LinkState.DISCONNECTED:
            self._prepared.clear()
            for run in self._running:
                if not run.done.done():
                    run.done.set_exception(self._channel.last_error or LinkReleased())
                    run.done.exception()  # it may be waiting for its ack still
            self._running.clear()
        self._on_state(state)
