"""One button: whether it is here, what it shows, and every command to it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.bluetooth import (
    BluetoothChange,
    BluetoothScanningMode,
    BluetoothServiceInfoBleak,
    async_ble_device_from_address,
)
from homeassistant.components.bluetooth.passive_update_coordinator import PassiveBluetoothDataUpdateCoordinator
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.const import CONF_ADDRESS, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import (
    CONF_DEV_ID,
    CONF_GEN,
    CONF_IDLE_DISCONNECT,
    CONF_INST_ID,
    CONF_KEY,
    CONF_KIND,
    CONF_LISTEN,
    CONF_PENDING_KEY,
    CONF_SLOT,
    DEFAULT_IDLE_DISCONNECT_S,
    DEFAULT_LISTEN,
    DOMAIN,
    EntryKind,
)
from .issues import (
    async_check_clock,
    async_check_firmware,
    async_check_late,
    async_check_path,
    async_forget,
    async_tell_reached,
    async_tell_unreachable,
)
from .link import (
    Ack,
    AckCode,
    AuthenticationFailed,
    ButtonEvent,
    Command,
    CommandRefused,
    Credentials,
    DeviceInformation,
    DeviceState,
    Done,
    DoneCode,
    Fault,
    Identify,
    Light,
    LightPattern,
    LinkClient,
    LinkError,
    LinkLost,
    LinkState,
    LinkTimeout,
    LinkUnreachable,
    Play,
    Puppet,
    Servo,
    SettingKey,
    Stale,
    Status,
    Superseded,
    TimedCue,
    UnreachableReason,
    WrongInstance,
    device_address,
    parse_advertisement,
)
from .link import (
    Event as LinkEvent,
)
from .link.outputs import LEASE_S
from .memory import Memory
from .slots import slots_in_reach

_LOGGER = logging.getLogger(__name__)

type ButtonConfigEntry = ConfigEntry[ButtonCoordinator]

TIMELINE: Final = 0
IDENTIFY_MS: Final = 5000
AUTH_FAILURES_BEFORE_REAUTH: Final = 3
TURN_LIMIT_S: Final = 60.0
"""How long a button waits for its turn to connect."""
SLOT_WAIT_S: Final = 10.0
"""How long a command waits for a connection slot."""
SLOT_POLL_S: Final = 0.5
GRACE_S: Final = 30.0
"""How long a button that was let go in good order has to advertise again before it counts as gone."""
PATH_CHECK_S: Final = 60.0
"""How long after the start whatever can connect has had the time to hear the button."""
FIRST_RETRY_S: Final = 2.0
LAST_RETRY_S: Final = 300.0
FIRST_FETCH_S: Final = 2.0
PRESS_LIMIT_S: Final = 10.0
"""How long a button keeps a press that nobody has heard."""
PRESS_RETRY_S: Final = 1.0
PRESS_LINGER_S: Final = 5.0
"""How long the link stays after a press that was fetched: another may follow, or what the press sets off."""
SILENCE_S: Final = 8.0
"""A button that is heard again after this long has been away and is worth an attempt at once."""


@dataclass(frozen=True, slots=True)
class PerformanceOutcome:
    """How a button got through its part.

    Attributes:
        acked_cues: cues the button has confirmed to hold.
        start_skew_s: when the button started against the moment asked for, as its clock is known now; None if it
            never started.
        done: why the timeline ended.
    """

    acked_cues: int
    start_skew_s: float | None
    done: DoneCode


class _Turns:
    """Who may connect: adapters and proxies do few things at once, and what a person waits for goes first."""

    def __init__(self) -> None:
        self.all = asyncio.Semaphore(3)
        self.patient = asyncio.Semaphore(1)


_TURNS: HassKey[_Turns] = HassKey(f"{DOMAIN}_turns")


@asynccontextmanager
async def connecting_turn(hass: HomeAssistant, *, patient: bool = False) -> AsyncGenerator[None]:
    """Wait for a turn to connect, and have it; ``patient`` lets what a person waits for go first."""
    turns = hass.data.setdefault(_TURNS, _Turns())
    async with turns.patient if patient else nullcontext(), turns.all:
        yield


def credentials_of(data: Mapping[str, Any]) -> Credentials:
    """Return the credentials that entry data holds."""
    pending = data.get(CONF_PENDING_KEY)
    return Credentials(
        dev_id=bytes.fromhex(data[CONF_DEV_ID]),
        inst_id=bytes.fromhex(data[CONF_INST_ID]),
        key=bytes.fromhex(data[CONF_KEY]),
        slot=data[CONF_SLOT],
        gen=data[CONF_GEN],
        pending_key=bytes.fromhex(pending) if pending else None,
    )


def data_of(credentials: Credentials) -> dict[str, Any]:
    """Return credentials as entry data."""
    return {
        CONF_DEV_ID: credentials.dev_id.hex(),
        CONF_INST_ID: credentials.inst_id.hex() if credentials.inst_id else None,
        CONF_KEY: credentials.key.hex(),
        CONF_SLOT: credentials.slot,
        CONF_GEN: credentials.gen,
        CONF_PENDING_KEY: credentials.pending_key.hex() if credentials.pending_key else None,
    }


async def async_check_key(
    hass: HomeAssistant, name: str, credentials: Credentials, coordinator: ButtonCoordinator | None = None
) -> Credentials:
    """Return the credentials as a handshake with the button proved them.

    Args:
        hass: Home Assistant.
        name: the button's name, for messages.
        credentials: what to try.
        coordinator: the button's, if it has one: it lets go of the link meanwhile.

    Raises:
        LinkError: no proof.
    """
    address = device_address(credentials.dev_id)
    client = LinkClient(
        address, name, credentials, lambda: async_ble_device_from_address(hass, address, connectable=True)
    )
    async with coordinator.async_suspended() if coordinator else nullcontext(), connecting_turn(hass):
        try:
            await client.connect()
            return client.credentials
        finally:
            await client.disconnect()


def _fault(number: int) -> Fault:
    """Return the fault a status tells; one that newer firmware may have and this host does not know is none of ours."""
    return Fault(number) if number in Fault else Fault.NONE


class ButtonCoordinator(PassiveBluetoothDataUpdateCoordinator):
    """Wraps the link to one button.

    Every method that talks to the button connects on demand, takes a bounded time and raises `link.LinkError`.
    """

    def __init__(self, hass: HomeAssistant, entry: ButtonConfigEntry, memory: Memory) -> None:
        """Prepare; nothing is sent and nothing is waited for."""
        super().__init__(hass, _LOGGER, entry.data[CONF_ADDRESS], BluetoothScanningMode.PASSIVE, connectable=True)
        self.memory = memory
        self.battery: int | None = None
        self.light: Light | None = None
        self.servos: dict[int, int] = {}
        self.shown: int | None = None
        self.fault = Fault.NONE
        self.last_performance: datetime | None = None
        self.state = DeviceState.SAFE
        self.client = LinkClient(
            self.address,
            entry.title,
            credentials_of(entry.data),
            lambda: async_ble_device_from_address(hass, self.address, connectable=True),
            self._on_event,
            self._on_state,
            float(entry.options.get(CONF_IDLE_DISCONNECT, DEFAULT_IDLE_DISCONNECT_S)),
            on_credentials=self._on_credentials,
        )
        self.dev_id = self.client.credentials.dev_id
        self.information = DeviceInformation(None, None)
        self._entry = entry
        # Only an honest advertisement makes the button available, not any that Home Assistant has at this address.
        self._available = False
        self._was_available = False
        self._connecting = asyncio.Lock()
        self._auth_failures = 0
        self._late = 0
        self._failed_at = 0.0
        self._fetching: asyncio.Task[None] | None = None
        self._fetch_pause = FIRST_FETCH_S
        self._fetch_again_at = 0.0
        self._wanted: list[SettingKey] = []
        self._contact_listeners: set[Callable[[ButtonEvent], None]] = set()
        self._in_range = asyncio.Event()
        self._down = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._end_grace: CALLBACK_TYPE | None = None
        self._end_look: CALLBACK_TYPE | None = None
        self._check_path: CALLBACK_TYPE | None = None
        self._to_show: list[CALLBACK_TYPE] = []
        self._loaded: tuple[TimedCue, ...] = ()
        self._running = False
        self._performing = False
        self._busy = 0
        self._holds: list[AbstractContextManager[None]] = []
        self._forget_stop: CALLBACK_TYPE | None = None

    @property
    def title(self) -> str:
        """The button's name."""
        return self._entry.title

    @property
    def firmware(self) -> str | None:
        """The firmware's version as the button told it last, also before a restart; None before the first link."""
        device = self._device
        return self.information.firmware or (device.sw_version if device else None)

    @property
    def _device(self) -> dr.DeviceEntry | None:
        identifier = (DOMAIN, self.dev_id.hex())
        return dr.async_get(self.hass).async_get_device_by_identifier(identifier, self._entry.entry_id)

    @property
    @override
    def available(self) -> bool:
        """Whether the button was heard lately or is connected."""
        return self._available or self.client.connected

    @property
    def active(self) -> bool:
        """Whether a lease gives the button authority over its outputs."""
        return self.state is DeviceState.ACTIVE

    @property
    def idle(self) -> bool:
        """Whether the link is up and nothing but presses may come of it."""
        return self.client.connected and not (self.active or self._performing or self._holds or self._busy)

    # Life

    @callback
    @override
    def async_start(self) -> CALLBACK_TYPE:
        """Follow the advertisements, and hold a link if presses are to be heard."""
        self._running = True
        self._forget_stop = self.hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._async_on_stop)
        self._start_listening()
        self._check_path = async_call_later(self.hass, PATH_CHECK_S, self._async_check_path)
        return super().async_start()

    @callback
    def _async_check_path(self, _now: object) -> None:
        self._check_path = None
        async_check_path(self.hass, self._entry)

    async def async_shutdown(self) -> None:
        """Put the button at rest and let it go."""
        self._running = False
        if self._check_path is not None:
            self._check_path()
            self._check_path = None
        async_forget(self.hass, self._entry)
        if self._forget_stop is not None:
            self._forget_stop()
            self._forget_stop = None
        self._async_stop()
        try:
            await self._async_stop_listening()
            await self.async_stop()
        finally:  # also when whoever unloads gives up waiting
            await self.client.disconnect()
            self._cancel_grace()
            self._cancel_look()
            self._show_nothing()

    async def _async_on_stop(self, _event: Event) -> None:
        self._forget_stop = None
        await self.async_shutdown()

    @asynccontextmanager
    async def async_suspended(self) -> AsyncGenerator[None]:
        """Let the link go, and keep it down, while someone else talks to the button."""
        async with self._connecting:
            try:
                await self._async_stop_listening()
                await self.client.disconnect()
                yield
            finally:
                self._start_listening()

    # Advertisements

    @callback
    @override
    def _async_handle_bluetooth_event(self, service_info: BluetoothServiceInfoBleak, change: BluetoothChange) -> None:
        """Take presence, battery and the hint of a press; nothing that matters, for it is not authenticated."""
        advertisement = parse_advertisement(service_info.manufacturer_data)
        if advertisement is None or advertisement.dev_id != self.dev_id:
            return
        self._cancel_grace()
        self._available = True
        self._in_range.set()
        self.battery = advertisement.battery_percent
        self._changed()
        if advertisement.press_waiting:
            self._fetch_press()

    @callback
    def _fetch_press(self) -> None:
        """Connect at once for a press that the button keeps for a few seconds, and let go again if nothing follows.

        Anyone can claim a press. So claims that bring none are followed ever less often.
        """
        now = self.hass.loop.time()
        if self.client.connected or self._fetching or not self._running or now < self._fetch_again_at:
            return
        self._fetch_pause = min(2 * self._fetch_pause, LAST_RETRY_S)
        self._fetch_again_at = now + self._fetch_pause
        self._fetching = self._entry.async_create_background_task(
            self.hass, self._async_fetch_press(), f"{DOMAIN} fetch a press of {self.title}"
        )

    async def _async_fetch_press(self) -> None:
        try:
            async with asyncio.timeout(PRESS_LIMIT_S):
                await self._async_connect_for_press()
            await asyncio.sleep(PRESS_LINGER_S)
        except (LinkError, TimeoutError) as err:
            _LOGGER.debug("A press of %s could not be fetched: %s", self.title, err)
        finally:
            self._fetching = None
        if self.idle and self._listening is None:
            await self.client.disconnect()

    async def _async_connect_for_press(self) -> None:
        """Connect; tried again while the press is kept, where the radio alone stood in the way."""
        while True:
            try:
                await self.async_connect()
            except LinkUnreachable, LinkLost, LinkTimeout:
                await asyncio.sleep(PRESS_RETRY_S)
            else:
                return

    @callback
    @override
    def _async_handle_unavailable(self, service_info: BluetoothServiceInfoBleak) -> None:
        """Note that nothing has been heard for long."""
        self._available = False
        self._in_range.clear()
        super()._async_handle_unavailable(service_info)
        self._changed()

    @callback
    def _changed(self) -> None:
        if self.available != self._was_available:
            self._was_available = self.available
            _LOGGER.info("%s is %s", self.title, "available" if self.available else "unavailable")
        self.async_update_listeners()

    @callback
    def _start_grace(self) -> None:
        """A connected button may not advertise, so Home Assistant may have forgotten it; it is here all the same."""

        @callback
        def over(_now: object) -> None:
            self._end_grace = None
            self._available = False
            self._changed()

        self._cancel_grace()
        self._available = True
        self._end_grace = async_call_later(self.hass, GRACE_S, over)

    @callback
    def _cancel_grace(self) -> None:
        if self._end_grace is not None:
            self._end_grace()
            self._end_grace = None

    # What the link tells

    @callback
    def _on_state(self, state: LinkState) -> None:
        if state is LinkState.CONNECTED:
            self._auth_failures = 0
            self._dismiss_reauth()
            async_tell_reached(self.hass, self._entry)
            if (status := self.client.last_status) is not None:
                self.fault = _fault(status.fault)
            self._rest(DeviceState.SESSION)
            self._entry.async_create_background_task(
                self.hass, self._async_get_acquainted(), f"{DOMAIN} get acquainted with {self.title}"
            )
        elif state is LinkState.DISCONNECTED:
            self._rest(DeviceState.SAFE)
            if not self._available and self.client.last_error is None:
                self._start_grace()
            self._down.set()
        self._changed()

    async def _async_get_acquainted(self) -> None:
        """Read what may be another since the last session: model, firmware and the settings."""
        try:
            self.information = await self.client.read_information()
            self._note_information()
            for key in sorted(set(self._wanted)):
                if not self.client.connected:  # asking would bring up the link that was just let go
                    return
                await self._async_read_setting(key)
        except LinkError as err:
            _LOGGER.debug("%s did not tell everything about itself: %s", self.title, err)

    @callback
    def _note_information(self) -> None:
        if (device := self._device) is not None:
            dr.async_get(self.hass).async_update_device(
                device.id, model=self.information.model, sw_version=self.information.firmware
            )
        async_check_firmware(self.hass, self._entry, self.information.firmware)
        self._changed()

    @callback
    def _on_event(self, event: LinkEvent) -> None:
        match event:
            case ButtonEvent():
                self._fetch_pause, self._fetch_again_at = FIRST_FETCH_S, 0.0
                for listener in list(self._contact_listeners):
                    listener(event)
            case Status(state=state) if state is DeviceState.ACTIVE:
                self.state = state
                self._changed()
            case Status(state=state):
                self._rest(state)
                self._changed()
            case Done(code=code) if code != DoneCode.REPLACED:
                self._rest(DeviceState.SESSION)
                self._changed()

    @callback
    def _rest(self, state: DeviceState) -> None:
        """Note that every output is at rest."""
        self.state = state
        self.light = None
        self.servos.clear()
        self._show_nothing()

    @callback
    def _on_credentials(self, credentials: Credentials) -> None:
        self.hass.config_entries.async_update_entry(self._entry, data={**self._entry.data, **data_of(credentials)})

    @callback
    def async_listen_contacts(self, listener: Callable[[ButtonEvent], None]) -> CALLBACK_TYPE:
        """Call back at each event of a contact."""
        self._contact_listeners.add(listener)

        @callback
        def remove() -> None:
            self._contact_listeners.discard(listener)

        return remove

    # Connecting

    async def async_connect(self, *, patient: bool = False) -> None:
        """Bring the link up, in turn with the other buttons; ``patient`` lets what a person waits for go first."""
        if self.client.connected and not self._connecting.locked():  # those who waited for the link go first
            return
        if not patient and self.last_seen > self._failed_at:
            # Someone waits, and the button was heard since the attempt that failed: it may well answer now.
            self.client.forget_failures()
        try:
            async with asyncio.timeout(TURN_LIMIT_S), self._connecting:
                if self.client.connected:  # by whoever came first; no need to wait for other buttons' turns
                    return
                async with connecting_turn(self.hass, patient=patient):
                    await self._async_have_slot(patient)
                    await self.client.connect()
        except TimeoutError as err:
            raise LinkTimeout("connect", TURN_LIMIT_S) from err
        except WrongInstance:
            self._entry.async_start_reauth(self.hass)
            raise
        except AuthenticationFailed:
            # One failure may be noise, or someone else answering; only a button that keeps refusing needs a person.
            self._auth_failures += 1
            if self._auth_failures >= AUTH_FAILURES_BEFORE_REAUTH:
                self._entry.async_start_reauth(self.hass)
            raise
        except LinkUnreachable as err:
            if err.reason is not UnreachableReason.BACKING_OFF:
                self._failed_at = self.hass.loop.time()
                if not patient:
                    async_tell_unreachable(self.hass, self._entry, err)
            raise

    async def _async_have_slot(self, patient: bool) -> None:
        """Return once an adapter can take the connection; see to it, if need be, at the cost of one that is idle."""
        give_up_at = self.hass.loop.time() + SLOT_WAIT_S
        while (slots := slots_in_reach(self.hass, self.address)) is not None:
            if slots.to_spare or (slots.free and not patient):
                return
            if patient or self.hass.loop.time() >= give_up_at:
                raise LinkUnreachable(
                    UnreachableReason.OUT_OF_SLOTS, f"{slots.total - slots.free} of {slots.total} slots are in use."
                )
            if (idle := self._idle_among(slots.holders)) is not None:
                _LOGGER.debug("%s lets its link go for %s", idle.title, self.title)
                await idle.client.disconnect()
            await asyncio.sleep(SLOT_POLL_S)

    def _idle_among(self, addresses: Set[str]) -> ButtonCoordinator | None:
        """Return a button that holds a link only to hear presses."""
        for entry in self.hass.config_entries.async_loaded_entries(DOMAIN):
            if entry.data[CONF_KIND] == EntryKind.BUTTON and entry.data[CONF_ADDRESS] in addresses:
                coordinator: ButtonCoordinator = entry.runtime_data
                if coordinator.idle:
                    return coordinator
        return None

    @callback
    def _dismiss_reauth(self) -> None:
        """Take back the question for a key: the one we have works."""
        for flow in list(self._entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            self.hass.config_entries.flow.async_abort(flow["flow_id"])

    @callback
    def _start_listening(self) -> None:
        if self._running and self._entry.options.get(CONF_LISTEN, DEFAULT_LISTEN):
            self._listening = self._entry.async_create_background_task(
                self.hass, self._async_listen(), f"{DOMAIN} listen to {self.title}"
            )

    async def _async_stop_listening(self) -> None:
        if (task := self._listening) is not None:
            self._listening = None
            task.cancel()
            await asyncio.wait([task])

    async def _async_listen(self) -> None:
        """Keep the link up while the button is in range, so that presses are heard."""
        delay = FIRST_RETRY_S
        with self.client.hold():
            while True:
                await self._in_range.wait()
                self._down.clear()
                try:
                    await self.async_connect(patient=True)
                except LinkError as err:
                    _LOGGER.debug("%s cannot be listened to: %s", self.title, err)
                    delay = await self._async_back_off(err, delay)
                else:
                    delay = FIRST_RETRY_S
                    await self._down.wait()

    async def _async_back_off(self, err: LinkError, delay: float) -> float:
        """Wait after a failure, but not once the button has been away and is back; return the next delay."""
        if isinstance(err, WrongInstance) or self._auth_failures >= AUTH_FAILURES_BEFORE_REAUTH:
            delay = LAST_RETRY_S
        elif isinstance(err, LinkUnreachable):
            delay = max(delay, err.retry_in_s)
        until = self.hass.loop.time() + delay
        heard = self.last_seen
        while (left := until - self.hass.loop.time()) > 0:
            await asyncio.sleep(min(left, FIRST_RETRY_S))
            if self.last_seen - heard > SILENCE_S:
                self.client.forget_failures()
                return FIRST_RETRY_S
            heard = self.last_seen
        return min(2 * delay, LAST_RETRY_S)

    # Commands

    async def async_prepare(self) -> None:
        """Connect now and hold the link until `async_release`, so that what follows starts at once.

        Calls nest: each that returns needs its own release.
        """
        await self.async_connect()
        hold = self.client.hold()
        hold.__enter__()
        self._holds.append(hold)

    @callback
    def async_release(self) -> None:
        """Give up one hold; the link goes down after the idle time."""
        self._holds.pop().__exit__(None, None, None)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Keep the link from being taken for another button, and note whether what it carries comes in time."""
        self._busy += 1
        try:
            yield
        except Stale:
            self._late += 1
            async_check_late(self.hass, self._entry, self._late)
            raise
        else:
            self._late = 0
            async_check_late(self.hass, self._entry, self._late)
        finally:
            self._busy -= 1

    async def async_send(self, command: Command, *, supersede: bool = False) -> Ack:
        """Send one command; with ``supersede`` it takes the place of unsent ones for the same output."""
        with self._at_work():
            await self.async_connect()
            ack = await self.client.send(command, supersede=supersede)
        if command.leased:
            self.state = DeviceState.ACTIVE
            self._look_later()
            self._changed()
        return ack

    @callback
    def _look_later(self) -> None:
        """Ask for the state after the lease of a command that needs none for longer: its end comes without a word."""

        async def look(_now: object) -> None:
            self._end_look = None
            if self.client.connected and self.active and self.light is None and not self._performing:
                with suppress(LinkError):
                    await self.client.query()
                    if self.active:
                        self._look_later()  # renewed shortly before it was no longer needed

        self._cancel_look()
        self._end_look = async_call_later(self.hass, LEASE_S + 1, look)

    @callback
    def _cancel_look(self) -> None:
        if self._end_look is not None:
            self._end_look()
            self._end_look = None

    async def async_light(self, light: Light | None) -> None:
        """Show a light and keep its lease alive; None darkens it, and ends the lease where nothing else needs it."""
        if light is None and not self._performing and not self.servos and self.shown is None:
            await self.async_stop()
            return
        try:
            await self.async_send(light or Light(LightPattern.SOLID, (0, 0, 0), 0, 0), supersede=True)
        except Superseded:
            return
        self.light = light
        self._changed()

    async def async_play(self, asset_id: int, duration_ms: int) -> None:
        """Show an animation, looping until the duration is over; 0 is once through.

        One that the button has lost, by a reset, is uploaded again if its bytes are remembered here.
        """
        play = Play(asset_id, duration_ms)
        try:
            try:
                await self.async_send(play, supersede=True)
            except CommandRefused as err:
                data = self.memory.data(asset_id)
                if err.code != AckCode.UNKNOWN_ASSET or data is None:
                    raise
                await self.async_upload({asset_id: data})
                await self.async_send(play, supersede=True)
        except Superseded:
            return
        self._show(asset_id)

    @callback
    def _show(self, asset_id: int) -> None:
        """Note what the display shows: an animation's last picture stays until another comes or the outputs rest."""
        self.shown = asset_id
        self._changed()

    @callback
    def _show_along(self, cues: Sequence[TimedCue], start_at: float) -> None:
        """Follow by the clock what a timeline shows."""
        at = max(0.0, start_at - self.hass.loop.time())
        for cue in cues:
            at += cue.dt_ms / 1000
            match cue.command:
                case Play(asset_id=asset_id) | Puppet(sprite_id=asset_id):

                    @callback
                    def show(_now: object, asset_id: int = asset_id) -> None:
                        self._show(asset_id)

                    self._to_show.append(async_call_later(self.hass, at, show))

    @callback
    def _show_nothing(self) -> None:
        self.shown = None
        for cancel in self._to_show:
            cancel()
        self._to_show.clear()

    async def async_rotate_key(self) -> int:
        """Rotate the key and return its generation; every output goes to rest on the way."""
        with self._at_work():
            await self.async_connect()
            return (await self.client.rotate_key()).gen

    async def async_servo(self, channel: int, decidegrees: int, ramp_ms: int = 0) -> None:
        """Turn a servo, by default as fast as the board lets it, and keep its lease alive."""
        try:
            await self.async_send(Servo(channel, decidegrees, ramp_ms), supersede=True)
        except Superseded:
            return
        self.servos[channel] = decidegrees
        self._changed()

    async def async_identify(self) -> None:
        """Let the button show which one it is."""
        await self.async_send(Identify(IDENTIFY_MS))

    async def async_stop(self) -> None:
        """Put every output at rest; sent only where a link is up, for without one the button rests by itself."""
        if not self.client.connected:
            return
        await self.client.stop()
        self._rest(DeviceState.SESSION if self.client.connected else DeviceState.SAFE)
        self._changed()

    # Settings

    @callback
    def async_want_setting(self, key: SettingKey) -> CALLBACK_TYPE:
        """Have a setting read in each session: what nobody wants to see costs no radio time."""
        self._wanted.append(key)
        return lambda: self._wanted.remove(key)

    async def _async_read_setting(self, key: SettingKey) -> int:
        value = await self.client.setting(key)
        if self.memory.settings.get(key) != value:
            self.memory.settings[key] = value
            await self.memory.async_save()
            self._changed()
        return value

    async def async_setting(self, key: SettingKey) -> int:
        """Return a setting as the button has it now."""
        with self._at_work():
            await self.async_connect()
            return await self._async_read_setting(key)

    async def async_change_setting(self, key: SettingKey, value: int) -> None:
        """Change a setting, and show what the button then has."""
        with self._at_work():
            await self.async_connect()
            await self.client.set_setting(key, value)
            await self._async_read_setting(key)

    # Performing

    async def async_upload(
        self, assets: Mapping[int, bytes], on_progress: Callable[[float], None] | None = None, title: str = ""
    ) -> None:
        """Store the assets that the button does not hold yet, and remember them.

        Args:
            assets: their bytes, by id.
            on_progress: hears the share done, 0 to 1.
            title: what a person may choose them by later; none for what belongs to a scene.
        """
        total = sum(map(len, assets.values())) or 1
        done = 0
        with self._at_work():
            await self.async_connect()
            for asset_id, data in assets.items():

                def report(share: float, before: int = done, size: int = len(data)) -> None:
                    if on_progress is not None:
                        on_progress((before + share * size) / total)

                await self.client.upload(asset_id, data, report)
                await self.memory.async_keep(asset_id, data, title)
                done += len(data)
                report(0.0, done, 0)
            if SettingKey.STORE_FREE in self._wanted and self.client.connected:
                await self._async_read_setting(SettingKey.STORE_FREE)

    async def async_load(
        self,
        cues: Sequence[TimedCue],
        assets: Mapping[int, bytes],
        on_progress: Callable[[float], None] | None = None,
    ) -> int:
        """Upload what is missing and load the cues, ready for `async_run`; return how many the button confirmed."""
        with self._at_work():
            await self.async_upload(assets, on_progress)
            self._loaded = tuple(cues)
            return await self.client.prepare(TIMELINE, cues)

    async def async_run(self, start_at: float, duration_s: float) -> PerformanceOutcome:
        """Start the loaded cues at ``start_at`` (``hass.loop.time()``) on the button's own clock; return at their end.

        Ended in any other way than by the button, it stops the button.
        """
        self._performing = True
        self._rest(DeviceState.ACTIVE)
        self._show_along(self._loaded, start_at)
        self._changed()
        try:
            performed = await self.client.run(TIMELINE, start_at, duration_s)
        except BaseException:
            await self.async_stop()
            raise
        finally:
            self._performing = False
            if not self.client.connected:  # it may never have been, and then nothing else tells
                self._rest(DeviceState.SAFE)
            self.last_performance = dt_util.utcnow()
            self._changed()
        # The start was planned by the button's clock as it was known then; what is known better by now is the skew.
        zero_at = self.client.clock_offset
        skew = None if zero_at is None else zero_at + performed.start_ms / 1000 - start_at
        async_check_clock(self.hass, self._entry, skew)
        return PerformanceOutcome(performed.acked_cues, skew, DoneCode(performed.done.code))

    async def async_perform(
        self,
        cues: Sequence[TimedCue],
        assets: Mapping[int, bytes],
        start_at: float,
        duration_s: float,
        on_progress: Callable[[float], None] | None = None,
    ) -> PerformanceOutcome:
        """`async_load` and `async_run` in one, for a button that performs alone."""
        await self.async_load(cues, assets, on_progress)
        return await self.async_run(start_at, duration_s)
