"""The key schedule: session keys by HKDF-SHA256 (RFC 5869) from a slot's pre-shared key and both nonces."""

import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The keys of one session.

    Attributes:
        prk: HKDF's pseudo-random key.
        context: what every derived key is bound to.
        to_device: key of host to device.
        to_host: key of device to host.
    """

    prk: bytes = field(repr=False)
    context: bytes
    to_device: bytes = field(repr=False)
    to_host: bytes = field(repr=False)

    @classmethod
    def derive(
        cls, key: bytes, *, dev_id: bytes, inst_id: bytes, slot: int, gen: int, device_nonce: bytes, host_nonce: bytes
    ) -> SessionKeys:
        """Derive a session's keys."""
        prk = hmac.digest(device_nonce + host_nonce, key, "sha256")
        context = dev_id + inst_id + bytes((slot, gen))
        return cls(prk, context, _expand(prk, b"CLP1 h2d" + context), _expand(prk, b"CLP1 d2h" + context))

    def wrap(self, key: bytes, *, slot: int, gen: int, counter: int) -> bytes:
        """Wrap a new key for a ``rekey`` command, or unwrap it: both are an exclusive or with the same pad.

        Args:
            key: the key, or the wrapped key, 32 bytes.
            slot: the slot it is for.
            gen: its generation.
            counter: the counter of the CMD that carries it.
        """
        pad = _expand(self.prk, b"CLP1 key" + self.context + bytes((slot, gen)) + counter.to_bytes(4))
        return bytes(a ^ b for a, b in zip(key, pad, strict=True))


def _expand(prk: bytes, info: bytes) -> bytes:
    """The first block of HKDF-Expand, 32 bytes."""
    return hmac.digest(prk, info + b"\x01", "sha256")
