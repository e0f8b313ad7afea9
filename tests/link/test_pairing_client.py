"""Pairing over an in-memory GATT client and the strict device model, in virtual time."""

import asyncio
from collections.abc import Callable

import pytest

from custom_components.cuelight.link import (
    AckCode,
    ButtonEvent,
    ButtonKind,
    CommandRefused,
    Credentials,
    DeviceState,
    ErrorCode,
    Event,
    KeySlotsFull,
    Light,
    LinkClient,
    LinkLost,
    LinkReleased,
    LinkTimeout,
    LinkUnreachable,
    PairingClient,
    PairingClosed,
    PairingFailed,
    PairingInProgress,
    SettingKey,
    UnknownKeySlot,
    UnreachableReason,
)
from custom_components.cuelight.link.session import KeySlot

from .fake_board import ADDRESS, CREDENTIALS, DEV_ID, KEY, FakeBoard
from .virtual_time import virtual_time

RED = Light(0, (255, 0, 0), 255, 0)


def make(board: FakeBoard) -> PairingClient:
    return PairingClient(ADDRESS, "Desk", DEV_ID, board.device)


def client_of(board: FakeBoard, credentials: Credentials = CREDENTIALS, **kwargs) -> LinkClient:
    return LinkClient(ADDRESS, "Desk", credentials, board.device, **kwargs)


def press_soon(board: FakeBoard, after_s: float = 2.0) -> None:
    asyncio.get_running_loop().call_later(after_s, board.press, 0, ButtonKind.PRESS)


def lose(step: int) -> Callable[[bool, bytes], bytes | None]:
    """A radio that loses the device's frame of a step."""
    return lambda to_device, frame: None if not to_device and frame[:2] == bytes((0x68, step)) else frame


@virtual_time
async def test_a_pairing_gives_credentials_that_a_link_takes(board: FakeBoard) -> None:
    board.hold()
    pairing = make(board)
    code = await pairing.begin()
    assert code == board.session.shown_code
    press_soon(board)
    credentials = await pairing.confirm()
    assert (credentials.slot, credentials.gen, credentials.key) == (1, 0, board.slots[1].key)
    assert board.client is None
    assert board.connects == 1
    client = client_of(board, credentials)
    await client.send(RED)
    assert board.performed == [RED]
    await client.disconnect()


@virtual_time
async def test_the_button_may_be_pressed_first(board: FakeBoard) -> None:
    board.hold()
    pairing = make(board)
    await pairing.begin()
    board.press(0, ButtonKind.PRESS)
    await pairing.confirm()
    assert [*board.slots] == [0, 1]


@virtual_time
async def test_a_closed_window_and_full_slots_are_told(board: FakeBoard) -> None:
    with pytest.raises(PairingClosed):
        await make(board).begin()
    for slot in (1, 2, 3):
        board.slots[slot] = KeySlot(KEY, 0)
    board.hold()
    with pytest.raises(KeySlotsFull):
        await make(board).begin()
    assert board.client is None


@virtual_time
async def test_a_button_out_of_range_is_told_as_such(board: FakeBoard) -> None:
    board.in_range = False
    pairing = make(board)
    with pytest.raises(LinkUnreachable) as caught:
        await pairing.begin()
    assert caught.value.reason is UnreachableReason.NOT_IN_RANGE
    with pytest.raises(PairingFailed):
        await pairing.begin()
    with pytest.raises(PairingFailed):
        await pairing.confirm()


@virtual_time
async def test_a_connection_that_carries_little_fails_with_a_reason(board: FakeBoard) -> None:
    board.hold()
    board.mtu = 23
    with pytest.raises(PairingFailed, match="carries too little"):
        await make(board).begin()


@pytest.mark.parametrize("step", [2, 4])
def test_a_step_that_is_lost_ends_in_a_timeout(board: FakeBoard, step: int) -> None:
    @virtual_time
    async def run() -> None:
        board.touch = lose(step)
        board.hold()
        with pytest.raises(LinkTimeout):
            await make(board).begin()
        assert board.client is None
        assert not board.session.pairing_open

    run()


@virtual_time
async def test_a_lost_last_word_is_made_up_for_by_proving_the_key(board: FakeBoard) -> None:
    board.hold()
    board.touch = lose(6)
    pairing = make(board)
    await pairing.begin()
    press_soon(board)
    asyncio.get_running_loop().call_later(5.0, board.lose_link)
    credentials = await pairing.confirm()
    assert credentials.key == board.slots[1].key
    assert board.connects == 2
    assert board.client is None


@virtual_time
async def test_a_link_that_breaks_right_after_the_last_word_is_made_up_for_too(board: FakeBoard) -> None:
    board.hold()
    pairing = make(board)
    await pairing.begin()

    def touch(to_device: bool, frame: bytes) -> bytes | None:
        if frame[0] == 0x48:
            board.touch = lambda to_device, frame: frame
            board.lose_link()
            return None
        return frame

    board.touch = touch
    press_soon(board)
    assert (await pairing.confirm()).key == board.slots[1].key
    assert board.connects == 2


@virtual_time
async def test_a_button_that_nobody_presses_is_told_as_such(board: FakeBoard) -> None:
    board.hold()
    pairing = make(board)
    await pairing.begin()
    with pytest.raises(PairingFailed, match="not pressed"):
        await pairing.confirm(within_s=100.0)
    assert [*board.slots] == [0]
    assert board.client is None


@virtual_time
async def test_a_host_that_waits_for_less_than_the_window_does_not_leave_it_open(board: FakeBoard) -> None:
    board.hold()
    pairing = make(board)
    await pairing.begin()
    with pytest.raises((LinkTimeout, PairingFailed)):
        await pairing.confirm(within_s=5.0)
    assert not board.session.pairing_open
    press_soon(board, 0.0)
    await asyncio.sleep(1.0)
    assert [*board.slots] == [0]


@virtual_time
async def test_a_link_lost_while_the_digits_are_compared_is_told(board: FakeBoard) -> None:
    board.hold()
    pairing = make(board)
    await pairing.begin()
    board.lose_link()
    with pytest.raises(LinkLost):
        await pairing.confirm()
    assert board.connects == 1


@virtual_time
async def test_what_the_button_says_out_of_turn_ends_the_pairing(board: FakeBoard) -> None:
    board.hold()
    pairing = make(board)
    await pairing.begin()
    board.send([b"\x60\x10\x00"])
    await asyncio.sleep(1.0)
    with pytest.raises(PairingFailed):
        await pairing.confirm()
    assert [*board.slots] == [0]


@virtual_time
async def test_a_device_that_does_not_keep_the_key_it_agreed_to_fails(board: FakeBoard) -> None:
    board.hold()
    pairing = make(board)
    await pairing.begin()
    board.press(0, ButtonKind.PRESS)

    def touch(to_device: bool, frame: bytes) -> bytes | None:
        if frame[:2] == b"\x68\x06":
            board.slots[1] = KeySlot(KEY, 0)
        return frame

    board.touch = touch
    with pytest.raises(PairingFailed):
        await pairing.confirm()


@virtual_time
async def test_cancel_drops_the_link_at_any_time_and_never_raises(board: FakeBoard) -> None:
    idle = make(board)
    await idle.cancel()
    board.hold()
    pairing = make(board)
    begin = asyncio.get_running_loop().create_task(pairing.begin())
    await asyncio.sleep(0.08)
    await pairing.cancel()
    with pytest.raises((LinkReleased, PairingFailed)):
        await begin
    assert board.client is None
    board.hold()
    pairing = make(board)
    await pairing.begin()
    await pairing.cancel()
    await pairing.cancel()
    assert board.client is None
    assert not board.session.pairing_open
    with pytest.raises(LinkReleased):
        await pairing.confirm()


@virtual_time
async def test_a_cancelled_task_leaves_no_connection(board: FakeBoard) -> None:
    board.hold()
    pairing = make(board)
    await pairing.begin()
    confirm = asyncio.get_running_loop().create_task(pairing.confirm())
    await asyncio.sleep(1.0)
    confirm.cancel()
    with pytest.raises(asyncio.CancelledError):
        await confirm
    assert board.client is None
    assert not board.session.pairing_open


# What a link hears of it


@virtual_time
async def test_a_session_ends_when_the_window_opens_and_comes_back_when_it_has_closed(board: FakeBoard) -> None:
    client = client_of(board)
    await client.send(RED)
    board.hold()
    await asyncio.sleep(1.0)
    assert isinstance(client.last_error, LinkLost)
    assert client.last_error.code is ErrorCode.PAIRING
    assert not board.on
    with pytest.raises(PairingInProgress):
        await client.connect()
    with pytest.raises(LinkUnreachable) as caught:
        await client.connect()
    assert isinstance(caught.value.__cause__, PairingInProgress)
    await asyncio.sleep(60.0)
    await client.send(RED)
    assert board.state is DeviceState.ACTIVE
    await client.disconnect()


@virtual_time
async def test_a_press_without_a_session_is_told_to_the_next(board: FakeBoard) -> None:
    heard: list[Event] = []
    board.press(1, ButtonKind.PRESS)
    board.press(1, ButtonKind.RELEASE)
    board.press(1, ButtonKind.SINGLE)
    assert board.session.press_waiting(asyncio.get_running_loop().time())
    client = client_of(board, on_event=heard.append)
    await client.connect()
    await asyncio.sleep(1.0)
    presses = [event for event in heard if isinstance(event, ButtonEvent)]
    assert presses == [ButtonEvent(1, ButtonKind.PRESS, 0), ButtonEvent(1, ButtonKind.SINGLE, 0)]
    await client.disconnect()
    board.press(1, ButtonKind.LONG)
    await asyncio.sleep(10.0)
    heard.clear()
    await client.connect()
    await asyncio.sleep(1.0)
    assert not [event for event in heard if isinstance(event, ButtonEvent)]
    await client.disconnect()


# Forgetting and settings


@virtual_time
async def test_a_host_that_is_forgotten_gets_no_other_session(board: FakeBoard) -> None:
    board.slots[2] = KeySlot(KEY, 0)
    client = client_of(board, Credentials(DEV_ID, None, KEY, 2))
    await client.forget_key()
    await client.send(RED)
    await client.disconnect()
    with pytest.raises(UnknownKeySlot):
        await client.connect()
    await client.disconnect()


@virtual_time
async def test_the_label_key_is_not_forgotten(board: FakeBoard) -> None:
    client = client_of(board)
    with pytest.raises(CommandRefused) as caught:
        await client.forget_key()
    assert caught.value.code == AckCode.DENIED
    await client.disconnect()


@virtual_time
async def test_settings_are_set_and_read(board: FakeBoard) -> None:
    heard: list[Event] = []
    client = client_of(board, on_event=heard.append)
    assert await client.setting(SettingKey.LIGHT_CAP) == 255
    await client.set_setting(SettingKey.LIGHT_CAP, 40)
    await client.set_setting(SettingKey.SERVO_LIMITS_2, 300 << 16 | 1500)
    keys = (SettingKey.LIGHT_CAP, SettingKey.SERVO_LIMITS_2, SettingKey.KEY_SLOTS, SettingKey.SERVO_SPEED)
    assert await asyncio.gather(*map(client.setting, keys)) == [40, 300 << 16 | 1500, 1, 6000]
    await client.disconnect()


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        (SettingKey.STORE_FREE, 1, AckCode.DENIED),
        (SettingKey.KEY_SLOTS, 1, AckCode.DENIED),
        (SettingKey.LIGHT_CAP, 0, AckCode.OUT_OF_RANGE),
        (SettingKey.LIGHT_CAP, 256, AckCode.OUT_OF_RANGE),
        (SettingKey.SERVO_SPEED, 0, AckCode.OUT_OF_RANGE),
        (SettingKey.SERVO_SPEED, 65536, AckCode.OUT_OF_RANGE),
        (SettingKey.SERVO_LIMITS_0, 900 << 16 | 899, AckCode.OUT_OF_RANGE),
        (SettingKey.SERVO_LIMITS_3, 1801, AckCode.OUT_OF_RANGE),
        (8, 1, AckCode.UNSUPPORTED),
    ],
)
def test_what_cannot_be_set_is_refused(board: FakeBoard, key: SettingKey, value: int, code: AckCode) -> None:
    @virtual_time
    async def run() -> None:
        client = client_of(board)
        with pytest.raises(CommandRefused) as caught:
            await client.set_setting(key, value)
        assert caught.value.code == code
        await client.disconnect()

    run()


@virtual_time
async def test_a_setting_that_the_button_has_not_is_refused(board: FakeBoard) -> None:
    client = client_of(board)
    with pytest.raises(CommandRefused) as caught:
        await client.setting(200)  # type: ignore[arg-type]
    assert caught.value.code == AckCode.UNSUPPORTED
    await client.query()
    await client.disconnect()


@virtual_time
async def test_a_question_whose_answer_is_lost_ends_in_a_timeout(board: FakeBoard) -> None:
    client = client_of(board)
    await client.connect()
    board.touch = lambda to_device, frame: frame if to_device else None
    with pytest.raises(LinkTimeout):
        await client.setting(SettingKey.LIGHT_CAP)
    assert board.client is None or not client.connected
    await client.disconnect()
