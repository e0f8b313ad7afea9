"""Replicate's predictions."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from yarl import URL

from .exceptions import JobCancelled, JobFailed, JobLost, Moderated, StudioUnreachable, T2VError
from .http import Reply, dig, error_text, looks_moderated, refusal
from .models import FilmRequest, JobHandle, JobState, JobStatus
from .remote import Field, FieldKind, RemoteProvider, progress_of_log

_CLOCKS_APART_S = 90.0


def _input(request: FilmRequest) -> dict[str, Any]:
    return {
        "prompt": request.prompt,
        "num_frames": min(121, max(81, request.frames)),
        "frames_per_second": min(30, max(5, request.fps)),
        "aspect_ratio": "16:9" if request.width >= request.height else "9:16",
        "resolution": "480p" if min(request.width, request.height) < 600 else "720p",
        "interpolate_output": False,
        "seed": request.seed,
        **({"negative_prompt": request.negative_prompt} if request.negative_prompt else {}),
    }


class ReplicateProvider(RemoteProvider):
    """Runs published models; results are deleted after an hour."""

    name = "replicate"
    title = "Replicate"
    default_base = "https://api.replicate.com"
    fields = (
        Field("base_url", FieldKind.URL, default=default_base),
        Field("key", FieldKind.SECRET, required=True),
        Field(
            "model",
            required=True,
            default="wan-video/wan-2.2-t2v-fast",
            suggestions=("wan-video/wan-2.2-t2v-fast", "wan-video/wan-2.5-t2v"),
        ),
    )

    async def validate(self) -> None:
        """Read the account."""
        reply = await self.http.get(f"{self.base_url}/v1/account")
        if not reply.ok:
            raise self._refused(reply)
        if reply.body is None:
            raise StudioUnreachable(f"What answers at {self.base_url} is not Replicate.", provider=self.title)

    async def create(self, intent: JobHandle) -> JobHandle:
        """Submit a prediction of an official model, or of a version (``owner/name:version``)."""
        model, _, version = intent.model.partition(":")
        body: dict[str, Any] = {"input": _input(intent.request)}
        url = f"{self.base_url}/v1/models/{model}/predictions"
        if version:
            url, body["version"] = f"{self.base_url}/v1/predictions", version
        reply = await self.http.create(url, body=body)
        if not reply.ok:
            raise self._refused(reply)
        handle = self._handle(intent, reply.body)
        if handle is None:
            raise JobFailed(f"{self.title} took the job and gave no id for it.", provider=self.title)
        return handle

    def _handle(self, intent: JobHandle, prediction: Any) -> JobHandle | None:
        identity = dig(prediction, "id")
        if not isinstance(identity, str):
            return None
        urls = {name: self._home(dig(prediction, "urls", name)) for name in ("get", "cancel")}
        return replace(intent, id=identity, urls={name: url for name, url in urls.items() if url})

    def _home(self, address: Any) -> str | None:
        """Return an address only if it is the studio's own: the key goes with it."""
        home = isinstance(address, str) and address.startswith("http")
        return address if home and URL(address).origin() == URL(self.base_url).origin() else None

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Read the prediction; the only progress is in its log."""
        reply = await self.http.get(handle.urls.get("get") or f"{self.base_url}/v1/predictions/{handle.id}")
        if reply.status == 404:
            raise JobLost(f"{self.title} no longer knows the job {handle.id}.", provider=self.title)
        state = reply.get("status")
        if not isinstance(state, str):
            raise (
                self._refused(reply)
                if not reply.ok
                else StudioUnreachable(
                    f"{self.title} answers the poll with something that is no job.", provider=self.title
                )
            )
        match state:
            case "succeeded":
                return JobStatus(JobState.FINISHED, result=reply.body)
            case "failed":
                raise self._failure(error_text(reply.get("error")))
            case "canceled":
                raise JobCancelled(f"The job was cancelled at {self.title}.", provider=self.title)
            case "aborted":
                raise JobFailed(f"{self.title} gave the job up before it began; it costs nothing.", provider=self.title)
            case "starting":
                return JobStatus(JobState.QUEUED, None, "starting", retry_after_s=reply.retry_after_s)
            case "processing":
                share = progress_of_log(str(reply.get("logs") or ""))
                return JobStatus(JobState.RUNNING, share, "rendering", retry_after_s=reply.retry_after_s)
        if not reply.ok:
            raise self._refused(reply)
        return JobStatus(JobState.RUNNING, None, f"unknown state {state!r}", recognised=False)

    def sources(self, handle: JobHandle, status: JobStatus) -> list[str]:
        """Return the output, an address or a list of them."""
        output = status.result.get("output")
        found = output if isinstance(output, list) else [output]
        return [url for url in found if isinstance(url, str)][:1]

    async def cancel(self, handle: JobHandle) -> str:
        """Cancel; what was rendered so far is billed."""
        if handle.id is None:
            return await super().cancel(handle)
        url = handle.urls.get("cancel") or f"{self.base_url}/v1/predictions/{handle.id}/cancel"
        reply = await self.http.change("POST", url)
        return "Cancelled; Replicate bills the time it took so far." if reply.ok else "The job was already over."

    async def reconcile(self, intent: JobHandle) -> JobHandle | None:
        """Find the prediction with this prompt and seed among the newest."""
        listing = await self.http.get(f"{self.base_url}/v1/predictions")
        results = listing.get("results") if listing.ok else None
        for entry in results if isinstance(results, list) else []:
            if _moment(dig(entry, "created_at")) < intent.created_at - _CLOCKS_APART_S:
                break
            reply = await self.http.get(f"{self.base_url}/v1/predictions/{dig(entry, 'id')}")
            wanted = (intent.request.prompt, intent.request.seed)
            if (reply.get("input", "prompt"), reply.get("input", "seed")) == wanted:
                return self._handle(intent, reply.body)
        return None

    def _refused(self, reply: Reply) -> T2VError:
        if reply.status == 429 and reply.retry_after_s is None:
            resets = re.search(r"resets in ~?(\d+)s", reply.text)
            return refusal(replace(reply, retry_after_s=float(resets[1]) if resets else None), self.title)
        if reply.status in (400, 422) and looks_moderated(reply.text):
            return self._failure(error_text(reply.body))
        return refusal(reply, self.title)

    def _failure(self, said: str) -> T2VError:
        common = {"provider": self.title, "reason": said[:300]}
        if looks_moderated(said):
            return Moderated(f"{self.title} refused the film by its content rules: {said[:300]}", **common)
        return JobFailed(f"{self.title} failed: {said[:300] or 'it gives no reason'}", **common)


def _moment(text: Any) -> float:
    """Return the seconds since the epoch of an ISO time, 0 where it is none."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0
