"""A real ``hass`` process with the integration and the rig in it, driven from outside as a browser drives it."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp

from .board import ROOT, Board

STAND_INS = Path(__file__).parent / "stand_ins"
PYTHON = ROOT / ".venv-hass" / "bin" / "python"
CLIENT = "http://127.0.0.1/"
_CONFIGURATION = """\
homeassistant:
  name: Cuelight demo
  time_zone: UTC
  unit_system: metric
  latitude: 0
  longitude: 0
  elevation: 0
  country: GB
  auth_providers:
    - type: trusted_networks
      trusted_networks: [127.0.0.1/32, "::1/128"]
      allow_bypass_login: true
    - type: homeassistant
  media_dirs:
    local: {media}
  allowlist_external_dirs: {allow}
logger:
  default: warning
  logs: {{custom_components.cuelight: info}}
api:
config:
websocket_api:
media_source:
image:
scene:
automation:
script:
bluetooth:
{extra}
cuelight_rig:
  boards:
{boards}  advertisers:
{advertisers}"""


class HassError(Exception):
    """Home Assistant refused, or did not come up; the text is its own words."""


def free_port() -> int:
    """A TCP port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stored(entry: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A config entry as Home Assistant stores it, from its title, unique_id, data and options."""
    return {
        "entry_id": f"01{number:024d}",
        "version": 1,
        "minor_version": 1,
        "domain": "cuelight",
        "source": "user",
        "created_at": "2026-01-01T00:00:00+00:00",
        "modified_at": "2026-01-01T00:00:00+00:00",
        "disabled_by": None,
        "discovery_keys": {},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "subentries": [],
        **entry,
    }


class Hass:
    """One Home Assistant process and an authenticated connection to it."""

    def __init__(
        self,
        config: Path,
        boards: list[Board],
        *,
        frontend: bool = False,
        allow: tuple[Path, ...] = (),
        advertisers: Mapping[str, bytes] | None = None,
        entries: Sequence[Mapping[str, Any]] = (),
        integration: bool = True,
    ) -> None:
        self.config = config
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = config / "home-assistant.log.txt"
        self._boards = boards
        self._frontend = frontend
        self._allow = allow
        self._advertisers = advertisers or {}
        self._entries = entries
        self._integration = integration
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._token = ""
        self._refresh_token = ""
        self._ids = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._streams: dict[int, asyncio.Queue[Any]] = {}
        self._reader: asyncio.Task[None] | None = None

    def write_configuration(self) -> None:
        """Lay out the configuration folder: YAML, and the two integrations as links to this checkout."""
        components = self.config / "custom_components"
        components.mkdir(parents=True, exist_ok=True)
        (components / "__init__.py").touch()
        for name, source in (
            ("cuelight", ROOT / "custom_components" / "cuelight"),
            ("cuelight_rig", Path(__file__).parent / "cuelight_rig"),
        ):
            if not (components / name).exists() and (self._integration or name == "cuelight_rig"):
                (components / name).symlink_to(source)
        # Onboarding's own call makes the first user; its other steps would add weather and radio from the internet.
        storage = self.config / ".storage"
        storage.mkdir(exist_ok=True)
        if not (storage / "onboarding").exists():
            done = {"version": 4, "key": "onboarding", "data": {"done": ["core_config", "analytics", "integration"]}}
            (storage / "onboarding").write_text(json.dumps(done))
        if self._entries and not (storage / "core.config_entries").exists():
            data = {"entries": [_stored(entry, number) for number, entry in enumerate(self._entries)]}
            document = {"version": 1, "minor_version": 5, "key": "core.config_entries", "data": data}
            (storage / "core.config_entries").write_text(json.dumps(document))
        # Where it listens is a setting of its storage; in YAML it would be deprecated, and on trial for five minutes.
        served = {
            "server_host": ["127.0.0.1"],
            "server_port": self.port,
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": False,
            "ssl_profile": "intermediate_v6",
            "use_x_frame_options": True,
            "created_at": "2026-01-01T00:00:00+00:00",
            "error": None,
            "error_message": None,
        }
        stored = {"stable": served, "pending": None, "yaml_migration_done": True}
        document = {"version": 3, "minor_version": 1, "key": "http", "data": stored}
        (storage / "http").write_text(json.dumps(document))
        boards = "".join(f"    - {json.dumps(board.described())}\n" for board in self._boards)
        advertisers = "".join(f'    "{address}": "{data.hex()}"\n' for address, data in self._advertisers.items())
        (self.config / "media").mkdir(exist_ok=True)
        (self.config / "configuration.yaml").write_text(
            _CONFIGURATION.format(
                boards=boards or "    []\n",
                advertisers=advertisers or "    {}\n",
                extra="frontend:\nhistory:\nlogbook:\n" if self._frontend else "",
                media=json.dumps(str(self.config / "media")),
                allow=json.dumps([str(path) for path in self._allow]),
            )
        )

    async def start(self, within_s: float = 120) -> None:
        """Start the process and wait until it answers and has finished starting.

        Raises:
            HassError: It ended or did not answer in time; the message holds the end of its log.
        """
        self.write_configuration()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(PYTHON),
                *("-m", "homeassistant", "--skip-pip", "--ignore-os-check", "-c", str(self.config)),
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join((str(ROOT), str(STAND_INS))),
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
            )
        self._session = aiohttp.ClientSession(self.url, timeout=aiohttp.ClientTimeout(total=None, connect=5))
        try:
            async with asyncio.timeout(within_s):
                while not await self._answers_http():
                    if self._process.returncode is not None:
                        raise HassError(f"Home Assistant ended with status {self._process.returncode}")
                    await asyncio.sleep(0.1)
                await self._sign_in()
                await self._connect()
                while (config := await self.command("get_config"))["state"] != "RUNNING":
                    await asyncio.sleep(0.1)
                if config["recovery_mode"]:
                    raise HassError("its configuration was refused, and it runs in recovery mode")
        except (TimeoutError, HassError, aiohttp.ClientError) as err:
            raise HassError(f"Home Assistant did not come up: {err or 'no answer'}\n{self.tail()}") from err

    def cpu_s(self) -> float:
        """Seconds of one core that the process has used so far, as Linux counts them."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def tail(self, lines: int = 30) -> str:
        """The last lines of Home Assistant's log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    async def _answers_http(self) -> bool:
        assert self._session is not None
        try:
            async with self._session.get("/manifest.json", timeout=aiohttp.ClientTimeout(total=5)) as answer:
                return answer.status < 500
        except aiohttp.ClientError, TimeoutError:
            return False

    async def _sign_in(self) -> None:
        """Create the first user as onboarding does, or use the token from before a restart."""
        if self._refresh_token:
            form = {"grant_type": "refresh_token", "refresh_token": self._refresh_token, "client_id": CLIENT}
        else:
            user = {"client_id": CLIENT, "name": "Demo", "username": "demo", "password": "demo", "language": "en"}
            created = await self.post("/api/onboarding/users", user)
            form = {"grant_type": "authorization_code", "code": created["auth_code"], "client_id": CLIENT}
        assert self._session is not None
        async with self._session.post("/auth/token", data=form) as answer:
            tokens = await answer.json()
            if answer.status != 200:
                raise HassError(f"no token: {tokens}")
        self._token = tokens["access_token"]
        self._refresh_token = tokens.get("refresh_token", self._refresh_token)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST JSON to the REST API; return the JSON answer.

        Raises:
            HassError: The answer's status is an error.
        """
        return await self.request("POST", path, body)

    async def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the REST API; return the JSON answer.

        Raises:
            HassError: The answer's status is an error.
        """
        assert self._session is not None
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with self._session.request(method, path, json=body, headers=headers) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise HassError(f"{method} {path}: {answer.status} {text}")
            return json.loads(text) if text else None

    async def _connect(self) -> None:
        assert self._session is not None
        self._socket = await self._session.ws_connect("/api/websocket", max_msg_size=0)
        await self._socket.receive_json()
        await self._socket.send_json({"type": "auth", "access_token": self._token})
        if (await self._socket.receive_json())["type"] != "auth_ok":
            raise HassError("the WebSocket refused the token")
        self._reader = asyncio.create_task(self._read(self._socket))

    async def _read(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        async for message in connection:
            data = json.loads(message.data)
            if data["type"] == "event" and data["id"] in self._streams:
                self._streams[data["id"]].put_nowait(data["event"])
            elif data["type"] == "result" and (answer := self._answers.pop(data["id"], None)) and not answer.done():
                if data["success"]:
                    answer.set_result(data["result"])
                else:
                    answer.set_exception(HassError(data["error"]["message"]))
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(HassError("Home Assistant closed the connection"))

    async def _send(self, kind: str, body: Mapping[str, Any]) -> tuple[int, asyncio.Future[Any]]:
        assert self._socket is not None
        self._ids += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[self._ids] = answer
        await self._socket.send_json({"id": self._ids, "type": kind, **body})
        return self._ids, answer

    async def command(self, kind: str, within_s: float = 60, **body: Any) -> Any:
        """Run one WebSocket command; return its result.

        Raises:
            HassError: Home Assistant refused; the message is the sentence a user would see.
        """
        _, answer = await self._send(kind, body)
        async with asyncio.timeout(within_s):
            return await answer

    @asynccontextmanager
    async def events(self, kind: str, **body: Any) -> AsyncIterator[asyncio.Queue[Any]]:
        """Subscribe (``subscribe_events``, ``subscribe_trigger`` …) for as long as the context lasts."""
        queue: asyncio.Queue[Any] = asyncio.Queue()
        number, answer = await self._send(kind, body)
        self._streams[number] = queue
        try:
            async with asyncio.timeout(10):
                await answer
            yield queue
        finally:
            self._streams.pop(number, None)
            if self._socket is not None and not self._socket.closed:
                await self._send("unsubscribe_events", {"subscription": number})

    async def call(
        self, action: str, data: Mapping[str, Any], *, target: Mapping[str, Any] | None = None, within_s: float = 300
    ) -> Any:
        """Call an action and return its response data."""
        domain, service = action.split(".")
        body: dict[str, Any] = {
            "domain": domain,
            "service": service,
            "service_data": dict(data),
            "return_response": True,
        }
        if target is not None:
            body["target"] = dict(target)
        return (await self.command("call_service", within_s, **body))["response"]

    async def flow(self, flow_id: str | None = None, **body: Any) -> dict[str, Any]:
        """Start a config flow for the integration, or continue one; return the next step."""
        if flow_id is None:
            result = await self.post("/api/config/config_entries/flow", {"handler": "cuelight", **body})
        else:
            result = await self.post(f"/api/config/config_entries/flow/{flow_id}", body)
        assert isinstance(result, dict)
        return result

    async def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if self._reader is not None:
            self._reader.cancel()
        if self._socket is not None:
            await self._socket.close()
        if self._session is not None:
            await self._session.close()
        if process is None or process.returncode is not None:
            return
        process.kill() if kill else process.terminate()
        try:
            async with asyncio.timeout(30):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def ended(self) -> None:
        """Wait until the process ends by itself."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """Stop as a user stops it."""
        await self._end(kill=False)

    async def kill(self) -> None:
        """SIGKILL: no last words."""
        await self._end(kill=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()
