"""Fetching a finished film: streamed, capped, never with the key to a foreign host, never into the home network."""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from .exceptions import BadFilm, LinkExpired, StudioUnreachable

LARGEST_FILM = 512 * 2**20
MOST_REDIRECTS = 5
_CHUNK = 256 * 1024

type Resolve = Callable[[str, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one download: bytes, seconds without a byte, and the slowest average after a grace time."""

    largest: int = LARGEST_FILM
    stall_s: float = 60.0
    grace_s: float = 60.0
    slowest_bps: float = 2048.0


async def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


@dataclass(frozen=True, slots=True)
class Downloader:
    """Fetches from a studio at ``base``, and from wherever it points to."""

    session: ClientSession
    title: str
    base: str
    headers: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    resolve: Resolve = resolve_host

    async def fetch(self, url: str, target: Path, on_share: Callable[[float | None], None]) -> None:
        """Stream the film at ``url`` into ``target``.

        Raises:
            BadFilm: it is no film, or too large, or the address is not allowed.
            LinkExpired: it is gone.
            StudioUnreachable: the connection failed; trying again is harmless.
        """
        location = URL(url)
        for _ in range(MOST_REDIRECTS + 1):
            onward = await self._fetch_once(location, target, on_share)
            if onward is None:
                return
            location = location.join(URL(onward))
        raise BadFilm(f"{self.title} redirects the film more than {MOST_REDIRECTS} times.", reason="redirects", final=1)

    async def _fetch_once(self, url: URL, target: Path, on_share: Callable[[float | None], None]) -> str | None:
        """Return where to go on, or None when the film is there."""
        if url.scheme not in ("http", "https") or not url.host:
            raise BadFilm(f"{self.title} gives an address that is no web address: {url}.", reason="scheme", final=1)
        home = url.origin() == URL(self.base).origin()
        headers = dict(self.headers) if home else {}
        actual, server_name = url, None
        if not home:
            address = await self._allowed_address(url)
            # Connecting to the address that was checked: the name cannot point elsewhere a moment later.
            actual, server_name = url.with_host(address), url.host
            headers["Host"] = url.host_port_subcomponent or ""
        timeout = ClientTimeout(total=None, sock_connect=15, sock_read=self.limits.stall_s)
        try:
            async with self.session.get(
                actual,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
                server_hostname=server_name if url.scheme == "https" else None,
            ) as response:
                if response.status in (301, 302, 303, 307, 308):
                    return response.headers.get("Location", "")
                self._check_head(response)
                await self._stream(response, target, on_share)
        except (TimeoutError, ClientError, OSError) as error:
            raise StudioUnreachable(
                f"The film could not be fetched from {url.host} ({str(error) or 'no data in time'}).",
                provider=self.title,
                host=url.host,
            ) from error
        return None

    async def _allowed_address(self, url: URL) -> str:
        """Return an address of a foreign host that may be connected to.

        Raises:
            BadFilm: it lies in a private network, and the studio does not.
        """
        assert url.host is not None
        try:
            addresses = await self.resolve(url.host, url.port or 443)
        except OSError as error:
            raise StudioUnreachable(f"{url.host} has no address ({error}).", provider=self.title) from error
        if not await self._studio_is_private():
            addresses = [address for address in addresses if not is_private(address)]
        if not addresses:
            raise BadFilm(
                f"{self.title} points to {url.host}, which lies in a private network; that is not followed.",
                reason="private address",
                final=1,
            )
        return addresses[0]

    async def _studio_is_private(self) -> bool:
        base = URL(self.base)
        try:
            return any(is_private(a) for a in await self.resolve(base.host or "", base.port or 443))
        except OSError:
            return False

    def _check_head(self, response: ClientResponse) -> None:
        if response.status in (403, 404, 410):
            raise LinkExpired(
                f"The film is no longer at {self.title} (HTTP {response.status}); links live for a limited time.",
                provider=self.title,
                status=response.status,
            )
        if response.status == 429 or response.status >= 500:
            raise StudioUnreachable(f"{self.title} answers HTTP {response.status} for the film.", provider=self.title)
        if response.status != 200:
            raise BadFilm(f"{self.title} answers HTTP {response.status} instead of the film.", reason="status")
        if response.content_type.startswith("text/") or "json" in response.content_type:
            raise BadFilm(f"{self.title} sent {response.content_type} instead of a film.", reason="content type")
        if (response.content_length or 0) > self.limits.largest:
            raise self._too_large()

    async def _stream(self, response: ClientResponse, target: Path, on_share: Callable[[float | None], None]) -> None:
        started = time.monotonic()
        received = 0
        total = response.content_length
        sink: BinaryIO = await asyncio.to_thread(target.open, "wb")
        try:
            async for chunk in response.content.iter_chunked(_CHUNK):
                if not received and chunk.lstrip()[:1] in (b"<", b"{", b"["):
                    raise BadFilm(f"{self.title} sent a page or a message instead of a film.", reason="content")
                received += len(chunk)
                if received > self.limits.largest:
                    raise self._too_large()
                self._check_pace(received, time.monotonic() - started)
                await asyncio.to_thread(sink.write, chunk)
                on_share(received / total if total else None)
        finally:
            await asyncio.to_thread(sink.close)
        if not received:
            raise BadFilm(f"{self.title} sent an empty file instead of a film.", reason="empty")

    def _check_pace(self, received: int, elapsed: float) -> None:
        if elapsed > self.limits.grace_s and received / elapsed < self.limits.slowest_bps:
            raise StudioUnreachable(f"{self.title} sends the film too slowly.", provider=self.title)

    def _too_large(self) -> BadFilm:
        size = self.limits.largest / 2**20
        return BadFilm(f"{self.title} sends more than {size:g} MiB for one film.", reason="too large", final=1)


def is_private(address: str) -> bool:
    """Tell whether an address is anything but a public one."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return not parsed.is_global or parsed.is_multicast
