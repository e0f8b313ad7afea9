"""The device's half of a pairing: a strict model that gives up at whatever the real one gives up at."""

import hmac
import secrets

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from custom_components.cuelight.link.const import PAIRING_WINDOW_S, DeviceState, ErrorCode
from custom_components.cuelight.link.exceptions import MalformedFrame, PairingFailed, WrongFrameType
from custom_components.cuelight.link.pairing import (
    NONCE_SIZE,
    Step,
    Transcript,
    device_tag,
    host_tag,
    pack,
    shared_secret,
    unpack,
)
from custom_components.cuelight.link.session import DeviceSession, KeySlot, Refused


class _Attempt:
    """One pairing from step 1 on."""

    def __init__(self, context: bytes, host_key: bytes) -> None:
        self.private = X25519PrivateKey.generate()
        public = self.private.public_key().public_bytes_raw()
        self.seen = Transcript(context, host_key, public, b"", secrets.token_bytes(NONCE_SIZE))
        self.expected: Step | None = Step.HOST_NONCE
        self.key = b""
        self.agreed = self.pressed = False

    @property
    def slot(self) -> int:
        return self.seen.context[-1]


class PairingDevice(DeviceSession):
    """A device on which a pairing window can be opened.

    Attributes:
        shown_code: the digits on its display, if any.
        window_end: when the window closes.
    """

    shown_code: str | None = None
    window_end = 0.0
    _attempt: _Attempt | None = None

    def open_window(self, now: float) -> list[bytes]:
        """The button was held for five seconds; returns what to notify."""
        told = self._end(ErrorCode.PAIRING) if self.state >= DeviceState.SESSION or self._attempt else []
        self._close_window()
        self._kept.clear()
        self.pairing_open = True
        self.window_end = now + PAIRING_WINDOW_S
        return told

    def pressed(self) -> list[bytes]:
        """The button was pressed; returns what to notify."""
        if self._attempt is None or self.shown_code is None:
            return []
        self._attempt.pressed = True
        return self._finish()

    def subscribed(self, now: float) -> list[bytes]:
        if self._attempt is not None:
            self._close_window()
        return super().subscribed(now)

    def link_lost(self) -> None:
        if self._attempt is not None:
            self._close_window()
        super().link_lost()

    def poll(self, now: float) -> list[bytes]:
        if self.pairing_open and now >= self.window_end:
            attempted = self._attempt is not None
            self._close_window()
            if attempted:
                self._go_safe(None)
        return [] if self._attempt is not None else super().poll(now)

    def receive_pairing(self, frame: bytes, now: float) -> list[bytes]:
        if not self.pairing_open:
            raise Refused(ErrorCode.PAIRING_CLOSED)
        try:
            return self._step(frame)
        except (WrongFrameType, MalformedFrame, PairingFailed) as err:
            self._close_window()
            raise Refused(ErrorCode.PAIRING_FAILED) from err

    @property
    def under_way(self) -> bool:
        """Whether a pairing is."""
        return self._attempt is not None

    def _receive(self, frame: bytes, now: float) -> list[bytes]:
        return self.receive_pairing(frame, now) if self._attempt is not None else super()._receive(frame, now)

    def _step(self, frame: bytes) -> list[bytes]:
        attempt = self._attempt
        if attempt is None:
            host_key = unpack(frame, Step.HOST_KEY)
            slot = next((slot for slot in (1, 2, 3) if slot not in self.slots), None)
            if slot is None:
                self._close_window()
                raise Refused(ErrorCode.SLOTS_FULL)
            attempt = self._attempt = _Attempt(self.dev_id + self.inst_id + bytes((slot,)), host_key)
            return [pack(Step.DEVICE_KEY, bytes((slot,)) + attempt.seen.device_key + attempt.seen.commitment)]
        match attempt.expected:
            case Step.HOST_NONCE:
                return self._take_nonce(attempt, unpack(frame, Step.HOST_NONCE))
            case Step.HOST_TAG:
                if not hmac.compare_digest(host_tag(attempt.key), unpack(frame, Step.HOST_TAG)):
                    raise PairingFailed("The host's tag is wrong.")
                attempt.agreed, attempt.expected = True, None
                return self._finish()
            case _:
                raise WrongFrameType("Nothing is expected but a press.")

    def _take_nonce(self, attempt: _Attempt, nonce: bytes) -> list[bytes]:
        seen = attempt.seen
        attempt.seen = Transcript(seen.context, seen.host_key, seen.device_key, nonce, seen.device_nonce)
        attempt.key = attempt.seen.pre_shared_key(shared_secret(attempt.private, seen.host_key))
        attempt.expected = Step.HOST_TAG
        self.shown_code = attempt.seen.code
        return [pack(Step.DEVICE_NONCE, seen.device_nonce)]

    def _finish(self) -> list[bytes]:
        attempt = self._attempt
        assert attempt is not None
        if not (attempt.agreed and attempt.pressed):
            return []
        self._slots[attempt.slot] = KeySlot(attempt.key, 0)
        self._close_window()
        return [pack(Step.DEVICE_TAG, device_tag(attempt.key))]

    def _close_window(self) -> None:
        self.pairing_open, self._attempt, self.shown_code = False, None, None
