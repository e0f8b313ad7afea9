"""The identity page of a board: who it is and the key on its label, as an Intel HEX file for whatever flashes it."""

import secrets
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

PAGES = {"b_l475e_iot01a": 0x0807F800, "nucleo_wb55rg": 0x0803F000}
"""Where each board's link.ld keeps the page."""


def identity_page(dev_id: bytes, key: bytes) -> bytes:
    """Lay the page out as ``firmware/boards/common/identity.h`` has it.

    Raises:
        ValueError: ``dev_id`` is not 8 bytes long, or ``key`` not 32.
    """
    if len(dev_id) != 8 or len(key) != 32:
        raise ValueError("dev_id takes 8 bytes and key 32")
    covered = b"CLID" + dev_id + key
    return covered + zlib.crc32(covered).to_bytes(4, "little")


def _line(kind: int, address: int, data: bytes) -> str:
    body = bytes([len(data)]) + address.to_bytes(2, "big") + bytes([kind]) + data
    return f":{body.hex()}{-sum(body) & 0xFF:02x}\n".upper()


def _lines(address: int, data: bytes) -> Iterator[str]:
    upper = None
    for at in range(address, address + len(data), 32):
        if at >> 16 != upper:
            upper = at >> 16
            yield _line(4, 0, upper.to_bytes(2, "big"))
        yield _line(0, at & 0xFFFF, data[at - address : at - address + 32])
    yield _line(1, 0, b"")


def intel_hex(address: int, data: bytes) -> str:
    """Bytes at an address as Intel HEX; the address is a multiple of 32."""
    return "".join(_lines(address, data))


def main() -> int:
    """Write the file, and print what goes on the label."""
    if len(sys.argv) != 3 or sys.argv[1] not in PAGES:
        print(f"identity: script/identity BOARD OUT.hex, where BOARD is {' or '.join(PAGES)}.", file=sys.stderr)
        return 2
    dev_id, key = secrets.token_bytes(8), secrets.token_bytes(32)
    out = Path(sys.argv[2])
    out.touch(mode=0o600)
    out.write_text(intel_hex(PAGES[sys.argv[1]], identity_page(dev_id, key)))
    print(f"device {dev_id.hex()}\nkey    {key.hex()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
