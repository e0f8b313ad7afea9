"""The built-in studio's films, decoded for real."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from custom_components.cuelight.t2v import (
    FilmRequest,
    GeneratedFilm,
    InvalidRequest,
    JobHandle,
    JobState,
    JobStatus,
    StoryboardProvider,
    generate,
    resume,
)


async def make(path: Path, prompt: str, seed: int | None = 3, **fields: float) -> GeneratedFilm:
    request = FilmRequest(prompt, seed=seed, **fields)  # type: ignore[arg-type]
    return await generate(StoryboardProvider(), request, path)


def luma(path: Path) -> np.ndarray:
    """Return the frames' brightness, frames x height x width."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)]).astype(np.int16)


def digest(path: Path) -> str:
    with av.open(str(path)) as container:
        return hashlib.sha256(b"".join(f.to_ndarray().tobytes() for f in container.decode(video=0))).hexdigest()


async def test_a_film_has_the_shape_of_the_real_models(tmp_path: Path) -> None:
    film = await make(tmp_path / "film.mp4", "a cat jumps")
    with av.open(str(film.path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(video=0))
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.average_rate) == (832, 480, 16)
        assert [round(frame.time * 16) for frame in frames] == list(range(81))
        assert container.metadata["comment"].startswith("Drawn by the built-in storyboard")
    assert (film.width, film.height, film.fps, film.frames) == (832, 480, 16, 81)
    head = film.path.read_bytes()[:100_000]
    assert head.find(b"moov") < head.find(b"mdat"), "the index must come first, so that a browser starts at once"
    assert "no AI model" in film.notes[0]


async def test_size_and_duration_follow_the_request(tmp_path: Path) -> None:
    film = await make(tmp_path / "film.mp4", "a ball falls", width=320, height=240, duration_s=2.0, fps=24)
    assert luma(film.path).shape == (49, 240, 320)


async def test_the_same_seed_gives_the_same_frames_and_another_seed_another_film(tmp_path: Path) -> None:
    small = {"width": 208, "height": 120, "duration_s": 2.0}
    films = [
        await make(tmp_path / f"{name}.mp4", "a dog spins", seed, **small)
        for name, seed in (("a", 5), ("b", 5), ("c", 6))
    ]
    first, again, other = (digest(film.path) for film in films)
    assert first == again
    assert first != other


async def test_a_seed_is_chosen_and_told_when_none_is_given(tmp_path: Path) -> None:
    film = await make(tmp_path / "film.mp4", "a star", seed=None, width=208, height=120, duration_s=1.0)
    assert film.seed is not None
    again = await make(tmp_path / "again.mp4", "a star", seed=film.seed, width=208, height=120, duration_s=1.0)
    assert digest(film.path) == digest(again.path)


async def test_stillness_is_perfectly_still_for_half_a_second(tmp_path: Path) -> None:
    film = await make(tmp_path / "film.mp4", "a dog waits, then jumps", width=416, height=240)
    changes = np.abs(np.diff(luma(film.path), axis=0)).mean((1, 2))
    assert np.all(changes[:8] < 0.05)
    assert changes.max() > 0.5


async def test_a_flash_is_bright_for_one_to_three_frames(tmp_path: Path) -> None:
    film = await make(tmp_path / "film.mp4", "a cat in the forest, then a flash", width=416, height=240)
    brightness = luma(film.path).mean((1, 2))
    bright = np.flatnonzero(brightness > np.median(brightness) + 40)
    assert 1 <= len(bright) <= 3
    assert np.ptp(bright) == len(bright) - 1


async def test_what_appears_was_not_there_before(tmp_path: Path) -> None:
    film = await make(tmp_path / "film.mp4", "a ghost appears, then disappears", width=416, height=240)
    frames = luma(film.path)
    assert (np.abs(frames[-1] - frames[0]) > 25).mean() == 0
    assert (np.abs(frames[len(frames) // 2] - frames[0]) > 25).mean() > 0.01


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("a dragon breathes fire", "a spark stands in"),
        ("😀😀😀", "a spark stands in"),
        ("🐈⚡", None),
        ("a cat jumps " * 900, "only the first 4000"),
        ("a cat\x00\x07\x1b jumps", "3 control characters"),
        ("a cat falls and falls", "falls once"),
        ("a cat jumps, spins, turns, shakes, falls, walks and jumps", "too short for every beat"),
    ],
    ids=["unknown", "emoji", "known emoji", "10,000 characters", "control characters", "two falls", "too many beats"],
)
async def test_what_the_prompt_cannot_have_is_told(tmp_path: Path, prompt: str, told: str | None) -> None:
    film = await make(tmp_path / "film.mp4", prompt, width=208, height=120)
    assert luma(film.path).shape[0] == 81
    if told is None:
        assert len(film.notes) == 1
    else:
        assert any(told in note for note in film.notes), film.notes


@pytest.mark.parametrize("prompt", ["", "  \n ", "\x00\x01\x02"])
async def test_an_empty_prompt_is_refused_with_a_sentence(tmp_path: Path, prompt: str) -> None:
    with pytest.raises(InvalidRequest, match="The prompt is empty"):
        await make(tmp_path / "film.mp4", prompt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "fields",
    [{"width": 0}, {"width": 833}, {"height": 10_000}, {"duration_s": 0.0}, {"duration_s": 31.0}, {"fps": 1}],
)
async def test_a_film_out_of_range_is_refused(tmp_path: Path, fields: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest):
        await make(tmp_path / "film.mp4", "a cat", **fields)


async def test_progress_is_real_and_the_handle_comes_before_the_drawing(tmp_path: Path) -> None:
    seen: list[JobStatus] = []
    handles: list[tuple[JobHandle, int]] = []

    async def remember(handle: JobHandle) -> None:
        handles.append((handle, sum(status.state is JobState.RUNNING for status in seen)))

    request = FilmRequest("a fish", seed=1, width=208, height=120, duration_s=1.0)
    await generate(StoryboardProvider(), request, tmp_path / "film.mp4", seen.append, remember)
    drawing = [status.progress for status in seen if status.state is JobState.RUNNING]
    assert len(drawing) == request.frames
    assert drawing == sorted(drawing)  # type: ignore[type-var]
    assert seen[-1] == JobStatus(JobState.FINISHED, 1.0)
    assert [(handle.id is None, drawn) for handle, drawn in handles] == [(True, 0), (False, 0)]


async def test_a_stored_job_is_drawn_again_to_the_same_film(tmp_path: Path) -> None:
    stored: list[dict[str, object]] = []

    async def remember(handle: JobHandle) -> None:
        stored.append(handle.as_dict())

    request = FilmRequest("a heart beats", width=208, height=120, duration_s=1.0)
    await generate(StoryboardProvider(), request, tmp_path / "film.mp4", on_handle=remember)
    handle = JobHandle.from_dict(stored[-1])
    again = await resume(StoryboardProvider(), handle, tmp_path / "again.mp4")
    assert digest(again.path) == digest(tmp_path / "film.mp4")


async def test_cancelling_ends_the_drawing_and_leaves_no_file(tmp_path: Path) -> None:
    drawing = asyncio.Event()
    progress: Callable[[JobStatus], None] = lambda status: drawing.set() if status.progress else None  # noqa: E731
    task = asyncio.create_task(
        generate(StoryboardProvider(), FilmRequest("a cat jumps", seed=1), tmp_path / "film.mp4", progress)
    )
    await drawing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(tmp_path.iterdir()) == []


async def test_a_storyboard_interrupted_while_it_was_asked_is_drawn_all_the_same(tmp_path: Path) -> None:
    provider = StoryboardProvider()
    intent = provider.intend(FilmRequest("a cat jumps", seed=1, duration_s=0.5, width=64, height=48))
    film = await resume(provider, intent, tmp_path / "film.mp4")
    assert film.path.exists()
    assert film.seed == 1
