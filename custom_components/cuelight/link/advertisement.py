"""What a button tells everyone: its advertisement. None of it is authenticated."""

import hashlib
from dataclasses import dataclass

COMPANY_ID = 0xFFFF
_VERSION = 1
_VERSION_BITS = 0x0F
_PAIRING = 0x10
_PRESS_WAITING = 0x20
_SIZE = 14


@dataclass(frozen=True, slots=True)
class Advertisement:
    """The manufacturer data of a button.

    Attributes:
        dev_id: the button's identity, 8 bytes.
        inst_id: its instance, 4 bytes, new after each factory reset.
        battery_percent: supply left.
        pairing: a person has opened its pairing window.
        press_waiting: a press found no session, and is told to the first that comes within seconds.
    """

    dev_id: bytes
    inst_id: bytes
    battery_percent: int
    pairing: bool = False
    press_waiting: bool = False


def parse_advertisement(manufacturer_data: dict[int, bytes]) -> Advertisement | None:
    """Read a button's advertisement; None when it is not one, or of another version."""
    data = manufacturer_data.get(COMPANY_ID, b"")
    if len(data) != _SIZE or data[0] & _VERSION_BITS != _VERSION:
        return None
    flags = data[0]
    return Advertisement(
        dev_id=bytes(data[1:9]),
        inst_id=bytes(data[9:13]),
        battery_percent=min(data[13], 100),
        pairing=bool(flags & _PAIRING),
        press_waiting=bool(flags & _PRESS_WAITING),
    )


def device_address(dev_id: bytes) -> str:
    """The static random Bluetooth address of a button (Core Specification, Vol 6, Part B, 1.3.2.1)."""
    tail = bytearray(hashlib.sha256(dev_id).digest()[-6:])
    tail[0] |= 0xC0
    return ":".join(f"{byte:02X}" for byte in tail)
