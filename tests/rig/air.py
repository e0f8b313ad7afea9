"""The air: Bumble's link layer between the boards' controllers and the adapters' centrals."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.link import LocalLink
from bumble.transport.common import StreamPacketSource

SUPERVISION_TIMEOUT = hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR


class BoardController:
    """The radio of one board for one power-up: a Bumble controller behind the H4 socket that the firmware opens."""

    def __init__(self, air: Air, path: Path) -> None:
        self._air = air
        self._path = path
        self._server: asyncio.Server | None = None
        self._transport: asyncio.Transport | None = None
        self._source = StreamPacketSource()
        self.controller: Controller | None = None
        self.connected = asyncio.Event()

    async def open(self) -> None:
        """Listen on the socket and join the air."""
        radio = self

        class _Protocol(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                assert isinstance(transport, asyncio.Transport)
                radio._transport = transport
                radio.connected.set()

            def data_received(self, data: bytes) -> None:
                radio._source.data_received(data)

            def connection_lost(self, exc: Exception | None) -> None:
                radio._transport = None
                radio._on_board_gone()

        self._server = await asyncio.get_running_loop().create_unix_server(_Protocol, str(self._path))
        self.controller = Controller(self._path.stem, host_source=self._source, host_sink=self, link=self._air.link)

    def on_packet(self, packet: bytes) -> None:
        """Hand an HCI packet of the controller to the firmware."""
        if self._transport is not None:
            self._transport.write(packet)

    @property
    def address(self) -> str:
        """The address that the firmware gave its controller."""
        assert self.controller is not None
        return str(self.controller.random_address).split("/")[0]

    def lose_links(self, reason: int = SUPERVISION_TIMEOUT) -> int:
        """End every connection as both sides see it when the radio fades; return how many there were."""
        assert self.controller is not None
        connections = list(self.controller.le_connections.values())
        for connection in connections:
            self._air.end(self.controller, connection, reason)
        return len(connections)

    def _on_board_gone(self) -> None:
        """The firmware's process ended: its links time out and it is off the air."""
        if self.controller is not None and self.controller in self._air.link.controllers:
            self.controller.le_legacy_advertiser.stop()
            self.lose_links()
            self._air.link.remove_controller(self.controller)

    async def close(self) -> None:
        """Leave the air and stop listening."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        self._on_board_gone()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._path.unlink(missing_ok=True)


class _Link(LocalLink):
    """Bumble's link layer, which hands each advertisement only to those who listen: rooms are large."""

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        loop = asyncio.get_running_loop()
        for controller in self.controllers:
            listens = controller.le_scan_enable or controller.pending_le_connection or isinstance(packet, ll.ConnectInd)
            if controller is not sender_controller and listens:
                loop.call_soon(controller.on_ll_advertising_pdu, packet)


class Air:
    """One room's air. Everything is delivered at once; losses happen when a test asks for them."""

    def __init__(self) -> None:
        self.link = _Link()
        # The boards' sockets: a unix socket's path holds 108 bytes at most, too few for a test run's own folder.
        self.folder = Path(tempfile.mkdtemp(prefix="cuelight-"))

    def close(self) -> None:
        """Remove the sockets' folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def end(self, controller: Controller, connection: Connection, reason: int) -> None:
        """End one connection on both sides with an HCI reason."""
        peer = self.link.find_le_controller(connection.peer_address)
        if connection.peer_address in controller.le_connections:
            controller.on_le_disconnected(connection, reason)
        if peer is not None and (other := peer.le_connections.get(connection.self_address)) is not None:
            peer.on_le_disconnected(other, reason)

    def inject(self, address: str, data: bytes) -> Callable[[], None]:
        """Broadcast an advertisement that no board of ours sent, once; return a call that repeats it."""
        sender = Controller("intruder", link=None)
        pdu = ll.AdvInd(advertiser_address=hci.Address(address, hci.Address.RANDOM_DEVICE_ADDRESS), data=data)

        def send() -> None:
            self.link.send_advertising_pdu(sender, pdu)

        send()
        return send
