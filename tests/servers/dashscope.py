"""Fake DashScope: both protocols, one region, failures as HTTP 200."""

import time
import uuid
from typing import Any

from aiohttp import web

from .studio import KEY, FakeStudio, Fault

_SIZES = {
    "wan2.2-t2v-plus": {"832*480", "480*832", "624*624", "1920*1080", "1080*1920", "1440*1440"},
    "wan2.5-t2v-preview": {
        "832*480",
        "480*832",
        "624*624",
        "1280*720",
        "720*1280",
        "960*960",
        "1920*1080",
        "1080*1920",
    },
    "wan2.6-t2v": {"1280*720", "720*1280", "960*960", "1920*1080", "1080*1920", "1440*1440"},
}
_DURATIONS: dict[str, range | tuple[int, ...]] = {"wan2.5-t2v-preview": (5, 10), "wan2.6-t2v": range(2, 16)}
_NEW = ("wan2.7-t2v", "wan3.0-video")


class DashScopeServer(FakeStudio):
    """One region of DashScope."""

    def __init__(self, film: bytes, fault: Fault = Fault.NONE, lists_jobs: bool = True) -> None:
        self.lists_jobs = lists_jobs
        super().__init__(film, fault)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/v1/services/aigc/video-generation/video-synthesis", self._create),
            web.get("/api/v1/tasks/", self._list),
            web.get("/api/v1/tasks/{id}", self._poll),
            web.post("/api/v1/tasks/{id}/cancel", self._cancel),
        ]

    def _refuse(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
        return web.json_response(
            {"code": code, "message": message, "request_id": str(uuid.uuid4())}, status=status, headers=headers
        )

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
        code = {429: "Throttling.RateQuota", 500: "InternalError"}.get(status, "InvalidParameter")
        return self._refuse(status, code, message, headers)

    def _authorised(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {KEY}":
            return None
        return self._refuse(401, "InvalidApiKey", "Invalid API-key provided.")

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        if request.headers.get("X-DashScope-Async") != "enable":
            return self._refuse(403, "AccessDenied", "current user api does not support synchronous calls.")
        if request.content_type != "application/json":
            return self._refuse(400, "InvalidParameter", "body must be JSON")
        body = await request.json()
        self.seen[-1].body = body
        if wrong := self._wrong(body):
            return self._refuse(400, "InvalidParameter", wrong)
        if self.fault is Fault.CREATE_MODERATED:
            return self._refuse(400, "DataInspectionFailed", "Input data may contain inappropriate content.")
        if self.fault is Fault.NO_BALANCE:
            return self._refuse(400, "Arrearage", "Access denied, please make sure your account is in good standing.")
        if faulty := await self.before_create():
            return faulty
        job = self.new_job(request, body, str(uuid.uuid4()))
        job.extra["created"] = time.time()
        await self.after_create()
        return web.json_response({"output": {"task_id": job.id, "task_status": "PENDING"}, "request_id": "r"})

    def _wrong(self, body: dict[str, Any]) -> str | None:
        """Return what the real server would find wrong."""
        model, parameters = body.get("model"), body.get("parameters", {})
        if not body.get("input", {}).get("prompt"):
            return "prompt is required"
        if len(body["input"]["prompt"]) > 800:
            return "prompt is too long"
        if not isinstance(parameters.get("seed"), int) or not 0 <= parameters["seed"] <= 2**31 - 1:
            return "seed must be in [0, 2147483647]"
        if "fps" in parameters:
            return "unknown parameter fps"
        if model in _NEW:
            right = parameters.get("resolution") in ("720P", "1080P") and "size" not in parameters
            return (
                None if right and parameters.get("ratio") in ("16:9", "9:16", "1:1") else "resolution or ratio is wrong"
            )
        if model not in _SIZES:
            return "Model not exist."
        if parameters.get("size") not in _SIZES[model] or "resolution" in parameters:
            return "size is not in the allowed values"
        if model in _DURATIONS:
            return None if parameters.get("duration") in _DURATIONS[model] else "duration is not in the allowed values"
        return "duration is fixed" if "duration" in parameters else None

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        assert len(request.query["start_time"]) == len("20261122103000")
        listed = [
            {
                "task_id": job.id,
                "model_name": job.body["model"],
                "status": "RUNNING",
                "gmt_create": job.extra["created"],
            }
            for job in self.jobs.values()
            if self.lists_jobs and job.body["model"] == request.query["model_name"]
        ]
        return web.json_response({"total": len(listed), "data": listed, "request_id": "r"})

    async def _poll(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        job = self.jobs.get(request.match_info["id"])
        if job is None or self.fault is Fault.LOST:
            return self._task("UNKNOWN", request.match_info["id"])
        if faulty := await self.before_poll():
            return faulty
        if not self.done(job):
            return self._task(
                "PENDING" if job.polls == 1 else "RUNNING", job.id, orig_prompt=job.body["input"]["prompt"]
            )
        if self.fault is Fault.UNKNOWN_STATE:
            return self._task("CONTEMPLATING", job.id)
        if self.fault is Fault.CANCELLED or job.cancelled:
            return self._task("CANCELED", job.id)
        if self.fault is Fault.LATE_MODERATION:
            return self._task("FAILED", job.id, code="DataInspectionFailed", message="Output data may contain it.")
        if self.fault in (Fault.FAILED_STRING, Fault.FAILED_OBJECT, Fault.FAILED_4XX):
            return self._task("FAILED", job.id, code="InternalError.Algo", message="Internal error.")
        if self.fault is Fault.FAILED_NULL:
            return self._task("FAILED", job.id)
        prompt = job.body["input"]["prompt"]
        return self._task("SUCCEEDED", job.id, orig_prompt=prompt, video_url=self.film_url(job) + "?Expires=1")

    def _task(self, status: str, identity: str, **output: str) -> web.Response:
        return web.json_response(
            {
                "request_id": "r",
                "output": {"task_id": identity, "task_status": status, **output},
                "usage": {"duration": 5},
            }
        )

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        job = self.jobs.get(request.match_info["id"])
        if job is None or job.polls > 1:
            return self._refuse(400, "UnsupportedOperation", "Failed to cancel the task, only PENDING can be canceled")
        job.cancelled = True
        return web.json_response({"request_id": "r"})
