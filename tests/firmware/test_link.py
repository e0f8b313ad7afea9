"""The link over the air: handshake, garbage, loss, the record; the device half is the real firmware."""

import secrets
import time

import pytest
from bumble import hci

from custom_components.cuelight.link.commands import Ack, ButtonEvent, Query, Servo, Status
from tests.rig.board import Board

from .conftest import TX, Central, Centrals

HELLO, ERR = 0x40, 0x60


async def test_subscribing_brings_hello_and_the_record_says_when(board: Board, central: Central) -> None:
    link = await central.connect(board)
    before = time.monotonic_ns() // 1000
    hello = await link.subscribe()
    after = time.monotonic_ns() // 1000
    (boot,) = board.record("boot")
    assert len(hello) == 14
    assert hello[0] == HELLO
    assert hello[2:6].hex() == boot["inst_id"]
    (entry,) = board.record("hello")
    assert before <= entry["t_us"] <= after
    assert board.outputs()["state"] == "link"


async def test_every_subscription_starts_anew(board: Board, central: Central) -> None:
    link = await central.connect(board)
    first = await link.subscribe()
    await link.characteristic(TX).descriptors[0].write_value(b"\x01\x00", with_response=True)
    second = await link.frame()
    assert first[:6] == second[:6]
    assert first[6:] != second[6:]


async def test_garbage_is_refused_and_safe(board: Board, central: Central) -> None:
    link = await central.connect(board)
    await link.subscribe()
    await link.write(b"\xff" * 40, response=True)
    assert (await link.frame())[0] == ERR
    await board.until(lambda: board.outputs()["state"] == "safe")
    assert board.at_rest()


@pytest.mark.parametrize("size", [0, 1, 19, 20, 23, 27, 100, 243, 244])
async def test_writes_of_every_size_are_heard(board: Board, central: Central, size: int) -> None:
    link = await central.connect(board)
    await link.subscribe()
    await link.write(b"\x55" * size)
    assert (await link.frame())[0] == ERR
    assert board.outputs()["state"] == "safe"


async def test_a_signed_command_moves_the_servo(board: Board, central: Central) -> None:
    link = await central.connect(board)
    await link.open(board)
    await link.send(Servo(channel=0, decidegrees=900, ramp_ms=0), lease_units=8)
    assert isinstance(await link.event(), Ack)
    await board.until(lambda: board.outputs()["servo"].get(0) == 900)
    assert board.outputs()["state"] == "active"


async def test_the_outputs_rest_when_the_link_is_lost(board: Board, central: Central) -> None:
    link = await central.connect(board)
    await link.open(board)
    await link.send(Servo(channel=0, decidegrees=900, ramp_ms=0), lease_units=40)
    await board.until(lambda: board.outputs()["servo"].get(0) == 900)
    board.lose_link()
    await board.until(board.at_rest)
    assert board.record("state")[-1] | {"t_us": 0} == {
        "t_us": 0,
        "what": "state",
        "state": "safe",
        "fault": "link_loss",
    }
    assert board.record("safe")[-1]["safe"] is True
    assert link.ended == [hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR]


async def test_two_sessions_do_not_disturb_each_other(board: Board, new_central: Centrals) -> None:
    one = await (await new_central()).connect(board)
    two = await (await new_central()).connect(board)
    await one.open(board)
    await two.open(board)
    await two.write(b"\xff" * 20)
    assert (await two.frame())[0] == ERR
    await one.send(Servo(channel=1, decidegrees=100, ramp_ms=0), lease_units=8)
    assert isinstance(await one.event(), Ack)


async def test_a_board_keeps_its_identity_through_a_cut_of_its_power(board: Board, central: Central) -> None:
    (boot,) = board.record("boot")
    link = await central.connect(board)
    await link.open(board)
    await board.kill()
    await board.start()
    await board.until(lambda: len(board.record("boot")) == 2)
    assert board.record("boot")[1]["inst_id"] == boot["inst_id"]
    link = await central.connect(board)
    await link.open(board)


async def test_a_burst_of_commands_is_answered_in_full(board: Board, central: Central) -> None:
    link = await central.connect(board)
    await link.open(board)
    for angle in range(30):
        await link.send(Servo(channel=0, decidegrees=angle, ramp_ms=0), lease_units=8)
    acks = [await link.event() for _ in range(30)]
    assert [ack.counter for ack in acks if isinstance(ack, Ack)] == list(range(1, 31))


async def test_the_board_goes_safe_before_it_is_switched_off(board: Board, central: Central) -> None:
    link = await central.connect(board)
    await link.open(board)
    await link.send(Servo(channel=0, decidegrees=900, ramp_ms=0), lease_units=40)
    await board.until(lambda: board.outputs()["servo"].get(0) == 900)
    await board.stop()
    assert board.at_rest()
    assert board.outputs()["safe"] is True


async def test_a_button_press_is_told(board: Board, central: Central) -> None:
    link = await central.connect(board)
    await link.open(board)
    await board.press(0)
    event = await link.event()
    assert isinstance(event, ButtonEvent)
    assert (event.button, event.kind) == (0, 0)


async def test_a_query_tells_the_battery(board: Board, central: Central) -> None:
    link = await central.connect(board)
    await link.open(board)
    await link.send(Query())
    status = await link.event()
    assert isinstance(status, Status)
    assert status.millivolts == 3900


async def test_a_replaced_key_leaves_the_flash(board: Board, central: Central) -> None:
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    for key, gen, by in ((old, 0, (board.key, 0, 0)), (new, 1, (old, 1, 0))):
        link = await central.connect(board)
        await link.open(board, *by)
        await link.rekey(1, gen, key)
        await link.connection.disconnect()
        link = await central.connect(board)
        await link.open(board, key, 1, gen)
        await link.connection.disconnect()
    flash = board.folder / "button.flash"
    await board.until(lambda: old not in flash.read_bytes())
    assert new in flash.read_bytes()
