"""Fake ``/v1/videos`` servers, one a dialect, each as strict and as odd as the real one."""

import re
import time
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from .studio import KEY, FakeStudio, Fault, Job

MODEL = "Wan-AI/Wan2.2-T2V-A14B-Diffusers"
_SIZE = re.compile(r"\d+x\d+")


@dataclass(frozen=True)
class Dialect:
    """How a real server of this kind behaves."""

    name: str
    prefix: str = "/v1"
    bodies: tuple[str, ...] = ("multipart/form-data", "application/json")
    created: int = 200
    error: Literal["object", "coded", "string"] = "object"
    key: bool = False
    failed_as_4xx: bool = False
    unfinished: int = 404
    progress: bool = True
    synchronous: bool = False
    cancels: bool = True


DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("sglang"),
        Dialect(
            "vllm_omni", bodies=("multipart/form-data",), error="coded", key=True, failed_as_4xx=True, progress=False
        ),
        Dialect("tensorrt_llm", created=202, error="string", unfinished=400, progress=False),
        Dialect("litellm", key=True),
        Dialect("dynamo", bodies=("application/json",), error="string", synchronous=True, cancels=False),
        Dialect(
            "openrouter",
            prefix="/api/v1",
            bodies=("application/json",),
            created=202,
            error="string",
            key=True,
            cancels=False,
        ),
    )
}


class OpenAIVideosServer(FakeStudio):
    """One server of a dialect."""

    def __init__(self, film: bytes, fault: Fault = Fault.NONE, dialect: str = "sglang") -> None:
        self.dialect = DIALECTS[dialect]
        self.needs_key = self.dialect.key
        super().__init__(film, fault)

    def routes(self) -> list[web.RouteDef]:
        videos = f"{self.dialect.prefix}/videos"
        routes = [web.post(videos, self._create), web.get(f"{self.dialect.prefix}/models", self._models)]
        if self.dialect.name == "openrouter":
            routes.append(web.get(f"{self.dialect.prefix}/key", self._key))
        if not self.dialect.synchronous:
            routes += [
                web.get(videos + "/{id}", self._poll),
                web.get(videos + "/{id}/content", self._content),
                web.delete(videos + "/{id}", self._delete),
            ]
        return routes

    def _authorised(self, request: web.Request) -> web.Response | None:
        if not self.dialect.key or request.headers.get("Authorization") == f"Bearer {KEY}":
            return None
        if self.dialect.name == "vllm_omni":
            return web.json_response({"error": "Unauthorized"}, status=401)
        return web.json_response({"error": {"message": "No auth credentials found", "code": 401}}, status=401)

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
        body: dict[str, Any] = {"error": {"message": message, "code": status}}
        if self.dialect.name in ("sglang", "tensorrt_llm"):
            body = {"detail": message}
        return web.json_response(body, status=status, headers=headers)

    async def _models(self, request: web.Request) -> web.Response:
        refused = self._authorised(request)
        return refused or web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    async def _key(self, request: web.Request) -> web.Response:
        refused = self._authorised(request)
        return refused or web.json_response({"data": {"label": "test", "limit_remaining": 3.5}})

    # --- create ---

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        if request.content_type not in self.dialect.bodies:
            return self.error(
                422 if self.dialect.name == "vllm_omni" else 400, f"unsupported body {request.content_type}"
            )
        body = await self._body(request)
        self.seen[-1].body = body
        if wrong := self._wrong(body):
            return self.error(400, wrong)
        if self.fault is Fault.CREATE_MODERATED:
            return self.error(400, "Your request was rejected by our safety system (content_policy_violation)")
        if self.fault is Fault.NO_BALANCE:
            return self.error(402, "Insufficient credits")
        if faulty := await self.before_create():
            return faulty
        job = self.new_job(request, body, f"video_{len(self.jobs)}_{int(time.time())}")
        await self.after_create()
        if self.dialect.synchronous:
            return self._finished_at_once(job)
        status = "completed" if self.fault is Fault.AT_ONCE else self._queued()
        return web.json_response(self._job(job, status), status=self.dialect.created)

    async def _body(self, request: web.Request) -> dict[str, Any]:
        if request.content_type == "application/json":
            body = await request.json()
            return body if isinstance(body, dict) else {}
        form = await request.post()
        assert all(isinstance(value, str) for value in form.values())
        return dict(form)

    def _wrong(self, body: dict[str, Any]) -> str | None:
        """Return what the real server would find wrong."""
        name = self.dialect.name
        if not body.get("prompt"):
            return "prompt is required"
        if "guidance_scale_2" in body:
            return "unexpected field guidance_scale_2"
        if name in ("dynamo", "openrouter", "litellm") and not body.get("model"):
            return "model is required"
        if body.get("model") not in (None, MODEL):
            return f"The model {body['model']} does not exist."
        if name == "openrouter":
            if body.get("resolution") not in ("480p", "720p", "1080p") or not isinstance(body.get("duration"), int):
                return "resolution or duration is not supported by this model"
            return None
        if not _SIZE.fullmatch(str(body.get("size", ""))):
            return "size must be WIDTHxHEIGHT"
        if name == "dynamo":
            numbers = body.get("nvext", {})
            right = isinstance(body["seconds"], int) and body.get("response_format") in ("url", "b64_json")
            return None if right and all(isinstance(numbers[k], int) for k in ("fps", "num_frames")) else "bad type"
        if not all(str(body.get(name, "")).isdecimal() for name in ("seconds", "fps", "num_frames")):
            return "seconds, fps and num_frames must be whole numbers"
        return None

    def _finished_at_once(self, job: Job) -> web.Response:
        """Answer as a server without a queue does: the film is there, or the job failed."""
        body: dict[str, Any] = {"id": job.id, "object": "video", "model": MODEL, "created": int(time.time())}
        if failure := self._failure():
            body |= {"status": "failed", "progress": 100, "data": [], "error": failure}
        else:
            film = {"output_format": "mp4", "url": self.film_url(job)}
            body |= {"status": "completed", "progress": 100, "data": [film], "inference_time_s": 12.5}
        return web.json_response(body)

    # --- poll ---

    def _queued(self) -> str:
        return "pending" if self.dialect.name == "openrouter" else "queued"

    def _failure(self) -> Any:
        """Return the error of a job that is to fail, in the form of the dialect or of the fault."""
        messages = {
            Fault.LATE_MODERATION: "The film was blocked by moderation",
            Fault.FAILED_STRING: "CUDA out of memory",
            Fault.FAILED_OBJECT: {"message": "CUDA out of memory"},
            Fault.FAILED_4XX: "CUDA out of memory",
        }
        said = messages.get(self.fault)
        if isinstance(said, str) and self.fault is not Fault.FAILED_STRING and self.dialect.error != "string":
            return {"message": said, "code": 500} if self.dialect.error == "coded" else {"message": said}
        return said

    def _job(self, job: Job, status: str) -> dict[str, Any]:
        if self.dialect.name == "openrouter":
            body: dict[str, Any] = {"id": job.id, "polling_url": f"/api/v1/videos/{job.id}", "status": status}
            if status == "completed":
                body |= {
                    "generation_id": "gen-1",
                    "unsigned_urls": [f"{self.base}/api/v1/videos/{job.id}/content?index=0"],
                    "usage": {"cost": 0.25, "is_byok": False},
                }
            return body
        done = status in ("completed", "failed")
        share = 100 if done else min(99, 40 * job.polls) if self.dialect.progress else 0
        return {
            "id": job.id,
            "object": "video",
            "model": MODEL,
            "status": status,
            "progress": share,
            "created_at": int(time.time()),
            "size": job.body["size"],
            "seconds": job.body["seconds"],
            "error": None,
        }

    async def _poll(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        if faulty := await self.before_poll():
            return faulty
        job = self.jobs.get(request.match_info["id"])
        if job is None or self.fault is Fault.LOST:
            return self.error(404, "Video not found")
        if not self.done(job):
            return web.json_response(self._job(job, "in_progress"))
        if self.fault is Fault.UNKNOWN_STATE:
            return web.json_response(self._job(job, "contemplating"))
        if self.fault is Fault.CANCELLED or job.cancelled:
            return web.json_response(self._job(job, "cancelled"))
        failure = self._failure()
        if failure is None and self.fault is not Fault.FAILED_NULL:
            return web.json_response(self._job(job, "completed"))
        body = self._job(job, "failed") | {"error": failure}
        bad = self.dialect.failed_as_4xx or self.fault is Fault.FAILED_4XX
        return web.json_response(body, status=400 if bad else 200)

    async def _content(self, request: web.Request) -> web.StreamResponse:
        if refused := self._authorised(request):
            return refused
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            return self.error(404, "Video not found")
        if not (self.fault is Fault.AT_ONCE or job.polls > self.polls_until_done):
            return self.error(self.dialect.unfinished, "Generation is still in-progress")
        return await self.send_film(request)

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        if not self.dialect.cancels:
            raise web.HTTPMethodNotAllowed("DELETE", ["GET"])
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            return self.error(404, "Video not found")
        job.cancelled = True
        return web.json_response({"id": job.id, "object": "video.deleted", "deleted": True})
