"""What a button tells everyone: its advertisement. None of it is authenticated."""

import hashlib
from dataclasses import dataclass

COMPANY_ID = 0xFFFF
_VERSION = 1
_SIZE = 14


@dataclass(frozen=True, slots=True)
class Advertisement:
    """The manufacturer data of a button.

    Attributes:
        dev_id: the button's identity, 8 bytes.
        inst_id: its instance, 4 bytes, new after each factory reset.
        battery_percent: supply left.
    """

    dev_id: bytes
    inst_id: bytes
    battery_percent: int


def parse_advertisement(manufacturer_data: dict[int, bytes]) -> Advertisement | None:
    """Read a button's advertisement; None when it is not one, or of another version."""
    data = manufacturer_data.get(COMPANY_ID, b"")
    if len(data) != _SIZE or data[0] != _VERSION:
        return None
    return Advertisement(bytes(data[1:9]), bytes(data[9:13]), min(data[13], 100))


def device_address(dev_id: bytes) -> str:
    """The static random Bluetooth address of a button (Core Specification, Vol 6, Part B, 1.3.2.1)."""
    tail = bytearray(hashlib.sha256(dev_id).digest()[-6:])
    tail[0] |= 0xC0
    return ":".join(f"{byte:02X}" for byte in tail)
