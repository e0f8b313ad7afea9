"""fal's queue, also behind the Hugging Face router."""

from dataclasses import replace
from typing import Any

from yarl import URL

from .exceptions import (
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobLost,
    LinkExpired,
    Moderated,
    StudioUnreachable,
    T2VError,
)
from .http import Reply, dig, error_text, looks_moderated, refusal
from .models import FilmRequest, JobHandle, JobState, JobStatus
from .remote import Field, FieldKind, RemoteProvider, progress_of_log

_ROUTER = "router.huggingface.co"
_ROUTED = {"_subdomain": "queue"}
_RESOLUTIONS = {480: "480p", 580: "580p", 720: "720p"}


def _input(request: FilmRequest) -> dict[str, Any]:
    lines = min(_RESOLUTIONS, key=lambda offered: abs(offered - min(request.width, request.height)))
    shape = request.width / request.height
    return {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "num_frames": min(161, max(17, request.frames)),
        "frames_per_second": min(60, max(4, request.fps)),
        "resolution": _RESOLUTIONS[lines],
        "aspect_ratio": "1:1" if 0.8 < shape < 1.25 else "16:9" if shape > 1 else "9:16",
        "seed": request.seed,
        "enable_safety_checker": True,
        # The default interpolates to twice the rate: twice the frames and none of them more true.
        "num_interpolated_frames": 0,
    }


class FalProvider(RemoteProvider):
    """Jobs in a queue; the addresses it returns are followed, never built."""

    name = "fal"
    title = "fal"
    default_base = "https://queue.fal.run"
    fields = (
        Field(
            "base_url",
            FieldKind.URL,
            default=default_base,
            suggestions=(default_base, f"https://{_ROUTER}/fal-ai"),
        ),
        Field("key", FieldKind.SECRET, required=True),
        Field(
            "model",
            required=True,
            default="fal-ai/wan/v2.2-a14b/text-to-video",
            suggestions=("fal-ai/wan/v2.2-a14b/text-to-video", "fal-ai/wan/v2.2-5b/text-to-video"),
        ),
    )

    @property
    def routed(self) -> bool:
        """Whether the Hugging Face router stands between."""
        return URL(self.base_url).host == _ROUTER or self.settings.extra.get("router") == "huggingface"

    def auth_headers(self) -> dict[str, str]:
        """Return fal's own scheme, or the router's."""
        scheme = "Bearer" if self.routed else "Key"
        return {"Authorization": f"{scheme} {self.settings.key}"} if self.settings.key else {}

    async def validate(self) -> None:
        """Ask for a job that does not exist, which needs the key."""
        app = "/".join(self.model.split("/")[:2])
        nobody = "00000000-0000-0000-0000-000000000000"
        reply = await self.http.get(f"{self.base_url}/{app}/requests/{nobody}/status", **self._query())
        if reply.status in (401, 403) or reply.status >= 500:
            raise refusal(reply, self.title)
        if reply.body is None:
            raise StudioUnreachable(f"What answers at {self.base_url} is not fal.", provider=self.title)

    async def create(self, intent: JobHandle) -> JobHandle:
        """Put the job into the queue."""
        url = URL(f"{self.base_url}/{intent.model}").with_query(self._query())
        reply = await self.http.create(str(url), body=_input(intent.request))
        if not reply.ok:
            raise self._failure(reply)
        identity = reply.get("request_id")
        urls = {name: self._home(reply.get(f"{name}_url")) for name in ("status", "response", "cancel")}
        if not isinstance(identity, str) or not urls["status"] or not urls["response"]:
            raise JobFailed(f"{self.title} took the job and does not say where to follow it.", provider=self.title)
        return replace(intent, id=identity, urls={name: url for name, url in urls.items() if url})

    def _query(self) -> dict[str, str]:
        return _ROUTED if self.routed else {}

    def _home(self, address: Any) -> str | None:
        """Return an address the key may be sent to: at the studio, or turned to pass through the router."""
        if not isinstance(address, str) or not address.startswith("http"):
            return None
        url, base = URL(address), URL(self.base_url)
        if url.origin() == base.origin():
            return address
        return str(base.join(URL(base.path.rstrip("/") + url.path)).with_query(_ROUTED)) if self.routed else None

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Read the job, and once it is complete its result: fal knows no failed state."""
        reply = await self.http.get(str(URL(handle.urls["status"]).update_query(logs="1")))
        if reply.status == 404:
            raise JobLost(f"{self.title} no longer knows the job {handle.id}.", provider=self.title)
        if not reply.ok:
            raise self._failure(reply)
        match reply.get("status"):
            case "IN_QUEUE":
                place = reply.get("queue_position")
                told = f"number {place + 1} in the queue" if isinstance(place, int) else "queued"
                return JobStatus(JobState.QUEUED, None, told)
            case "IN_PROGRESS":
                lines = [str(dig(line, "message") or "") for line in reply.get("logs") or []]
                return JobStatus(JobState.RUNNING, progress_of_log("\n".join(lines)), "rendering")
            case "COMPLETED":
                if reply.get("error") or reply.get("error_type"):
                    raise self._failure(reply, of_job=True)
                return await self._result(handle)
        if not isinstance(reply.body, dict):
            raise StudioUnreachable(f"{self.title} answers the poll with something that is no job.")
        return JobStatus(JobState.RUNNING, None, f"unknown state {reply.get('status')!r}", recognised=False)

    async def _result(self, handle: JobHandle) -> JobStatus:
        reply = await self.http.get(handle.urls["response"])
        if reply.status == 404:
            raise LinkExpired(f"{self.title} no longer has the film.", provider=self.title)
        if not reply.ok:
            # fal puts what went wrong in the job here, as HTTP 4xx or 5xx with a detail.
            raise self._failure(reply, of_job=bool(reply.get("detail")))
        return JobStatus(JobState.FINISHED, result=reply.body or {})

    def sources(self, handle: JobHandle, status: JobStatus) -> list[str]:
        """Return the film's address."""
        url = dig(status.result, "video", "url")
        return [url] if isinstance(url, str) else []

    def seed_of(self, handle: JobHandle, status: JobStatus) -> int | None:
        """Return the seed fal used."""
        seed = status.result.get("seed")
        return seed if isinstance(seed, int) else handle.request.seed

    async def cancel(self, handle: JobHandle) -> str:
        """Cancel; what already runs may run on."""
        if "cancel" not in handle.urls:
            return await super().cancel(handle)
        reply = await self.http.change("PUT", handle.urls["cancel"])
        return "Asked to cancel; fal bills what it has already rendered." if reply.ok else "The job was already over."

    def _failure(self, reply: Reply, of_job: bool = False) -> T2VError:
        """Return what a refusal or a result that is no film means."""
        said = error_text(reply.get("detail")) or error_text(reply.get("error")) or error_text(reply.body)
        common = {"provider": self.title, "reason": said}
        if looks_moderated(reply.body or ""):
            return Moderated(f"{self.title} refused the film by its content rules: {said}", **common)
        if "cancel" in f"{reply.get('error_type')} {said}".lower():
            return JobCancelled(f"The job was cancelled at {self.title}.", **common)
        if of_job:
            return JobFailed(f"{self.title} failed: {said or 'it gives no reason'}", **common)
        if reply.status in (403, 402) and "balance" in said.lower():
            return refusal(replace(reply, status=402), self.title)
        if reply.status == 422:
            return InvalidRequest(f"{self.title} refused the request: {said}", field="request", **common)
        return refusal(reply, self.title)
