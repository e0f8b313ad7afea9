"""The fetch of a film from wherever a studio points to."""

from pathlib import Path

import pytest
from aiohttp import ClientSession

from custom_components.cuelight.t2v.download import Downloader, is_private
from custom_components.cuelight.t2v.exceptions import BadFilm, StudioUnreachable

from ..servers.openai_videos import OpenAIVideosServer
from ..servers.studio import Fault, Job

PUBLIC = "93.184.215.14"


async def nowhere(host: str, port: int) -> list[str]:
    raise OSError("no such host")


def resolver(**hosts: str):
    async def resolve(host: str, port: int) -> list[str]:
        return [hosts.get(host.partition(".")[0], host)]

    return resolve


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.9", "172.16.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "fd00::1",
     "::ffff:10.0.0.1", "0.0.0.0", "224.0.0.1", "100.64.0.1"],
)  # fmt: skip
def test_addresses_at_home_are_private(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700::1111"])
def test_addresses_on_the_internet_are_not(address: str) -> None:
    assert not is_private(address)


async def test_a_public_studio_may_not_point_into_the_home_network(
    session: ClientSession, film: bytes, tmp_path: Path
) -> None:
    async with OpenAIVideosServer(film) as server:
        server.jobs["x"] = Job("x", {})
        resolve = resolver(studio=PUBLIC, evil="127.0.0.1")
        downloader = Downloader(session, "Studio", "https://studio.example", resolve=resolve)
        for host in ("127.0.0.1", "evil.example"):
            link = server.film_url(server.jobs["x"]).replace("127.0.0.1", host)
            with pytest.raises(BadFilm, match="private network"):
                await downloader.fetch(link, tmp_path / "film", lambda share: None)
        assert server.stored == []


async def test_a_studio_at_home_may_point_to_its_neighbours_without_the_key(
    session: ClientSession, film: bytes, tmp_path: Path
) -> None:
    async with OpenAIVideosServer(film) as server:
        server.jobs["x"] = Job("x", {})
        resolve = resolver(studio="192.168.1.20", nas="127.0.0.1")
        downloader = Downloader(session, "Studio", "http://studio.lan", {"Authorization": "Bearer k"}, resolve=resolve)
        link = server.film_url(server.jobs["x"]).replace("127.0.0.1", "nas.lan")
        shares: list[float | None] = []
        await downloader.fetch(link, tmp_path / "film", shares.append)
    assert (tmp_path / "film").read_bytes() == film
    assert shares[-1] == 1.0
    assert "Authorization" not in server.stored[0].headers
    assert server.stored[0].headers["Host"].startswith("nas.lan:")


@pytest.mark.parametrize("link", ["file:///etc/passwd", "ftp://host/film", "data:video/mp4;base64,AAAA", "film.mp4"])
async def test_only_web_addresses_are_fetched(session: ClientSession, tmp_path: Path, link: str) -> None:
    downloader = Downloader(session, "Studio", "https://studio.example", resolve=resolver())
    with pytest.raises(BadFilm, match="no web address"):
        await downloader.fetch(link, tmp_path / "film", lambda share: None)


async def test_a_host_with_no_address_may_be_tried_again(session: ClientSession, tmp_path: Path) -> None:
    downloader = Downloader(session, "Studio", "https://studio.example", resolve=nowhere)
    with pytest.raises(StudioUnreachable, match="no address"):
        await downloader.fetch("https://films.example/x", tmp_path / "film", lambda share: None)


async def test_the_key_does_not_follow_a_redirect_to_another_host(
    session: ClientSession, film: bytes, tmp_path: Path
) -> None:
    async with OpenAIVideosServer(film, Fault.REDIRECT_AWAY, dialect="litellm") as server:
        server.jobs["x"] = Job("x", {}, polls=9)
        downloader = Downloader(session, "Studio", server.base, {"Authorization": "Bearer sk-right"})
        await downloader.fetch(f"{server.base}/v1/videos/x/content", tmp_path / "film", lambda share: None)
    assert [seen.headers.get("Authorization") for seen in server.seen] == ["Bearer sk-right"]
    assert [seen.headers.get("Authorization") for seen in server.stored] == [None]
