"""Both halves of a session against each other, and against what an attacker in between can do."""

from dataclasses import replace
from itertools import count

import pytest

from custom_components.cuelight.link import (
    Ack,
    AckCode,
    ButtonEvent,
    ButtonKind,
    Credentials,
    DeviceImpostor,
    DeviceState,
    ErrorCode,
    Fault,
    Light,
    LinkError,
    LinkLost,
    Play,
    ProtocolError,
    Query,
    Rekey,
    Renew,
    Servo,
    Status,
    Stop,
    UnknownKeySlot,
    WrongGeneration,
    WrongInstance,
    WrongKey,
    commands,
    frames,
)
from custom_components.cuelight.link.const import COUNTER_LIMIT
from custom_components.cuelight.link.exceptions import BadTag, SessionExpired, WrongFrameType
from custom_components.cuelight.link.frames import Err
from custom_components.cuelight.link.session import DeviceSession, HostSession, KeySlot

KEY = bytes(range(32))
CREDENTIALS = Credentials(b"dev_id__", b"inst", KEY, 1, 7)
LIGHT = Light(0, (1, 2, 3), 200, 0)
T0 = 5000.0


class Pair:
    """A host and a device with nothing in between."""

    def __init__(self, credentials: Credentials = CREDENTIALS, *, greeted: bool = True) -> None:
        self.acted: list[commands.Command] = []
        self.rests = 0
        nonces = count(1)
        self.slots = {0: KeySlot(bytes(32), 0), 1: KeySlot(KEY, 7)}
        self.device = DeviceSession(
            CREDENTIALS.dev_id,
            CREDENTIALS.inst_id,
            self.slots,
            act=self._act,
            rest=self._rest,
            random_bytes=lambda size: next(nonces).to_bytes(size),
        )
        self.now = T0
        self.host = HostSession(credentials, T0, random_bytes=lambda size: b"\xee" * size)
        (self.hello,) = self.device.subscribed(T0)
        if greeted:
            self.auth = self.host.greet(self.hello, T0)
            (self.proof,) = self.device.received(self.auth, T0)
            self.host.receive(self.proof, T0)

    def send(self, command: commands.Command, lease: int | None = None) -> list[bytes]:
        """Send a command and return what the device answers."""
        return self.device.received(self.host.command(command, lease, self.now).frame, self.now)

    def hear(self, answers: list[bytes]) -> list[commands.Event | None]:
        """Let the host receive."""
        return [self.host.receive(answer, self.now) for answer in answers]

    def _act(self, command: commands.Command) -> AckCode:
        self.acted.append(command)
        return AckCode.OK

    def _rest(self) -> None:
        self.rests += 1


def is_error(answers: list[bytes], code: ErrorCode) -> bool:
    return len(answers) == 1 and frames.frame_type(answers[0]) is frames.FrameType.ERR and answers[0][1] == code


# Handshake


def test_a_handshake_authenticates_both_ways() -> None:
    pair = Pair()
    assert pair.host.authenticated
    assert pair.device.state is DeviceState.SESSION


def test_the_device_is_not_authentic_before_its_first_status() -> None:
    pair = Pair(greeted=False)
    pair.host.greet(pair.hello, T0)
    assert not pair.host.authenticated


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"key": bytes(32)}, WrongKey),
        ({"dev_id": b"another_"}, WrongKey),
        ({"slot": 3}, UnknownKeySlot),
        ({"gen": 8}, WrongGeneration),
    ],
)
def test_refused_credentials_are_told_apart(change: dict, error: type[LinkError]) -> None:
    pair = Pair(replace(CREDENTIALS, **change), greeted=False)
    answers = pair.device.received(pair.host.greet(pair.hello, T0), T0)
    with pytest.raises(error):
        pair.hear(answers)
    assert pair.device.state is DeviceState.SAFE
    with pytest.raises(error):
        pair.host.command(Query(), None, T0)


def test_another_instance_is_not_answered() -> None:
    pair = Pair(replace(CREDENTIALS, inst_id=b"none"), greeted=False)
    with pytest.raises(WrongInstance):
        pair.host.greet(pair.hello, T0)


def test_a_session_begins_with_hello() -> None:
    host = HostSession(CREDENTIALS, T0)
    with pytest.raises(WrongFrameType):
        host.command(Query(), None, T0)
    with pytest.raises(WrongFrameType):
        host.receive(Err(1, 0).pack(), T0)


def test_a_second_hello_ends_the_hosts_session() -> None:
    pair = Pair()
    with pytest.raises(WrongFrameType):
        pair.host.receive(pair.hello, T0)
    with pytest.raises(WrongFrameType):
        pair.host.greet(pair.hello, T0)


def test_each_bit_of_hello_matters() -> None:
    for bit in range(8 * 14):
        pair = Pair(greeted=False)
        changed = int.from_bytes(pair.hello) ^ (1 << bit)
        try:
            auth = pair.host.greet(changed.to_bytes(14), T0)
        except LinkError:
            continue
        assert is_error(pair.device.received(auth, T0), ErrorCode.BAD_MAC)


def test_each_bit_of_auth_matters() -> None:
    for bit in range(8 * 19):
        pair = Pair(greeted=False)
        auth = int.from_bytes(pair.host.greet(pair.hello, T0)) ^ (1 << bit)
        (answer,) = pair.device.received(auth.to_bytes(19), T0)
        assert frames.frame_type(answer) is frames.FrameType.ERR
        assert pair.device.state is DeviceState.SAFE


def test_each_bit_of_the_proof_matters() -> None:
    for bit in range(8 * len(Pair().proof)):
        pair = Pair(greeted=False)
        (proof,) = pair.device.received(pair.host.greet(pair.hello, T0), T0)
        changed = (int.from_bytes(proof) ^ (1 << bit)).to_bytes(len(proof))
        with pytest.raises((DeviceImpostor, ProtocolError, LinkLost)):
            pair.host.receive(changed, T0)
        assert not pair.host.authenticated


def test_an_event_that_is_no_status_proves_nothing() -> None:
    pair = Pair(greeted=False)
    pair.device.received(pair.host.greet(pair.hello, T0), T0)
    pair.device._event_counter = 0
    with pytest.raises(ProtocolError):
        pair.host.receive(pair.device.notify(Ack(0, 0)), T0)


def test_a_status_that_is_not_the_first_event_proves_nothing() -> None:
    pair = Pair(greeted=False)
    pair.device.received(pair.host.greet(pair.hello, T0), T0)
    with pytest.raises(ProtocolError):
        pair.host.receive(pair.device.notify(pair.device.status(T0)), T0)


def test_a_device_without_auth_goes_safe_after_five_seconds() -> None:
    pair = Pair(greeted=False)
    assert pair.device.poll(T0 + 4.99) == []
    assert is_error(pair.device.poll(T0 + 5.0), ErrorCode.AUTH_TIMEOUT)
    assert pair.device.state is DeviceState.SAFE


def test_auth_of_an_earlier_connection_is_refused() -> None:
    pair = Pair()
    pair.device.link_lost()
    pair.device.subscribed(T0)
    assert is_error(pair.device.received(pair.auth, T0), ErrorCode.BAD_MAC)


def test_commands_and_proofs_of_an_earlier_session_are_refused() -> None:
    pair = Pair()
    old_command = pair.host.command(LIGHT, 60, T0).frame
    old_proof = pair.proof
    (hello,) = pair.device.subscribed(T0)
    host = HostSession(CREDENTIALS, T0)
    auth = host.greet(hello, T0)
    with pytest.raises(DeviceImpostor):
        host.receive(old_proof, T0)
    pair.device.received(auth, T0)
    assert is_error(pair.device.received(old_command, T0), ErrorCode.BAD_MAC)
    assert pair.acted == []


# Commands


def test_every_flipped_bit_of_a_command_ends_the_session_and_acts_on_nothing() -> None:
    size = len(Pair().host.command(LIGHT, 60, T0).frame)
    for bit in range(8 * size):
        pair = Pair()
        frame = int.from_bytes(pair.host.command(LIGHT, 60, T0).frame) ^ (1 << bit)
        (answer,) = pair.device.received(frame.to_bytes(size), T0)
        assert frames.frame_type(answer) is frames.FrameType.ERR
        assert pair.device.state is DeviceState.SAFE
        assert pair.acted == []


def test_a_command_cut_at_any_length_ends_the_session() -> None:
    size = len(Pair().host.command(LIGHT, 60, T0).frame)
    for cut in range(size):
        pair = Pair()
        pair.device.received(pair.host.command(LIGHT, 60, T0).frame[:cut], T0)
        assert pair.device.state is DeviceState.SAFE
        assert pair.acted == []


def test_a_frame_longer_than_a_write_is_refused() -> None:
    pair = Pair()
    assert is_error(pair.device.received(bytes([0x50]) + bytes(244), T0), ErrorCode.MALFORMED)


def test_a_replayed_command_ends_the_session() -> None:
    pair = Pair()
    frame = pair.host.command(LIGHT, 60, T0).frame
    pair.device.received(frame, T0)
    assert is_error(pair.device.received(frame, T0), ErrorCode.BAD_MAC)
    assert pair.acted == [LIGHT]
    assert pair.device.fault is Fault.BAD_MAC


def test_reordered_commands_never_act_out_of_order() -> None:
    pair = Pair()
    first = pair.host.command(LIGHT, 60, T0).frame
    second = pair.host.command(Servo(0, 1, 0), 60, T0).frame
    pair.device.received(second, T0)
    assert is_error(pair.device.received(first, T0), ErrorCode.BAD_MAC)
    assert pair.acted == [Servo(0, 1, 0)]


def test_lost_commands_leave_a_gap_that_is_tolerated() -> None:
    pair = Pair()
    for _ in range(254):
        pair.host.command(Query(), None, T0)
    pair.hear(pair.send(LIGHT, 60))
    assert pair.acted == [LIGHT]
    assert pair.device.last_counter == 255


@pytest.mark.parametrize("lost", [255, 256, 300, 65_000])
def test_a_host_that_has_heard_of_no_command_for_long_sends_wide_counters(lost: int) -> None:
    pair = Pair()
    for _ in range(lost):
        pair.host.command(Query(), None, T0)
    pair.hear(pair.send(LIGHT, 60))
    assert pair.acted == [LIGHT]
    frame = pair.host.command(LIGHT, 60, T0).frame
    assert not frames.is_wide(frame)


def test_a_reflected_event_is_no_command_and_a_reflected_command_no_event() -> None:
    pair = Pair()
    assert is_error(pair.device.received(pair.device.notify(Ack(0, 0)), T0), ErrorCode.WRONG_TYPE)
    pair = Pair()
    with pytest.raises(WrongFrameType):
        pair.host.receive(pair.host.command(LIGHT, 60, T0).frame, T0)
    pair = Pair()
    frame = pair.host.command(Query(), None, T0).frame
    with pytest.raises(BadTag):
        pair.host.receive(b"\x5c\x00" + frame[1:], T0)


@pytest.mark.parametrize("at_s", [0.0, 0.3, 63.9, 64.0, 64.1, 16_384.0, 86_360.0])
@pytest.mark.parametrize(
    ("delay_s", "acted"), [(0.0, True), (1.0, True), (1.74, True), (2.5, False), (3.0, False), (29.0, False)]
)
def test_a_command_counts_for_two_seconds_from_when_it_was_made(at_s: float, delay_s: float, acted: bool) -> None:
    pair = Pair()
    alive_until(pair, T0 + at_s)
    frame = pair.host.command(LIGHT, 60, pair.now).frame
    answers = pair.device.received(frame, pair.now + delay_s)
    assert pair.acted == ([LIGHT] if acted else [])
    if not acted:
        assert answers[0] == Err(ErrorCode.STALE, 0).pack()
        assert pair.hear(answers) == [None, Ack(pair.device.last_counter, AckCode.STALE)]
        assert pair.device.state is DeviceState.SESSION


def test_a_command_held_back_for_a_whole_lap_of_the_ticks_does_not_alias() -> None:
    for laps in (1, 2, 7):
        pair = Pair()
        frame = pair.host.command(LIGHT, 60, T0 + 1).frame
        pair.device._heard_at = T0 + 64 * laps
        assert is_error(pair.device.received(frame, T0 + 1 + 64 * laps), ErrorCode.BAD_MAC)
        assert pair.acted == []


def test_a_command_from_the_devices_future_is_refused() -> None:
    pair = Pair()
    frame = pair.host.command(LIGHT, 60, T0 + 1.0).frame
    assert is_error(pair.device.received(frame, T0 + 0.4), ErrorCode.BAD_MAC)


@pytest.mark.parametrize("delay_s", [0.0, 0.5, 1.0, 1.9])
def test_a_delayed_command_holds_an_actuator_no_longer_than_a_prompt_one(delay_s: float) -> None:
    pair = Pair()
    frame = pair.host.command(LIGHT, 8, T0).frame
    pair.device.received(frame, T0 + delay_s)
    pair.device.poll(T0 + 1.999)
    assert pair.device.state is DeviceState.ACTIVE
    pair.device.poll(T0 + 2.0)
    assert pair.device.state is DeviceState.SESSION


def test_a_lease_of_nothing_ends_authority_at_once() -> None:
    pair = Pair()
    pair.send(LIGHT, 60)
    rests = pair.rests
    pair.send(Renew(), 0)
    assert pair.device.state is DeviceState.SESSION
    assert pair.rests == rests + 1


def test_a_shorter_lease_after_a_longer_one_decides() -> None:
    pair = Pair()
    pair.send(LIGHT, 255)
    pair.send(Renew(), 4)
    pair.device.poll(T0 + 1.0)
    assert pair.device.state is DeviceState.SESSION


def test_a_stop_is_honoured_at_any_age() -> None:
    pair = Pair()
    stop = pair.host.command(Stop(), None, T0).frame
    pair.now = T0 + 10
    pair.device.received(stop, T0 + 29)
    assert pair.device.state is DeviceState.SESSION


def test_a_command_with_a_lease_but_no_tick_is_malformed() -> None:
    pair = Pair()
    payload = commands.encode(LIGHT, 60)
    frame = frames.seal_command(pair.host._keys.to_device, 1, None, payload)
    assert is_error(pair.device.received(frame, T0), ErrorCode.MALFORMED)
    assert pair.acted == []


@pytest.mark.parametrize("payload", ["8401190001190001", "84011902001901f4183c00", "9f0bff", "a0", "81f5", "80"])
def test_a_good_tag_over_a_bad_payload_ends_the_session(payload: str) -> None:
    pair = Pair()
    frame = frames.seal_command(pair.host._keys.to_device, 1, 0, bytes.fromhex(payload))
    assert is_error(pair.device.received(frame, T0), ErrorCode.MALFORMED)
    assert pair.acted == []


def test_an_unknown_operation_is_answered_unsupported_and_changes_nothing() -> None:
    pair = Pair()
    pair.send(LIGHT, 60)
    frame = frames.seal_command(pair.host._keys.to_device, 2, 0, bytes.fromhex("82186301"))
    pair.host._counter = 2
    assert pair.hear(pair.device.received(frame, T0)) == [Ack(2, AckCode.UNSUPPORTED)]
    assert pair.device.state is DeviceState.ACTIVE


@pytest.mark.parametrize("first", [0x40, 0x48, 0x5C, 0x60])
def test_a_frame_of_another_type_ends_the_session(first: int) -> None:
    pair = Pair()
    assert is_error(pair.device.received(bytes([first]) + bytes(18), T0), ErrorCode.WRONG_TYPE)


def test_a_command_before_auth_ends_the_handshake() -> None:
    pair = Pair(greeted=False)
    assert is_error(pair.device.received(bytes([0x50]) + bytes(18), T0), ErrorCode.WRONG_TYPE)


# Ends


def test_a_device_that_hears_nothing_for_thirty_seconds_goes_safe() -> None:
    pair = Pair()
    pair.send(Query())
    pair.device.poll(T0 + 29.9)
    assert pair.device.state is DeviceState.SESSION
    assert is_error(pair.device.poll(T0 + 30.0), ErrorCode.IDLE_TIMEOUT)


def test_a_session_ends_after_24_hours() -> None:
    pair = Pair()
    alive_until(pair, T0 + 86_390)
    with pytest.raises(SessionExpired):
        pair.host.command(Query(), None, T0 + 86_400)
    assert is_error(pair.device.poll(T0 + 86_400.1), ErrorCode.EXPIRED)


def test_a_session_ends_at_its_last_counter() -> None:
    pair = Pair()
    pair.host._counter = pair.host._heard_counter = pair.device.last_counter = COUNTER_LIMIT - 2
    pair.hear(pair.send(LIGHT, 60))
    assert pair.device.last_counter == COUNTER_LIMIT - 1
    key = pair.host._keys.to_device
    with pytest.raises(SessionExpired):
        pair.host.command(Query(), None, T0)
    frame = frames.seal_command(key, COUNTER_LIMIT, None, commands.encode(Query()))
    assert is_error(pair.device.received(frame, T0), ErrorCode.EXPIRED)


def test_events_end_with_their_last_counter() -> None:
    pair = Pair()
    pair.device._event_counter = pair.host._event_counter = COUNTER_LIMIT - 1
    pair.host._event_counter -= 1
    pair.host.receive(pair.device.notify(ButtonEvent(0, ButtonKind.PRESS, 0)), T0)
    with pytest.raises(SessionExpired):
        pair.host.receive(pair.device.notify(ButtonEvent(0, ButtonKind.PRESS, 0)), T0)


def test_a_fault_is_told_once_by_the_next_session() -> None:
    pair = Pair()
    pair.device.link_lost()
    for fault in (Fault.LINK_LOSS, Fault.NONE):
        (hello,) = pair.device.subscribed(T0)
        host = HostSession(CREDENTIALS, T0)
        (proof,) = pair.device.received(host.greet(hello, T0), T0)
        status = host.receive(proof, T0)
        assert isinstance(status, Status)
        assert status.fault == fault


# What the host hears


def test_a_replayed_reordered_or_forged_event_ends_the_hosts_session() -> None:
    def fresh() -> tuple[Pair, bytes, bytes]:
        pair = Pair()
        return pair, pair.device.notify(ButtonEvent(0, ButtonKind.PRESS, 1)), pair.device.notify(Ack(0, 0))

    pair, press, _ = fresh()
    pair.host.receive(press, T0)
    with pytest.raises(BadTag):
        pair.host.receive(press, T0)
    pair, press, ack = fresh()
    pair.host.receive(ack, T0)
    with pytest.raises(BadTag):
        pair.host.receive(press, T0)
    for bit in range(8 * len(press)):
        pair, press, _ = fresh()
        with pytest.raises((ProtocolError, LinkLost)):
            pair.host.receive((int.from_bytes(press) ^ (1 << bit)).to_bytes(len(press)), T0)


def test_events_that_were_lost_leave_a_gap_that_is_tolerated() -> None:
    pair = Pair()
    for _ in range(1000):
        pair.device.notify(ButtonEvent(0, ButtonKind.PRESS, 1))
    assert pair.host.receive(pair.device.notify(Ack(0, 0)), T0) == Ack(0, 0)


def test_an_unknown_event_is_passed_over() -> None:
    pair = Pair()
    frame = frames.seal_event(pair.host._keys.to_host, 1, bytes.fromhex("82186301"))
    assert pair.host.receive(frame, T0) is None
    after = frames.seal_event(pair.host._keys.to_host, 2, commands.encode_event(Ack(0, 0)))
    assert pair.host.receive(after, T0) == Ack(0, 0)


def test_an_ack_for_what_was_never_sent_breaks_the_protocol() -> None:
    pair = Pair()
    with pytest.raises(ProtocolError):
        pair.host.receive(pair.device.notify(Ack(5, 0)), T0)


@pytest.mark.parametrize("code", [1, 2, 3, 5, 6, 7, 8, 9, 0, 200])
def test_an_error_in_a_session_ends_it_with_its_reason(code: int) -> None:
    pair = Pair()
    with pytest.raises(LinkLost) as caught:
        pair.host.receive(Err(code, 0).pack(), T0)
    assert caught.value.code == (code if code in ErrorCode else None)


def test_a_forged_stale_hint_is_only_a_hint() -> None:
    pair = Pair()
    assert pair.host.receive(Err(ErrorCode.STALE, 0).pack(), T0) is None
    pair.hear(pair.send(LIGHT, 60))
    assert pair.acted == [LIGHT]


# Rotation


def test_a_rekeyed_slot_takes_both_keys_until_the_new_one_has_been_used() -> None:
    pair = Pair()
    new_key = bytes(range(100, 132))
    sent = pair.host.rekey(1, 8, new_key, T0)
    assert new_key not in sent.frame
    assert pair.hear(pair.device.received(sent.frame, T0)) == [Ack(sent.counter, AckCode.OK)]

    def connects(credentials: Credentials) -> bool:
        (hello,) = pair.device.subscribed(T0)
        host = HostSession(credentials, T0)
        (answer,) = pair.device.received(host.greet(hello, T0), T0)
        return frames.frame_type(answer) is frames.FrameType.EVT

    new = replace(CREDENTIALS, key=new_key, gen=8)
    assert connects(CREDENTIALS)
    assert connects(CREDENTIALS)
    assert connects(new)
    assert not connects(CREDENTIALS)
    assert pair.slots[1] == KeySlot(new_key, 8)


@pytest.mark.parametrize(
    ("slot", "gen", "code"),
    [(4, 8, AckCode.OUT_OF_RANGE), (0, 8, AckCode.DENIED), (2, 0, AckCode.DENIED), (1, 7, AckCode.OUT_OF_RANGE)],
)
def test_a_controller_may_only_renew_its_own_slot(slot: int, gen: int, code: AckCode) -> None:
    pair = Pair()
    sent = pair.host.rekey(slot, gen, bytes(32), T0)
    assert pair.hear(pair.device.received(sent.frame, T0)) == [Ack(sent.counter, code)]


def test_the_label_key_fills_an_empty_slot() -> None:
    pair = Pair(replace(CREDENTIALS, key=bytes(32), slot=0, gen=0))
    sent = pair.host.rekey(3, 0, KEY, T0)
    pair.device.received(sent.frame, T0)
    assert pair.slots[3] == KeySlot(KEY, 0)
    assert isinstance(commands.decode_command(commands.encode(Rekey(3, 0, bytes(32))))[0], Rekey)


def alive_until(pair: Pair, moment: float) -> None:
    """Let time pass without the device's idle time-out, as the host's keeper does."""
    while moment - pair.now > 20:
        pair.now += 20
        pair.hear(pair.send(Query()))
    pair.now = moment
    pair.hear(pair.send(Query()))
    assert pair.send(Play(0, 1), 0)
    pair.acted.clear()
