"""``script/generate`` as a user runs it."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from ..servers.openai_videos import OpenAIVideosServer
from ..servers.studio import KEY, Fault

SCRIPT = Path(__file__).parents[2] / "script" / "generate.py"
SMALL = ("--size", "208x120", "--duration", "1")


async def start(*arguments: str) -> Process:
    environment = {**os.environ, "STUDIO_KEY": KEY}
    return await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), *arguments, stdout=PIPE, stderr=PIPE, env=environment
    )


async def run(*arguments: str) -> tuple[int | None, str, str]:
    process = await start(*arguments)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def line_with(process: Process, words: str) -> None:
    """Wait until the script says something on standard error."""
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while words not in (line := await process.stderr.readline()).decode():
            assert line, f"the script ended without saying {words!r}"


async def test_a_film_is_drawn_and_told_as_one_json_object(tmp_path: Path) -> None:
    film = tmp_path / "new folder" / "film.mp4"
    code, out, err = await run("--prompt", "一只猫跳", "--seed", "3", "--out", str(film), "--json", *SMALL)
    assert code == 0, err
    told = json.loads(out)
    assert (told["path"], told["seed"], told["frames"], told["provider"]) == (str(film), 3, 17, "storyboard")
    assert "no AI model" in told["notes"][0]
    assert film.exists()
    assert "100 %" in err
    assert [path.name for path in film.parent.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--prompt", " "), "The prompt is empty"),
        (("--prompt", "a cat", "--size", "big"), "--size is WIDTHxHEIGHT"),
        (("--prompt", "a cat", "--duration", "0"), "duration_s is 0"),
        (("--prompt", "a cat", "--provider", "fal"), "fal needs the field key"),
        (("--prompt", "a cat", "--provider", "fal", "--key-env", "NO_SUCH_KEY"), "NO_SUCH_KEY is empty"),
        (("--prompt", "a cat", "--set", "dialect"), "--set takes FIELD=VALUE"),
    ],
)
async def test_what_is_wrong_is_one_sentence_and_leaves_nothing(
    arguments: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    code, out, err = await run("--out", str(tmp_path / "film.mp4"), *arguments)
    assert (code, out) == (1, "")
    assert told in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


async def test_an_interrupt_stops_the_drawing_and_leaves_nothing(tmp_path: Path) -> None:
    process = await start("--prompt", "a cat jumps", "--out", str(tmp_path / "film.mp4"), "--duration", "20")
    await line_with(process, "drawing")
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert process.returncode == 130
    assert b"cancelled. The drawing was stopped." in err
    assert b"Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("socket_enabled")
async def test_an_interrupt_cancels_at_the_studio_and_a_kill_is_taken_up_again(film: bytes, tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    async with OpenAIVideosServer(film, Fault.UNKNOWN_STATE, dialect="vllm_omni") as server:
        order = ("--provider", "openai_videos", "--url", server.base, "--key-env", "STUDIO_KEY", "--prompt", "a cat",
                 "--set", "dialect=vllm_omni", "--out", str(target), *SMALL)  # fmt: skip
        process = await start(*order)
        await line_with(process, "rendering")
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
        assert b"told to abort" in err
        assert [job.cancelled for job in server.jobs.values()] == [True]

        process = await start(*order)
        await line_with(process, "rendering")
        process.kill()
        await process.communicate()
        assert [path.name for path in tmp_path.iterdir()] == ["film.mp4.job"]
        assert KEY not in (tmp_path / "film.mp4.job").read_text()

        server.fault = Fault.NONE
        code, _, err = await run(*order)
        assert code == 0, err
        assert "taking up the job" in err
        assert server.creates == 2
    assert target.read_bytes() == film
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
