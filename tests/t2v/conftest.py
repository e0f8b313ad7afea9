"""What the tests of the studios share."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, DummyCookieJar

from custom_components.cuelight.t2v import FilmRequest
from custom_components.cuelight.t2v.storyboard import draw_film

REQUEST = FilmRequest("a cat jumps", seed=7, width=208, height=120, duration_s=1.0)


@pytest.fixture(scope="session")
def film() -> bytes:
    """Return a real film, the size of the request."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        draw_film(REQUEST, path)
        return path.read_bytes()


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[ClientSession]:
    """Give a client session that may reach the fakes on loopback."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as client:
        yield client
