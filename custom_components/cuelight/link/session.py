"""Both halves of a CLP/1 session, without I/O: bytes and times in, bytes and events out.

Times are seconds of any steady clock. ``HostSession`` is the host's half. ``DeviceSession`` is a strict model of the
device's half, for tests and as the reference the firmware is compared with.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import NoReturn

from . import commands, frames
from .clock import SessionClock
from .commands import Ack, ButtonEvent, Command, Event, Forget, Get, Query, Rekey, Set, Status, Stop, Value
from .const import (
    AUTH_TIMEOUT_S,
    COUNTER_LIMIT,
    KEPT_PRESS_S,
    KEPT_PRESSES,
    LEASE_UNIT_MS,
    MAX_COMMAND_AGE_MS,
    MAX_FRAME,
    MAX_TICK_LEAD_MS,
    SESSION_IDLE_S,
    SESSION_LIMIT_S,
    TICK_MS,
    AckCode,
    ButtonKind,
    DeviceState,
    ErrorCode,
    Fault,
    SettingKey,
)
from .credentials import Credentials
from .exceptions import (
    BadTag,
    DeviceImpostor,
    LinkError,
    LinkLost,
    MalformedFrame,
    MalformedPayload,
    PairingInProgress,
    ProtocolError,
    SessionExpired,
    UnknownKeySlot,
    UnknownOperation,
    WrongFrameType,
    WrongGeneration,
    WrongInstance,
    WrongKey,
)
from .frames import Auth, Err, FrameType, Hello
from .keys import SessionKeys

type RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Sent:
    """A command ready to be written.

    Attributes:
        counter: its full counter, which its ack names.
        frame: its bytes.
    """

    counter: int
    frame: bytes


class HostSession:
    """The host's half of one session, from HELLO on.

    Args:
        credentials: the button's key.
        subscribed_at: when the subscription was asked for; HELLO cannot be older.
        random_bytes: source of the nonce.
    """

    def __init__(
        self, credentials: Credentials, subscribed_at: float, *, random_bytes: RandomBytes = secrets.token_bytes
    ) -> None:
        self.credentials = credentials
        self.clock = SessionClock()
        self.authenticated = False
        self._random_bytes = random_bytes
        self._subscribed_at = subscribed_at
        self._greeted_at = subscribed_at
        self._keys: SessionKeys | None = None
        self._error: LinkError | None = None
        self._counter = 0
        self._heard_counter = 0
        self._event_counter = -1
        self._sent_at: dict[int, float] = {}

    def greet(self, hello_frame: bytes, now: float) -> bytes:
        """Answer HELLO; returns the AUTH frame.

        Raises:
            WrongInstance: the button was reset or replaced.
            ProtocolError: this is no HELLO, or the session has one already.
        """
        if self._keys is not None:
            self._fail(WrongFrameType("A second HELLO came within one session."))
        hello = Hello.unpack(hello_frame)
        expected = self.credentials.inst_id
        if expected is not None and not hmac.compare_digest(expected, hello.inst_id):
            self._fail(WrongInstance(expected, hello.inst_id))
        self.credentials = replace(self.credentials, inst_id=hello.inst_id)
        auth = Auth(self.credentials.slot, self.credentials.gen, self._random_bytes(frames.NONCE_SIZE))
        self._keys = SessionKeys.derive(
            self.credentials.key,
            dev_id=self.credentials.dev_id,
            inst_id=hello.inst_id,
            slot=auth.slot,
            gen=auth.gen,
            device_nonce=hello.nonce,
            host_nonce=auth.nonce,
        )
        self._greeted_at = now
        self.clock.observe(0, self._subscribed_at, now)
        self._sent_at[0] = now
        return replace(auth, tag=frames.auth_tag(self._keys.to_device, hello_frame, auth)).pack()

    def command(self, command: Command, lease_units: int | None, now: float) -> Sent:
        """Sign the next command.

        Raises:
            InvalidArgument: the lease does not fit the command.
            SessionExpired: the session has reached 24 hours or its last counter.
        """
        keys = self._open_keys()
        payload = commands.encode(command, lease_units)
        counter = self._counter + 1
        if counter >= COUNTER_LIMIT or now - self._greeted_at >= SESSION_LIMIT_S:
            self._fail(SessionExpired("The session has come to its end."))
        self._counter = counter
        self._sent_at[counter] = now
        # The device counts on from the last command it accepted, which is at least the last one it told of.
        wide = counter - self._heard_counter > 0xFF
        tick = self.clock.floor_ms(now) // TICK_MS if command.leased else None
        return Sent(counter, frames.seal_command(keys.to_device, counter, tick, payload, wide=wide))

    def rekey(self, slot: int, gen: int, new_key: bytes, now: float) -> Sent:
        """Sign the command that stores a new key as pending."""
        wrapped = self._open_keys().wrap(new_key, slot=slot, gen=gen, counter=self._counter + 1)
        return self.command(Rekey(slot, gen, wrapped), None, now)

    def receive(self, frame: bytes, now: float) -> Event | None:
        """Verify what the device notified after HELLO; None for what needs no reaction.

        Raises:
            WrongKey, UnknownKeySlot, WrongGeneration, PairingInProgress: the device refused AUTH.
            DeviceImpostor: its first event does not verify.
            LinkLost: it ended the session.
            ProtocolError: it broke the protocol. Nothing after an error is to be trusted.
        """
        keys = self._open_keys()
        try:
            match frames.frame_type(frame):
                case FrameType.EVT:
                    return self._receive_event(keys, frame, now)
                case FrameType.ERR:
                    self._receive_error(Err.unpack(frame))
                    return None
                case kind:
                    raise WrongFrameType(f"The device sent a frame of type {kind.name}.")
        except LinkError as err:
            self._fail(err)

    def _receive_event(self, keys: SessionKeys, frame: bytes, now: float) -> Event | None:
        try:
            opened = frames.open_event(keys.to_host, self._event_counter, frame)
        except BadTag as err:
            if self.authenticated:
                raise
            raise DeviceImpostor("What answers at this address does not hold the button's key.") from err
        if opened.counter >= COUNTER_LIMIT:
            raise SessionExpired("The device's counter has come to its end.")
        self._event_counter = opened.counter
        try:
            event = commands.decode_event(opened.payload)
        except UnknownOperation:
            event = None
        if not self.authenticated:
            if opened.counter != 0 or not isinstance(event, Status):
                raise ProtocolError("The device's first event is not the status that proves its key.")
            self.authenticated = True
        match event:
            case Status():
                self._heard(event.last_counter, event.clock_ms, now)
            case Ack():
                self._heard(event.counter)
        return event

    def _heard(self, counter: int, clock_ms: int | None = None, now: float = 0.0) -> None:
        """Learn from an event that the device has accepted a counter, and what its clock read after that."""
        if counter > self._counter:
            raise ProtocolError("The device acknowledged a command that was never sent.")
        sent_at = self._sent_at.get(counter)
        if clock_ms is not None and sent_at is not None:
            self.clock.observe(clock_ms, sent_at, now)
        self._heard_counter = max(self._heard_counter, counter)
        for old in [key for key in self._sent_at if key < self._heard_counter]:
            del self._sent_at[old]

    def _receive_error(self, err: Err) -> None:
        code = ErrorCode(err.code) if err.code in ErrorCode else None
        if self.authenticated:
            if code is ErrorCode.STALE:
                return  # the authenticated ack that follows names the command
            name = "an unknown reason" if code is None else code.name.lower()
            raise LinkLost(f"The device ended the session: {name}.", code)
        match code:
            case ErrorCode.BAD_MAC:
                raise WrongKey("The button refused the key.")
            case ErrorCode.UNKNOWN_KEY:
                raise UnknownKeySlot(f"The button holds no key in slot {self.credentials.slot}.")
            case ErrorCode.WRONG_GEN:
                raise WrongGeneration(err.gen, self.credentials.gen)
            case ErrorCode.PAIRING:
                raise PairingInProgress("The button is being paired; it takes no session until that has ended.")
            case _:
                raise LinkLost("The device ended the handshake.", code)

    def _open_keys(self) -> SessionKeys:
        if self._error is not None:
            raise self._error
        if self._keys is None:
            raise WrongFrameType("The session has not begun: HELLO comes first.")
        return self._keys

    def _fail(self, error: LinkError) -> NoReturn:
        self._error = error
        raise error


@dataclass(frozen=True, slots=True)
class KeySlot:
    """One of a device's key slots, with the next key while a rotation is under way."""

    key: bytes
    gen: int
    pending_key: bytes | None = None
    pending_gen: int = 0

    def key_of(self, gen: int) -> bytes | None:
        """The key of a generation, if the slot holds it."""
        if self.pending_key is not None and gen == self.pending_gen:
            return self.pending_key
        return self.key if gen == self.gen else None

    def after_auth(self, gen: int) -> KeySlot:
        """The slot after a good AUTH: the first with the pending key retires the old one."""
        return KeySlot(self.pending_key, gen) if self.pending_key is not None and gen == self.pending_gen else self


class Refused(Exception):
    """A frame ends the session at the device."""

    def __init__(self, code: ErrorCode, gen: int = 0) -> None:
        self.code = code
        self.gen = gen


_DEFAULT_SETTINGS = {
    SettingKey.STORE_FREE: 0,
    SettingKey.LIGHT_CAP: 0xFF,
    SettingKey.SERVO_SPEED: 6000,
    **dict.fromkeys(range(SettingKey.SERVO_LIMITS_0, SettingKey.SERVO_LIMITS_3 + 1), 1800),
}


class DeviceSession:
    """The device's half: a strict model that refuses whatever the protocol refuses.

    Args:
        dev_id: identity, 8 bytes.
        inst_id: instance, 4 bytes.
        slots: the key slots; rotation changes them in place.
        act: does a verified command (not rekey, query, stop or renew) and returns the ack.
        rest: puts the outputs to rest.
        random_bytes: source of the nonce.
        millivolts: supply for the status.
    """

    def __init__(
        self,
        dev_id: bytes,
        inst_id: bytes,
        slots: MutableMapping[int, KeySlot],
        *,
        act: Callable[[Command], AckCode] = lambda command: AckCode.OK,
        rest: Callable[[], None] = lambda: None,
        random_bytes: RandomBytes = secrets.token_bytes,
        millivolts: int = 3000,
    ) -> None:
        self.dev_id = dev_id
        self.inst_id = inst_id
        self.state = DeviceState.SAFE
        self.fault = Fault.NONE
        self.last_counter = 0
        self.pairing_open = False
        self.settings = dict(_DEFAULT_SETTINGS)
        self._slots = slots
        self._act = act
        self._rest = rest
        self._random_bytes = random_bytes
        self._millivolts = millivolts
        self._hello = b""
        self._zero_at = 0.0
        self._heard_at = 0.0
        self._keys: SessionKeys | None = None
        self._slot = 0
        self._event_counter = 0
        self._lease_end_ms = 0
        self._kept: list[tuple[float, ButtonEvent]] = []

    @property
    def slots(self) -> Mapping[int, KeySlot]:
        """The key slots."""
        return self._slots

    @property
    def lease_end_at(self) -> float | None:
        """When the lease ends, if one is held."""
        return self._zero_at + self._lease_end_ms / 1000 if self.state is DeviceState.ACTIVE else None

    def clock_ms(self, now: float) -> int:
        """The session clock."""
        return int(round((now - self._zero_at) * 1e6) // 1000)

    def subscribed(self, now: float) -> list[bytes]:
        """The CCCD was written: forget any session and say HELLO."""
        self._go_safe(None)
        hello = Hello(len(self._slots), self.inst_id, self._random_bytes(frames.NONCE_SIZE))
        self._hello = hello.pack()
        self._zero_at = self._heard_at = now
        self.state = DeviceState.LINK
        return [self._hello]

    def link_lost(self) -> None:
        """The connection ended."""
        self._go_safe(Fault.LINK_LOSS if self._keys is not None else None)

    def received(self, frame: bytes, now: float) -> list[bytes]:
        """Take one write to RX; returns what to notify."""
        due = self.poll(now)
        if self.state is DeviceState.SAFE:
            return due  # what was on its way when the session ended
        try:
            return due + self._receive(frame, now)
        except Refused as err:
            return due + self._end(err.code, err.gen)
        except BadTag:
            return due + self._end(ErrorCode.BAD_MAC)
        except MalformedFrame, MalformedPayload:
            return due + self._end(ErrorCode.MALFORMED)

    def poll(self, now: float) -> list[bytes]:
        """Let time pass; returns what to notify."""
        if self.state is DeviceState.LINK and now - self._zero_at >= AUTH_TIMEOUT_S:
            return self._end(ErrorCode.AUTH_TIMEOUT)
        if self._keys is None:
            return []
        if now - self._zero_at > SESSION_LIMIT_S:
            return self._end(ErrorCode.EXPIRED)
        if now - self._heard_at >= SESSION_IDLE_S:
            return self._end(ErrorCode.IDLE_TIMEOUT)
        if self.state is DeviceState.ACTIVE and self.clock_ms(now) >= self._lease_end_ms:
            self._end_lease()
        return []

    def notify(self, event: Event) -> bytes:
        """Sign an event."""
        assert self._keys is not None, "events need a session"
        frame = frames.seal_event(self._keys.to_host, self._event_counter, commands.encode_event(event))
        self._event_counter += 1
        return frame

    def keep(self, button: int, kind: ButtonKind, now: float) -> None:
        """Keep what a contact did while there is no session, for the next one."""
        if kind is not ButtonKind.RELEASE and not self.pairing_open:
            self._kept = [*self._kept, (now, ButtonEvent(button, kind, 0))][-KEPT_PRESSES:]

    def press_waiting(self, now: float) -> bool:
        """Whether something is kept that is still worth telling."""
        return any(now < at + KEPT_PRESS_S for at, _ in self._kept)

    def status(self, now: float) -> Status:
        """The status as of now."""
        clock = self.clock_ms(now)
        left = max(0, self._lease_end_ms - clock) if self.state is DeviceState.ACTIVE else 0
        lease_left = min(0xFF, -(-left // LEASE_UNIT_MS))
        return Status(self.state, clock, lease_left, self._millivolts, self.fault, self.last_counter)

    def _receive(self, frame: bytes, now: float) -> list[bytes]:
        if len(frame) > MAX_FRAME:
            raise Refused(ErrorCode.MALFORMED)
        kind = frames.frame_type(frame)
        if kind is FrameType.AUTH and self.state is DeviceState.LINK:
            return self._receive_auth(Auth.unpack(frame), now)
        if kind is FrameType.PAIR and self.state is DeviceState.LINK:
            return self.receive_pairing(frame, now)
        if kind is FrameType.CMD and self._keys is not None:
            return self._receive_command(self._keys, frame, now)
        raise Refused(ErrorCode.WRONG_TYPE)

    def receive_pairing(self, frame: bytes, now: float) -> list[bytes]:
        """Take a PAIR frame; a model of a button that can be paired does more than refuse it."""
        raise Refused(ErrorCode.PAIRING_CLOSED)

    def _receive_auth(self, auth: Auth, now: float) -> list[bytes]:
        if self.pairing_open:
            raise Refused(ErrorCode.PAIRING)
        slot = self._slots.get(auth.slot)
        if slot is None:
            raise Refused(ErrorCode.UNKNOWN_KEY)
        key = slot.key_of(auth.gen)
        if key is None:
            raise Refused(ErrorCode.WRONG_GEN, slot.gen)
        keys = SessionKeys.derive(
            key,
            dev_id=self.dev_id,
            inst_id=self.inst_id,
            slot=auth.slot,
            gen=auth.gen,
            device_nonce=self._hello[-frames.NONCE_SIZE :],
            host_nonce=auth.nonce,
        )
        if not hmac.compare_digest(frames.auth_tag(keys.to_device, self._hello, auth), auth.tag):
            raise Refused(ErrorCode.BAD_MAC)
        self._slots[auth.slot] = slot.after_auth(auth.gen)
        self._keys = keys
        self._slot = auth.slot
        self.last_counter = self._event_counter = 0
        self._heard_at = now
        self.state = DeviceState.SESSION
        status = self.status(now)
        self.fault = Fault.NONE
        kept, self._kept = self._kept, []
        return [self.notify(event) for event in (status, *(press for at, press in kept if now < at + KEPT_PRESS_S))]

    def _receive_command(self, keys: SessionKeys, frame: bytes, now: float) -> list[bytes]:
        newest_tick = (self.clock_ms(now) + MAX_TICK_LEAD_MS) // TICK_MS
        opened = frames.open_command(keys.to_device, self.last_counter, newest_tick, frame)
        if opened.counter >= COUNTER_LIMIT:
            raise Refused(ErrorCode.EXPIRED)
        self.last_counter = opened.counter
        self._heard_at = now
        try:
            command, lease = commands.decode_command(opened.payload)
        except UnknownOperation:
            return [self._ack(AckCode.UNSUPPORTED)]
        if lease is not None:
            return self._leased(command, lease, opened.tick, now)
        match command:
            case Query():
                return [self.notify(self.status(now))]
            case Stop():
                self._end_lease()
                return [self._ack(AckCode.OK)]
            case Rekey():
                return [self._ack(self._rekey(keys, command))]
            case Forget():
                return [self._ack(self._forget(command.slot))]
            case Set():
                return [self._ack(self._set(command))]
            case Get():
                value = self._get(command.key)
                return [self._ack(AckCode.UNSUPPORTED) if value is None else self.notify(Value(command.key, value))]
            case _:
                return [self._ack(self._act(command))]

    def _leased(self, command: Command, lease: int, tick: int | None, now: float) -> list[bytes]:
        if tick is None:
            raise Refused(ErrorCode.MALFORMED)
        clock = self.clock_ms(now)
        if clock - tick * TICK_MS > MAX_COMMAND_AGE_MS:
            return [Err(ErrorCode.STALE, 0).pack(), self._ack(AckCode.STALE)]
        code = AckCode.OK if isinstance(command, commands.Renew) else self._act(command)
        if code is AckCode.OK:
            self._lease_end_ms = tick * TICK_MS + lease * LEASE_UNIT_MS
            if self._lease_end_ms > clock:
                self.state = DeviceState.ACTIVE
            else:
                self._end_lease()
        return [self._ack(code)]

    def _rekey(self, keys: SessionKeys, command: Rekey) -> AckCode:
        if command.slot not in range(4):
            return AckCode.OUT_OF_RANGE
        if self._slot not in (0, command.slot):
            return AckCode.DENIED
        slot = self._slots.get(command.slot)
        if slot is not None and slot.gen == command.gen:
            return AckCode.OUT_OF_RANGE
        new_key = keys.wrap(command.wrapped, slot=command.slot, gen=command.gen, counter=self.last_counter)
        if slot is None:
            self._slots[command.slot] = KeySlot(new_key, command.gen)
        else:
            self._slots[command.slot] = replace(slot, pending_key=new_key, pending_gen=command.gen)
        return AckCode.OK

    def _forget(self, slot: int) -> AckCode:
        if slot not in range(1, 4) or self._slot not in (0, slot):
            return AckCode.DENIED
        self._slots.pop(slot, None)
        return AckCode.OK

    def _set(self, command: Set) -> AckCode:
        if command.key not in SettingKey:
            return AckCode.UNSUPPORTED
        match SettingKey(command.key):
            case SettingKey.STORE_FREE | SettingKey.KEY_SLOTS:
                return AckCode.DENIED
            case SettingKey.LIGHT_CAP:
                good = 1 <= command.value <= 0xFF
            case SettingKey.SERVO_SPEED:
                good = 1 <= command.value <= 0xFFFF
            case _:
                good = command.value >> 16 <= command.value & 0xFFFF <= 1800
        if not good:
            return AckCode.OUT_OF_RANGE
        self.settings[SettingKey(command.key)] = command.value
        return AckCode.OK

    def _get(self, key: int) -> int | None:
        if key == SettingKey.KEY_SLOTS:
            return sum(1 << slot for slot in self._slots)
        return self.settings[SettingKey(key)] if key in SettingKey else None

    def _ack(self, code: AckCode) -> bytes:
        return self.notify(Ack(self.last_counter, code))

    def _end_lease(self) -> None:
        self.state = DeviceState.SESSION
        self._lease_end_ms = 0
        self._rest()

    def _end(self, code: ErrorCode, gen: int = 0) -> list[bytes]:
        self._go_safe(Fault(code))
        return [Err(code, gen).pack()]

    def _go_safe(self, fault: Fault | None) -> None:
        if fault is not None:
            self.fault = fault
        self.state = DeviceState.SAFE
        self._keys = None
        self._lease_end_ms = 0
        self._rest()
