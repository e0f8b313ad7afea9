"""DashScope (Alibaba Model Studio), the home of Wan: both of its protocols, all of its regions."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from .exceptions import (
    AuthenticationFailed,
    BalanceEmpty,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobLost,
    Moderated,
    QuotaExceeded,
    StudioUnreachable,
    T2VError,
    WrongRegion,
)
from .http import Reply, refusal
from .models import FilmRequest, JobHandle, JobState, JobStatus
from .remote import Field, FieldKind, RemoteProvider, cut

REGIONS = {
    "https://dashscope.aliyuncs.com": "Beijing",
    "https://dashscope-intl.aliyuncs.com": "Singapore",
    "https://dashscope-us.aliyuncs.com": "Virginia",
}
_SYNTHESIS = "/api/v1/services/aigc/video-generation/video-synthesis"
_NO_TASK = "00000000-0000-0000-0000-000000000000"
_LONGEST_PROMPT = 800
_LONGEST_NEGATIVE = 500
_CLOCKS_APART = timedelta(seconds=90)

# Sizes by lines, landscape first: the protocol before 2.7 takes exactly these.
_SIZES: dict[int, tuple[tuple[int, int], ...]] = {
    480: ((832, 480), (480, 832), (624, 624)),
    720: ((1280, 720), (720, 1280), (960, 960)),
    1080: ((1920, 1080), (1080, 1920), (1440, 1440)),
}


def _version(model: str) -> tuple[int, int]:
    """Return the Wan version a model id names; unknown ones count as the newest."""
    found = re.search(r"wan-?(\d+)\.(\d+)", model)
    return (int(found[1]), int(found[2])) if found else (99, 0)


def _lines(version: tuple[int, int]) -> tuple[int, ...]:
    """Return the resolutions a version offers."""
    return {(2, 2): (480, 1080), (2, 5): (480, 720, 1080)}.get(version, (720, 1080))


def _parameters(request: FilmRequest, model: str) -> dict[str, Any]:
    version = _version(model)
    wanted = min(request.width, request.height)
    lines = min(_lines(version), key=lambda offered: abs(offered - wanted))
    shape = request.width / request.height
    parameters: dict[str, Any] = {"seed": request.seed, "watermark": False}
    if version >= (2, 7):
        ratio = min({"16:9": 16 / 9, "9:16": 9 / 16, "1:1": 1.0}.items(), key=lambda item: abs(item[1] - shape))[0]
        parameters |= {"resolution": f"{lines}P", "ratio": ratio}
    else:
        width, height = min(_SIZES[lines], key=lambda size: abs(size[0] / size[1] - shape))
        parameters["size"] = f"{width}*{height}"
    if version == (2, 5):
        parameters["duration"] = 5 if request.duration_s <= 7.5 else 10
    elif version > (2, 5):
        parameters["duration"] = min(15, max(2, round(request.duration_s)))
    return parameters


class DashScopeProvider(RemoteProvider):
    """The vendor's own Wan; keys belong to one region."""

    name = "dashscope"
    title = "DashScope"
    default_base = "https://dashscope-intl.aliyuncs.com"
    fields = (
        Field("base_url", FieldKind.URL, default=default_base, suggestions=tuple(REGIONS)),
        Field("key", FieldKind.SECRET, required=True),
        Field(
            "model",
            required=True,
            default="wan2.5-t2v-preview",
            suggestions=("wan2.2-t2v-plus", "wan2.5-t2v-preview", "wan2.6-t2v", "wan2.7-t2v", "wan3.0-video"),
        ),
        Field("prompt_extend", FieldKind.CHOICE, default="true", suggestions=("true", "false")),
    )
    regions: Mapping[str, str] = REGIONS

    async def validate(self) -> None:
        """Ask for a job that does not exist, which needs the key.

        Raises:
            WrongRegion: the key is good in another region.
            T2VError: what is wrong with address or key.
        """
        reply = await self._look(self.base_url)
        if reply.status not in (401, 403):
            if reply.body is None or reply.status >= 500:
                raise StudioUnreachable(f"What answers at {self.base_url} is not DashScope.", provider=self.title)
            return
        for base, region in self.regions.items():
            if self.base_url in self.regions and base != self.base_url and (await self._look(base)).status == 200:
                raise WrongRegion(
                    f"This key belongs to the region {region}; take the address {base}.",
                    provider=self.title,
                    region=region,
                    base_url=base,
                )
        raise self._refused(reply)

    async def _look(self, base: str) -> Reply:
        return await self.http.get(f"{base}/api/v1/tasks/{_NO_TASK}")

    async def create(self, intent: JobHandle) -> JobHandle:
        """Submit the job; what the model cannot do is cut and told."""
        notes: list[str] = []
        request = intent.request
        prompt = {"prompt": cut(request.prompt, _LONGEST_PROMPT, "prompt", notes)}
        if request.negative_prompt:
            prompt["negative_prompt"] = cut(request.negative_prompt, _LONGEST_NEGATIVE, "negative prompt", notes)
        extend = (self.settings.extra.get("prompt_extend") or "true") == "true"
        reply = await self.http.create(
            self.base_url + _SYNTHESIS,
            body={
                "model": intent.model,
                "input": prompt,
                "parameters": _parameters(request, intent.model) | {"prompt_extend": extend},
            },
            headers={"X-DashScope-Async": "enable"},
        )
        identity = reply.get("output", "task_id")
        if not reply.ok or not isinstance(identity, str):
            raise self._refused(reply)
        return replace(intent, id=identity, notes=intent.notes + tuple(notes))

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Read the job; failures come as HTTP 200."""
        reply = await self.http.get(f"{self.base_url}/api/v1/tasks/{handle.id}")
        if not reply.ok:
            raise self._lost(handle) if reply.status == 404 else self._refused(reply)
        state = str(reply.get("output", "task_status") or "")
        match state:
            case "SUCCEEDED":
                return JobStatus(JobState.FINISHED, result=reply.body)
            case "FAILED":
                raise self._failure(str(reply.get("output", "code") or ""), str(reply.get("output", "message") or ""))
            case "CANCELED":
                raise JobCancelled(f"The job was cancelled at {self.title}.", provider=self.title)
            case "UNKNOWN":
                raise self._lost(handle)
            case "PENDING" | "SUSPENDED":
                return JobStatus(JobState.QUEUED, None, state.lower(), retry_after_s=reply.retry_after_s)
            case "RUNNING":
                return JobStatus(JobState.RUNNING, None, "rendering", retry_after_s=reply.retry_after_s)
        if not isinstance(reply.body, dict):
            raise StudioUnreachable(f"{self.title} answers the poll with something that is no job.")
        return JobStatus(JobState.RUNNING, None, f"unknown state {state!r}", recognised=False)

    def sources(self, handle: JobHandle, status: JobStatus) -> list[str]:
        """Return the link, which lives for a day."""
        output = status.result.get("output")
        url = output.get("video_url") if isinstance(output, dict) else None
        return [url] if isinstance(url, str) and url else []

    async def cancel(self, handle: JobHandle) -> str:
        """Cancel, which works while the job waits in the queue only."""
        if handle.id is None:
            return await super().cancel(handle)
        reply = await self.http.change("POST", f"{self.base_url}/api/v1/tasks/{handle.id}/cancel")
        if reply.ok:
            return "The job was cancelled before it started; it costs nothing."
        return "DashScope cancels waiting jobs only; this one is rendered and billed."

    async def reconcile(self, intent: JobHandle) -> JobHandle | None:
        """Find the one job of this model that was taken when the answer was lost."""
        created = datetime.fromtimestamp(intent.created_at, UTC)
        reply = await self.http.get(
            f"{self.base_url}/api/v1/tasks/",
            start_time=(created - _CLOCKS_APART).strftime("%Y%m%d%H%M%S"),
            end_time=(created + timedelta(minutes=10)).strftime("%Y%m%d%H%M%S"),
            model_name=intent.model,
            page_no="1",
            page_size="20",
        )
        tasks = reply.get("data") if reply.ok else None
        if not isinstance(tasks, list):
            return None
        found = [str(task["task_id"]) for task in tasks if isinstance(task, dict) and "task_id" in task]
        matching = [identity for identity in found if await self._may_be(identity, intent)]
        # With two candidates either could be someone else's: better to ask than to take the wrong film.
        return replace(intent, id=matching[0]) if len(matching) == 1 else None

    async def _may_be(self, identity: str, intent: JobHandle) -> bool:
        reply = await self.http.get(f"{self.base_url}/api/v1/tasks/{identity}")
        prompt = reply.get("output", "orig_prompt")
        return prompt is None or prompt == intent.request.prompt[:_LONGEST_PROMPT]

    def _lost(self, handle: JobHandle) -> JobLost:
        return JobLost(
            f"{self.title} no longer knows the job {handle.id}; it keeps jobs for a day.", provider=self.title
        )

    def _refused(self, reply: Reply) -> T2VError:
        """Return what an error reply means; DashScope's own code tells more than the HTTP status."""
        code, message = str(reply.get("code") or ""), str(reply.get("message") or "")
        if not code or reply.status >= 500:
            return refusal(reply, self.title)
        if code.startswith("Throttling"):
            return QuotaExceeded(f"{self.title}: {message}", reply.retry_after_s, provider=self.title, reason=message)
        return self._failure(code, message)

    def _failure(self, code: str, message: str) -> T2VError:
        told = message or code or "it gives no reason"
        common = {"provider": self.title, "reason": told}
        if code in ("DataInspectionFailed", "IPInfringementSuspect") or "inappropriate" in message.lower():
            return Moderated(f"{self.title} refused the film by its content rules: {told}", **common)
        if code == "InvalidApiKey":
            return AuthenticationFailed(
                f"{self.title} refuses the key; keys belong to one region, so check that the address is of the same.",
                **common,
            )
        if code == "Arrearage":
            return BalanceEmpty(f"The account at {self.title} must be paid first: {told}", None, **common)
        if code.startswith(("InvalidParameter", "Model")):
            return InvalidRequest(f"{self.title} refused the request: {told}", field="request", **common)
        return JobFailed(f"{self.title} failed: {told}", **common)
