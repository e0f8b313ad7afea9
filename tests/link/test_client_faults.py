"""Many commands through a hostile radio: none twice, none out of order, none lost without an error, nothing left on."""

import asyncio
import random
from itertools import count

import pytest

from custom_components.cuelight.link import (
    Ack,
    CommandRefused,
    Light,
    LightPattern,
    LinkClient,
    LinkError,
    LinkTimeout,
    LinkUnreachable,
    Servo,
    Superseded,
)

from .fake_board import ADDRESS, CREDENTIALS, FakeBoard
from .virtual_time import virtual_time

TASKS = 4
COMMANDS = 60


class HostileRadio:
    """Loses, repeats, alters, holds back and reorders frames, and cuts the link."""

    def __init__(self, board: FakeBoard, rng: random.Random, share: float) -> None:
        self._board = board
        self._rng = rng
        self._share = share
        self._held: bytes | None = None

    def touch(self, to_device: bool, frame: bytes) -> bytes | None:
        self._board.latency_s = self._rng.choice([0.001, 0.01, 0.05])
        if self._rng.random() >= self._share:
            return frame
        match self._rng.randrange(6):
            case 0:
                return None
            case 1:
                at = self._rng.randrange(8 * len(frame))
                return (int.from_bytes(frame) ^ (1 << at)).to_bytes(len(frame))
            case 2:
                self._board.latency_s = self._rng.choice([0.9, 2.5, 4.0])
                return frame
            case 3:
                asyncio.get_running_loop().call_soon(self._board.lose_link)
                return frame
            case 4:
                self._again(to_device, frame)
                return frame
            case _:
                held, self._held = self._held, frame
                return held

    def _again(self, to_device: bool, frame: bytes) -> None:
        client = self._board.client
        if client is not None:
            receive = client._arrive if to_device else client.notified
            asyncio.get_running_loop().call_later(0.2, receive, frame)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("seed", range(8))
@virtual_time
async def test_no_command_is_lost_in_silence_repeated_or_reordered(board: FakeBoard, seed: int, share: float) -> None:
    rng = random.Random(seed)
    board.touch = HostileRadio(board, rng, share).touch
    client = LinkClient(ADDRESS, "Desk", CREDENTIALS, board.device)
    numbers = count()
    sent: list[tuple[Servo, Ack | LinkError]] = []

    async def work() -> None:
        for _ in range(COMMANDS):
            number = next(numbers)
            command = Servo(number % 4, number % 1801, number)
            place = len(sent)
            sent.append((command, LinkError("pending")))
            try:
                sent[place] = (command, await client.send(command, supersede=rng.random() < 0.2))
            except LinkError as err:
                sent[place] = (command, err)
                await asyncio.sleep(rng.choice([0.1, 1.0, 20.0]))

    await asyncio.gather(*(work() for _ in range(TASKS)))
    await client.disconnect()

    performed = [command.ramp_ms for command in board.performed if isinstance(command, Servo)]
    assert performed == sorted(set(performed))
    for command, outcome in sent:
        if isinstance(outcome, Ack):
            assert command.ramp_ms in performed
        elif isinstance(outcome, CommandRefused | Superseded | LinkUnreachable):
            assert command.ramp_ms not in performed
    if share == 0.0:
        assert all(isinstance(outcome, Ack | Superseded) for _, outcome in sent)
    assert not board.on
    assert board.client is None


@pytest.mark.parametrize("seed", range(8))
@virtual_time
async def test_whatever_is_cancelled_when_the_link_stays_in_order_and_ends_clean(board: FakeBoard, seed: int) -> None:
    rng = random.Random(seed)
    client = LinkClient(ADDRESS, "Desk", CREDENTIALS, board.device)
    data = rng.randbytes(2000)
    number = count()

    async def work() -> None:
        while True:
            await client.send(Servo(0, 0, next(number) % 65536))

    async def upload() -> None:
        await client.upload(0x200, data)

    async def stop() -> None:
        await client.stop()

    for _ in range(40):
        tasks = [asyncio.create_task(rng.choice([work, work, upload, client.connect, stop])()) for _ in range(5)]
        await asyncio.sleep(rng.random() * 0.3)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if rng.random() < 0.1:
            await client.disconnect()
    performed = [command.ramp_ms for command in board.performed if isinstance(command, Servo)]
    assert performed == sorted(set(performed))
    assert await client.upload(0x201, data) is True
    await client.disconnect()


@pytest.mark.parametrize(("to_device", "nth"), [(False, 1), (True, 1), (False, 2), (True, 2), (False, 3)])
@virtual_time
async def test_a_frame_that_is_a_minute_late_is_given_up_and_leaves_nothing_on(
    board: FakeBoard, to_device: bool, nth: int
) -> None:
    passed = 0

    def hold(to_device_too: bool, frame: bytes) -> bytes:
        nonlocal passed
        passed += to_device_too is to_device
        if (passed, to_device_too) == (nth, to_device):
            board.latency_s = 60.0
            asyncio.get_running_loop().call_soon(setattr, board, "latency_s", 0.01)
        return frame

    board.touch = hold
    client = LinkClient(ADDRESS, "Desk", CREDENTIALS, board.device)
    with pytest.raises(LinkTimeout):
        await client.send(Light(LightPattern.SOLID, (255, 0, 0), 255, 0))
    await asyncio.sleep(1)
    assert not board.on
    await asyncio.sleep(70)  # by then it has come
    assert not board.on
    await client.send(Light(LightPattern.SOLID, (255, 0, 0), 255, 0))
    assert board.on == {"light"}
    await client.disconnect()
    assert not board.on
