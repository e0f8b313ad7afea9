"""Frames: first bytes, lengths, counters and ticks from their low bytes, tags."""

import cbor2
import pytest
from pycose.headers import Algorithm, PartialIV
from pycose.keys import SymmetricKey
from pycose.messages import Mac0Message

from custom_components.cuelight.link import frames as f
from custom_components.cuelight.link.exceptions import BadTag, MalformedFrame

KEY = bytes(range(32))
PAYLOAD = bytes.fromhex("810b")


def test_only_the_first_bytes_of_the_protocol_have_a_type() -> None:
    known = {}
    for first in range(256):
        try:
            known[first] = f.frame_type(bytes([first])).name
        except MalformedFrame:
            continue
    assert known == {
        0x40: "HELLO",
        0x48: "AUTH",
        0x50: "CMD",
        0x52: "CMD",
        0x54: "CMD",
        0x56: "CMD",
        0x5C: "EVT",
        0x60: "ERR",
        0x68: "PAIR",
    }
    with pytest.raises(MalformedFrame):
        f.frame_type(b"")


@pytest.mark.parametrize(
    "frame",
    [f.Hello(2, b"inst", b"nonce__D"), f.Auth(3, 200, b"nonce__H", b"tag_8byt"), f.Err(8, 7)],
    ids=lambda frame: type(frame).__name__,
)
def test_frames_of_fixed_length_are_read_as_packed_and_at_that_length_only(frame) -> None:
    packed = frame.pack()
    assert type(frame).unpack(packed) == frame
    for size in range(40):
        if size != len(packed):
            with pytest.raises(MalformedFrame):
                type(frame).unpack((packed * 4)[:size])


def test_the_lengths_are_those_of_the_protocol() -> None:
    assert len(f.Hello(0, bytes(4), bytes(8)).pack()) == 14
    assert len(f.Auth(0, 0, bytes(8), bytes(8)).pack()) == 19
    assert len(f.Err(0, 0).pack()) == 3
    lengths = [len(f.seal_command(KEY, 1, tick, b"", wide=wide)) for wide in (False, True) for tick in (None, 0)]
    assert lengths == [10, 11, 11, 12]
    assert len(f.seal_event(KEY, 1, b"")) == 11


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("tick", [None, 0, 300])
def test_a_command_cut_at_any_length_is_refused(wide: bool, tick: int | None) -> None:
    frame = f.seal_command(KEY, 5, tick, PAYLOAD, wide=wide)
    for size in range(len(frame)):
        with pytest.raises((MalformedFrame, BadTag)):
            f.open_command(KEY, 4, 302, frame[:size])
    with pytest.raises(BadTag):
        f.open_command(KEY, 4, 302, frame + b"\0")


def test_an_event_cut_at_any_length_is_refused() -> None:
    frame = f.seal_event(KEY, 5, PAYLOAD)
    for size in range(len(frame)):
        with pytest.raises((MalformedFrame, BadTag)):
            f.open_event(KEY, 4, frame[:size])


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("last", [0, 1, 100, 254, 255, 256, 65279, 65534, 65535, 65536, 131071, 2**24 - 300])
def test_gaps_up_to_the_counters_width_are_bridged_and_no_more(last: int, wide: bool) -> None:
    span = 65536 if wide else 256
    for gap in (1, 2, span // 2, span - 1, span):
        frame = f.seal_command(KEY, last + gap, None, PAYLOAD, wide=wide)
        assert f.open_command(KEY, last, 0, frame).counter == last + gap
    for counter in (last + span + 1, last, last - 1):
        if counter >= 0:
            with pytest.raises(BadTag):
                f.open_command(KEY, last, 0, f.seal_command(KEY, counter, None, PAYLOAD, wide=wide))


@pytest.mark.parametrize("last", [-1, 0, 65534, 65535, 65536, 2**24 - 70000])
def test_events_bridge_gaps_of_sixteen_bits(last: int) -> None:
    for gap in (1, 2, 65535, 65536):
        assert f.open_event(KEY, last, f.seal_event(KEY, last + gap, PAYLOAD)).counter == last + gap
    with pytest.raises(BadTag):
        f.open_event(KEY, last, f.seal_event(KEY, last + 65537, PAYLOAD))


@pytest.mark.parametrize("newest", [0, 2, 255, 256, 257, 1000, 65536, 345_602])
def test_the_newest_tick_with_the_received_low_byte_is_taken_and_older_ones_do_not_alias(newest: int) -> None:
    for age in (0, 1, 8, 9, 254, 255):
        if newest >= age:
            frame = f.seal_command(KEY, 1, newest - age, PAYLOAD)
            assert f.open_command(KEY, 0, newest, frame).tick == newest - age
    for tick in (newest + 1, newest + 256, newest - 256, newest - 512):
        if tick >= 0:
            with pytest.raises(BadTag):
                f.open_command(KEY, 0, newest, f.seal_command(KEY, 1, tick, PAYLOAD))


def test_a_frame_is_bound_to_its_key_direction_and_flags() -> None:
    frame = f.seal_command(KEY, 1, None, PAYLOAD, wide=True)
    with pytest.raises(BadTag):
        f.open_command(bytes(32), 0, 0, frame)
    with pytest.raises(MalformedFrame):
        f.open_event(KEY, 0, frame)
    with pytest.raises(BadTag):
        f.open_event(KEY, 0, b"\x5c" + frame[1:])


@pytest.mark.parametrize("counter", [0, 1, 255, 256, 65535, 65536, 2**24 - 1])
@pytest.mark.parametrize("tick", [None, 0, 255, 345_600])
def test_a_frame_re_inflates_to_a_message_that_an_independent_cose_library_verifies(
    counter: int, tick: int | None
) -> None:
    frame = f.seal_command(KEY, counter, tick, PAYLOAD * 30, wide=True)
    opened = f.Opened(counter, tick, PAYLOAD * 30)
    inflated = f.cose_mac0(opened, frame[-f.TAG_SIZE :])
    tagged = cbor2.loads(inflated)
    assert tagged.tag == 17
    protected, unprotected, payload, tag = tagged.value
    message = Mac0Message.from_cose_obj([protected, dict(unprotected), payload, tag], allow_unknown_attributes=False)
    message.key = SymmetricKey(KEY)
    message.external_aad = f.external_aad(frame[0], tick)
    assert message.verify_tag()
    assert set(message.phdr) == {Algorithm, PartialIV}
    assert int.from_bytes(message.phdr[PartialIV]) == counter
    assert message.encode() == inflated
    message.external_aad = f.external_aad(frame[0] ^ 2, tick)
    assert not message.verify_tag()
