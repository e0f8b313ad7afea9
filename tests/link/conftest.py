"""Fixtures of the link's tests."""

from collections.abc import Iterator
from unittest.mock import patch

import bleak_retry_connector
import pytest

from .fake_board import FakeBoard, FakeClient


@pytest.fixture
def board() -> Iterator[FakeBoard]:
    """A button in range, reached through the Bluetooth stack's own retrying connector."""
    the_board = FakeBoard()

    class Client(FakeClient):
        board = the_board

    with patch.object(bleak_retry_connector, "BleakClientWithServiceCache", Client):
        yield the_board
