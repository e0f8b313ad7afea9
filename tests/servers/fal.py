"""Fake fal queue, straight or behind the Hugging Face router."""

import uuid
from typing import Any

from aiohttp import web

from .studio import KEY, FakeStudio, Fault, Job

MODEL = "fal-ai/wan/v2.2-a14b/text-to-video"


class FalServer(FakeStudio):
    """The queue. ``routed`` answers as the router does: its addresses point to fal, where the key is no good."""

    def __init__(self, film: bytes, fault: Fault = Fault.NONE, routed: bool = False) -> None:
        self.prefix = "/fal-ai" if routed else ""
        self.routed = routed
        super().__init__(film, fault)

    def routes(self) -> list[web.RouteDef]:
        requests = f"{self.prefix}/fal-ai/wan/requests/{{id}}"
        return [
            web.post(f"{self.prefix}/{MODEL}", self._create),
            web.get(requests + "/status", self._status),
            web.get(requests, self._result),
            web.put(requests + "/cancel", self._cancel),
        ]

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
        return web.json_response({"detail": message}, status=status, headers=headers)

    def _authorised(self, request: web.Request) -> web.Response | None:
        scheme = "Bearer" if self.routed else "Key"
        if self.routed and request.query.get("_subdomain") != "queue":
            return self.error(400, "the router needs _subdomain=queue")
        if request.headers.get("Authorization") == f"{scheme} {KEY}":
            return None
        return self.error(401, "Cannot access application. Authentication is required to access this application.")

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        body = await request.json()
        self.seen[-1].body = body
        if wrong := self._wrong(body):
            return web.json_response(
                {"detail": [{"loc": ["body", wrong], "msg": "invalid", "type": "value_error"}]}, status=422
            )
        if self.fault is Fault.CREATE_MODERATED:
            return self._moderated()
        if self.fault is Fault.NO_BALANCE:
            return self.error(403, "User is locked. Reason: Exhausted balance.")
        if faulty := await self.before_create():
            return faulty
        job = self.new_job(request, body, str(uuid.uuid4()))
        await self.after_create()
        host = "https://queue.fal.run" if self.routed else self.base
        url = f"{host}/fal-ai/wan/requests/{job.id}"
        return web.json_response(
            {
                "status": "IN_QUEUE",
                "request_id": job.id,
                "response_url": url,
                "status_url": f"{url}/status",
                "cancel_url": f"{url}/cancel",
                "queue_position": 1,
            }
        )

    def _wrong(self, body: dict[str, Any]) -> str | None:
        right = {
            "prompt": bool(body.get("prompt")),
            "num_frames": isinstance(body.get("num_frames"), int) and 17 <= body["num_frames"] <= 161,
            "frames_per_second": isinstance(body.get("frames_per_second"), int)
            and 4 <= body["frames_per_second"] <= 60,
            "resolution": body.get("resolution") in ("480p", "580p", "720p"),
            "aspect_ratio": body.get("aspect_ratio") in ("16:9", "9:16", "1:1"),
            "seed": isinstance(body.get("seed"), int),
            "num_interpolated_frames": body.get("num_interpolated_frames") in range(5),
        }
        return next((name for name, fine in right.items() if not fine), None)

    def _moderated(self) -> web.Response:
        problem = {
            "loc": ["body", "prompt"],
            "msg": "The content could not be processed",
            "type": "content_policy_violation",
        }
        return web.json_response({"detail": [problem]}, status=422)

    def _job(self, request: web.Request) -> Job:
        job = self.jobs.get(request.match_info["id"])
        if job is None or (self.fault is Fault.LOST and job.polls > 0):
            raise web.HTTPNotFound(text='{"detail": "Request not found"}', content_type="application/json")
        return job

    async def _status(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        if faulty := await self.before_poll():
            return faulty
        job = self._job(request)
        common = {"request_id": job.id, "response_url": "x"}
        if not self.done(job):
            if job.polls == 1:
                return web.json_response({"status": "IN_QUEUE", "queue_position": 0, **common}, status=202)
            assert request.query.get("logs") == "1"
            logs = [{"message": " 40%|####      | 16/40 [00:10<00:15]", "level": "INFO"}]
            return web.json_response({"status": "IN_PROGRESS", "logs": logs, **common}, status=202)
        if self.fault is Fault.UNKNOWN_STATE:
            return web.json_response({"status": "CONTEMPLATING", **common})
        job.extra["complete"] = True
        failure = {
            Fault.FAILED_STRING: {"error": "CUDA out of memory", "error_type": "runner_server_error"},
            Fault.FAILED_OBJECT: {"error": {"message": "CUDA out of memory"}, "error_type": "runner_server_error"},
            Fault.FAILED_NULL: {"error": None, "error_type": "request_timeout"},
            Fault.CANCELLED: {"error": "Request was cancelled", "error_type": "client_cancelled"},
        }.get(self.fault, {})
        return web.json_response({"status": "COMPLETED", "logs": None, **common, **failure})

    async def _result(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        job = self._job(request)
        if not job.extra.get("complete"):
            return self.error(400, "Request is still in progress")
        if self.fault is Fault.LATE_MODERATION:
            return self._moderated()
        if self.fault is Fault.FAILED_4XX:
            return self.error(500, "Internal Server Error in the model")
        return web.json_response({"video": {"url": self.film_url(job), "content_type": "video/mp4"}, "seed": 7})

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        job = self._job(request)
        if job.extra.get("complete"):
            return web.json_response({"status": "ALREADY_COMPLETED"}, status=400)
        job.cancelled = True
        return web.json_response({"status": "CANCELLATION_REQUESTED"}, status=202)
