"""Pairing by six digits that a person compares: its frames, its key schedule and the host's half, without I/O.

Each side sends a fresh X25519 key (RFC 7748). The device commits to a nonce before it learns the host's, so whoever
stands in between has one guess at digits that agree, in a million.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .const import ErrorCode
from .credentials import Credentials
from .exceptions import KeySlotsFull, LinkError, LinkLost, MalformedFrame, PairingClosed, PairingFailed, WrongFrameType
from .frames import Err, FrameType, Hello, frame_type

KEY_SIZE = 32
NONCE_SIZE = 16
COMMITMENT_SIZE = 16
TAG_SIZE = 8
_FIRST_BYTE = 0x40 | FrameType.PAIR << 3
_CONTROLLER_SLOTS = (1, 2, 3)


class Step(IntEnum):
    """The second byte of a PAIR frame; odd ones are the host's."""

    HOST_KEY = 1
    DEVICE_KEY = 2
    HOST_NONCE = 3
    DEVICE_NONCE = 4
    HOST_TAG = 5
    DEVICE_TAG = 6


_BODY_SIZES = {
    Step.HOST_KEY: KEY_SIZE,
    Step.DEVICE_KEY: 1 + KEY_SIZE + COMMITMENT_SIZE,
    Step.HOST_NONCE: NONCE_SIZE,
    Step.DEVICE_NONCE: NONCE_SIZE,
    Step.HOST_TAG: TAG_SIZE,
    Step.DEVICE_TAG: TAG_SIZE,
}


def pack(step: Step, body: bytes) -> bytes:
    """Make a PAIR frame."""
    assert len(body) == _BODY_SIZES[step], "a step has one length"
    return bytes((_FIRST_BYTE, step)) + body


def unpack(frame: bytes, step: Step) -> bytes:
    """The body of the PAIR frame of a step.

    Raises:
        WrongFrameType: this is a PAIR frame of another step, or no PAIR frame.
        MalformedFrame: its length is not that of the step, or its first byte is of no frame.
    """
    if frame_type(frame) is not FrameType.PAIR or frame[1:2] != bytes((step,)):
        raise WrongFrameType(f"This is not step {step} of a pairing: {frame[:2].hex()}.")
    if len(frame) != 2 + _BODY_SIZES[step]:
        raise MalformedFrame(f"Step {step} of a pairing has {len(frame)} bytes.")
    return frame[2:]


def shared_secret(private: X25519PrivateKey, public: bytes) -> bytes:
    """X25519 of one's own secret and the other side's public key, 32 bytes.

    Raises:
        PairingFailed: the result is all zero: the public key is of small order (RFC 7748, section 6.1).
    """
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as err:
        raise PairingFailed("The button's public key is none that can keep a secret.") from err


@dataclass(frozen=True, slots=True)
class Transcript:
    """What both sides have seen of one pairing; if someone stood in between, they have not seen the same.

    Attributes:
        context: dev_id 8, inst_id 4, slot 1.
        host_key, device_key: the X25519 public keys, 32 bytes each.
        host_nonce, device_nonce: 16 bytes each; empty while unknown.
    """

    context: bytes
    host_key: bytes
    device_key: bytes
    host_nonce: bytes = b""
    device_nonce: bytes = b""

    @property
    def commitment(self) -> bytes:
        """What binds the device to its nonce before it learns the host's, 16 bytes."""
        bound = b"CLP1 commit" + self.device_key + self.host_key + self.context
        return hmac.digest(self.device_nonce, bound, "sha256")[:COMMITMENT_SIZE]

    @property
    def code(self) -> str:
        """The six digits that a person compares."""
        told = self.device_key + self.host_key + self.device_nonce + self.host_nonce + self.context
        number = int.from_bytes(hashlib.sha256(b"CLP1 code" + told).digest()[:4])
        return f"{number % 1_000_000:06d}"

    def pre_shared_key(self, secret: bytes, label_key: bytes = b"") -> bytes:
        """The key that the pairing ends in, 32 bytes.

        Args:
            secret: the X25519 shared secret.
            label_key: the key on the button's label; empty where the host does not know it.
        """
        info = b"CLP1 pair" + self.device_key + self.host_key + self.context
        return HKDF(SHA256(), KEY_SIZE, self.device_nonce + self.host_nonce, info).derive(secret + label_key)


def host_tag(key: bytes) -> bytes:
    """Proves that the host holds the key and that its person agreed."""
    return hmac.digest(key, b"CLP1 paired host", "sha256")[:TAG_SIZE]


def device_tag(key: bytes) -> bytes:
    """Proves that the device holds the key and that it was pressed."""
    return hmac.digest(key, b"CLP1 paired device", "sha256")[:TAG_SIZE]


class HostPairing:
    """The host's half of one pairing, from HELLO on: frames in, frames out.

    Args:
        dev_id: the button's identity, 8 bytes.
        random_bytes: source of the nonce.
    """

    def __init__(self, dev_id: bytes, *, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._dev_id = dev_id
        self._inst_id = b""
        self._nonce = random_bytes(NONCE_SIZE)
        self._private: X25519PrivateKey | None = X25519PrivateKey.generate()
        self._public = self._private.public_key().public_bytes_raw()
        self._expected: Step | None = None
        self._slot = 0
        self._commitment = b""
        self._transcript: Transcript | None = None
        self._key = b""

    @property
    def code(self) -> str | None:
        """The six digits, once both sides have all that is in them."""
        return self._transcript.code if self._key and self._transcript is not None else None

    @property
    def credentials(self) -> Credentials | None:
        """The key that the pairing ends in; the button keeps it once it has been pressed."""
        return Credentials(self._dev_id, self._inst_id, self._key, self._slot) if self._key else None

    def greet(self, hello_frame: bytes) -> bytes:
        """Answer HELLO; returns step 1.

        Raises:
            PairingFailed: this is no HELLO.
        """
        assert self._expected is None, "once for each pairing"
        try:
            self._inst_id = Hello.unpack(hello_frame).inst_id
        except MalformedFrame as err:
            raise PairingFailed(str(err)) from err
        self._expected = Step.DEVICE_KEY
        return pack(Step.HOST_KEY, self._public)

    def receive(self, frame: bytes) -> bytes | None:
        """Take what the device notified after HELLO; returns step 3, or None where nothing is to be sent.

        Raises:
            PairingClosed, KeySlotsFull, PairingFailed, LinkLost: the device said so, or broke the protocol.
        """
        try:
            return self._receive(frame)
        except LinkError as err:
            self.forget()
            if isinstance(err, WrongFrameType | MalformedFrame):
                raise PairingFailed(str(err)) from err
            raise

    def confirm(self) -> bytes:
        """The person has compared the digits and agreed; returns step 5."""
        assert self.code is not None, "there are digits to agree to"
        self._expected = Step.DEVICE_TAG
        return pack(Step.HOST_TAG, host_tag(self._key))

    def forget(self) -> None:
        """Drop every secret of this pairing."""
        self._private = self._transcript = self._expected = None
        self._key = b""

    def _receive(self, frame: bytes) -> bytes | None:
        if frame_type(frame) is FrameType.ERR:
            raise _refusal(Err.unpack(frame))
        match self._expected:
            case Step.DEVICE_KEY:
                return self._take_key(unpack(frame, Step.DEVICE_KEY))
            case Step.DEVICE_NONCE:
                self._take_nonce(unpack(frame, Step.DEVICE_NONCE))
            case Step.DEVICE_TAG:
                self._take_tag(unpack(frame, Step.DEVICE_TAG))
            case _:
                raise WrongFrameType("The button went ahead without this host.")
        return None

    def _take_key(self, body: bytes) -> bytes:
        self._slot, device_key, self._commitment = body[0], body[1 : 1 + KEY_SIZE], body[1 + KEY_SIZE :]
        if self._slot not in _CONTROLLER_SLOTS:
            raise PairingFailed(f"The button offers key slot {self._slot}, which is not for controllers.")
        context = self._dev_id + self._inst_id + bytes((self._slot,))
        self._transcript = Transcript(context, self._public, device_key, self._nonce)
        self._expected = Step.DEVICE_NONCE
        return pack(Step.HOST_NONCE, self._nonce)

    def _take_nonce(self, nonce: bytes) -> None:
        assert self._private is not None
        assert self._transcript is not None
        seen = self._transcript
        self._transcript = replace(seen, device_nonce=nonce)
        if not hmac.compare_digest(self._transcript.commitment, self._commitment):
            raise PairingFailed("The button changed its mind on a number that it had committed to.")
        self._key = self._transcript.pre_shared_key(shared_secret(self._private, seen.device_key))
        self._private = self._expected = None

    def _take_tag(self, tag: bytes) -> None:
        if not hmac.compare_digest(device_tag(self._key), tag):
            raise PairingFailed("The button's last word does not prove the key.")
        self._expected = None


def _refusal(err: Err) -> LinkError:
    """What an ERR frame means; nothing in it is authenticated, and nothing worse than giving up comes of it."""
    match err.code:
        case ErrorCode.PAIRING_CLOSED:
            return PairingClosed("The button's pairing window is not open.")
        case ErrorCode.PAIRING_FAILED:
            return PairingFailed("The button gave the pairing up.")
        case ErrorCode.SLOTS_FULL:
            return KeySlotsFull("The button holds the keys of three controllers; one has to be forgotten first.")
        case ErrorCode.MALFORMED | ErrorCode.WRONG_TYPE:
            return PairingFailed("The button's firmware cannot be paired this way.")
        case code if code in ErrorCode:
            return LinkLost("The button ended the pairing.", ErrorCode(code))
        case _:
            return LinkLost("The button ended the pairing.")
