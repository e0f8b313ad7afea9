"""What a button says of itself in its advertisement: a hint, never proof, for anyone can advertise anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

COMPANY_ID: Final = 0xFFFF
VERSION: Final = 1
_LENGTH: Final = 14
_FULL: Final = 100


@dataclass(frozen=True, slots=True)
class Advertisement:
    """A parsed advertisement; ``battery`` in percent, None where the board cannot tell."""

    dev_id: bytes
    inst_id: bytes
    battery: int | None

    @classmethod
    def parse(cls, manufacturer_data: Mapping[int, bytes]) -> Self | None:
        """Return what the manufacturer data says, None if it is not a Cuelight button's."""
        data = manufacturer_data.get(COMPANY_ID, b"")
        if len(data) != _LENGTH or data[0] != VERSION:
            return None
        return cls(data[1:9], data[9:13], data[13] if data[13] <= _FULL else None)


def button_address(dev_id: bytes) -> str:
    """Return the static random address of the button: the end of SHA-256(dev_id), its two top bits set.

    An advertisement from any other address is not from the button it names.
    """
    tail = bytearray(sha256(dev_id).digest()[-6:])
    tail[0] |= 0xC0
    return tail.hex(":").upper()
