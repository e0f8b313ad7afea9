"""The link to one button over bleak: on demand, in order, in bounded time."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum

from bleak.backends.device import BLEDevice

from .commands import Ack, Command, Done, Event, Status, TimedCue
from .credentials import Credentials
from .exceptions import LinkError


class LinkState(StrEnum):
    """What the client tells of its link."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class Performed:
    """What became of a timeline.

    Attributes:
        acked_cues: cues the button has acknowledged.
        start_ms: planned start on the session clock.
        done: how the timeline ended.
    """

    acked_cues: int
    start_ms: int
    done: Done


class LinkClient:
    """The authenticated link to one button; connects on demand and recovers by itself.

    Args:
        address: Bluetooth address, for messages.
        name: the button's name, for messages.
        credentials: its key.
        ble_device_callback: gives the freshest connectable BLEDevice, or None.
        on_event: hears every authentic event except acknowledgements.
        on_state: hears every change of ``state``; ``last_error`` tells why it went down.
        idle_disconnect_s: seconds without commands or outputs after which the link is released.
        on_credentials: hears every change of the credentials, to store them **before** the client goes on.
    """

    def __init__(
        self,
        address: str,
        name: str,
        credentials: Credentials,
        ble_device_callback: Callable[[], BLEDevice | None],
        on_event: Callable[[Event], None] | None = None,
        on_state: Callable[[LinkState], None] | None = None,
        idle_disconnect_s: float = 30.0,
        *,
        on_credentials: Callable[[Credentials], None] | None = None,
    ) -> None:
        raise NotImplementedError

    @property
    def connected(self) -> bool:
        """Whether an authenticated session is up."""
        raise NotImplementedError

    @property
    def state(self) -> LinkState:
        """The link's state."""
        raise NotImplementedError

    @property
    def last_error(self) -> LinkError | None:
        """Why the link last went down or did not come up; None after a success."""
        raise NotImplementedError

    @property
    def last_status(self) -> Status | None:
        """The latest status the button sent."""
        raise NotImplementedError

    @property
    def clock_offset(self) -> float | None:
        """``time.monotonic()`` seconds at the session clock's zero; None without a session."""
        raise NotImplementedError

    @property
    def credentials(self) -> Credentials:
        """The credentials in use."""
        raise NotImplementedError

    async def connect(self) -> None:
        """Bring the link up, if it is not; bounded by the connect and handshake limits."""
        raise NotImplementedError

    async def disconnect(self) -> None:
        """Let the link go and end everything under way; never raises."""
        raise NotImplementedError

    def hold(self) -> AbstractContextManager[None]:
        """Keep the link from being released while idle, as long as the context is open."""
        raise NotImplementedError

    async def send(self, command: Command, *, supersede: bool = False) -> Ack:
        """Send a command in its turn; returns when the button has acknowledged it.

        ``supersede`` lets an output command (play, puppet, light, servo) take the place of unsent ones for the same
        output, which then raise ``Superseded``.

        Raises:
            CommandRefused: the button refused it.
            LinkError: it did not get through; see the tree in ``exceptions``.
        """
        raise NotImplementedError

    async def query(self) -> Status:
        """Ask the button for its status."""
        raise NotImplementedError

    async def upload(self, asset_id: int, data: bytes, progress: Callable[[float], None] | None = None) -> bool:
        """Upload an asset; False when the button had it already. ``progress`` hears fractions from 0 to 1."""
        raise NotImplementedError

    async def prepare(
        self, timeline: int, cues: Sequence[TimedCue], progress: Callable[[int], None] | None = None
    ) -> int:
        """Store a timeline's cues on the button and sharpen the clock; returns the cues acknowledged."""
        raise NotImplementedError

    async def run(self, timeline: int, start_at: float, duration_s: float) -> Performed:
        """Run a stored timeline at ``start_at`` (``time.monotonic()`` seconds) and wait until it is done."""
        raise NotImplementedError

    async def perform(
        self,
        timeline: int,
        cues: Sequence[TimedCue],
        start_at: float,
        *,
        duration_s: float | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Performed:
        """``prepare`` and ``run`` in one; ``duration_s`` defaults to the last cue's time and its own duration."""
        raise NotImplementedError

    async def stop(self) -> bool:
        """Put every output to rest, ahead of everything queued; True when the button confirmed it.

        Best effort: never raises on a lost link, which puts the outputs to rest by itself.
        """
        raise NotImplementedError

    async def rotate_key(self, new_key: bytes | None = None) -> Credentials:
        """Rotate to the ratchet's next key, or to a new random one, and prove it; returns the new credentials."""
        raise NotImplementedError
