"""The one exception tree of the link."""

from enum import StrEnum

from .const import AckCode, ErrorCode


class LinkError(Exception):
    """Root of everything the link raises."""


class InvalidArgument(LinkError, ValueError):
    """A command cannot be built from these values; nothing was sent.

    Attributes:
        argument: name of the offending field.
    """

    def __init__(self, argument: str, message: str) -> None:
        super().__init__(message)
        self.argument = argument


class UnreachableReason(StrEnum):
    """Why no connection came about."""

    NOT_IN_RANGE = "not_in_range"
    OUT_OF_SLOTS = "out_of_slots"
    FAILED = "failed"
    TIMEOUT = "timeout"
    BACKING_OFF = "backing_off"


class LinkUnreachable(LinkError):
    """No connection to the button could be made.

    Attributes:
        reason: what stood in the way.
        retry_in_s: seconds until the client tries again; 0 when it may be tried at once.
    """

    def __init__(self, reason: UnreachableReason, message: str, retry_in_s: float = 0.0) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_in_s = retry_in_s


class LinkLost(LinkError):
    """The link ended. A command that was on its way may or may not have been executed; the outputs are safe.

    Attributes:
        code: the device's unauthenticated reason, if it gave one.
    """

    def __init__(self, message: str, code: ErrorCode | None = None) -> None:
        super().__init__(message)
        self.code = code


class LinkReleased(LinkLost):
    """The host itself let the link go."""

    def __init__(self) -> None:
        super().__init__("The host let the link go.")


class LinkTimeout(LinkError):
    """A stage did not finish in its time; the link was closed, so the outputs are safe.

    Attributes:
        stage: connect, handshake, command, queue, upload or perform.
        limit_s: the stage's limit.
    """

    def __init__(self, stage: str, limit_s: float) -> None:
        super().__init__(f"The button did not finish the {stage} stage within {limit_s:g} s.")
        self.stage = stage
        self.limit_s = limit_s


class AuthenticationFailed(LinkError):
    """Host and button could not prove themselves to each other."""


class WrongKey(AuthenticationFailed):
    """The button refused the host's key (a hint: the refusal itself is not authenticated)."""


class UnknownKeySlot(AuthenticationFailed):
    """The button holds no key in the slot that the host named."""


class WrongGeneration(AuthenticationFailed):
    """The button holds another generation of the key, out of the ratchet's reach.

    Attributes:
        device_gen: the generation the button named.
    """

    def __init__(self, device_gen: int, host_gen: int) -> None:
        super().__init__(f"The button holds generation {device_gen} of its key; the host holds {host_gen}.")
        self.device_gen = device_gen
        self.host_gen = host_gen


class DeviceImpostor(AuthenticationFailed):
    """What answers at this address does not hold the button's key."""


class PairingInProgress(LinkError):
    """The button's pairing window is open: sessions wait until it closes, a minute at most."""


class PairingClosed(LinkError):
    """The button's pairing window is not open, or was used up by an earlier attempt."""


class PairingFailed(LinkError):
    """The pairing came to nothing: the two sides did not follow it to its end. Nothing was stored by the host."""


class KeySlotsFull(LinkError):
    """Every key slot for controllers is taken."""


class WrongInstance(LinkError):
    """The button was reset or replaced since it was paired.

    Attributes:
        expected: the instance that was paired.
        found: the instance that answered.
    """

    def __init__(self, expected: bytes, found: bytes) -> None:
        super().__init__(f"The button was reset since it was paired: instance {found.hex()}, not {expected.hex()}.")
        self.expected = expected
        self.found = found


class CommandRefused(LinkError):
    """The button refused an authentic command; its state is unchanged.

    Attributes:
        code: the button's answer; an ``AckCode`` where it is a known one.
    """

    def __init__(self, code: int, operation: str) -> None:
        name = AckCode(code).name.lower() if code in AckCode else str(code)
        super().__init__(f"The button refused the {operation} command: {name}.")
        self.code = code
        self.operation = operation


class Stale(CommandRefused):
    """The command reached the button more than two seconds after it was made, twice."""


class Superseded(LinkError):
    """A newer command or a stop took this one's place before it was sent; it was not executed."""


class ProtocolError(LinkError):
    """The other side broke the protocol."""


class MalformedFrame(ProtocolError):
    """A frame's first byte or its length is none of the protocol's."""


class MalformedPayload(ProtocolError):
    """A payload is not deterministic CBOR, or breaks the schema."""


class UnknownOperation(ProtocolError):
    """A well-formed payload names an operation this side does not know.

    Attributes:
        operation: its number.
    """

    def __init__(self, operation: int) -> None:
        super().__init__(f"Operation {operation} is unknown.")
        self.operation = operation


class BadTag(ProtocolError):
    """A frame's authentication tag does not verify."""


class WrongFrameType(ProtocolError):
    """A frame of a type that has no place here."""


class SessionExpired(ProtocolError):
    """The session reached its 24 hours or its last counter."""


class FrameTooLong(ProtocolError):
    """The connection's MTU is too small for a frame.

    Attributes:
        size: the frame's length.
        limit: the longest frame the connection is known to carry.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"A frame of {size} bytes does not fit this connection, which carries {limit}.")
        self.size = size
        self.limit = limit
