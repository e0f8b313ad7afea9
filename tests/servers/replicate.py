"""Fake Replicate."""

import uuid
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from .studio import KEY, FakeStudio, Fault, Job

MODEL = "wan-video/wan-2.2-t2v-fast"


class ReplicateServer(FakeStudio):
    """Predictions of one official model."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/account", self._account),
            web.post(f"/v1/models/{MODEL}/predictions", self._create),
            web.get("/v1/predictions", self._list),
            web.get("/v1/predictions/{id}", self._poll),
            web.post("/v1/predictions/{id}/cancel", self._cancel),
        ]

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
        return web.json_response(
            {"title": "Error", "detail": message, "status": status}, status=status, headers=headers
        )

    def _authorised(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {KEY}":
            return None
        return self.error(401, "You did not pass a valid authentication token")

    async def _account(self, request: web.Request) -> web.StreamResponse:
        return self._authorised(request) or web.json_response({"type": "user", "username": "someone"})

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        body = await request.json()
        self.seen[-1].body = body
        if wrong := self._wrong(body.get("input", {})):
            return self.error(422, f"- input.{wrong}: Invalid")
        if self.fault is Fault.CREATE_MODERATED:
            return self.error(422, "The prompt was flagged: NSFW content detected")
        if self.fault is Fault.NO_BALANCE:
            return self.error(402, "You have insufficient credit to run this model.")
        if faulty := await self.before_create():
            return faulty
        job = self.new_job(request, body["input"], uuid.uuid4().hex[:26])
        job.extra["created"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        await self.after_create()
        status = "succeeded" if self.fault is Fault.AT_ONCE else "starting"
        return web.json_response(self._prediction(job, status), status=201)

    def _wrong(self, given: dict[str, Any]) -> str | None:
        right = {
            "prompt": bool(given.get("prompt")),
            "num_frames": given.get("num_frames") in range(81, 122),
            "aspect_ratio": given.get("aspect_ratio") in ("16:9", "9:16"),
            "resolution": given.get("resolution") in ("480p", "720p"),
            "frames_per_second": given.get("frames_per_second") in range(5, 31),
            "seed": isinstance(given.get("seed"), int),
        }
        return next((name for name, fine in right.items() if not fine), None)

    def _prediction(self, job: Job, status: str, **more: Any) -> dict[str, Any]:
        url = f"{self.base}/v1/predictions/{job.id}"
        body = {"id": job.id, "model": MODEL, "status": status, "output": None, "error": None, "logs": ""}
        body |= {"input": job.body, "created_at": job.extra["created"], "urls": {"get": url, "cancel": url + "/cancel"}}
        return body | more

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        results = [
            {"id": job.id, "status": "processing", "created_at": job.extra["created"]}
            for job in reversed(self.jobs.values())
        ]
        return web.json_response({"next": None, "previous": None, "results": results})

    async def _poll(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        if faulty := await self.before_poll():
            return faulty
        job = self.jobs.get(request.match_info["id"])
        if job is None or self.fault is Fault.LOST:
            return self.error(404, "The requested resource could not be found.")
        if not self.done(job):
            logs = "loading\n 25%|##5       | 10/40 [00:05<00:15]\n 50%|#####     | 20/40 [00:10<00:10]"
            state = "starting" if job.polls == 1 else "processing"
            return web.json_response(self._prediction(job, state, logs=logs if job.polls > 1 else ""))
        failures: dict[Fault, tuple[str, Any]] = {
            Fault.UNKNOWN_STATE: ("contemplating", None),
            Fault.CANCELLED: ("canceled", None),
            Fault.LATE_MODERATION: ("failed", "NSFW content detected. Try another prompt."),
            Fault.FAILED_STRING: ("failed", "CUDA out of memory"),
            Fault.FAILED_OBJECT: ("failed", {"message": "CUDA out of memory"}),
            Fault.FAILED_NULL: ("failed", None),
            Fault.FAILED_4XX: ("aborted", None),
        }
        if self.fault in failures or job.cancelled:
            status, error = failures.get(self.fault, ("canceled", None))
            bad = self.fault is Fault.FAILED_4XX
            return web.json_response(self._prediction(job, status, error=error), status=400 if bad else 200)
        return web.json_response(self._prediction(job, "succeeded", output=self.film_url(job)))

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            return self.error(404, "The requested resource could not be found.")
        job.cancelled = True
        return web.json_response(self._prediction(job, "canceled"))
