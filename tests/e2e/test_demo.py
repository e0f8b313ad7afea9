"""The demo itself, as a user runs it: the newest Home Assistant, a prompt or a film, two buttons."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
KEYS = ["scene_id", "provider", "film", "events", "cues", "performers", "stages_s"]


def run(out: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run the demo; return the process and what it wrote as JSON."""
    command = [str(ROOT / "script" / "demo"), "--out", str(out), "--json", str(out.with_suffix(".json")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    path = out.with_suffix(".json")
    return done, json.loads(path.read_text()) if path.exists() else {}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], dict[str, Any], Path]:
    out = tmp_path_factory.mktemp("demo") / "out"
    return *run(out), out


def test_the_demo_performs_its_prompt_on_both_buttons_and_leaves_them_safe(first) -> None:
    done, result, _ = first
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert list(result) == KEYS
    assert list(result["film"]) == ["path", "width", "height", "fps", "frames", "duration_s"]
    kinds = [event["kind"] for event in result["events"]]
    assert {"still", "jump", "turn"} <= set(kinds)
    assert all(0 <= event["confidence"] <= 1 for event in result["events"])
    assert result["cues"]
    assert [list(cue) for cue in result["cues"]] == [["at_s", "performer", "action"]] * len(result["cues"])
    assert list(result["stages_s"]) == ["generate", "analyse", "upload", "perform"]
    for performer in result["performers"]:
        assert performer["outcome"] == "performed"
        assert performer["safe_after_end"] is True
        assert performer["acked_cues"] > 0
        assert performer["start_skew_ms"] is not None


def test_the_demo_writes_the_pictures_and_files_that_it_names(first) -> None:
    done, result, out = first
    for name in ("film.mp4", "timeline.png", "animation.gif", "performance.png"):
        assert str(out / name) in done.stdout
        assert (out / name).stat().st_size > 500
    for name in ("timeline.png", "animation.gif", "performance.png"):
        with Image.open(out / name) as picture:
            assert picture.width > 100
            colours = picture.convert("RGB").getcolors(1 << 24)
            assert colours is not None
            assert len(colours) >= 2
    assert Path(result["film"]["path"]) == out / "film.mp4"


def test_the_demo_says_how_the_display_shows_the_film_and_in_how_many_bytes(first) -> None:
    done, result, out = first
    scene = json.loads((out / "scene.json").read_text())
    line = next(line for line in done.stdout.splitlines() if line.startswith("On the display: "))
    if any("puppet" in cue["action"] for cue in result["cues"]):
        assert "a puppet acts the film" in line
    else:
        size = len(base64.b64decode(scene["animation"]["data"]))
        assert f"the film as a clip, {size} bytes" in line


def test_the_demo_performs_a_film_that_the_user_has(first, tmp_path: Path) -> None:
    _, made, out = first
    done, result = run(tmp_path / "again", "--film", str(out / "film.mp4"), "--buttons", "1")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert [event["kind"] for event in result["events"]] == [event["kind"] for event in made["events"]]
    assert len(result["performers"]) == 1


def test_the_demo_says_what_is_wrong_with_a_film_that_is_none(tmp_path: Path) -> None:
    film = tmp_path / "page.mp4"
    film.write_text("<html>not found</html>")
    done, _ = run(tmp_path / "out", "--film", str(film))
    assert done.returncode == 1
    assert "page.mp4" in done.stderr
    assert "Traceback" not in done.stderr.split("demo: ", 1)[-1].splitlines()[0]
