"""The client over an in-memory GATT client and the strict device model, in virtual time."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from bleak.exc import BleakError
from bleak_retry_connector import BleakOutOfConnectionSlotsError

from custom_components.cuelight.link import (
    AckCode,
    ButtonEvent,
    ButtonKind,
    Chunk,
    CommandRefused,
    Credentials,
    DeviceImpostor,
    DeviceState,
    DoneCode,
    ErrorCode,
    Event,
    FrameTooLong,
    Identify,
    InvalidArgument,
    Light,
    Limits,
    LinkClient,
    LinkLost,
    LinkReleased,
    LinkState,
    LinkTimeout,
    LinkUnreachable,
    Play,
    ProtocolError,
    Puppet,
    Query,
    Renew,
    Run,
    Servo,
    Stale,
    Status,
    Stop,
    Superseded,
    TimedCue,
    UnknownKeySlot,
    UnreachableReason,
    WrongGeneration,
    WrongInstance,
    WrongKey,
)
from custom_components.cuelight.link.credentials import ratchet
from custom_components.cuelight.link.frames import Err, FrameType, frame_type
from custom_components.cuelight.link.session import KeySlot

from .fake_board import ADDRESS, CREDENTIALS, KEY, FakeBoard
from .virtual_time import virtual_time

RED = Light(0, (255, 0, 0), 255, 0)
GREEN = Light(0, (0, 255, 0), 255, 0)
BLUE = Light(0, (0, 0, 255), 255, 0)
DARK = Light(0, (0, 0, 0), 0, 0)
ASSET = bytes(range(256)) * 12
CUES = [TimedCue(500, RED), TimedCue(500, Puppet(0x0100, 1, 200, 500, 1000)), TimedCue(1000, DARK)]


def make_client(board: FakeBoard, credentials: Credentials = CREDENTIALS, **kwargs) -> LinkClient:
    return LinkClient(ADDRESS, "Desk", credentials, board.device, **kwargs)


def now() -> float:
    return asyncio.get_running_loop().time()


# Connecting


@virtual_time
async def test_a_command_brings_the_link_up_and_is_acted_on(board: FakeBoard) -> None:
    states: list[LinkState] = []
    client = make_client(board, on_state=states.append)
    await client.send(RED)
    assert board.performed == [RED]
    assert states == [LinkState.CONNECTING, LinkState.CONNECTED]
    await client.disconnect()
    assert states[-1] is LinkState.DISCONNECTED
    assert not board.on


@virtual_time
async def test_two_tasks_that_need_the_link_share_one_connection(board: FakeBoard) -> None:
    client = make_client(board)
    await asyncio.gather(client.send(RED), client.connect(), client.query(), client.send(Servo(0, 900, 0)))
    assert board.connects == 1
    assert board.performed == [RED, Servo(0, 900, 0)]
    await client.disconnect()


@virtual_time
async def test_a_button_out_of_range_is_told_as_such(board: FakeBoard) -> None:
    board.in_range = False
    client = make_client(board)
    with pytest.raises(LinkUnreachable) as caught:
        await client.connect()
    assert caught.value.reason is UnreachableReason.NOT_IN_RANGE
    assert client.last_error is caught.value
    assert client.state is LinkState.DISCONNECTED


@virtual_time
async def test_a_connection_that_never_comes_about_ends_after_the_connect_limit(board: FakeBoard) -> None:
    board.connect_s = 1000.0
    client = make_client(board)
    began = now()
    with pytest.raises(LinkUnreachable) as caught:
        await client.connect()
    assert caught.value.reason is UnreachableReason.TIMEOUT
    assert now() - began == pytest.approx(20.0)


@virtual_time
async def test_running_out_of_slots_is_told_within_the_connect_limit(board: FakeBoard) -> None:
    board.connect_error = BleakOutOfConnectionSlotsError("out of connection slots")
    client = make_client(board)
    began = now()
    with pytest.raises(LinkUnreachable):
        await client.connect()
    assert now() - began <= 20.0


@virtual_time
async def test_failures_are_followed_by_growing_pauses_in_which_nothing_is_tried(board: FakeBoard) -> None:
    board.in_range = False
    client = make_client(board)
    pauses: list[float] = []
    for _ in range(9):
        with pytest.raises(LinkUnreachable) as caught:
            await client.connect()
        assert caught.value.reason is UnreachableReason.NOT_IN_RANGE
        with pytest.raises(LinkUnreachable) as backing_off:
            await client.connect()
        assert backing_off.value.reason is UnreachableReason.BACKING_OFF
        pauses.append(backing_off.value.retry_in_s)
        await asyncio.sleep(backing_off.value.retry_in_s)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    board.in_range = True
    await client.connect()
    board.in_range = False
    board.lose_link()
    with pytest.raises(LinkUnreachable):
        await client.connect()
    with pytest.raises(LinkUnreachable) as backing_off:
        await client.connect()
    assert backing_off.value.retry_in_s == pytest.approx(1.0)
    await client.disconnect()


@virtual_time
async def test_a_peripheral_without_the_service_is_not_a_button(board: FakeBoard) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("custom_components.cuelight.link.connection.RX_UUID", "0000fff0-0000-1000-8000-00805f9b34fb")
        client = make_client(board)
        with pytest.raises(ProtocolError):
            await client.connect()
    assert board.client is None


@virtual_time
async def test_one_caller_giving_up_does_not_end_the_attempt_for_another(board: FakeBoard) -> None:
    client = make_client(board)
    impatient = asyncio.create_task(client.connect())
    patient = asyncio.create_task(client.connect())
    await asyncio.sleep(0.02)
    impatient.cancel()
    await patient
    assert impatient.cancelled()
    assert client.connected
    assert board.connects == 1
    await client.disconnect()


@virtual_time
async def test_disconnecting_ends_an_attempt_under_way(board: FakeBoard) -> None:
    client = make_client(board)
    waiting = asyncio.create_task(client.connect())
    queued = asyncio.create_task(client.send(RED))
    await asyncio.sleep(0.02)
    await client.disconnect()
    with pytest.raises(LinkReleased):
        await waiting
    with pytest.raises(LinkReleased):
        await queued
    assert board.client is None
    await client.send(RED)
    assert board.performed == [RED]
    await client.disconnect()


# Authentication


@virtual_time
async def test_a_wrong_key_is_told_apart_and_not_tried_again_at_once(board: FakeBoard) -> None:
    client = make_client(board, replace(CREDENTIALS, key=bytes(32)))
    with pytest.raises(WrongKey):
        await client.connect()
    assert board.connects == 1
    assert board.client is None
    with pytest.raises(LinkUnreachable) as caught:
        await client.connect()
    assert caught.value.retry_in_s == pytest.approx(5.0, abs=0.1)
    assert isinstance(caught.value.__cause__, WrongKey)
    assert board.connects == 1


@virtual_time
async def test_an_empty_key_slot_is_told_apart(board: FakeBoard) -> None:
    client = make_client(board, replace(CREDENTIALS, slot=2))
    with pytest.raises(UnknownKeySlot):
        await client.connect()


@virtual_time
async def test_a_reset_button_is_told_apart_before_anything_is_signed_for_it(board: FakeBoard) -> None:
    client = make_client(board, replace(CREDENTIALS, inst_id=b"\0\0\0\0"))
    with pytest.raises(WrongInstance) as caught:
        await client.connect()
    assert caught.value.found == CREDENTIALS.inst_id
    assert board.written == []


@virtual_time
async def test_an_unknown_instance_is_learnt_once_the_button_has_proved_its_key(board: FakeBoard) -> None:
    stored: list[Credentials] = []
    client = make_client(board, replace(CREDENTIALS, inst_id=None), on_credentials=stored.append)
    await client.connect()
    assert stored == [CREDENTIALS]
    await client.disconnect()


@virtual_time
async def test_a_device_that_does_not_hold_the_key_is_an_impostor(board: FakeBoard) -> None:
    def forge(to_device: bool, frame: bytes) -> bytes:
        return frame[:-1] + bytes((frame[-1] ^ 1,)) if frame_type(frame) is FrameType.EVT else frame

    board.touch = forge
    client = make_client(board)
    with pytest.raises(DeviceImpostor):
        await client.connect()
    assert board.client is None


@pytest.mark.parametrize("behind", [1, 2, 31, 32])
@virtual_time
async def test_a_host_restored_from_a_backup_rolls_its_key_forward(board: FakeBoard, behind: int) -> None:
    key = KEY
    for gen in range(behind):
        key = ratchet(key, 0, gen)
    board.slots[0] = KeySlot(key, behind)
    stored: list[Credentials] = []
    client = make_client(board, on_credentials=stored.append)
    await client.connect()
    assert stored == [replace(CREDENTIALS, key=key, gen=behind)]
    assert board.connects == 1
    await client.disconnect()


@pytest.mark.parametrize("ahead", [33, 200, 255])
@virtual_time
async def test_a_generation_out_of_the_ratchets_reach_is_told(board: FakeBoard, ahead: int) -> None:
    board.slots[0] = KeySlot(bytes(32), ahead)
    stored: list[Credentials] = []
    client = make_client(board, on_credentials=stored.append)
    with pytest.raises(WrongGeneration) as caught:
        await client.connect()
    assert (caught.value.device_gen, caught.value.host_gen) == (ahead, 0)
    assert stored == []


@virtual_time
async def test_a_forged_generation_hint_changes_no_stored_key(board: FakeBoard) -> None:
    def forge(to_device: bool, frame: bytes) -> bytes:
        return Err(ErrorCode.WRONG_GEN, 7).pack() if frame_type(frame) is FrameType.EVT else frame

    board.touch = forge
    stored: list[Credentials] = []
    client = make_client(board, on_credentials=stored.append)
    with pytest.raises(WrongGeneration):
        await client.connect()
    assert stored == []
    assert client.credentials == CREDENTIALS


@virtual_time
async def test_rotation_stores_the_new_key_before_sending_it_and_retires_the_old_one(board: FakeBoard) -> None:
    stored: list[tuple[Credentials, KeySlot]] = []
    client = make_client(board, on_credentials=lambda new: stored.append((new, board.slots[0])))
    rotated = await client.rotate_key()
    next_key = ratchet(KEY, 0, 0)
    assert rotated == replace(CREDENTIALS, key=next_key, gen=1)
    assert stored[0] == (replace(CREDENTIALS, pending_key=next_key), KeySlot(KEY, 0))
    assert stored[1] == (rotated, KeySlot(next_key, 1))
    await client.rotate_key(bytes(range(100, 132)))
    assert board.slots[0] == KeySlot(bytes(range(100, 132)), 2)
    await client.disconnect()


@virtual_time
async def test_a_new_key_that_cannot_be_stored_is_not_sent(board: FakeBoard) -> None:
    def fail(credentials: Credentials) -> None:
        raise OSError("disk full")

    client = make_client(board, on_credentials=fail)
    with pytest.raises(OSError, match="disk full"):
        await client.rotate_key()
    assert client.credentials == CREDENTIALS
    assert board.slots[0] == KeySlot(KEY, 0)
    await client.disconnect()


@pytest.mark.parametrize("lost_frame", range(12))
@virtual_time
async def test_link_loss_at_any_frame_of_a_rotation_leaves_a_key_both_sides_hold(
    board: FakeBoard, lost_frame: int
) -> None:
    seen = 0

    def cut(to_device: bool, frame: bytes) -> bytes | None:
        nonlocal seen
        seen += 1
        if seen == lost_frame + 1:
            asyncio.get_running_loop().call_soon(board.lose_link)
            return None
        return frame

    board.touch = cut
    client = make_client(board)
    try:
        await client.rotate_key()
    except LinkLost:
        await asyncio.sleep(2)
    board.touch = lambda to_device, frame: frame
    restored = make_client(board, client.credentials)
    await client.disconnect()
    await restored.connect()
    assert restored.credentials.pending_key is None
    assert board.slots[0].key == restored.credentials.key
    await restored.disconnect()


# Link loss


@pytest.mark.parametrize("lost_frame", range(1, 10))
@virtual_time
async def test_link_loss_at_any_frame_raises_or_succeeds_and_the_next_command_recovers(
    board: FakeBoard, lost_frame: int
) -> None:
    seen = 0

    def cut(to_device: bool, frame: bytes) -> bytes | None:
        nonlocal seen
        seen += 1
        if seen == lost_frame:
            asyncio.get_running_loop().call_soon(board.lose_link)
            return None
        return frame

    board.touch = cut
    client = make_client(board)
    outcomes: list[bool] = []
    for command in (RED, GREEN, BLUE):
        try:
            await client.send(command)
            outcomes.append(True)
        except LinkLost, LinkUnreachable:
            outcomes.append(False)
            await asyncio.sleep(5)
    assert outcomes.count(False) <= 1
    await client.send(Identify(1000))
    for command, done in zip((RED, GREEN, BLUE), outcomes, strict=True):
        assert board.performed.count(command) <= 1
        assert not done or command in board.performed
    await client.disconnect()


@virtual_time
async def test_a_link_lost_while_idle_is_told_once_and_comes_back_on_demand(board: FakeBoard) -> None:
    states: list[LinkState] = []
    client = make_client(board, on_state=states.append)
    await client.connect()
    board.lose_link()
    assert states == [LinkState.CONNECTING, LinkState.CONNECTED, LinkState.DISCONNECTED]
    assert isinstance(client.last_error, LinkLost)
    await client.send(RED)
    assert board.connects == 2
    await client.disconnect()


@virtual_time
async def test_a_command_without_an_ack_times_out_and_the_link_is_cut_so_that_nothing_stays_on(
    board: FakeBoard,
) -> None:
    client = make_client(board)
    await client.connect()
    board.touch = lambda to_device, frame: frame if to_device else None
    began = now()
    with pytest.raises(LinkTimeout) as caught:
        await client.send(RED)
    assert caught.value.stage == "command"
    assert now() - began == pytest.approx(3.0, abs=0.1)
    await asyncio.sleep(0.1)
    assert not client.connected
    assert board.performed == [RED]
    assert not board.on
    assert board.client is None


@virtual_time
async def test_a_slow_button_is_waited_for(board: FakeBoard) -> None:
    board.latency_s = 0.8
    client = make_client(board)
    await client.send(RED)
    await client.send(GREEN)
    assert board.performed == [RED, GREEN]
    await client.disconnect()


@virtual_time
async def test_a_silent_handshake_ends_after_its_limit(board: FakeBoard) -> None:
    board.touch = lambda to_device, frame: None
    client = make_client(board)
    with pytest.raises(LinkTimeout) as caught:
        await client.connect()
    assert caught.value.stage == "handshake"
    assert board.client is None


@virtual_time
async def test_a_button_that_ends_the_session_is_believed_and_found_again(board: FakeBoard) -> None:
    client = make_client(board)
    await client.send(RED)
    board.received(bytes(20))
    await asyncio.sleep(1)
    assert isinstance(client.last_error, LinkLost)
    assert client.last_error.code is ErrorCode.MALFORMED
    await client.send(GREEN)
    await client.disconnect()


@virtual_time
async def test_a_forged_event_ends_the_link(board: FakeBoard) -> None:
    events: list[Event] = []
    client = make_client(board, on_event=events.append)
    await client.connect()
    events.clear()
    board.touch = lambda to_device, frame: frame if to_device else frame[:-1] + bytes((frame[-1] ^ 0x80,))
    board.press(0, ButtonKind.SINGLE)
    await asyncio.sleep(1)
    assert events == []
    assert not client.connected
    assert isinstance(client.last_error, ProtocolError)


# Order and supersession


@virtual_time
async def test_commands_are_acted_on_in_the_order_they_were_sent(board: FakeBoard) -> None:
    client = make_client(board)
    commands = [Servo(n % 4, 10 * n, 0) for n in range(40)]
    await asyncio.gather(*(client.send(command) for command in commands))
    assert board.performed == commands
    await client.disconnect()


@virtual_time
async def test_a_newer_light_takes_the_place_of_an_unsent_one(board: FakeBoard) -> None:
    client = make_client(board)
    await client.connect()
    results = await asyncio.gather(
        *(client.send(command, supersede=True) for command in (RED, GREEN, Servo(0, 5, 0), BLUE)),
        return_exceptions=True,
    )
    assert [type(result).__name__ for result in results] == ["Superseded", "Superseded", "Ack", "Ack"]
    assert board.performed == [Servo(0, 5, 0), BLUE]
    await client.disconnect()


@virtual_time
async def test_commands_sent_without_supersede_are_never_replaced(board: FakeBoard) -> None:
    client = make_client(board)
    await asyncio.gather(client.send(RED), client.send(GREEN), client.send(BLUE, supersede=True))
    assert board.performed == [RED, GREEN, BLUE]
    await client.disconnect()


@virtual_time
async def test_servo_channels_and_the_display_are_superseded_separately(board: FakeBoard) -> None:
    client = make_client(board)
    await asyncio.gather(
        *(client.send(command, supersede=True) for command in (Servo(0, 5, 0), Servo(1, 5, 0), Play(1, 500), RED))
    )
    assert len(board.performed) == 4
    await client.disconnect()


@pytest.mark.parametrize("command", [Renew(), Identify(5), Chunk(0x200, 0, b"x")])
@virtual_time
async def test_only_outputs_can_supersede(board: FakeBoard, command) -> None:
    with pytest.raises(InvalidArgument):
        await make_client(board).send(command, supersede=True)


@pytest.mark.parametrize("command", [Query(), Stop()])
@virtual_time
async def test_commands_with_a_method_of_their_own_do_not_queue(board: FakeBoard, command) -> None:
    with pytest.raises(InvalidArgument):
        await make_client(board).send(command)


@virtual_time
async def test_a_cancelled_command_that_was_not_sent_is_never_sent(board: FakeBoard) -> None:
    client = make_client(board)
    first = asyncio.create_task(client.send(RED))
    second = asyncio.create_task(client.send(GREEN))
    third = asyncio.create_task(client.send(BLUE))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(first, third)
    assert board.performed == [RED, BLUE]
    await client.disconnect()


@virtual_time
async def test_cancelling_a_command_on_its_way_harms_no_other(board: FakeBoard) -> None:
    client = make_client(board)
    await client.connect()
    first = asyncio.create_task(client.send(RED))
    await asyncio.sleep(0.005)
    first.cancel()
    await client.send(GREEN)
    assert board.performed == [RED, GREEN]
    await client.disconnect()


@virtual_time
async def test_a_refused_command_raises_its_code_and_takes_no_lease(board: FakeBoard) -> None:
    client = make_client(board)
    with pytest.raises(CommandRefused) as caught:
        await client.send(Play(0x4444, 100))
    assert caught.value.code is not None
    assert caught.value.code == AckCode.UNKNOWN_ASSET
    assert not isinstance(caught.value, Stale)
    assert board.state is DeviceState.SESSION
    await asyncio.sleep(31)
    assert not client.connected


@virtual_time
async def test_a_refused_light_leaves_the_one_before_it_as_it_is(board: FakeBoard) -> None:
    unknown = Light(200, (255, 255, 255), 255, 0)
    client = make_client(board)
    with pytest.raises(CommandRefused):
        await client.send(unknown)
    await asyncio.sleep(31)
    assert not client.connected
    await client.send(RED)
    with pytest.raises(CommandRefused):
        await client.send(unknown)
    await asyncio.sleep(60)
    assert board.on == {"light"}
    await client.disconnect()


# Leases and idleness


@virtual_time
async def test_the_lease_is_renewed_as_long_as_a_light_is_on_and_no_longer(board: FakeBoard) -> None:
    client = make_client(board)
    await client.send(RED)
    await asyncio.sleep(3600)
    assert board.state is DeviceState.ACTIVE
    assert board.on == {"light"}
    assert 1060 <= len(board.written) <= 1100  # a renewal every 5 s, a query every 10 s
    await client.send(DARK)
    assert board.state is DeviceState.SESSION
    board.written.clear()
    await asyncio.sleep(29)
    assert len(board.written) <= 3
    await asyncio.sleep(5)
    assert not client.connected
    assert client.last_error is None


@virtual_time
async def test_switching_the_light_off_leaves_the_authority_of_what_else_is_on(board: FakeBoard) -> None:
    client = make_client(board)
    await client.send(Play(1, 60_000))
    await client.send(RED)
    await client.send(DARK)
    assert board.state is DeviceState.ACTIVE
    await asyncio.sleep(50)
    assert board.state is DeviceState.ACTIVE
    await asyncio.sleep(60)
    assert not client.connected


@pytest.mark.parametrize("command", [Play(1, 0), Servo(0, 900, 1000), Play(1, 20_000)])
@virtual_time
async def test_what_comes_to_its_end_by_itself_is_not_kept_up_for_ever(board: FakeBoard, command) -> None:
    client = make_client(board)
    await client.send(command)
    await asyncio.sleep(90)
    assert not client.connected
    assert not board.on


@virtual_time
async def test_a_host_that_falls_silent_leaves_nothing_on(board: FakeBoard) -> None:
    client = make_client(board)
    await client.send(RED)
    board.touch = lambda to_device, frame: None if to_device else frame
    client._channel._keeping.cancel()
    await asyncio.sleep(14.5)
    assert board.on
    await asyncio.sleep(0.5)
    assert not board.on
    await client.disconnect()


@virtual_time
async def test_what_was_on_before_a_lost_link_is_not_kept_up_after_it(board: FakeBoard) -> None:
    client = make_client(board)
    await client.send(RED)
    board.lose_link()
    await client.connect()
    await asyncio.sleep(31)
    assert not client.connected
    assert client.last_error is None


@virtual_time
async def test_a_host_held_up_for_longer_than_the_lease_does_not_believe_its_lights_still_on(board: FakeBoard) -> None:
    client = make_client(board)
    await client.send(RED)
    client._channel._leased_at -= 20.0
    await asyncio.sleep(5.1)
    assert isinstance(client.last_error, LinkLost)
    assert client.state is LinkState.DISCONNECTED


@virtual_time
async def test_an_idle_link_is_let_go_after_its_time_and_a_held_one_is_kept(board: FakeBoard) -> None:
    client = make_client(board, idle_disconnect_s=12.0)
    with client.hold():
        await client.connect()
        await asyncio.sleep(600)
        assert client.connected
        assert board.state is DeviceState.SESSION
    await asyncio.sleep(11)
    assert client.connected
    await asyncio.sleep(1.5)
    assert not client.connected
    assert board.client is None


@virtual_time
async def test_an_idle_time_beyond_the_devices_own_keeps_the_session_alive(board: FakeBoard) -> None:
    client = make_client(board, idle_disconnect_s=120.0)
    await client.connect()
    await asyncio.sleep(119)
    assert client.connected
    await asyncio.sleep(2)
    assert not client.connected


@virtual_time
async def test_a_session_that_reaches_its_24_hours_is_followed_by_a_new_one(board: FakeBoard) -> None:
    client = make_client(board)
    with client.hold():
        await client.connect()
        await asyncio.sleep(24 * 3600 + 20)
        await client.send(RED)
        assert board.connects == 2
    await client.disconnect()


# Stale commands


@virtual_time
async def test_a_stale_command_is_sent_once_more_with_the_clock_set_anew(board: FakeBoard) -> None:
    client = make_client(board)
    await client.connect()
    board.session._zero_at -= 5.0  # the host's machine slept: its clock stood still
    await client.send(RED)
    assert board.performed == [RED]
    await client.disconnect()


@virtual_time
async def test_a_command_that_stays_stale_is_told(board: FakeBoard) -> None:
    client = make_client(board)
    await client.connect()

    def hold_back(to_device: bool, frame: bytes) -> bytes:
        board.latency_s = 2.3 if to_device else 0.01
        return frame

    board.touch = hold_back
    with pytest.raises(Stale):
        await client.send(RED)
    assert board.performed == []
    assert client.connected
    await client.disconnect()


# Uploads


@virtual_time
async def test_an_upload_arrives_whole_with_several_chunks_on_their_way_at_once(board: FakeBoard) -> None:
    board.latency_s = 0.1
    fractions: list[float] = []
    client = make_client(board)
    await client.connect()
    began = now()
    assert await client.upload(0x200, ASSET, fractions.append) is True
    assert board.assets == {0x200: ASSET}
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert now() - began < 0.2 * (2 + len(ASSET) / 220) / 2
    await client.disconnect()


@virtual_time
async def test_an_asset_that_the_button_has_is_not_sent_again(board: FakeBoard) -> None:
    board.assets[0x200] = ASSET
    client = make_client(board)
    board.written.clear()
    assert await client.upload(0x200, ASSET) is False
    assert len(board.written) == 2
    await client.disconnect()


@virtual_time
async def test_a_full_store_is_told_and_the_link_stays(board: FakeBoard) -> None:
    board.store_size = 100
    client = make_client(board)
    with pytest.raises(CommandRefused) as caught:
        await client.upload(0x200, ASSET)
    assert caught.value.code == AckCode.STORE_FULL
    assert client.connected
    await client.disconnect()


@pytest.mark.parametrize("lost_frame", range(1, 32))
@virtual_time
async def test_link_loss_at_any_frame_of_an_upload_is_survived(board: FakeBoard, lost_frame: int) -> None:
    seen = 0

    def cut(to_device: bool, frame: bytes) -> bytes | None:
        nonlocal seen
        seen += 1
        if seen == lost_frame:
            asyncio.get_running_loop().call_soon(board.lose_link)
            return None
        return frame

    client = make_client(board)
    await client.connect()
    board.touch = cut
    assert await client.upload(0x200, ASSET) is True
    assert board.assets == {0x200: ASSET}
    await client.disconnect()


@virtual_time
async def test_an_upload_that_loses_the_link_again_and_again_gives_up(board: FakeBoard) -> None:
    def cut(to_device: bool, frame: bytes) -> bytes | None:
        if to_device and len(frame) > 100:
            asyncio.get_running_loop().call_soon(board.lose_link)
            return None
        return frame

    board.touch = cut
    client = make_client(board)
    with pytest.raises(LinkLost):
        await client.upload(0x200, ASSET)
    assert board.connects == 3
    await client.disconnect()


@virtual_time
async def test_outputs_are_commanded_in_the_middle_of_an_upload(board: FakeBoard) -> None:
    board.latency_s = 0.1
    client = make_client(board)
    await client.connect()
    upload = asyncio.create_task(client.upload(0x200, ASSET))
    await asyncio.sleep(0.35)
    await client.send(RED)
    assert not upload.done()
    assert await upload is True
    assert board.assets == {0x200: ASSET}
    await client.disconnect()


@virtual_time
async def test_a_cancelled_upload_leaves_the_link_usable(board: FakeBoard) -> None:
    board.latency_s = 0.1
    client = make_client(board)
    upload = asyncio.create_task(client.upload(0x200, ASSET))
    await asyncio.sleep(1.0)
    upload.cancel()
    await client.send(RED)
    assert await client.upload(0x200, ASSET) is True
    await client.disconnect()


@virtual_time
async def test_disconnecting_ends_an_upload_for_good(board: FakeBoard) -> None:
    board.latency_s = 0.1
    client = make_client(board)
    upload = asyncio.create_task(client.upload(0x200, ASSET))
    await asyncio.sleep(1.5)
    await client.disconnect()
    with pytest.raises(LinkReleased):
        await upload
    assert board.client is None


@pytest.mark.parametrize(("asset_id", "data"), [(0x1FF, b"x"), (0x10000, b"x"), (0x200, b"")])
@virtual_time
async def test_what_cannot_be_uploaded_is_refused_before_connecting(board: FakeBoard, asset_id: int, data) -> None:
    with pytest.raises(InvalidArgument):
        await make_client(board).upload(asset_id, data)
    assert board.connects == 0


@pytest.mark.parametrize("mtu", [247, 185, 100, 67])
@virtual_time
async def test_where_the_stack_hides_the_mtu_the_largest_frame_that_fits_is_found(board: FakeBoard, mtu: int) -> None:
    board.mtu, board.reported_limit = mtu, 20
    client = make_client(board)
    assert await client.upload(0x200, ASSET) is True
    await client.prepare(0, CUES * 20)
    await client.disconnect()


@pytest.mark.parametrize("reported_limit", [None, 20])
@virtual_time
async def test_a_connection_too_narrow_for_an_upload_is_told_and_still_carries_short_commands(
    board: FakeBoard, reported_limit: int | None
) -> None:
    board.mtu, board.reported_limit = 23, reported_limit
    client = make_client(board)
    with pytest.raises(FrameTooLong):
        await client.upload(0x200, ASSET)
    await client.send(Servo(0, 900, 0))
    await client.send(Play(1, 500))
    assert len(board.performed) == 2
    assert client._channel.connection._acks == {}
    await client.disconnect()


# Performing


@virtual_time
async def test_a_timeline_starts_when_planned_and_reports_its_end(board: FakeBoard) -> None:
    client = make_client(board)
    await client.connect()
    start_at = now() + 5.0
    acked: list[int] = []
    performed = await client.perform(0, CUES, start_at, progress=acked.append)
    assert board.started_at == pytest.approx(start_at, abs=0.002)
    assert performed.acked_cues == 3
    assert acked == [3]
    assert performed.done.code == DoneCode.COMPLETED
    assert not board.on
    await asyncio.sleep(60)
    assert not client.connected


@virtual_time
async def test_the_end_of_a_timeline_gives_its_authority_back(board: FakeBoard) -> None:
    client = make_client(board)
    await client.perform(0, CUES, now())
    assert board.state is DeviceState.SESSION
    assert await client.query() == client.last_status
    assert client.last_status.lease_left == 0
    await client.disconnect()


@virtual_time
async def test_a_link_that_ends_right_after_the_cues_were_acknowledged_is_told(board: FakeBoard) -> None:
    client = make_client(board)
    await client.connect()

    def cut_after_the_ack(to_device: bool, frame: bytes) -> bytes:
        if not to_device:
            asyncio.get_running_loop().call_later(board.latency_s + 5e-10, board.lose_link)
        return frame

    board.touch = cut_after_the_ack
    with pytest.raises(LinkLost):
        await client.prepare(0, CUES)
    await client.disconnect()


@virtual_time
async def test_cues_go_up_in_batches_that_fit_a_write(board: FakeBoard) -> None:
    client = make_client(board)
    assert await client.prepare(0, CUES * 21) == 63
    assert max(map(len, board.written)) <= 244
    with pytest.raises(InvalidArgument):
        await client.prepare(0, CUES * 22)
    await client.disconnect()


@virtual_time
async def test_a_start_in_the_past_starts_at_once(board: FakeBoard) -> None:
    client = make_client(board)
    performed = await client.perform(0, CUES, now() - 10.0)
    assert performed.done.code == DoneCode.COMPLETED
    await client.disconnect()


@virtual_time
async def test_a_long_performance_is_kept_alive_to_its_end(board: FakeBoard) -> None:
    client = make_client(board)
    performed = await client.perform(0, [TimedCue(60_000, RED)] * 10, now() + 120.0)
    assert performed.done.code == DoneCode.COMPLETED
    await client.disconnect()


@virtual_time
async def test_a_stop_ends_a_performance(board: FakeBoard) -> None:
    client = make_client(board)
    performance = asyncio.create_task(client.perform(0, CUES, now() + 1.0))
    await asyncio.sleep(2.0)
    assert await client.stop() is True
    assert (await performance).done.code == DoneCode.STOPPED
    assert not board.on
    await client.disconnect()


@virtual_time
async def test_a_confirmed_stop_ends_a_performance_whose_own_end_is_never_heard(board: FakeBoard) -> None:
    client = make_client(board)
    await client.prepare(0, CUES)
    run = asyncio.create_task(client.run(0, now(), 2.0))
    await asyncio.sleep(0.5)
    board._tell = lambda event: None
    assert await client.stop() is True
    assert (await run).done.code == DoneCode.STOPPED
    await client.disconnect()


@pytest.mark.parametrize("after_s", [0.01 * n for n in range(30)])
@virtual_time
async def test_a_stop_at_any_moment_of_the_preparation_prevents_the_start(board: FakeBoard, after_s: float) -> None:
    client = make_client(board)
    await client.connect()
    performance = asyncio.create_task(client.perform(0, CUES * 20, now() + 60.0))
    await asyncio.sleep(after_s)
    await client.stop()
    with suppress(Superseded):
        assert (await performance).done.code == DoneCode.STOPPED
    assert not board.on
    assert board.state is DeviceState.SESSION
    await client.disconnect()


@virtual_time
async def test_a_stop_ends_the_storing_of_cues(board: FakeBoard) -> None:
    client = make_client(board)
    await client.connect()
    preparing = asyncio.create_task(client.prepare(0, CUES * 20))
    await asyncio.sleep(0.03)
    await client.stop()
    with pytest.raises(Superseded):
        await preparing
    await client.disconnect()


@virtual_time
async def test_a_cancelled_performance_is_stopped_on_the_button(board: FakeBoard) -> None:
    client = make_client(board)
    performance = asyncio.create_task(client.perform(0, CUES * 20, now()))
    await asyncio.sleep(5.0)
    assert board.on
    performance.cancel()
    with pytest.raises(asyncio.CancelledError):
        await performance
    assert not board.on
    await client.disconnect()


@virtual_time
async def test_a_performance_whose_link_is_lost_raises_and_leaves_nothing_on(board: FakeBoard) -> None:
    client = make_client(board)
    performance = asyncio.create_task(client.perform(0, CUES * 20, now()))
    await asyncio.sleep(5.0)
    board.lose_link()
    with pytest.raises(LinkLost):
        await performance
    assert not board.on
    with pytest.raises(LinkLost):
        await client.run(0, now(), 5.0)
    await client.disconnect()


@virtual_time
async def test_a_performance_that_never_reports_its_end_times_out_and_is_cut(board: FakeBoard) -> None:
    client = make_client(board)
    await client.prepare(0, [TimedCue(60_000, RED)] * 3)
    with pytest.raises(LinkTimeout) as caught:
        await client.run(0, now(), 2.0)
    assert caught.value.stage == "perform"
    await asyncio.sleep(1)
    assert not board.on


@virtual_time
async def test_a_second_run_replaces_the_first_and_each_hears_its_own_end(board: FakeBoard) -> None:
    client = make_client(board)
    await client.prepare(0, CUES)
    first = asyncio.create_task(client.run(0, now() + 30.0, 2.0))
    await asyncio.sleep(1.0)
    second = asyncio.create_task(client.run(0, now() + 1.0, 2.0))
    assert (await first).done.code == DoneCode.REPLACED
    assert (await second).done.code == DoneCode.COMPLETED
    await client.disconnect()


@virtual_time
async def test_start_times_are_met_over_slow_and_uneven_links(board: FakeBoard) -> None:
    pattern = iter([0.05, 0.06, 0.02, 0.03] * 100)

    def uneven(to_device: bool, frame: bytes) -> bytes:
        board.latency_s = next(pattern)
        return frame

    board.touch = uneven
    client = make_client(board)
    start_at = now() + 20.0
    await client.perform(0, CUES, start_at)
    assert board.started_at == pytest.approx(start_at, abs=0.03)
    await client.disconnect()


@virtual_time
async def test_the_clock_is_sharpened_before_a_start_when_the_handshake_was_slow(board: FakeBoard) -> None:
    client = make_client(board)
    board.latency_s = 0.4
    board.touch = lambda to_device, frame: setattr(board, "latency_s", 0.4 if not to_device else 0.01) or frame
    await client.connect()
    board.touch = lambda to_device, frame: frame
    board.latency_s = 0.005
    start_at = now() + 5.0
    await client.perform(0, CUES, start_at)
    assert board.started_at == pytest.approx(start_at, abs=0.002)
    await client.disconnect()


# Stopping


@virtual_time
async def test_a_stop_overtakes_the_queue_and_empties_it(board: FakeBoard) -> None:
    board.latency_s = 0.1
    client = make_client(board)
    await client.send(RED)
    queued = [asyncio.create_task(client.send(Servo(0, n, 0))) for n in range(5)]
    await asyncio.sleep(0.05)
    assert await client.stop() is True
    results = await asyncio.gather(*queued, return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["Ack"] + ["Superseded"] * 4
    assert not board.on
    await client.disconnect()


@virtual_time
async def test_a_stop_while_connecting_keeps_the_waiting_command_from_being_sent(board: FakeBoard) -> None:
    client = make_client(board)
    waiting = asyncio.create_task(client.send(RED))
    await asyncio.sleep(0.02)
    assert await client.stop() is False
    with pytest.raises(Superseded):
        await waiting
    assert board.performed == []
    await client.disconnect()


@virtual_time
async def test_a_stop_without_a_link_makes_none(board: FakeBoard) -> None:
    client = make_client(board)
    assert await client.stop() is False
    assert board.connects == 0


@virtual_time
async def test_a_stop_that_cannot_be_carried_cuts_the_link(board: FakeBoard) -> None:
    client = make_client(board)
    await client.send(RED)
    board.touch = lambda to_device, frame: None
    assert await client.stop() is False
    await asyncio.sleep(1)
    assert not board.on
    assert board.client is None


@virtual_time
async def test_a_stop_on_a_link_that_breaks_meanwhile_does_not_raise(board: FakeBoard) -> None:
    client = make_client(board)
    await client.send(RED)
    asyncio.get_running_loop().call_later(0.005, board.lose_link)
    assert await client.stop() is False
    assert not board.on
    await client.disconnect()


@virtual_time
async def test_a_stop_behind_a_write_that_hangs_cuts_the_link(board: FakeBoard) -> None:
    client = make_client(board)
    await client.send(RED)
    await client._channel.connection.write_lock.acquire()
    began = now()
    assert await client.stop() is False
    assert now() - began == pytest.approx(3.0)
    await asyncio.sleep(0.1)
    assert not board.on
    assert board.client is None


# Deadlines


@virtual_time
async def test_a_command_that_waits_too_long_for_its_turn_is_told_and_never_sent(board: FakeBoard) -> None:
    board.connect_s = 10.0
    client = make_client(board, limits=Limits(queue_s=2.0))
    with pytest.raises(LinkTimeout) as caught:
        await client.send(RED)
    assert caught.value.stage == "queue"
    await client.connect()
    assert board.performed == []
    await client.disconnect()


@virtual_time
async def test_an_upload_has_a_deadline_of_its_own(board: FakeBoard) -> None:
    client = make_client(board)
    async with client._bulk:
        with pytest.raises(LinkTimeout) as caught:
            await client.upload(0x200, ASSET)
    assert caught.value.stage == "upload"
    await client.disconnect()


@virtual_time
async def test_a_write_that_the_stack_refuses_ends_the_link(board: FakeBoard) -> None:
    client = make_client(board)
    await client.send(RED)

    def fail(to_device: bool, frame: bytes) -> bytes:
        if to_device:
            raise BleakError("ATT error 0x0e")
        return frame

    board.touch = fail
    with pytest.raises(LinkLost):
        await client.send(GREEN)
    await asyncio.sleep(0.1)
    assert not board.on
    await client.disconnect()


@virtual_time
async def test_a_refused_rotation_leaves_the_old_key(board: FakeBoard) -> None:
    board.slots[1] = KeySlot(KEY, 0)
    client = make_client(board, replace(CREDENTIALS, slot=1))
    await client.connect()
    board.session._slot = 2
    with pytest.raises(CommandRefused) as caught:
        await client.rotate_key()
    assert caught.value.code == AckCode.DENIED
    assert client.credentials == replace(CREDENTIALS, slot=1)
    await client.disconnect()


# Listening


@virtual_time
async def test_presses_and_statuses_are_heard(board: FakeBoard) -> None:
    events: list[Event] = []
    client = make_client(board, on_event=events.append)
    status = await client.query()
    board.press(1, ButtonKind.LONG)
    await asyncio.sleep(0.1)
    assert [type(event) for event in events] == [Status, Status, ButtonEvent]
    assert client.last_status == status
    await client.disconnect()


@virtual_time
async def test_a_listener_that_fails_does_not_harm_the_link(board: FakeBoard, caplog: pytest.LogCaptureFixture) -> None:
    def fail(value: object) -> None:
        raise RuntimeError("listener")

    client = make_client(board, on_event=fail, on_state=fail)
    await client.send(RED)
    assert client.connected
    assert "A listener to the link failed" in caplog.text
    await client.disconnect()


@virtual_time
async def test_the_clock_offset_is_the_host_time_of_the_session_clocks_zero(board: FakeBoard) -> None:
    client = make_client(board)
    assert client.clock_offset is None
    await client.prepare(0, CUES)
    assert client.clock_offset == pytest.approx(board.session._zero_at, abs=0.002)
    await client.disconnect()


@virtual_time
async def test_runs_are_not_sent_through_a_hole_in_the_order(board: FakeBoard) -> None:
    client = make_client(board)
    await asyncio.gather(client.prepare(0, CUES), client.send(RED), client.send(GREEN))
    performed = [type(command).__name__ for command in board.performed]
    assert performed.index("Cues") >= 0
    counters = [frame[1] for frame in board.written if frame_type(frame) is FrameType.CMD]
    assert counters == list(range(1, len(counters) + 1))
    assert not any(isinstance(command, Run) for command in board.performed)
    await client.disconnect()


# The button's clock


@pytest.mark.parametrize("rate", [0.97, 1.03])
@pytest.mark.parametrize("busy", [False, True])
@virtual_time
async def test_a_light_stays_on_though_the_buttons_clock_is_a_cheap_one(
    board: FakeBoard, rate: float, busy: bool
) -> None:
    board._now = lambda: now() * rate  # type: ignore[method-assign]
    client = make_client(board)
    await client.send(RED)
    for _ in range(300):
        await asyncio.sleep(2)
        if busy:
            await client.send(GREEN)
        assert board.state is DeviceState.ACTIVE
    assert board.connects == 1
    await client.disconnect()
