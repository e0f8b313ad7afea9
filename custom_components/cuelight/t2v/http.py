"""One way to talk to a studio over HTTP: bounded in time and size, and honest about what may have happened."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientOSError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    FormData,
    InvalidURL,
    ServerDisconnectedError,
)
from yarl import URL

from .exceptions import (
    AuthenticationFailed,
    BalanceEmpty,
    CreateUnconfirmed,
    InvalidRequest,
    Moderated,
    QuotaExceeded,
    StudioUnreachable,
    T2VError,
)

CONNECT_S = 15.0
ANSWER_S = 60.0
RENDER_S = 3600.0
LARGEST_REPLY = 4 * 2**20
_MODERATION_SIGNS = (
    "content_policy",
    "content policy",
    "moderation",
    "moderated",
    "datainspection",
    "data_inspection",
    "ipinfringement",
    "inappropriate",
    "nsfw",
    "safety checker",
    "safety system",
    "sensitive content",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A studio's answer: status, parsed JSON (None if it is none) and the headers that matter."""

    status: int
    body: Any
    text: str
    retry_after_s: float | None = None
    location: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300

    def get(self, *path: str | int) -> Any:
        """Return what lies at a path of keys and indices in the body, or None."""
        return dig(self.body, *path)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, for a whole answer, and for one that comes only with the film."""

    connect_s: float = CONNECT_S
    answer_s: float = ANSWER_S
    render_s: float = RENDER_S


@dataclass(frozen=True, slots=True)
class StudioHttp:
    """Talks JSON to one studio. Never follows redirects with a key in hand, never repeats a request by itself."""

    session: ClientSession
    title: str
    headers: Mapping[str, str] = field(default_factory=dict)
    timeouts: Timeouts = Timeouts()

    async def get(self, url: str, **params: str) -> Reply:
        """Ask for something that changes nothing.

        Raises:
            StudioUnreachable: no usable answer; asking again is harmless.
        """
        try:
            return await self._request("GET", url, params=params or None)
        except (TimeoutError, ClientError, OSError) as error:
            raise self._unreachable(url, error) from error

    async def change(self, method: str, url: str, body: Any = None) -> Reply:
        """Send a request that may be lost without harm (a cancel).

        Raises:
            StudioUnreachable: no usable answer.
        """
        try:
            return await self._request(method, url, json=body) if body is not None else await self._request(method, url)
        except (TimeoutError, ClientError, OSError) as error:
            raise self._unreachable(url, error) from error

    async def create(
        self,
        url: str,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        answer_s: float | None = None,
    ) -> Reply:
        """Submit a job, once.

        Raises:
            StudioUnreachable: nothing was sent.
            CreateUnconfirmed: something was sent and no usable answer came.
        """
        payload: dict[str, Any] = {"json": body}
        if form is not None:
            data = FormData(default_to_multipart=True)
            for name, value in form.items():
                data.add_field(name, value)
            payload = {"data": data}
        try:
            reply = await self._request("POST", url, headers=headers, answer_s=answer_s, **payload)
        except (ClientConnectorError, ClientSSLError, InvalidURL) as error:
            raise self._unreachable(url, error) from error
        except (TimeoutError, ClientError, OSError) as error:
            raise self._unconfirmed(_reason(error)) from error
        if reply.status in (502, 504) or (reply.ok and not isinstance(reply.body, dict)):
            raise self._unconfirmed(f"HTTP {reply.status} without a job")
        return reply

    def _unreachable(self, url: str, error: Exception) -> StudioUnreachable:
        host = URL(url).host or url
        return StudioUnreachable(
            f"{self.title} at {host} does not answer ({_reason(error)}); check the address and that it is running.",
            provider=self.title,
            host=host,
            reason=_reason(error),
        )

    def _unconfirmed(self, reason: str) -> CreateUnconfirmed:
        return CreateUnconfirmed(
            f"The answer of {self.title} to the new job was lost ({reason}); it may be rendering a film all the same. "
            "Look there before asking again.",
            provider=self.title,
            reason=reason,
        )

    async def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        answer_s: float | None = None,
        **payload: Any,
    ) -> Reply:
        timeout = ClientTimeout(total=answer_s or self.timeouts.answer_s, sock_connect=self.timeouts.connect_s)
        async with self.session.request(
            method,
            url,
            headers={**self.headers, **(headers or {})},
            timeout=timeout,
            allow_redirects=False,
            **payload,
        ) as response:
            raw = await response.content.read(LARGEST_REPLY)
            while len(raw) < LARGEST_REPLY and (more := await response.content.read(LARGEST_REPLY - len(raw))):
                raw += more
            text = raw.decode("utf-8", "replace")
            return Reply(
                status=response.status,
                body=_parsed(text),
                text=text,
                retry_after_s=retry_after(response.headers.get("Retry-After")),
                location=response.headers.get("Location", ""),
            )


def dig(body: Any, *path: str | int) -> Any:
    """Return what lies at a path of keys and indices, or None where the path ends early."""
    for step in path:
        if isinstance(step, str) and isinstance(body, dict):
            body = body.get(step)
        elif isinstance(step, int) and isinstance(body, list) and -len(body) <= step < len(body):
            body = body[step]
        else:
            return None
    return body


def error_text(error: Any) -> str:
    """Return the message of an ``error`` that may be a string, an object, a list of them, or null."""
    if isinstance(error, str):
        return error.strip()[:500]
    if isinstance(error, dict):
        for key in ("message", "msg", "detail", "title", "error", "type", "code"):
            if error.get(key):
                return error_text(error[key])
    if isinstance(error, list):
        return "; ".join(filter(None, (error_text(item) for item in error[:3])))[:500]
    return "" if error is None or isinstance(error, dict) else str(error)[:500]


def looks_moderated(*texts: Any) -> bool:
    """Tell whether an error's codes and messages speak of moderation."""
    joined = " ".join(json.dumps(text, ensure_ascii=False) if not isinstance(text, str) else text for text in texts)
    return any(sign in joined.lower() for sign in _MODERATION_SIGNS)


def retry_after(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which may hold a number or a date."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time())
    except TypeError, ValueError:
        return None


def refusal(reply: Reply, title: str) -> T2VError:
    """Return what a reply that is no success means."""
    said = error_text(dig(reply.body, "error")) or error_text(reply.body) or _snippet(reply.text)
    told = f": {said}" if said else "."
    match reply.status:
        case 401 | 403 if not looks_moderated(said):
            return AuthenticationFailed(f"{title} refuses the key{told}", provider=title, reason=said)
        case 402:
            return BalanceEmpty(f"The account at {title} must be topped up{told}", provider=title, reason=said)
        case 429:
            wait = f" Try again in {reply.retry_after_s:.0f} s." if reply.retry_after_s else ""
            return QuotaExceeded(
                f"{title} has too many requests of yours{told}{wait}", reply.retry_after_s, provider=title, reason=said
            )
        case status if 300 <= status < 400:
            return StudioUnreachable(
                f"{title} sends elsewhere ({reply.location or 'no address given'}); enter that address instead.",
                provider=title,
                reason=f"HTTP {status}",
            )
        case status if status >= 500:
            return StudioUnreachable(f"{title} answers HTTP {status}{told}", provider=title, reason=said)
        case _ if looks_moderated(said, reply.body):
            return Moderated(f"{title} refused the prompt by its content rules{told}", provider=title, reason=said)
        case status:
            return InvalidRequest(
                f"{title} refused the request (HTTP {status}){told}", field="request", provider=title, reason=said
            )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError, RecursionError:
        return None


def _snippet(text: str) -> str:
    """Return the start of a text that is no markup."""
    flat = " ".join(text.split())
    return "" if flat.startswith("<") else flat[:200]


def _reason(error: Exception) -> str:
    """Return in plain words what went wrong on the way."""
    match error:
        case TimeoutError():
            return "no answer in time"
        case ClientConnectorDNSError():
            return "no host of that name"
        case ClientConnectorCertificateError():
            return "its certificate is not trusted"
        case ClientSSLError():
            return "no secure connection"
        case ClientConnectorError():
            return "no connection"
        case ServerDisconnectedError() | ClientOSError():
            return "the connection broke"
    return str(error)[:200] or type(error).__name__
