"""Both halves of a pairing against each other, and against whoever stands in between."""

import hashlib
import hmac
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from custom_components.cuelight.link import (
    Ack,
    AckCode,
    Credentials,
    DeviceState,
    ErrorCode,
    Forget,
    KeySlotsFull,
    LinkError,
    PairingClosed,
    PairingFailed,
    PairingInProgress,
    frames,
)
from custom_components.cuelight.link.frames import Auth
from custom_components.cuelight.link.pairing import (
    HostPairing,
    Step,
    Transcript,
    device_tag,
    host_tag,
    pack,
    shared_secret,
)
from custom_components.cuelight.link.session import HostSession, KeySlot

from .pairing_device import PairingDevice

DEV_ID, INST_ID, LABEL = b"dev_id__", b"inst", bytes(32)
T0 = 5000.0


class Pair:
    """A host and a device whose window is open, with nothing in between."""

    def __init__(self, *, slots: tuple[int, ...] = (0,), open_window: bool = True) -> None:
        self.slots = {slot: KeySlot(LABEL, 0) for slot in slots}
        self.device = PairingDevice(DEV_ID, INST_ID, self.slots)
        if open_window:
            assert self.device.open_window(T0) == []
        self.host = HostPairing(DEV_ID)
        (hello,) = self.device.subscribed(T0)
        self.frame = self.host.greet(hello)

    def answer(self, frame: bytes | None = None) -> bytes:
        """Let the device answer a frame, by default the host's next."""
        (answer,) = self.device.received(self.frame if frame is None else frame, T0)
        return answer

    def compare(self) -> None:
        """Run until a person is to compare the digits."""
        for _ in range(2):
            following = self.host.receive(self.answer())
            if following is not None:
                self.frame = following

    def refuses(self, frame: bytes, code: ErrorCode = ErrorCode.PAIRING_FAILED) -> None:
        """Check that a frame ends the attempt and the window."""
        answers = self.device.received(frame, T0)
        assert answers == [frames.Err(code, 0).pack()]
        assert self.device.state is DeviceState.SAFE
        assert not self.device.pairing_open
        assert self.device.shown_code is None
        assert [*self.slots] == [0]
        self.device.pressed()
        assert [*self.slots] == [0]


def test_a_pairing_ends_in_one_key_that_both_hold() -> None:
    pair = Pair(slots=(0, 1, 3))
    pair.compare()
    assert pair.host.code == pair.device.shown_code
    assert len(pair.host.code or "") == 6
    assert pair.device.received(pair.host.confirm(), T0) == []
    assert 2 not in pair.slots
    (told,) = pair.device.pressed()
    assert pair.host.receive(told) is None
    credentials = pair.host.credentials
    assert credentials is not None
    assert credentials == Credentials(DEV_ID, INST_ID, pair.slots[2].key, 2, 0)
    session = HostSession(credentials, T0)
    (hello,) = pair.device.subscribed(T0)
    for answer in pair.device.received(session.greet(hello, T0), T0):
        session.receive(answer, T0)
    assert session.authenticated


def test_the_press_may_come_before_the_person_agrees_at_the_host() -> None:
    pair = Pair()
    pair.compare()
    assert pair.device.pressed() == []
    assert [*pair.slots] == [0]
    (told,) = pair.device.received(pair.host.confirm(), T0)
    pair.host.receive(told)
    assert pair.host.credentials is not None
    assert pair.slots[1].key == pair.host.credentials.key


def test_a_press_before_the_digits_are_shown_does_not_count() -> None:
    pair = Pair()
    pair.host.receive(pair.answer())
    pair.device.pressed()
    pair = Pair()
    pair.device.pressed()
    pair.compare()
    assert pair.device.received(pair.host.confirm(), T0) == []


def test_the_key_schedule_is_the_documented_one() -> None:
    context = DEV_ID + INST_ID + b"\2"
    host_key, device_key, host_nonce, device_nonce = b"h" * 32, b"d" * 32, b"H" * 16, b"D" * 16
    seen = Transcript(context, host_key, device_key, host_nonce, device_nonce)
    bound = b"CLP1 commit" + device_key + host_key + context
    assert seen.commitment == hmac.digest(device_nonce, bound, "sha256")[:16]
    digest = hashlib.sha256(b"CLP1 code" + device_key + host_key + device_nonce + host_nonce + context).digest()
    assert seen.code == f"{int.from_bytes(digest[:4]) % 10**6:06}"
    extracted = hmac.digest(device_nonce + host_nonce, b"secret" + b"label", "sha256")
    key = hmac.digest(extracted, b"CLP1 pair" + device_key + host_key + context + b"\1", "sha256")
    assert seen.pre_shared_key(b"secret", b"label") == key
    assert seen.pre_shared_key(b"secret") != key
    assert host_tag(key) == hmac.digest(key, b"CLP1 paired host", "sha256")[:8]
    assert device_tag(key) == hmac.digest(key, b"CLP1 paired device", "sha256")[:8]


@pytest.mark.parametrize("public", [bytes(32), b"\1" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"])
def test_keys_of_small_order_are_refused_on_both_sides(public: bytes) -> None:
    with pytest.raises(PairingFailed):
        shared_secret(X25519PrivateKey.generate(), public)
    pair = Pair()
    pair.answer(pack(Step.HOST_KEY, public))
    pair.refuses(pack(Step.HOST_NONCE, bytes(16)))


# The device's side: everything wrong ends it


def _altered(frame: bytes) -> list[bytes]:
    """A frame with each byte of its head altered, and too short and too long."""
    heads = [bytes((frame[0], step)) + frame[2:] for step in (*range(8), 255) if step != frame[1]]
    return [*heads, frame[:-1], frame + b"\0", frame[:2], frame[:1], b"", b"\0" + frame[1:], b"\x69" + frame[1:]]


@pytest.mark.parametrize("step", [Step.HOST_NONCE, Step.HOST_TAG])
def test_a_wrong_step_or_length_ends_the_attempt_and_the_window(step: Step) -> None:
    def reached() -> tuple[Pair, bytes]:
        pair = Pair()
        if step is Step.HOST_TAG:
            pair.compare()
            return pair, pair.host.confirm()
        pair.frame = pair.host.receive(pair.answer()) or b""
        return pair, pair.frame

    for number in range(len(_altered(reached()[1]))):
        pair, frame = reached()
        pair.refuses(_altered(frame)[number])


def test_the_first_frame_uses_the_window_up_even_if_it_is_wrong() -> None:
    first = Pair().frame
    for wrong in (first[:-1], first + b"\0", b"\x68", b"\x68\x03" + bytes(16), b"\x68\x05" + bytes(8)):
        pair = Pair()
        pair.refuses(wrong)
        pair.device.subscribed(T0)
        pair.refuses(first, ErrorCode.PAIRING_CLOSED)


def test_any_altered_bit_of_the_last_tag_ends_it() -> None:
    for bit in range(64):
        pair = Pair()
        pair.compare()
        frame = pair.host.confirm()
        wrong = (int.from_bytes(frame) ^ 1 << bit).to_bytes(len(frame))
        pair.device.pressed()
        pair.refuses(wrong)


@pytest.mark.parametrize("repeated", [0, 1, 2])
def test_a_frame_that_comes_twice_ends_it(repeated: int) -> None:
    pair = Pair()
    sent = [pair.frame]
    pair.frame = pair.host.receive(pair.answer()) or b""
    sent.append(pair.frame)
    if repeated:
        pair.host.receive(pair.answer())
    if repeated == 2:
        sent.append(pair.host.confirm())
        assert pair.device.received(sent[2], T0) == []
    pair.refuses(sent[repeated])


def test_a_host_that_changes_its_mind_on_the_nonce_is_given_up() -> None:
    pair = Pair()
    pair.compare()
    pair.refuses(pack(Step.HOST_NONCE, b"another nonce..."))


def test_the_end_of_the_window_ends_the_attempt() -> None:
    pair = Pair()
    pair.compare()
    assert pair.device.poll(T0 + 59.9) == []
    assert pair.device.shown_code
    assert pair.device.poll(T0 + 60.0) == []
    assert not pair.device.pairing_open
    assert pair.device.received(pair.host.confirm(), T0 + 60.0) == []
    assert pair.device.pressed() == []
    assert [*pair.slots] == [0]


@pytest.mark.parametrize("end", [PairingDevice.link_lost, lambda device: device.subscribed(T0)])
def test_a_lost_link_or_a_new_subscription_ends_the_attempt_and_the_window(
    end: Callable[[PairingDevice], None],
) -> None:
    pair = Pair()
    pair.compare()
    end(pair.device)
    assert not pair.device.pairing_open
    assert pair.device.pressed() == []
    assert [*pair.slots] == [0]


def test_a_window_that_is_closed_and_slots_that_are_full_are_told() -> None:
    pair = Pair(open_window=False)
    with pytest.raises(PairingClosed):
        pair.host.receive(pair.answer())
    pair = Pair(slots=(0, 1, 2, 3))
    with pytest.raises(KeySlotsFull):
        pair.host.receive(pair.answer())
    assert not pair.device.pairing_open


def test_while_the_window_is_open_sessions_wait() -> None:
    pair = Pair()
    session = HostSession(Credentials(DEV_ID, INST_ID, LABEL), T0)
    (hello,) = pair.device.subscribed(T0)
    (answer,) = pair.device.received(session.greet(hello, T0), T0)
    with pytest.raises(PairingInProgress):
        session.receive(answer, T0)
    assert pair.device.pairing_open


def test_a_session_has_no_place_for_pairing() -> None:
    pair = Pair(open_window=False)
    session = HostSession(Credentials(DEV_ID, INST_ID, LABEL), T0)
    (hello,) = pair.device.subscribed(T0)
    pair.device.received(session.greet(hello, T0), T0)
    assert pair.device.received(pair.frame, T0) == [frames.Err(ErrorCode.WRONG_TYPE, 0).pack()]


def test_another_attempt_needs_another_hold() -> None:
    pair = Pair()
    pair.compare()
    pair.refuses(pack(Step.HOST_TAG, bytes(8)))
    assert pair.device.open_window(T0) == []
    (hello,) = pair.device.subscribed(T0)
    pair.host = HostPairing(DEV_ID)
    pair.frame = pair.host.greet(hello)
    pair.compare()
    assert pair.host.code == pair.device.shown_code


# The host's side


def test_any_altered_bit_of_what_the_device_says_ends_it() -> None:
    for bit in range(8 * 51):
        pair = Pair()
        altered = (int.from_bytes(pair.answer()) ^ 1 << bit).to_bytes(51)
        with pytest.raises(LinkError):
            pair.host.receive(pair.answer(pair.host.receive(altered)))
        assert pair.host.credentials is None
    for bit in range(8 * 18):
        pair = Pair()
        nonce = pair.host.receive(pair.answer())
        with pytest.raises(LinkError):
            pair.host.receive((int.from_bytes(pair.answer(nonce)) ^ 1 << bit).to_bytes(18))
        assert pair.host.code is None


def test_a_device_that_changes_its_mind_on_its_nonce_is_given_up() -> None:
    pair = Pair()
    nonce = pair.host.receive(pair.answer())
    pair.answer(nonce)
    with pytest.raises(PairingFailed, match="changed its mind"):
        pair.host.receive(pack(Step.DEVICE_NONCE, b"another nonce..."))
    assert pair.host.credentials is None


def test_a_wrong_last_tag_is_not_taken_for_the_key() -> None:
    pair = Pair()
    pair.compare()
    pair.host.confirm()
    with pytest.raises(PairingFailed):
        pair.host.receive(pack(Step.DEVICE_TAG, bytes(8)))
    assert pair.host.credentials is None


def test_a_device_that_goes_ahead_of_the_host_is_given_up() -> None:
    pair = Pair()
    pair.compare()
    with pytest.raises(PairingFailed):
        pair.host.receive(pack(Step.DEVICE_TAG, bytes(8)))


@pytest.mark.parametrize("slot", [0, 4, 255])
def test_only_the_slots_of_controllers_are_taken(slot: int) -> None:
    pair = Pair()
    answer = pair.answer()
    with pytest.raises(PairingFailed):
        pair.host.receive(answer[:2] + bytes((slot,)) + answer[3:])


def _digits_with_someone_in_between() -> tuple[str | None, str | None]:
    """The digits at the host and those on the button, when both pair with someone else who has keys of their own."""
    towards_host, towards_device = Pair(), Pair()
    towards_host.compare()
    towards_device.compare()
    return towards_host.host.code, towards_device.device.shown_code


def test_whoever_stands_in_between_makes_the_digits_differ() -> None:
    # By chance they agree once in a million times.
    seen = [_digits_with_someone_in_between() for _ in range(3)]
    assert sum(host != device for host, device in seen) >= 2


def test_a_key_swapped_on_its_way_is_noticed_by_the_commitment() -> None:
    pair = Pair()
    own = X25519PrivateKey.generate().public_key().public_bytes_raw()
    answer = pair.answer(pack(Step.HOST_KEY, own))
    nonce = pair.host.receive(answer)
    with pytest.raises(PairingFailed, match="changed its mind"):
        pair.host.receive(pair.answer(nonce))


def test_an_auth_on_the_link_that_pairs_is_a_wrong_frame() -> None:
    pair = Pair()
    pair.compare()
    pair.refuses(Auth(0, 0, bytes(8), bytes(8)).pack())


# Forgetting and settings


def _in_session(pair: Pair, slot: int) -> HostSession:
    session = HostSession(Credentials(DEV_ID, INST_ID, LABEL, slot), T0)
    (hello,) = pair.device.subscribed(T0)
    for answer in pair.device.received(session.greet(hello, T0), T0):
        session.receive(answer, T0)
    return session


@pytest.mark.parametrize(
    ("session_slot", "slot", "code"),
    [
        (1, 1, AckCode.OK),
        (1, 2, AckCode.DENIED),
        (1, 0, AckCode.DENIED),
        (0, 0, AckCode.DENIED),
        (0, 1, AckCode.OK),
        (0, 3, AckCode.OK),
        (0, 4, AckCode.DENIED),
    ],
)
def test_a_controller_is_forgotten_by_itself_or_by_the_label(session_slot: int, slot: int, code: AckCode) -> None:
    pair = Pair(slots=(0, 1, 2), open_window=False)
    session = _in_session(pair, session_slot)
    (answer,) = pair.device.received(session.command(Forget(slot), None, T0).frame, T0)
    event = session.receive(answer, T0)
    assert isinstance(event, Ack)
    assert event.code == code
    assert (slot in pair.slots) == (code is not AckCode.OK and slot < 3)
    assert pair.device.state is DeviceState.SESSION
