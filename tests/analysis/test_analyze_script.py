"""``script/analyze`` as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from custom_components.cuelight.analysis import EventKind

from .staged_films import View, arc, film

SCRIPT = Path(__file__).parents[2] / "script" / "analyze.py"


@pytest.fixture(scope="module")
def jump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film in which something jumps."""
    folder = tmp_path_factory.mktemp("films")
    return film(folder / "jump.mp4", lambda t: View(y=0.7 - 0.3 * arc(t, 1.0, 1.7)), 3.0)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)


def test_json_is_one_object_with_film_and_events(jump: Path) -> None:
    done = run(jump, "--json", "--prompt", "a cat jumps")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    facts = {"path": str(jump), "width": 256, "height": 144, "fps": 16.0, "frames": 48, "duration_s": 3.0}
    assert told["film"] == facts
    assert EventKind.JUMP in [event["kind"] for event in told["events"]]
    for event in told["events"]:
        assert {"kind", "start_s", "duration_s", "confidence"} <= set(event)
        assert event["kind"] in list(EventKind)
        assert 0 <= event["confidence"] <= 1


def test_without_json_it_prints_a_timeline_for_people(jump: Path) -> None:
    done = run(jump)
    assert done.returncode == 0
    head, *lines = done.stdout.splitlines()
    assert head == "jump.mp4: 256x144, 16 fps, 3 s"
    assert any("jump" in line for line in lines)
    assert any("colours #" in line for line in lines)
    assert lines[-1].startswith("  animation 24 frames, ")


def test_it_draws_the_timeline_and_the_animation(jump: Path, tmp_path: Path) -> None:
    done = run(jump, "--json", "--plot", tmp_path / "plot.png", "--gif", tmp_path / "a.gif")
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / "plot.png") as plot, Image.open(tmp_path / "a.gif") as gif:
        assert (plot.format, gif.format) == ("PNG", "GIF")
        assert gif.n_frames > 1  # type: ignore[attr-defined]


def test_several_films_give_a_line_and_a_picture_each(jump: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(jump.read_bytes())
    done = run(jump, other, "--json", "--plot", tmp_path / "plot.png")
    assert done.returncode == 0
    assert [Path(json.loads(line)["film"]["path"]).name for line in done.stdout.splitlines()] == [
        "jump.mp4",
        "other.mp4",
    ]
    assert {path.name for path in tmp_path.glob("*.png")} == {"plot-jump.png", "plot-other.png"}


def test_a_bad_film_is_told_in_one_line_and_the_others_are_analysed(jump: Path, tmp_path: Path) -> None:
    bad = tmp_path / "page.mp4"
    bad.write_text("<html></html>")
    done = run(bad, jump, "--json")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["page.mp4 cannot be read as a film: it is no film, or a damaged one."]
    assert json.loads(done.stdout)["film"]["path"] == str(jump)


def test_no_film_at_all_is_a_usage_error() -> None:
    done = run()
    assert done.returncode == 2
    assert "FILM" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_picture_that_cannot_be_written_is_told_in_one_line(jump: Path, tmp_path: Path) -> None:
    done = run(jump, "--gif", tmp_path / "no folder" / "a.gif")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
