"""Fake ComfyUI, new and old."""

import uuid
from typing import Any

from aiohttp import web

from .studio import FakeStudio, Fault, Job

WORKFLOW = """{
  "3": {"class_type": "KSampler", "inputs": {"seed": "{seed}", "steps": 20, "latent_image": ["5", 0]}},
  "5": {"class_type": "EmptyHunyuanLatentVideo",
        "inputs": {"width": "{width}", "height": "{height}", "length": "{frames}", "batch_size": 1}},
  "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "{prompt}, best quality", "clip": ["38", 0]}},
  "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "{negative_prompt}", "clip": ["38", 0]}},
  "38": {"class_type": "CLIPLoader", "inputs": {"clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors"}},
  "50": {"class_type": "SaveVideo", "inputs": {"video": ["3", 0], "fps": "{fps}", "filename_prefix": "cuelight"}}
}"""


class ComfyUIServer(FakeStudio):
    """One GPU at home. ``old`` has neither the jobs routes nor client-chosen ids."""

    needs_key = False

    def __init__(self, film: bytes, fault: Fault = Fault.NONE, old: bool = False) -> None:
        self.old = old
        super().__init__(film, fault)

    def routes(self) -> list[web.RouteDef]:
        routes = [
            web.get("/system_stats", self._stats),
            web.post("/prompt", self._create),
            web.get("/history/{id}", self._history),
            web.get("/queue", self._queue),
            web.post("/queue", self._unqueue),
            web.post("/interrupt", self._interrupt),
            web.get("/view", self._view),
        ]
        return routes if self.old else [*routes, web.post("/api/jobs/{id}/cancel", self._cancel)]

    async def _stats(self, request: web.Request) -> web.Response:
        return web.json_response({"system": {"comfyui_version": "0.3.76"}, "devices": []})

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
        body = {
            "error": {"type": "prompt_outputs_failed_validation", "message": message, "details": ""},
            "node_errors": {},
        }
        return web.json_response(body, status=status, headers=headers)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.seen[-1].body = body
        graph = body.get("prompt")
        if not isinstance(graph, dict) or not all("class_type" in node for node in graph.values()):
            return self.error(400, "Cannot execute because a node is missing the class_type property.")
        for identity, node in graph.items():
            if node["class_type"] == "KSampler" and not isinstance(node["inputs"].get("seed"), int):
                return self._node_error(identity, node["class_type"])
        if faulty := await self.before_create():
            return faulty
        chosen = body.get("prompt_id")
        if chosen is not None and str(uuid.UUID(chosen)) != chosen:
            return self.error(400, "prompt_id must be a canonical UUID")
        job = self.new_job(request, graph, str(uuid.uuid4()) if self.old or chosen is None else chosen)
        await self.after_create()
        return web.json_response({"prompt_id": job.id, "number": len(self.jobs), "node_errors": {}})

    def _node_error(self, identity: str, kind: str) -> web.Response:
        problem = {
            "type": "invalid_input_type",
            "message": "Failed to convert an input value to a INT value",
            "details": "seed",
        }
        body = {
            "error": {
                "type": "prompt_outputs_failed_validation",
                "message": "Prompt outputs failed validation",
                "details": "",
            },
            "node_errors": {identity: {"errors": [problem], "class_type": kind, "dependent_outputs": ["50"]}},
        }
        return web.json_response(body, status=400)

    async def _history(self, request: web.Request) -> web.StreamResponse:
        if faulty := await self.before_poll():
            return faulty
        job = self.jobs.get(request.match_info["id"])
        if job is None or self.fault is Fault.LOST or not self.done(job):
            return web.json_response({})
        return web.json_response({job.id: self._entry(job)})

    def _entry(self, job: Job) -> dict[str, Any]:
        start = ["execution_start", {"prompt_id": job.id}]
        failure = {
            Fault.FAILED_STRING: "CUDA out of memory",
            Fault.FAILED_OBJECT: {"message": "CUDA out of memory"},
            Fault.FAILED_NULL: None,
            Fault.FAILED_4XX: "CUDA out of memory",
            Fault.LATE_MODERATION: "NSFW content detected by the safety checker node",
        }
        if self.fault in failure:
            details = {"exception_message": failure[self.fault], "node_type": "KSampler", "node_id": "3"}
            messages = [start, ["execution_error", details]]
            return {
                "prompt": [],
                "outputs": {},
                "status": {"status_str": "error", "completed": False, "messages": messages},
            }
        if self.fault is Fault.CANCELLED or job.cancelled:
            messages = [start, ["execution_interrupted", {"prompt_id": job.id}]]
            return {
                "prompt": [],
                "outputs": {},
                "status": {"status_str": "error", "completed": False, "messages": messages},
            }
        word = "contemplating" if self.fault is Fault.UNKNOWN_STATE else "success"
        files = [
            {"filename": "preview.png", "subfolder": "", "type": "temp"},
            {"filename": f"{job.id}.mp4", "subfolder": "video", "type": "output"},
        ]
        outputs = {"50": {"images": files, "animated": [True]}}
        return {
            "prompt": [],
            "outputs": outputs,
            "status": {"status_str": word, "completed": True, "messages": [start]},
        }

    async def _queue(self, request: web.Request) -> web.Response:
        running, pending = [], []
        for number, job in enumerate(self.jobs.values()):
            if self.fault is Fault.LOST or job.polls > self.polls_until_done:
                continue
            (pending if job.polls == 1 else running).append([number, job.id, {}, {}, []])
        return web.json_response({"queue_running": running, "queue_pending": pending})

    async def _view(self, request: web.Request) -> web.StreamResponse:
        identity = request.query["filename"].removesuffix(".mp4")
        if identity not in self.jobs or request.query["subfolder"] != "video" or request.query["type"] != "output":
            raise web.HTTPNotFound
        return await self.send_film(request)

    async def _cancel(self, request: web.Request) -> web.Response:
        self.jobs[request.match_info["id"]].cancelled = True
        return web.json_response({"cancelled": True})

    async def _unqueue(self, request: web.Request) -> web.Response:
        for identity in (await request.json())["delete"]:
            self.jobs[identity].cancelled = True
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.Response:
        assert set(await request.json()) == {"prompt_id"}
        return web.Response()
