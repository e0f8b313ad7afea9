"""ComfyUI: the user's own workflow on the user's own GPU."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from yarl import URL

from .exceptions import InvalidRequest, JobCancelled, JobFailed, JobLost, Moderated, StudioUnreachable, T2VError
from .http import Reply, dig, error_text, looks_moderated, refusal
from .models import FilmRequest, JobHandle, JobState, JobStatus
from .remote import Field, FieldKind, RemoteProvider

_FILMS = (".mp4", ".webm", ".mov", ".mkv", ".gif", ".webp")


def _values(request: FilmRequest) -> dict[str, str | int | float]:
    """Return what the placeholders stand for."""
    return {
        "{prompt}": request.prompt,
        "{negative_prompt}": request.negative_prompt,
        "{seed}": request.seed or 0,
        "{width}": request.width,
        "{height}": request.height,
        "{frames}": request.frames,
        "{fps}": request.fps,
        "{duration}": request.duration_s,
    }


def _filled(part: Any, values: Mapping[str, str | int | float]) -> Any:
    """Return the workflow with its placeholders filled: a value that is only one keeps the number's type."""
    if isinstance(part, dict):
        return {key: _filled(value, values) for key, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, values) for value in part]
    if not isinstance(part, str):
        return part
    if part.strip() in values:
        return values[part.strip()]
    # One pass over the original text: a prompt that speaks of {seed} is not filled itself.
    for name, value in values.items():
        if name in part:
            before, _, after = part.partition(name)
            return f"{_filled(before, values)}{value}{_filled(after, values)}"
    return part


class ComfyUIProvider(RemoteProvider):
    """Submits a workflow in API format with placeholders; the id of a job is chosen here, so none is ever lost."""

    name = "comfyui"
    title = "ComfyUI"
    default_deadline_s = 3600.0
    fields = (
        Field("base_url", FieldKind.URL, required=True, suggestions=("http://192.168.1.20:8188",)),
        Field("workflow", FieldKind.JSON, required=True),
    )

    @property
    def free(self) -> bool:
        """The GPU is the user's own."""
        return True

    def workflow(self) -> dict[str, Any]:
        """Return the user's workflow.

        Raises:
            InvalidRequest: it is none in API format, or has no place for the prompt.
        """
        text = self.settings.extra.get("workflow", "")
        try:
            graph = json.loads(text)
        except ValueError:
            graph = None
        nodes = graph.values() if isinstance(graph, dict) else []
        if not nodes or not all(isinstance(node, dict) and "class_type" in node for node in nodes):
            raise InvalidRequest(
                "This is no ComfyUI workflow in API format; in ComfyUI choose Workflow, then Export (API).",
                field="workflow",
            )
        if "{prompt}" not in text:
            raise InvalidRequest(
                "The workflow has no {prompt}; write it where the prompt belongs, and {seed} in place of the seed.",
                field="workflow",
            )
        return dict(graph)

    async def validate(self) -> None:
        """Read the system's figures, and check the workflow."""
        self.workflow()
        reply = await self.http.get(f"{self.base_url}/system_stats")
        if not reply.ok:
            raise refusal(reply, self.title)
        if reply.get("system") is None:
            raise StudioUnreachable(f"What answers at {self.base_url} is not ComfyUI.", provider=self.title)

    def intend(self, request: FilmRequest) -> JobHandle:
        """Choose the job's id before it is submitted."""
        notes: tuple[str, ...] = ()
        if "{seed}" not in self.settings.extra.get("workflow", ""):
            notes = ("The workflow has no {seed}, so the seed is not passed on.",)
        return replace(super().intend(request), urls={"chosen": str(uuid.uuid4())}, notes=notes)

    async def create(self, intent: JobHandle) -> JobHandle:
        """Queue the workflow."""
        chosen = intent.urls["chosen"]
        graph = _filled(self.workflow(), _values(intent.request))
        body = {"prompt": graph, "client_id": chosen, "prompt_id": chosen}
        reply = await self.http.create(f"{self.base_url}/prompt", body=body)
        if not reply.ok:
            raise self._refused(reply)
        identity = reply.get("prompt_id")
        if not isinstance(identity, str):
            raise JobFailed(f"{self.title} took the workflow and gave no id for it.", provider=self.title)
        return replace(intent, id=identity)

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Look into the history, then into the queue; between the two a job is in neither for a moment."""
        for look in range(2):
            reply = await self.http.get(f"{self.base_url}/history/{handle.id}")
            if not reply.ok:
                raise refusal(reply, self.title)
            if not isinstance(reply.body, dict):
                raise StudioUnreachable(f"{self.title} answers the poll with something that is no job.")
            if entry := reply.get(str(handle.id)):
                return self._ended(entry)
            if look == 0 and (status := await self._queued(str(handle.id))):
                return status
        raise JobLost(
            f"{self.title} no longer knows the job {handle.id}; it was probably restarted.", provider=self.title
        )

    async def _queued(self, identity: str) -> JobStatus | None:
        reply = await self.http.get(f"{self.base_url}/queue")
        if not reply.ok or not isinstance(reply.body, dict):
            raise (
                refusal(reply, self.title)
                if not reply.ok
                else StudioUnreachable(f"{self.title} answers the poll with something that is no queue.")
            )
        if any(dig(item, 1) == identity for item in reply.get("queue_running") or []):
            return JobStatus(JobState.RUNNING, None, "rendering")
        waiting = sorted(reply.get("queue_pending") or [], key=lambda item: dig(item, 0) or 0)
        for place, item in enumerate(waiting, 1):
            if dig(item, 1) == identity:
                return JobStatus(JobState.QUEUED, None, f"number {place} in the queue")
        return None

    def _ended(self, entry: Any) -> JobStatus:
        events = {
            str(message[0]): message[1]
            for message in dig(entry, "status", "messages") or []
            if isinstance(message, list) and len(message) == 2
        }
        if "execution_interrupted" in events:
            raise JobCancelled(f"The job was interrupted at {self.title}.", provider=self.title)
        if dig(entry, "status", "status_str") == "error":
            failure = events.get("execution_error") or {}
            said = error_text(dig(failure, "exception_message"))
            node = dig(failure, "node_type")
            where = f" in {node}" if node else ""
            if looks_moderated(said):
                raise Moderated(f"The workflow's own rules refused the film{where}: {said}", provider=self.title)
            raise JobFailed(
                f"{self.title} failed{where}: {said or 'it gives no reason'}", provider=self.title, reason=said
            )
        if dig(entry, "status", "status_str") not in ("success", None):
            state = dig(entry, "status", "status_str")
            return JobStatus(JobState.RUNNING, None, f"unknown state {state!r}", recognised=False)
        return JobStatus(JobState.FINISHED, result=entry)

    def sources(self, handle: JobHandle, status: JobStatus) -> list[str]:
        """Return the films among the outputs, kept ones before previews."""
        outputs = status.result.get("outputs")
        files = [
            file
            for output in (outputs.values() if isinstance(outputs, dict) else [])
            if isinstance(output, dict)
            for kind in output.values()
            if isinstance(kind, list)
            for file in kind
            if isinstance(file, dict) and _ending(str(file.get("filename", ""))) in _FILMS
        ]
        files.sort(key=lambda file: (file.get("type") != "output", _FILMS.index(_ending(file["filename"]))))
        return [
            str(
                URL(f"{self.base_url}/view").with_query(
                    filename=file["filename"],
                    subfolder=str(file.get("subfolder", "")),
                    type=str(file.get("type", "output")),
                )
            )
            for file in files[:2]
        ]

    async def cancel(self, handle: JobHandle) -> str:
        """Take the job out of the queue or interrupt it, by the new way or the old."""
        if handle.id is None:
            return await super().cancel(handle)
        reply = await self.http.change("POST", f"{self.base_url}/api/jobs/{handle.id}/cancel")
        if reply.status in (404, 405):
            await self.http.change("POST", f"{self.base_url}/queue", {"delete": [handle.id]})
            await self.http.change("POST", f"{self.base_url}/interrupt", {"prompt_id": handle.id})
        return "The job was taken out of the queue, or interrupted."

    async def reconcile(self, intent: JobHandle) -> JobHandle | None:
        """Look for the id that was chosen before the create."""
        candidate = replace(intent, id=intent.urls.get("chosen"))
        try:
            await self.poll(candidate)
        except JobLost:
            return None
        except JobFailed, JobCancelled:
            return candidate
        return candidate

    def _refused(self, reply: Reply) -> T2VError:
        """Return what ComfyUI finds wrong with the workflow, down to the node."""
        if reply.status != 400:
            return refusal(reply, self.title)
        said = error_text(reply.get("error"))
        nodes = reply.get("node_errors")
        for identity, node in nodes.items() if isinstance(nodes, dict) else []:
            first = dig(node, "errors", 0)
            said += f" Node {identity} ({dig(node, 'class_type')}): {error_text(first)} {dig(first, 'details') or ''}"
            break
        said = said.strip()
        return InvalidRequest(f"{self.title} refuses the workflow: {said}", field="workflow", reason=said)


def _ending(name: str) -> str:
    return "." + name.lower().rpartition(".")[2]
