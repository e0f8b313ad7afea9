"""Uploading an asset: announced, sent in chunks of which a few may be on their way at once, committed."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from .channel import Channel
from .commands import Ack, Asset, Chunk, Commit
from .connection import Connection
from .const import FIRST_UPLOADED_ASSET, MAX_CHUNK, AckCode
from .exceptions import CommandRefused, FrameTooLong, InvalidArgument, LinkLost, LinkReleased, LinkTimeout

_WINDOW = 4
_ATTEMPTS = 3
_MIN_LIMIT_S = 60.0
_SLOWEST_BYTES_PER_S = 200
# b0, a wide counter and the tag; then the array, the operation, the id, the offset and the data's length.
_CHUNK_OVERHEAD = 11 + 1 + 1 + 3 + 5 + 2


@dataclass(frozen=True, slots=True)
class _OnItsWay:
    end: int
    ack: asyncio.Future[Ack]


class Upload:
    """One asset's way to the button. A button forgets a part of an asset with its session, so a lost link starts anew.

    Args:
        channel: the way.
        asset_id: its id, 0x0200 or above.
        data: its bytes.
        progress: hears fractions from 0 to 1.
    """

    def __init__(self, channel: Channel, asset_id: int, data: bytes, progress: Callable[[float], None] | None) -> None:
        if not FIRST_UPLOADED_ASSET <= asset_id <= 0xFFFF:
            raise InvalidArgument("asset_id", f"Uploaded assets have ids from 0x{FIRST_UPLOADED_ASSET:04X} to 0xFFFF.")
        if not data:
            raise InvalidArgument("data", "There is nothing to upload.")
        self.limit_s = _MIN_LIMIT_S + len(data) / _SLOWEST_BYTES_PER_S
        self._channel = channel
        self._asset_id = asset_id
        self._data = data
        self._progress = progress or (lambda fraction: None)
        self._moved = False

    async def run(self) -> bool:
        """Upload; returns False when the button had the asset already."""
        for attempts_left in reversed(range(_ATTEMPTS)):
            try:
                return await self._attempt(await self._channel.up())
            except LinkReleased:
                raise
            except LinkLost, LinkTimeout:
                if not attempts_left:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, connection: Connection) -> bool:
        announced = Asset(self._asset_id, len(self._data), hashlib.sha256(self._data).digest())
        try:
            await self._channel.ask(connection, announced)
        except CommandRefused as err:
            if err.code != AckCode.ALREADY_PRESENT:
                raise
            self._progress(1.0)
            return self._moved
        await self._send_chunks(connection)
        await self._channel.ask(connection, Commit(self._asset_id), limit_s=self._channel.limits.commit_s)
        return True

    async def _send_chunks(self, connection: Connection) -> None:
        offset = 0
        on_their_way: deque[_OnItsWay] = deque()
        while offset < len(self._data) or on_their_way:
            while offset < len(self._data) and len(on_their_way) < _WINDOW:
                chunk = self._chunk(offset, connection)
                try:
                    async with connection.write_lock:
                        ack = await connection.transmit(chunk)
                except FrameTooLong as err:
                    connection.lower_frame_limit(err)
                    continue
                self._moved = True
                offset += len(chunk.data)
                on_their_way.append(_OnItsWay(offset, ack))
            await self._take_ack(connection, on_their_way.popleft())

    async def _take_ack(self, connection: Connection, chunk: _OnItsWay) -> None:
        ack = await connection.answer(chunk.ack, self._channel.limits.command_s)
        if ack.code != AckCode.OK:
            raise CommandRefused(ack.code, "chunk")
        self._progress(chunk.end / len(self._data))

    def _chunk(self, offset: int, connection: Connection) -> Chunk:
        size = min(MAX_CHUNK, connection.frame_limit - _CHUNK_OVERHEAD)
        if size < 1:
            raise FrameTooLong(_CHUNK_OVERHEAD + 1, connection.frame_limit)
        return Chunk(self._asset_id, offset, self._data[offset : offset + size])
