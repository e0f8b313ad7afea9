"""What every fake studio has: real HTTP on loopback, real films, a count of paid jobs, and failures to order."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from aiohttp import web
from aiohttp.test_utils import TestServer

KEY = "sk-right"


class Fault(StrEnum):
    """What goes wrong; the value is how the documentation tells it."""

    NONE = "nothing goes wrong"
    WRONG_KEY = "the key is wrong"
    NO_BALANCE = "the account is empty"
    CREATE_MODERATED = "the prompt is refused"
    CREATE_429 = "too many requests at the create"
    CREATE_500 = "HTTP 500 at the create"
    CREATE_SILENCE = "the create is never answered"
    CREATE_DROPPED = "the connection breaks after the create"
    AT_ONCE = "the job is complete at once"
    POLL_429 = "too many requests at a poll, with Retry-After"
    POLL_429_BARE = "too many requests at a poll, without"
    POLL_500 = "HTTP 500 at a poll"
    POLL_SILENCE = "a poll is never answered"
    POLL_HTML = "a poll answers a web page"
    LOST = "the job is no longer known"
    LATE_MODERATION = "moderation after the create"
    FAILED_STRING = "the job fails, error is a string"
    FAILED_OBJECT = "the job fails, error is an object"
    FAILED_NULL = "the job fails, error is null"
    FAILED_4XX = "the job fails, polled as HTTP 4xx"
    CANCELLED = "the job is cancelled at the studio"
    UNKNOWN_STATE = "the job stays in an unknown state"
    FETCH_500 = "HTTP 500 at the fetch, once"
    FETCH_CUT = "the connection breaks in the fetch, once"
    FILM_TRUNCATED = "the film is cut off"
    FILM_HTML = "a web page instead of the film"
    FILM_JSON = "a message instead of the film"
    FILM_EMPTY = "an empty film"
    FILM_TOO_LARGE = "the film is larger than the limit"
    LINK_EXPIRED = "the link has expired"
    REDIRECT_AWAY = "the film is on another host"
    REDIRECT_LOOP = "the fetch redirects for ever"
    TRICKLE = "the film trickles"
    FETCH_SILENCE = "the film never comes"


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any = None


@dataclass
class Job:
    """One paid job at a fake."""

    id: str
    body: dict[str, Any]
    polls: int = 0
    cancelled: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


class FakeStudio:
    """A strict studio. Subclasses add their routes; a second server stands for foreign storage."""

    needs_key = True
    polls_until_done = 2

    def __init__(self, film: bytes, fault: Fault = Fault.NONE) -> None:
        self.film = film
        self.fault = fault
        self.jobs: dict[str, Job] = {}
        self.seen: list[Seen] = []
        self.stored: list[Seen] = []
        self._spent: set[str] = set()
        self._home = TestServer(self._application(self.routes(), self.seen))
        self._storage = TestServer(
            self._application(
                [
                    web.get("/films/{id}.mp4", self._serve_stored),
                    web.get("/loop/{n}", self._serve_loop),
                ],
                self.stored,
            )
        )

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    # --- life ---

    async def __aenter__(self) -> Self:
        await self._home.start_server()
        await self._storage.start_server()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._home.close()
        await self._storage.close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._home.port}"

    @property
    def storage(self) -> str:
        return f"http://127.0.0.1:{self._storage.port}"

    @property
    def creates(self) -> int:
        """How many jobs were taken, that is paid."""
        return len(self.jobs)

    def _application(self, routes: list[web.RouteDef], log: list[Seen]) -> web.Application:
        @web.middleware
        async def record(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            log.append(Seen(request.method, request.path, dict(request.headers)))
            return await handler(request)

        application = web.Application(middlewares=[record])
        application.add_routes(routes)
        return application

    # --- faults ---

    def once(self, name: str) -> bool:
        """Tell whether this is the first time something is asked."""
        first = name not in self._spent
        self._spent.add(name)
        return first

    def new_job(self, request: web.Request, body: dict[str, Any], identity: str) -> Job:
        """Take a paid job, and break the answer where that is the fault."""
        job = self.jobs.setdefault(identity, Job(identity, body))
        if self.fault is Fault.CREATE_DROPPED:
            assert request.transport is not None
            request.transport.close()
        return job

    async def before_poll(self) -> web.Response | None:
        """Return the faulty answer to this poll, if it is to be one."""
        fault = self.fault
        if fault is Fault.POLL_SILENCE and self.once("poll"):
            await asyncio.sleep(3600)
        if fault is Fault.POLL_500 and self.once("poll"):
            return web.Response(status=500, text="Internal Server Error")
        if fault is Fault.POLL_HTML and self.once("poll"):
            return web.Response(status=200, text="<html>hello</html>", content_type="text/html")
        if fault in (Fault.POLL_429, Fault.POLL_429_BARE) and self.once("poll"):
            headers = {"Retry-After": "0"} if fault is Fault.POLL_429 else {}
            return web.json_response({"error": {"message": "slow down"}}, status=429, headers=headers)
        return None

    async def before_create(self) -> web.Response | None:
        """Return the faulty answer to a create that makes no job, if it is to be one."""
        if self.fault is Fault.CREATE_429:
            return self.error(429, "too many requests", {"Retry-After": "7"})
        if self.fault is Fault.CREATE_500:
            return self.error(500, "out of memory")
        return None

    async def after_create(self) -> None:
        if self.fault is Fault.CREATE_SILENCE:
            await asyncio.sleep(3600)

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
        """Return an error in this studio's form."""
        return web.json_response({"error": {"message": message}}, status=status, headers=headers)

    def done(self, job: Job) -> bool:
        """Count a poll and tell whether the job is finished by now."""
        job.polls += 1
        return self.fault is Fault.AT_ONCE or job.polls > self.polls_until_done

    # --- films ---

    def film_url(self, job: Job) -> str:
        """Return where the film of a job lies in foreign storage."""
        return f"{self.storage}/films/{job.id}.mp4"

    async def _serve_stored(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["id"] not in self.jobs:
            raise web.HTTPNotFound
        return await self.send_film(request)

    async def _serve_loop(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"/loop/{int(request.match_info['n']) + 1}")

    async def send_film(self, request: web.Request) -> web.StreamResponse:
        """Send the film, or what the fault makes of it."""
        fault = self.fault
        if fault is Fault.FETCH_SILENCE:
            await asyncio.sleep(3600)
        if fault is Fault.FETCH_500 and self.once("fetch"):
            return web.Response(status=500, text="Internal Server Error")
        if fault is Fault.LINK_EXPIRED:
            return web.Response(
                status=403, text="<Error><Code>AccessDenied</Code></Error>", content_type="application/xml"
            )
        if fault is Fault.FILM_HTML:
            return web.Response(text="<!doctype html><title>Sign in</title>", content_type="text/html")
        if fault is Fault.FILM_JSON:
            return web.Response(body=json.dumps({"error": "not yet"}).encode(), content_type="video/mp4")
        if fault is Fault.FILM_EMPTY:
            return web.Response(body=b"", content_type="video/mp4")
        if fault is Fault.FILM_TRUNCATED:
            return web.Response(body=self.film[: len(self.film) * 2 // 3], content_type="video/mp4")
        if fault is Fault.FILM_TOO_LARGE:
            return await self._drip(request, [self.film] * 200)
        if fault is Fault.REDIRECT_AWAY and not request.path.startswith("/films/"):
            identity = request.match_info.get("id") or next(iter(self.jobs))
            raise web.HTTPFound(f"{self.storage}/films/{identity}.mp4")
        if fault is Fault.REDIRECT_LOOP:
            raise web.HTTPFound(f"{self.storage}/loop/1")
        if fault is Fault.TRICKLE:
            return await self._drip(request, [self.film[i : i + 1] for i in range(2000)], pause_s=0.05)
        if fault is Fault.FETCH_CUT and self.once("fetch"):
            response = web.StreamResponse(headers={"Content-Length": str(len(self.film))})
            await response.prepare(request)
            await response.write(self.film[:500])
            assert request.transport is not None
            request.transport.close()
            return response
        return web.Response(body=self.film, content_type="video/mp4")

    async def _drip(self, request: web.Request, chunks: list[bytes], pause_s: float = 0.0) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
            await asyncio.sleep(pause_s)
        await response.write_eof()
        return response
