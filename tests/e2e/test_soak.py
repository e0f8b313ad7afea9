"""The short form of script/soak: the same, with fewer commands."""

import logging

import pytest

from .conftest import House
from .soak import soak


async def test_no_command_is_lost_in_silence_repeated_or_reordered_and_nothing_leaks(
    house: House, request: pytest.FixtureRequest
) -> None:
    logging.disable(logging.WARNING)  # pytest keeps every record, and that would be the leak
    try:
        soaked = await soak(house, int(request.config.getoption("--soak")))
    finally:
        logging.disable(logging.NOTSET)
    print(soaked)
    assert (soaked.lost, soaked.twice_or_late, soaked.done_though_refused) == ([], [], [])
    assert soaked.acked + soaked.refused + soaked.unsure >= soaked.commands
    assert soaked.acked > 0.8 * soaked.commands
    assert soaked.faults.total() > 0.01 * soaked.commands
    assert soaked.after.tasks <= soaked.before.tasks
    assert soaked.after.handles <= soaked.before.handles
    assert soaked.after.links <= soaked.before.links
    assert soaked.resident_kb[-1] - soaked.resident_kb[1] < 30_000
