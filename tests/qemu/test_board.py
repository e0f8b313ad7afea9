"""The ARM image executed in QEMU: what it says, shows and does, and what it does when the world goes wrong."""

import asyncio
import json
from pathlib import Path

from custom_components.cuelight.link.commands import ButtonEvent, Light, Play, Query, Servo, Status
from custom_components.cuelight.link.const import AckCode, DeviceState, Fault
from script._firmware_check import stack_size, worst_stack
from tests.rig.qemu import QemuBoard, matrix_of

from .central import Central, manufacturer_data

SOLID = 0
ORANGE = Light(SOLID, (255, 128, 0), 255, 0)
LEASE = 8  # units of 250 ms
STACK_BOTTOM = 0x10000000


async def test_it_boots_at_rest_and_advertises_who_it_is(board: QemuBoard, central: Central) -> None:
    advertisement = await central.advertisement(board.address)
    await board.until(lambda: len(board.record("boot")) == 1 and bool(board.record("safe")))
    boot = board.record("boot")[0]
    assert boot["board"] == "b_l475e_iot01a"
    assert boot["dev_id"] == board.dev_id.hex()
    assert board.at_rest()
    assert len(advertisement) == 31
    assert manufacturer_data(advertisement) == b"\xff\xff\x01" + board.dev_id + bytes.fromhex(boot["inst_id"]) + b"\x64"


async def test_a_handshake_proves_the_key_both_ways(board: QemuBoard, central: Central) -> None:
    async with central.session(board) as session:
        status = await session.open()
    assert status.state == DeviceState.SESSION
    assert status.fault == Fault.NONE


async def test_a_light_shows_on_the_matrix(board: QemuBoard, central: Central, tmp_path: Path) -> None:
    async with central.session(board) as session:
        await session.open()
        ack = await session.send(ORANGE, LEASE)
        assert ack.code == AckCode.OK
        await board.until(lambda: bool(board.record("light")))
        lit = board.record("light")[-1]["rgb"]
        await _shows(board, tmp_path, None, lit)
    assert lit[0] > lit[1] > lit[2] == 0


async def test_an_animation_shows_on_the_matrix_over_the_light(
    board: QemuBoard, central: Central, tmp_path: Path
) -> None:
    async with central.session(board) as session:
        await session.open()
        await session.send(ORANGE, LEASE)
        await session.send(Play(0, 0), LEASE)
        async with asyncio.timeout(5):
            while await board.screenshot(tmp_path / "matrix.png") not in _pictures(board):
                await asyncio.sleep(0.05)


async def test_a_lost_link_puts_everything_to_rest(board: QemuBoard, central: Central, tmp_path: Path) -> None:
    async with central.session(board) as session:
        await session.open()
        await session.send(ORANGE, LEASE)
        await session.send(Servo(0, 900, 0), LEASE)
        await board.until(lambda: board.outputs()["servo"].get(0) == 900)
        board.lose_link()
        await board.until(lambda: board.record("state")[-1]["fault"] == "link_loss")
        assert board.at_rest()
        await _shows(board, tmp_path, None, (0, 0, 0))


async def test_an_altered_frame_ends_the_session_at_rest(board: QemuBoard, central: Central) -> None:
    async with central.session(board) as session:
        await session.open()
        await session.send(ORANGE, LEASE)
        frame = bytearray(session.host.command(ORANGE, LEASE, asyncio.get_running_loop().time()).frame)
        frame[-1] ^= 1
        await session.write(bytes(frame))
        await board.until(lambda: board.record("state")[-1]["fault"] == "bad_mac")
    assert board.at_rest()


async def test_a_lease_ends_by_itself(board: QemuBoard, central: Central) -> None:
    async with central.session(board) as session:
        await session.open()
        await session.send(ORANGE, 1)
        await board.until(lambda: len(board.record("safe")) == 3)
        safe = board.record("safe")
    assert [entry["safe"] for entry in safe] == [True, False, True]
    assert 0 < safe[2]["device_us"] - safe[1]["device_us"] <= 260_000


async def test_the_blue_button_travels_as_an_event(board: QemuBoard, central: Central) -> None:
    async with central.session(board) as session:
        await session.open()
        await board.press()
        pressed = await session.next_event(ButtonEvent)
        await board.release()
        released = await session.next_event(ButtonEvent)
    assert [(event.button, event.kind) for event in (pressed, released)] == [(0, 0), (0, 1)]
    assert released.at_ms >= pressed.at_ms


async def test_the_store_outlives_a_power_cut(board: QemuBoard, central: Central) -> None:
    async with central.session(board) as session:
        await session.open()
    await board.kill()
    await board.start()
    async with central.session(board) as session:
        await session.open()
    await board.until(lambda: len(board.record("boot")) == 2)
    before, after = board.record("boot")
    assert before["inst_id"] == after["inst_id"]


async def test_a_fault_is_told_of_after_a_reset(board: QemuBoard, central: Central) -> None:
    async with central.session(board) as session:
        await session.open()
        board.lose_link()
        await board.until(lambda: board.record("state")[-1]["fault"] == "link_loss")
    await board.reset()
    await board.until(lambda: len(board.record("boot")) == 2)
    async with central.session(board) as session:
        status = await session.open()
        assert status.fault == Fault.LINK_LOSS
        await session.write(session.host.command(Query(), None, asyncio.get_running_loop().time()).frame)
        assert (await session.next_event(Status)).fault == Fault.NONE


async def test_without_an_identity_the_radio_stays_off(board: QemuBoard) -> None:
    await board.stop()
    board.key = b""
    await board.start()
    await board.until(lambda: bool(board.record("refused")))
    assert board.radio is not None
    assert board.radio.controller is not None
    assert not board.radio.controller.le_legacy_advertiser.enabled


async def test_the_stack_stays_within_what_the_analysis_allows(image: Path, board: QemuBoard, central: Central) -> None:
    async with central.session(board) as session:
        await session.open()
        await session.send(ORANGE, LEASE)
        await session.send(Play(0, 0), LEASE)
        await board.press()
        await session.next_event(ButtonEvent)
    size = stack_size("b_l475e_iot01a")
    painted = await board.memory(STACK_BOTTOM, size)
    used = len(painted.lstrip(b"\xa5"))
    sources = [Path(entry["file"]) for entry in json.loads((image.parent / "compile_commands.json").read_text())]
    assert 0 < used <= worst_stack("b_l475e_iot01a", image.parent, image, sources)


def _pictures(board: QemuBoard) -> list[list[list[tuple[int, int, int]]]]:
    """What the matrix may have shown for each frame of the record, over the light as it is."""
    light = board.outputs()["light"]
    return [matrix_of(entry["frame"], light) for entry in board.record("display") if entry["frame"]]


async def _shows(board: QemuBoard, folder: Path, frame: str | None, rgb: object) -> None:
    """Wait until the matrix shows this."""
    wanted = matrix_of(frame, rgb)  # type: ignore[arg-type]
    async with asyncio.timeout(5):
        while await board.screenshot(folder / "matrix.png") != wanted:
            await asyncio.sleep(0.05)
