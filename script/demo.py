"""The demo: a real Home Assistant, simulated buttons that run the real firmware, one prompt, one performance."""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.rig.board import Board, build  # noqa: E402
from tests.rig.chart import draw_performance  # noqa: E402
from tests.rig.hass import Hass, HassError  # noqa: E402

PROMPT = "a cat waits, then jumps onto the windowsill and turns around"
STAGES = ("generate", "analyse", "upload", "perform")


class Progress:
    """One line that fills from stage to stage; without a terminal, one line a stage."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._said = ""

    def show(self, stage: str, percent: float) -> None:
        """Draw the bar with ``stage`` at ``percent``."""
        if stage not in STAGES:
            return
        if not self._live:
            if stage != self._said:
                print(f"{stage} …", file=sys.stderr, flush=True)
                self._said = stage
            return
        cells = []
        for name in STAGES:
            at = 100.0 if STAGES.index(name) < STAGES.index(stage) else percent if name == stage else 0.0
            full = round(at / 100 * 12)
            cells.append(f"{name} {'━' * full}\033[2m{'─' * (12 - full)}\033[0m")
        print("\r\033[K" + "  ".join(cells), end="", file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """Replace the line by a sentence."""
        print(("\r\033[K" if self._live else "") + text, end="" if self._live else "\n", file=sys.stderr, flush=True)

    def done(self) -> None:
        """Leave the line."""
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a plain table."""
    text = [[str(cell) for cell in row] for row in rows]
    widths = [max([len(h), *(len(row[i]) for row in text)]) for i, h in enumerate(head)]
    lines = ["", title, "  ".join(h.ljust(w) for h, w in zip(head, widths, strict=True)).rstrip()]
    lines.append("  ".join("─" * w for w in widths))
    lines += ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in text]
    return "\n".join(lines if rows else [*lines[:2], "  (none)"])


@dataclass(frozen=True)
class Measured:
    """What the firmware's own record says of one board's part."""

    start_skew_ms: float | None
    cues_acted: int
    cues_late_ms: tuple[float, ...]
    safe_after_end: bool


def measure(board: Board, planned_start_us: int | None) -> Measured:
    """Read one board's record: when it started against the host's plan, how late each cue was, and its rest."""
    since = (planned_start_us or 0) - 2_000_000
    timeline = board.record("timeline", since)
    start = next((e for e in timeline if e["event"] == "start"), None)
    cues = [e for e in timeline if e["event"] == "cue"]
    skew = None if start is None or planned_start_us is None else (start["t_us"] - planned_start_us) / 1000
    late = tuple(float(e["clock_ms"] - e["planned_ms"]) for e in cues)
    return Measured(skew, len(cues), late, start is not None and board.at_rest())


async def add_studio(hass: Hass) -> None:
    """Add the storyboard studio through its config flow."""
    step = await hass.flow()
    step = await hass.flow(step["flow_id"], next_step_id="studio")
    await hass.flow(step["flow_id"], provider="storyboard")


async def add_buttons(hass: Hass, boards: Sequence[Board]) -> dict[str, str]:
    """Confirm each discovered button with the key of its label; return device id by board name.

    Raises:
        HassError: A button was not discovered within 30 s, or its key was refused.
    """
    waiting = {board.dev_id.hex(): board for board in boards}
    async with asyncio.timeout(30):
        while waiting:
            for flow in await hass.command("config_entries/flow/progress"):
                board = waiting.pop(flow["context"].get("unique_id"), None)
                if flow["handler"] == "cuelight" and board is not None:
                    await hass.flow(flow["flow_id"], next_step_id="key")
                    result = await hass.flow(flow["flow_id"], key=board.key.hex())
                    if result["type"] != "create_entry":
                        raise HassError(f"{board.name} was refused: {result.get('errors')}")
            await asyncio.sleep(0.05)
    found: dict[str, str] = {}
    async with asyncio.timeout(30):
        while len(found) < len(boards):
            for device in await hass.command("config/device_registry/list"):
                for domain, identifier in device["identifiers"]:
                    for board in boards:
                        if domain == "cuelight" and identifier == board.dev_id.hex():
                            found[board.name] = device["id"]
            await asyncio.sleep(0.05)
    for board in boards:
        await hass.command("config/device_registry/update", device_id=found[board.name], name_by_user=board.name)
    return found


async def job_sensor(hass: Hass) -> str:
    """Return the entity that shows a job's progress."""
    async with asyncio.timeout(30):
        while True:
            for entity in await hass.command("config/entity_registry/list"):
                if entity["platform"] == "cuelight" and entity["translation_key"] == "job":
                    return str(entity["entity_id"])
            await asyncio.sleep(0.05)


async def follow(hass: Hass, entity: str, progress: Progress) -> None:
    """Draw the bar from the job's sensor until cancelled."""
    async with hass.events("subscribe_trigger", trigger={"platform": "state", "entity_id": entity}) as events:
        while True:
            state = (await events.get())["variables"]["trigger"]["to_state"]
            progress.show(state["state"], float(state["attributes"].get("progress") or 0))


async def perform(hass: Hass, arguments: argparse.Namespace, devices: Mapping[str, str]) -> dict[str, Any]:
    """Call the action and return its response."""
    target = {"device_id": list(devices.values())}
    if arguments.film:
        return dict(await hass.call("cuelight.perform", {"film": str(arguments.film)}, target=target))
    return dict(await hass.call("cuelight.generate_scene", {"prompt": arguments.prompt}, target=target))


def report(answer: Mapping[str, Any], boards: Sequence[Board], devices: Mapping[str, str]) -> dict[str, Any]:
    """Join the action's response with what the boards recorded of themselves."""
    names = {device: name for name, device in devices.items()}
    by_name = {board.name: board for board in boards}
    performers = []
    for entry in answer["performers"]:
        name = names.get(entry.get("device_id"), entry["name"])
        planned = entry.get("planned_start_us")
        seen = measure(by_name[name], planned) if name in by_name else None
        performers.append(
            {
                "name": name,
                "outcome": entry["outcome"],
                "start_skew_ms": None if seen is None or seen.start_skew_ms is None else round(seen.start_skew_ms, 2),
                "acked_cues": entry["acked_cues"],
                "safe_after_end": seen.safe_after_end if seen else None,
            }
        )
    keys = ("scene_id", "provider", "film", "events", "cues")
    return {**{key: answer[key] for key in keys}, "performers": performers, "stages_s": answer["stages_s"]}


def tell(result: Mapping[str, Any], answer: Mapping[str, Any], boards: Sequence[Board], files: Sequence[Path]) -> None:
    """Print the tables a person reads."""
    film = result["film"]
    print(
        f"\nFilm: {film['width']}x{film['height']}, {film['frames']} frames at {film['fps']:g} fps, "
        f"{film['duration_s']:.1f} s, made by {result['provider'] or 'someone else'}"
    )
    for note in answer.get("notes", ()):
        print(f"  note: {note}")
    print(
        table(
            "Seen in the film",
            ("event", "start", "lasts", "confidence"),
            [
                (e["kind"], f"{e['start_s']:.2f} s", f"{e['duration_s']:.2f} s", f"{e['confidence']:.2f}")
                for e in result["events"]
            ],
        )
    )
    print(
        table(
            "Cues",
            ("at", "performer", "action"),
            [(f"{cue['at_s']:.2f} s", cue["performer"], cue["action"]) for cue in result["cues"]],
        )
    )
    if display := answer.get("display"):
        print(f"\nOn the display: {shown(display)}")
    planned = {e.get("device_id"): e.get("planned_start_us") for e in answer["performers"]}
    start = next((p for p in planned.values() if p), None)
    rows = []
    for entry, board in zip(result["performers"], boards, strict=False):
        seen = measure(board, start)
        worst = f"{max(seen.cues_late_ms):g} ms" if seen.cues_late_ms else "–"
        skew = "–" if entry["start_skew_ms"] is None else f"{entry['start_skew_ms']:+.2f} ms"
        safe = "yes" if entry["safe_after_end"] else "NO"
        rows.append((entry["name"], entry["outcome"], skew, seen.cues_acted, worst, safe))
    print(
        table(
            "Performed, by each button's own record",
            ("button", "outcome", "start against plan", "cues acted", "latest cue", "safe after the end"),
            rows,
        )
    )
    print("\nTime: " + ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in result["stages_s"].items()))
    print("\nFiles")
    for path in files:
        print(f"  {path}")


def shown(display: Mapping[str, Any]) -> str:
    """How the buttons show the film, clip or puppet, and what the other would have taken."""
    if display["likeness"] is None:
        return f"the film as a clip, {display['clip_bytes']} bytes; no puppet can act it"
    if display["shape"] == "puppet":
        return (
            f"a puppet acts the film, likeness {display['likeness']:.2f}, in {display['puppet_bytes']} bytes; "
            f"a clip takes {display['clip_bytes']}"
        )
    return (
        f"the film as a clip, {display['clip_bytes']} bytes; a puppet would take {display['puppet_bytes']}, "
        f"with a likeness of {display['likeness']:.2f}"
    )


def keep(answer: Mapping[str, Any], config: Path, out: Path) -> list[Path]:
    """Copy the scene's files, and the film wherever it is, to the user's folder; return where they are now."""
    source = config / "media" / "cuelight" / str(answer["scene_id"])
    paths = {path.name: path for path in source.iterdir() if path.is_file()}
    film = Path(answer["film"]["path"])
    paths.setdefault(f"film{film.suffix}", film)
    return [Path(shutil.copy2(path, out / name)) for name, path in sorted(paths.items())]


async def demo(arguments: argparse.Namespace, config: Path) -> int:
    """Run it; return the exit status."""
    progress = Progress()
    began = time.monotonic()
    progress.say("building the firmware")
    program = await asyncio.to_thread(build)
    boards = [Board(None, config, program, f"button {number + 1}") for number in range(arguments.buttons)]
    allow = (arguments.film.parent,) if arguments.film else ()
    hass = Hass(config, boards, frontend=arguments.serve, allow=allow)
    progress.say("starting Home Assistant")
    try:
        await hass.start()
        progress.say("adding the studio and the buttons")
        await add_studio(hass)
        devices = await add_buttons(hass, boards)
        following = asyncio.create_task(follow(hass, await job_sensor(hass), progress))
        try:
            answer = await perform(hass, arguments, devices)
        finally:
            following.cancel()
            progress.done()
        await asyncio.sleep(0.3)  # the boards' last lines
        result = report(answer, boards, devices)
        arguments.out.mkdir(parents=True, exist_ok=True)
        files = await asyncio.to_thread(keep, answer, config, arguments.out)
        result["film"]["path"] = str(next(path for path in files if path.stem == "film"))
        start = next((e["planned_start_us"] for e in answer["performers"] if e.get("planned_start_us")), None)
        if start is not None and boards:
            picture = arguments.out / "performance.png"
            film = result["film"]
            draw_performance(boards, Path(film["path"]), start, film["duration_s"], picture)
            files.append(picture)
        tell(result, answer, boards, files)
        if arguments.json:
            arguments.json.write_text(json.dumps(result, indent=1) + "\n")
        print(f"\nAll of it took {time.monotonic() - began:.1f} s.")
        if arguments.serve:
            print(f"\nHome Assistant runs at {hass.url}/config/integrations/integration/cuelight  (Ctrl-C ends it)")
            await hass.ended()
        performed = all(p["outcome"] == "performed" and p["safe_after_end"] for p in result["performers"])
        return 0 if performed else 1
    except (HassError, TimeoutError) as err:
        progress.done()
        print(f"demo: {err or 'timed out'}\n{hass.tail()}", file=sys.stderr)
        return 1
    finally:
        await hass.stop()


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        prog="script/demo", description="A prompt becomes a performance on signed buttons."
    )
    parser.add_argument("--prompt", default=PROMPT, help="what happens in the film (default: %(default)s)")
    parser.add_argument("--film", type=Path, help="start from this film instead of a prompt")
    parser.add_argument("--buttons", type=int, default=2, metavar="N", help="how many simulated buttons (default 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result as one JSON object")
    parser.add_argument("--out", type=Path, default=ROOT / "demo-out", metavar="DIR", help="where the files go")
    parser.add_argument("--serve", action="store_true", help="keep Home Assistant running for a browser")
    arguments = parser.parse_args()
    if not 1 <= arguments.buttons <= 32:
        parser.error("--buttons takes 1 to 32")
    if arguments.film:
        arguments.film = arguments.film.resolve()
        if not arguments.film.is_file():
            parser.error(f"there is no film {arguments.film}")
    arguments.out = arguments.out.resolve()
    config = Path(tempfile.mkdtemp(prefix="cuelight-demo-"))
    try:
        return asyncio.run(demo(arguments, config))
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(config, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
