"""Servers that speak ``/v1/videos``: SGLang-diffusion, vLLM-Omni, TensorRT-LLM, LiteLLM, Dynamo; and OpenRouter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from yarl import URL

from .exceptions import InvalidRequest, JobCancelled, JobFailed, JobLost, Moderated, StudioUnreachable
from .http import Reply, dig, error_text, looks_moderated, refusal
from .models import FilmRequest, JobHandle, JobState, JobStatus
from .remote import Field, FieldKind, RemoteProvider

_QUEUED = frozenset({"queued", "pending", "submitted"})
_RUNNING = frozenset({"in_progress", "processing", "running", "generating"})
_DONE = frozenset({"completed", "succeeded"})
_FAILED = frozenset({"failed", "error"})
_CANCELLED = frozenset({"cancelled", "canceled", "deleted"})


def _plain(request: FilmRequest, model: str) -> dict[str, str]:
    """Return the fields all self-hosted servers share, fps and frames always among them."""
    return {
        "prompt": request.prompt,
        **({"model": model} if model else {}),
        "size": request.size,
        "seconds": str(max(1, round(request.duration_s))),
        "num_frames": str(request.frames),
        "fps": str(request.fps),
        **({"seed": str(request.seed)} if request.seed is not None else {}),
        **({"negative_prompt": request.negative_prompt} if request.negative_prompt else {}),
    }


def _dynamo(request: FilmRequest, model: str) -> dict[str, Any]:
    extension: dict[str, Any] = {"fps": request.fps, "num_frames": request.frames, "seed": request.seed}
    if request.negative_prompt:
        extension["negative_prompt"] = request.negative_prompt
    return {
        "prompt": request.prompt,
        "model": model,
        "size": request.size,
        "seconds": max(1, round(request.duration_s)),
        "response_format": "url",
        "nvext": extension,
    }


def _openrouter(request: FilmRequest, model: str) -> dict[str, Any]:
    height = min((480, 720, 1080), key=lambda lines: abs(lines - min(request.width, request.height)))
    shape = request.width / request.height
    aspect = "1:1" if 0.8 < shape < 1.25 else "16:9" if shape > 1 else "9:16"
    return {
        "prompt": request.prompt,
        "model": model,
        "duration": max(1, round(request.duration_s)),
        "resolution": f"{height}p",
        "aspect_ratio": aspect,
        "seed": request.seed,
        "generate_audio": False,
    }


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind of server differs. ``body`` gives a JSON body, None the multipart form that the others share."""

    name: str
    body: Callable[[FilmRequest, str], dict[str, Any]] | None = None
    needs_model: bool = False
    synchronous: bool = False
    key_check: str = "/models"
    cancel: str = "Asked to stop; whether it does is up to the server."


DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect("auto"),
        Dialect("sglang", cancel="Removed from the list; the GPU finishes the film all the same."),
        Dialect("vllm_omni", cancel="The server was told to abort the film."),
        Dialect("tensorrt_llm"),
        Dialect("litellm", needs_model=True),
        Dialect("dynamo", body=_dynamo, needs_model=True, synchronous=True),
        Dialect("openrouter", body=_openrouter, needs_model=True, key_check="/key"),
    )
}


class OpenAIVideosProvider(RemoteProvider):
    """A server of one's own, or a cluster of them, behind ``/v1/videos``."""

    name = "openai_videos"
    title = "Video server"
    default_deadline_s = 3600.0
    fields = (
        Field(
            "base_url",
            FieldKind.URL,
            required=True,
            suggestions=("http://192.168.1.20:30000", "http://192.168.1.20:8091"),
        ),
        Field("key", FieldKind.SECRET),
        Field("model", suggestions=("Wan-AI/Wan2.2-T2V-A14B-Diffusers", "Wan-AI/Wan2.2-TI2V-5B-Diffusers")),
        Field("dialect", FieldKind.CHOICE, default="auto", suggestions=tuple(DIALECTS)),
    )

    @property
    def free(self) -> bool:
        """Whether nobody sends a bill: behind LiteLLM and OpenRouter somebody may."""
        return self.dialect.name not in ("litellm", "openrouter")

    @property
    def dialect(self) -> Dialect:
        """The kind of server, as set.

        Raises:
            InvalidRequest: there is no such kind.
        """
        name = self.settings.extra.get("dialect") or "auto"
        if name not in DIALECTS:
            raise InvalidRequest(
                f"There is no server kind {name}; choose one of {', '.join(DIALECTS)}.", field="dialect"
            )
        return DIALECTS[name]

    @property
    def api(self) -> str:
        """The address up to and with ``/v1``."""
        return self.base_url if self.base_url.endswith("/v1") else f"{self.base_url}/v1"

    async def validate(self) -> None:
        """List the models, which needs the key where one is needed.

        Raises:
            InvalidRequest: the model is not among those served.
            T2VError: what is wrong with address or key.
        """
        reply = await self.http.get(self.api + self.dialect.key_check)
        if reply.status == 404:
            return
        if not reply.ok:
            raise refusal(reply, self.title)
        if reply.body is None:
            raise StudioUnreachable(
                f"What answers at {self.base_url} is no video server; check address and port.", provider=self.title
            )
        served = _served(reply)
        if self.model and served and self.model not in served:
            raise InvalidRequest(
                f"This server does not serve {self.model}; it serves {', '.join(served[:5])}.", field="model"
            )

    async def create(self, intent: JobHandle) -> JobHandle:
        """Submit the job in the server's dialect."""
        dialect = self.dialect
        model = self.model or (await self._only_model() if dialect.needs_model else "")
        url = f"{self.api}/videos"
        if dialect.body is None:
            reply = await self.http.create(url, form=_plain(intent.request, model))
        else:
            # A server without a queue answers only when the film is done.
            wait = self.tuning.timeouts.render_s if dialect.synchronous else None
            reply = await self.http.create(url, body=dialect.body(intent.request, model), answer_s=wait)
        if not reply.ok:
            raise refusal(reply, self.title)
        identity = reply.get("id")
        if not isinstance(identity, str) or not identity:
            raise JobFailed(f"{self.title} took the job and gave no id for it.", provider=self.title)
        _raise_failure(reply.body, self.title)
        return replace(intent, id=identity, model=model or str(reply.get("model") or ""), urls=self._urls(reply.body))

    def _urls(self, job: Mapping[str, Any]) -> dict[str, str]:
        """Return the addresses a job names: for polling, and for a film that is already there."""
        urls = {}
        if isinstance(polling := job.get("polling_url"), str):
            urls["poll"] = str(URL(self.base_url).join(URL(polling)))
        if job.get("status") in _DONE and (film := _film_url(job)):
            urls["film"] = str(URL(self.base_url + "/").join(URL(film)))
        return urls

    async def _only_model(self) -> str:
        reply = await self.http.get(f"{self.api}/models")
        if not reply.ok:
            raise refusal(reply, self.title)
        served = _served(reply)
        if len(served) != 1:
            raise InvalidRequest(f"Choose a model for {self.title}; it serves {len(served)}.", field="model")
        return served[0]

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Read the job; its body counts before the HTTP status."""
        if "film" in handle.urls:
            return JobStatus(JobState.FINISHED, result={"url": handle.urls["film"]})
        reply = await self.http.get(self._home(handle.urls.get("poll")) or f"{self.api}/videos/{handle.id}")
        job = reply.body if isinstance(reply.body, dict) and "status" in reply.body else None
        if job is None:
            if reply.status == 404:
                raise JobLost(
                    f"{self.title} no longer knows the job {handle.id}; it was probably restarted.", provider=self.title
                )
            if reply.status in (400, 410, 422):
                raise JobFailed(f"{self.title} failed: {error_text(reply.body) or reply.status}", provider=self.title)
            raise (
                refusal(reply, self.title)
                if not reply.ok
                else StudioUnreachable(
                    f"{self.title} answers the poll with something that is no job.", provider=self.title
                )
            )
        return self._status(job, reply)

    def _status(self, job: dict[str, Any], reply: Reply) -> JobStatus:
        _raise_failure(job, self.title)
        state = str(job["status"]).lower()
        if state in _DONE:
            return JobStatus(JobState.FINISHED, result=job)
        share = job.get("progress")
        progress = min(share / 100, 0.99) if isinstance(share, (int, float)) and share > 0 else None
        if state in _QUEUED:
            return JobStatus(JobState.QUEUED, progress, "queued", retry_after_s=reply.retry_after_s)
        known = state in _RUNNING
        told = "rendering" if known else f"unknown state {state!r}"
        return JobStatus(JobState.RUNNING, progress, told, retry_after_s=reply.retry_after_s, recognised=known)

    def sources(self, handle: JobHandle, status: JobStatus) -> list[str]:
        """Return the content address, then what the job itself names; the other way round where that came at once."""
        content = f"{self.api}/videos/{handle.id}/content"
        named = _film_url(status.result)
        if not named:
            return [content]
        found = str(URL(self.base_url + "/").join(URL(named)))
        return [found] if "film" in handle.urls else [content, found]

    def cost_of(self, status: JobStatus) -> float | None:
        """Return OpenRouter's cost."""
        cost = dig(status.result, "usage", "cost")
        return float(cost) if isinstance(cost, (int, float)) else None

    async def cancel(self, handle: JobHandle) -> str:
        """Delete the job, which stops the GPU on some servers only."""
        if handle.id is None or self.dialect.name in ("openrouter", "dynamo"):
            return await super().cancel(handle)
        reply = await self.http.change("DELETE", f"{self.api}/videos/{handle.id}")
        if reply.status == 409:
            return f"{self.title} is in the middle of the film and cannot stop it."
        return self.dialect.cancel if reply.ok else f"{self.title} did not cancel: {refusal(reply, self.title).message}"

    def _home(self, url: str | None) -> str | None:
        """Return an address only if it is the studio's own: the key goes with it."""
        return url if url and URL(url).origin() == URL(self.base_url).origin() else None


def _served(reply: Reply) -> list[str]:
    models = reply.get("data")
    return (
        [str(model["id"]) for model in models if isinstance(model, dict) and "id" in model]
        if isinstance(models, list)
        else []
    )


def _film_url(job: Mapping[str, Any]) -> str | None:
    """Return the film's address wherever this dialect keeps it."""
    places = (("url",), ("video_url",), ("data", 0, "url"), ("urls", 0), ("unsigned_urls", 0))
    return next((found for place in places if isinstance(found := dig(job, *place), str) and found), None)


def _raise_failure(job: Mapping[str, Any], title: str) -> None:
    """Raise what a job that ended badly says; its error may be a string, an object or null."""
    state = str(job.get("status", "")).lower()
    said = error_text(job.get("error")) or error_text(job.get("detail"))
    if state in _CANCELLED:
        raise JobCancelled(f"The job was cancelled at {title}.", provider=title)
    if state == "expired":
        raise JobLost(f"The job ran out of time at {title}.", provider=title)
    if state in _FAILED:
        if looks_moderated(said, job.get("error")):
            raise Moderated(f"{title} refused the film by its content rules: {said}", provider=title, reason=said)
        raise JobFailed(f"{title} failed: {said or 'it gives no reason'}.", provider=title, reason=said)
