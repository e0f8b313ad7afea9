"""Commands and events: ranges, encodings and the schema."""

from contextlib import suppress
from dataclasses import fields, replace

import pytest

from custom_components.cuelight.link import commands as c
from custom_components.cuelight.link.exceptions import InvalidArgument, MalformedPayload, UnknownOperation

CUE = c.TimedCue(500, c.Puppet(256, 1, 200, 500, 1000))
COMMANDS = [
    c.Play(0x200, 5000),
    c.Light(2, (255, 128, 0), 200, 1500),
    c.Servo(3, 1800, 65535),
    c.Cues(1, 16, (CUE, c.TimedCue(0, c.Light(0, (0, 0, 0), 0, 0)), c.TimedCue(1, c.Play(1, 2)))),
    c.Cues(0, 0, (c.TimedCue(65535, c.Servo(0, 0, 0)),) * 16),
    c.Run(0, 2**32 - 1),
    c.Stop(),
    c.Renew(),
    c.Asset(0xFFFF, 2**32 - 1, bytes(range(32))),
    c.Chunk(0x200, 65536, b"x" * 220),
    c.Commit(0x200),
    c.Query(),
    c.Rekey(3, 255, bytes(32)),
    c.Identify(65535),
    c.Puppet(0x100, 11, 255, 65535, 65535),
    c.Forget(3),
    c.Set(7, 2**32 - 1),
    c.Get(255),
]
EVENTS = [
    c.ButtonEvent(0, c.ButtonKind.LONG, 2**32 - 1),
    c.Status(c.DeviceState.ACTIVE, 86_400_000, 60, 3300, 10, 2**24 - 1),
    c.Ack(2**24 - 1, 9),
    c.Done(1, 3),
    c.Value(2, 2**32 - 1),
]
BAD_CUES = [
    [],
    [0],
    [0, 6],
    [0, 5, 0, 0],
    [0, 1, 1],
    [0, 1, 1, 2, 3],
    [-1, 1, 1, 2],
    [65536, 1, 1, 2],
    [True, 1, 1, 2],
    [0, True, 1, 2],
    [0, b"\1", 1, 2],
    [0, 4, 0, 0, [0, 1, 1, 2]],
]


def lease_of(command: c.Command) -> int | None:
    return 60 if command.leased else None


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_command_survives_the_wire(command: c.Command) -> None:
    assert c.decode_command(c.encode(command, lease_of(command))) == (command, lease_of(command))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_survives_the_wire(event: c.Event) -> None:
    assert c.decode_event(c.encode_event(event)) == event


@pytest.mark.parametrize(
    ("command", "lease", "payload"),
    [
        (c.Play(1, 500), 20, "8401011901f414"),
        (c.Light(0, (1, 2, 3), 255, 0), 60, "8602004301020318ff00183c"),
        (
            c.Cues(0, 0, (CUE, c.TimedCue(1, c.Play(2, 3)))),
            None,
            "85040000871901f40e1901000118c81901f41903e88401010203",
        ),
        (c.Query(), None, "810b"),
        (c.Puppet(256, 1, 200, 500, 1000), 60, "870e1901000118c81901f41903e8183c"),
    ],
)
def test_payloads_are_positional_arrays_with_the_lease_last(
    command: c.Command, lease: int | None, payload: str
) -> None:
    assert c.encode(command, lease).hex() == payload


@pytest.mark.parametrize("payload_type", [*{type(item) for item in COMMANDS + EVENTS}], ids=lambda kind: kind.__name__)
def test_every_whole_number_has_its_range_checked(payload_type: type) -> None:
    example = next(item for item in COMMANDS + EVENTS if type(item) is payload_type)
    for item in fields(example):
        if isinstance(getattr(example, item.name), int):
            for bad in (-1, 2**32, 2**64, True, 1.0, "1", None, b"\x01"):
                with pytest.raises(InvalidArgument) as caught:
                    replace(example, **{item.name: bad})
                assert caught.value.argument == item.name


@pytest.mark.parametrize(
    "make",
    [
        lambda: c.Servo(4, 0, 0),
        lambda: c.Servo(0, 1801, 0),
        lambda: c.Light(0, (0, 0), 0, 0),
        lambda: c.Light(0, (0, 0, 256), 0, 0),
        lambda: c.Light(0, [0, 0, 0], 0, 0),
        lambda: c.Play(65536, 0),
        lambda: c.Puppet(0, 256, 0, 0, 0),
        lambda: c.Asset(0, 0, bytes(31)),
        lambda: c.Chunk(0, 0, b""),
        lambda: c.Chunk(0, 0, bytes(221)),
        lambda: c.Chunk(0, 0, "text"),
        lambda: c.Rekey(0, 0, bytearray(32)),
        lambda: c.Cues(0, 0, ()),
        lambda: c.Cues(0, 0, (CUE,) * 17),
        lambda: c.Cues(0, 0, [CUE]),
        lambda: c.Cues(0, 0, (c.Stop(),)),
        lambda: c.TimedCue(65536, c.Play(0, 0)),
        lambda: c.TimedCue(0, c.Stop()),
        lambda: c.TimedCue(0, c.Run(0, 0)),
        lambda: c.ButtonEvent(0, 5, 0),
        lambda: c.Status(5, 0, 0, 0, 0, 0),
    ],
)
def test_a_payload_out_of_its_range_cannot_be_made(make) -> None:
    with pytest.raises(InvalidArgument):
        make()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_lease_goes_with_the_commands_that_carry_one_and_no_others(command: c.Command) -> None:
    for wrong in (None, 256, -1, True) if command.leased else (0, 60):
        with pytest.raises(InvalidArgument):
            c.encode(command, wrong)


def as_sent() -> list:
    sent = [(c.encode(command, lease_of(command)), True, command) for command in COMMANDS]
    sent += [(c.encode_event(event), False, event) for event in EVENTS]
    return [pytest.param(payload, is_command, id=type(item).__name__) for payload, is_command, item in sent]


def decode(payload: bytes, is_command: bool) -> object:
    return c.decode_command(payload) if is_command else c.decode_event(payload)


@pytest.mark.parametrize(("payload", "is_command"), as_sent())
def test_a_payload_cut_short_or_followed_by_more_is_malformed(payload: bytes, is_command: bool) -> None:
    for size in range(len(payload)):
        with pytest.raises(MalformedPayload):
            decode(payload[:size], is_command)
    with pytest.raises(MalformedPayload):
        decode(payload + b"\0", is_command)


@pytest.mark.parametrize(("payload", "is_command"), as_sent())
def test_an_argument_too_many_or_too_few_is_malformed(payload: bytes, is_command: bool) -> None:
    items = list(c.cbor.decode(payload))
    few = items[:3] if items[0] == c.Cues.operation else items[:-1]
    for wrong in ([*items, 0], few):
        with pytest.raises(MalformedPayload):
            decode(c.cbor.encode(wrong), is_command)


@pytest.mark.parametrize(("payload", "is_command"), as_sent())
def test_an_argument_of_another_type_is_malformed(payload: bytes, is_command: bool) -> None:
    items = list(c.cbor.decode(payload))
    for at in range(1, len(items)):
        for wrong in (True, None, -1, 2**32, "0", [], [0], b""):
            with pytest.raises(MalformedPayload):
                decode(c.cbor.encode([*items[:at], wrong, *items[at + 1 :]]), is_command)


@pytest.mark.parametrize("cue", BAD_CUES, ids=str)
def test_a_cue_that_is_none_is_malformed(cue: list) -> None:
    with pytest.raises(MalformedPayload):
        c.decode_command(c.cbor.encode([4, 0, 0, [0, 1, 1, 2], cue]))


@pytest.mark.parametrize(("payload", "is_command"), as_sent())
def test_no_changed_byte_decodes_to_the_same_or_raises_anything_unexpected(payload: bytes, is_command: bool) -> None:
    original = decode(payload, is_command)
    for at in range(min(len(payload), 60)):
        for value in set(range(256)) - {payload[at]}:
            with suppress(MalformedPayload, UnknownOperation):
                assert decode(payload[:at] + bytes([value]) + payload[at + 1 :], is_command) != original


@pytest.mark.parametrize(
    "payload", ["8118ff", "8113", "811863", "82136161", "8418200000f6", "8213818101", "811a00010000"]
)
def test_well_formed_unknown_operations_are_told_apart(payload: str) -> None:
    with pytest.raises(UnknownOperation) as caught:
        c.decode_command(bytes.fromhex(payload))
    assert caught.value.operation not in range(1, 15)


@pytest.mark.parametrize(
    "payload",
    ["80", "0b", "814101", "8100ff", "8161ff", "f6", "8180", "81f5", "84f501020b", "8120", "811b0000000100000000"],
)
def test_a_payload_that_does_not_start_with_an_operation_is_malformed(payload: str) -> None:
    with pytest.raises(MalformedPayload):
        c.decode_command(bytes.fromhex(payload))


def test_events_are_no_commands_and_commands_no_events() -> None:
    for event in EVENTS:
        with pytest.raises(UnknownOperation):
            c.decode_command(c.encode_event(event))
    for command in COMMANDS:
        with pytest.raises(UnknownOperation):
            c.decode_event(c.encode(command, lease_of(command)))
