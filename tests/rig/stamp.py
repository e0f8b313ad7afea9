"""Stamps a board's record lines with this machine's monotonic clock as they arrive.

    stamp.py RECORD < LINES

A process of its own, so that a busy event loop cannot make a line look late. ``t_us`` becomes the time of arrival; the
board's own clock stays beside it as ``device_us``.
"""

import json
import os
import sys
import time


def main() -> None:
    """Copy lines from standard input to the end of the record until the input ends."""
    record = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    rest = b""
    while data := os.read(0, 65536):
        arrived_us = time.monotonic_ns() // 1000
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            entry = json.loads(line)
            stamped = {"t_us": arrived_us, "device_us": entry.pop("t_us", None), **entry}
            os.write(record, json.dumps(stamped).encode() + b"\n")


if __name__ == "__main__":
    main()
