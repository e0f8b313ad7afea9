"""Films that are none, or too much, or damaged: a clear sentence or a right result, in bounded time and memory."""

import threading
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from custom_components.cuelight.analysis import (
    Analysis,
    AnalysisCancelled,
    AnalysisError,
    AnalysisTimeout,
    EventKind,
    FilmTooLarge,
    FilmUnreadable,
    analyze_film,
    background,
    pipeline,
)
from custom_components.cuelight.analysis.codec import decode_animation
from custom_components.cuelight.analysis.decode import (
    MAX_DURATION_S,
    MAX_PIXELS,
    MAX_TICK_RATE,
    FilmReader,
    SmallPicture,
)

from .staged_films import Frame, View, arc, film, frames, ramp, stands, write

DEADLINE_S = 20.0


def jumps(time_s: float) -> View:
    return View(y=0.7 - 0.3 * arc(time_s, 1.5, 2.2))


def dark(width: int = 64, height: int = 48, level: int = 60) -> Frame:
    return np.full((height, width, 3), level, np.uint8)


def in_order(analysis: Analysis) -> bool:
    """Whether an analysis is complete and agrees with itself."""
    side, fps, pictures = decode_animation(analysis.animation.data)
    told = analysis.animation
    assert (told.side, told.fps, told.frames) == (side, fps, len(pictures))
    assert analysis.film.frames >= 1
    assert analysis.palette
    assert len(analysis.curves.brightness) == len(analysis.curves.motion) >= 1
    return all(event.end_s <= analysis.film.duration_s + 0.2 for event in analysis.events)


@pytest.fixture(scope="module")
def jump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole film, its index at the end."""
    return film(tmp_path_factory.mktemp("good") / "jump.mp4", jumps)


@pytest.fixture(scope="module")
def jump_mkv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its index spread over the file."""
    return film(tmp_path_factory.mktemp("good") / "jump.mkv", jumps)


def sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        stream.layout = "mono"
        for index in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = 44100, 1024 * index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


HTML = b"<!DOCTYPE html>\n<html><head><title>Not found</title></head><body>" + b"<p>No such film.</p>" * 200
IMPOSTORS: dict[str, bytes] = {
    "empty": b"",
    "one byte": b"\x00",
    "zeros": bytes(100_000),
    "HTML": HTML,
    "JSON": b'{"error": {"code": 429, "message": "slow down"}}',
    "random bytes": np.random.default_rng(1).bytes(100_000),
    "a film's first bytes alone": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41",
    "a playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\njump.ts\n#EXT-X-ENDLIST\n",
    "a list of other files": b"ffconcat version 1.0\nfile jump.mp4\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "subtitles": b"1\n00:00:01,000 --> 00:00:02,000\nThe cat jumps.\n",
}


@pytest.mark.parametrize("content", IMPOSTORS.values(), ids=IMPOSTORS)
def test_what_is_no_film_is_refused_in_a_sentence(tmp_path: Path, jump: Path, content: bytes) -> None:
    (tmp_path / "jump.mp4").write_bytes(jump.read_bytes())
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(FilmUnreadable) as refused:
        analyze_film(path)
    assert str(refused.value).startswith("film.mp4 cannot be read as a film: ")
    assert str(refused.value).endswith(".")
    assert str(tmp_path) not in str(refused.value)
    assert refused.value.path == path


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FilmUnreadable, match="no moving pictures"):
        analyze_film(sound(tmp_path / "song.mp4"))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FilmUnreadable):
        analyze_film(tmp_path / "none.mp4")
    with pytest.raises(FilmUnreadable):
        analyze_film(tmp_path)


def test_an_address_is_never_opened(tmp_path: Path) -> None:
    for address in ("http://127.0.0.1:9/film.mp4", "concat:a.mp4|b.mp4", "lavfi:testsrc"):
        with pytest.raises(FilmUnreadable):
            analyze_film(address)


def test_a_film_whose_index_was_cut_off_is_refused(tmp_path: Path, jump: Path) -> None:
    whole = jump.read_bytes()
    path = tmp_path / "short.mp4"
    for share in (0.1, 0.5, 0.95):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(FilmUnreadable):
            analyze_film(path)


def test_of_a_film_cut_off_behind_its_index_the_beginning_is_analysed(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mp4", frames(jumps), options={"movflags": "faststart"}).read_bytes()
    path = tmp_path / "short.mp4"
    path.write_bytes(whole[: int(0.75 * len(whole))])
    analysis = analyze_film(path)
    assert in_order(analysis)
    assert 30 < analysis.film.frames < 64
    assert EventKind.JUMP in {event.kind for event in analysis.events}


def test_a_film_cut_off_anywhere_is_refused_or_read_as_far_as_it_goes(tmp_path: Path, jump_mkv: Path) -> None:
    whole = jump_mkv.read_bytes()
    path = tmp_path / "short.mkv"
    counts = []
    for share in np.linspace(0.01, 0.99, 25):
        path.write_bytes(whole[: int(share * len(whole))])
        counts.append(_frames(path))
    assert counts == sorted(counts)
    assert counts[-1] > 55


def _frames(path: Path) -> int:
    """Pictures that can be read; 0 if the film is refused."""
    try:
        with FilmReader(path) as reader:
            return sum(1 for _ in reader.pictures())
    except AnalysisError:
        return 0


def test_damage_in_the_middle_leaves_the_rest(tmp_path: Path, jump_mkv: Path) -> None:
    data = bytearray(jump_mkv.read_bytes())
    middle = len(data) // 2
    random = np.random.default_rng(2)
    for at in range(middle, middle + 2000):
        data[at] = int(random.integers(256))
    path = tmp_path / "damaged.mkv"
    path.write_bytes(data)
    analysis = analyze_film(path)
    assert in_order(analysis)
    assert analysis.film.frames >= 20


@pytest.mark.parametrize(("ending", "name"), [("mp4", b"avc1"), ("mkv", b"V_MPEG4/ISO/AVC")])
def test_pictures_in_an_unknown_coding_are_refused(tmp_path: Path, ending: str, name: bytes) -> None:
    whole = write(tmp_path / f"good.{ending}", (dark() for _ in range(8))).read_bytes()
    assert name in whole
    path = tmp_path / f"unknown.{ending}"
    path.write_bytes(whole.replace(name, name.replace(b"avc", b"qqq").replace(b"AVC", b"QQQ")))
    with pytest.raises(FilmUnreadable):
        FilmReader(path)


def damaged(whole: bytes, count: int, most: int) -> Iterator[bytes]:
    """The film with up to `most` bytes changed, `count` times, the same every time."""
    random = np.random.default_rng(8)
    for _ in range(count):
        data = bytearray(whole)
        for at in random.integers(len(data), size=int(random.integers(1, most))):
            data[at] = int(random.integers(256))
        yield bytes(data)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_damaged_bytes_anywhere_never_crash_it(tmp_path: Path, ending: str) -> None:
    whole = write(tmp_path / f"good.{ending}", (dark(level=40 + 3 * index) for index in range(24))).read_bytes()
    path = tmp_path / f"damaged.{ending}"
    for data in damaged(whole, 60, 30):
        path.write_bytes(data)
        assert _frames(path) <= MAX_DURATION_S * MAX_TICK_RATE + 1


def flipped(whole: bytes, count: int) -> Iterator[bytes]:
    """The film with one to eight bits flipped, `count` times, half of them in its first fifth, where the tables are."""
    random = np.random.default_rng(9)
    for number in range(count):
        data = bytearray(whole)
        end = len(data) if number % 2 else len(data) // 5
        for at in random.integers(8 * end, size=int(random.integers(1, 9))):
            data[at // 8] ^= 1 << at % 8
        yield bytes(data)


@pytest.mark.parametrize(("ending", "codec"), [("mp4", "libx264"), ("webm", "libvpx-vp9"), ("avi", "mpeg4")])
def test_films_with_flipped_bits_are_analysed_or_refused_in_time(tmp_path: Path, ending: str, codec: str) -> None:
    """Container and coding alike; a flipped duration must not make it run for ever, so each has its deadline."""
    whole = write(tmp_path / f"good.{ending}", islice(frames(jumps), 20), codec=codec).read_bytes()
    path = tmp_path / f"flipped.{ending}"
    analysed = 0
    for data in flipped(whole, 40):
        path.write_bytes(data)
        try:
            assert in_order(analyze_film(path, limit_s=DEADLINE_S))
            analysed += 1
        except FilmUnreadable, FilmTooLarge:
            continue
    assert analysed >= 10


def test_damaged_films_are_analysed_or_refused(tmp_path: Path, jump_mkv: Path) -> None:
    path = tmp_path / "damaged.mkv"
    for data in damaged(jump_mkv.read_bytes(), 8, 40):
        path.write_bytes(data)
        try:
            assert in_order(analyze_film(path))
        except FilmUnreadable, FilmTooLarge:
            continue


@pytest.mark.parametrize("ending", ["mp4", "mkv", "gif"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_film_of_a_few_frames_is_a_film(tmp_path: Path, count: int, ending: str) -> None:
    path = tmp_path / f"short.{ending}"
    if ending == "gif":
        from PIL import Image

        first, *rest = (Image.fromarray(dark(level=60 + 20 * index)) for index in range(count))
        first.save(path, save_all=True, append_images=rest, duration=60)
    else:
        write(path, (dark(level=60 + 20 * index) for index in range(count)))
    analysis = analyze_film(path)
    assert in_order(analysis)
    assert analysis.film.frames == count
    assert analysis.film.duration_s > 0


def test_one_colour_is_analysed(tmp_path: Path) -> None:
    for level in (0, 255):
        analysis = analyze_film(write(tmp_path / f"{level}.mp4", (dark(level=level) for _ in range(32))))
        assert in_order(analysis)
        assert {event.kind for event in analysis.events} <= {EventKind.STILL}


def test_four_hours_are_refused_before_decoding(tmp_path: Path) -> None:
    path = write(tmp_path / "long.mp4", (dark() for _ in range(5)), times_s=[3600.0 * hour for hour in range(5)])
    with pytest.raises(FilmTooLarge) as refused:
        FilmReader(path)
    assert refused.value.limit == MAX_DURATION_S
    assert refused.value.value > 4 * 3600 - 1


def test_four_hours_that_the_container_does_not_admit_are_refused(tmp_path: Path) -> None:
    """Live streams state no duration: then the frames' own times decide."""
    whole = write(
        tmp_path / "long.mkv",
        (dark() for _ in range(5)),
        times_s=[3600.0 * hour for hour in range(5)],
        options={"live": "1"},
    )
    with pytest.raises(FilmTooLarge):
        analyze_film(whole)


def test_a_gap_between_frames_costs_no_more_than_a_hold(tmp_path: Path) -> None:
    path = write(tmp_path / "gap.mkv", (dark(level=50 + index) for index in range(3)), times_s=[0.0, 0.1, 60.0])
    with FilmReader(path) as reader:
        shown = sum(1 for _ in reader.pictures())
        assert 55 * 8 <= shown <= 61 * 33


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
def test_an_8k_film_is_refused_before_decoding(tmp_path: Path, codec: str) -> None:
    path = write(tmp_path / "large.mkv", [dark(7680, 4320)], codec=codec)
    with pytest.raises(FilmTooLarge) as refused:
        FilmReader(path)
    assert (refused.value.value, refused.value.limit) == (7680 * 4320, MAX_PIXELS)


def test_pictures_that_grow_to_8k_behind_a_small_first_one_are_refused(tmp_path: Path) -> None:
    small = write(tmp_path / "small.ts", (dark() for _ in range(16)))
    large = write(tmp_path / "large.ts", [dark(7680, 4320)])
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    with pytest.raises(FilmTooLarge) as refused:
        analyze_film(both)
    assert refused.value.value == 7680 * 4320


def test_a_4k_film_is_analysed(tmp_path: Path) -> None:
    analysis = analyze_film(write(tmp_path / "4k.mp4", [dark(3840, 2160)] * 2))
    assert in_order(analysis)
    assert (analysis.film.width, analysis.film.height) == (3840, 2160)


def test_a_variable_frame_rate_moves_no_event(tmp_path: Path) -> None:
    """Every third frame is left out in the first two seconds, half of them afterwards."""
    times = [index / 24 for index in range(96) if (index % 3 if index < 48 else index % 2)]
    uneven = write(tmp_path / "uneven.mp4", _drawn(times), fps=24, times_s=times)
    analysis = analyze_film(uneven)
    (event,) = [event for event in analysis.events if event.kind is EventKind.JUMP]
    assert event.start_s == pytest.approx(1.5, abs=0.3)
    assert event.end_s == pytest.approx(2.2, abs=0.3)
    assert analysis.film.frames == len(times)
    assert analysis.film.duration_s == pytest.approx(4.0, abs=0.1)


def _drawn(times: list[float]) -> Iterator[Frame]:
    every = list(frames(jumps, 4.0, 24))
    return (every[round(time_s * 24)] for time_s in times)


def test_times_that_run_backwards_are_held(tmp_path: Path) -> None:
    first = write(tmp_path / "first.ts", (dark(level=50) for _ in range(16)), times_s=[10 + i / 16 for i in range(16)])
    second = write(tmp_path / "second.ts", (dark(level=150) for _ in range(16)))
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    with FilmReader(both) as reader:
        indices = [picture.index for picture in reader.pictures()]
    assert indices == list(range(len(indices)))


class Count:
    """How many pictures were taken from the reader."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken = 0
        pictures: Callable[[FilmReader], Iterator[SmallPicture]] = FilmReader.pictures

        def counted(reader: FilmReader) -> Iterator[SmallPicture]:
            for picture in pictures(reader):
                self.taken += 1
                yield picture

        monkeypatch.setattr(FilmReader, "pictures", counted)


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    """Count the pictures that an analysis takes."""
    return Count(monkeypatch)


def test_cancelled_before_it_begins_it_does_not_begin(jump: Path, count: Count) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(AnalysisCancelled) as stopped:
        analyze_film(jump, cancelled=cancelled)
    assert count.taken <= 1
    assert stopped.value.path == jump


def test_cancelled_in_the_middle_it_takes_one_more_picture_at_most(jump: Path, count: Count) -> None:
    cancelled = threading.Event()
    taken_then: list[int] = []

    def on_progress(_: float) -> None:
        taken_then.append(count.taken)
        cancelled.set()

    with pytest.raises(AnalysisCancelled):
        analyze_film(jump, on_progress=on_progress, cancelled=cancelled)
    assert count.taken <= taken_then[0] + 1


def test_the_time_limit_ends_it(jump: Path, count: Count) -> None:
    with pytest.raises(AnalysisTimeout, match="longer than 0 seconds") as stopped:
        analyze_film(jump, limit_s=0)
    assert count.taken <= 1
    assert stopped.value.limit_s == 0


class Peels:
    """Counts the pieces of distilling's work, and does something at the first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at_first: Callable[[], None]) -> None:
        self.done = 0
        peeled = background._peeled

        def counted(*args: Any) -> Any:
            self.done += 1
            at_first()
            return peeled(*args)

        monkeypatch.setattr(background, "_peeled", counted)


def test_cancelled_while_it_distils_it_stops_at_the_next_piece_of_work(
    jump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled = threading.Event()
    peels = Peels(monkeypatch, cancelled.set)
    with pytest.raises(AnalysisCancelled):
        analyze_film(jump, cancelled=cancelled)
    assert peels.done == 1


def test_the_time_limit_ends_distilling_too(jump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = False

    def pass_time() -> None:
        nonlocal late
        late = True

    peels = Peels(monkeypatch, pass_time)
    monkeypatch.setattr(pipeline, "time", SimpleNamespace(monotonic=lambda: 1e6 if late else 0.0))
    with pytest.raises(AnalysisTimeout):
        analyze_film(jump)
    assert peels.done == 1


def test_progress_rises_to_the_end(jump: Path) -> None:
    told: list[float] = []
    analyze_film(jump, on_progress=told.append)
    assert told == sorted(told)
    assert all(0 <= share <= 1 for share in told)


def _wanders(time_s: float) -> View:
    return View(x=0.5 + 0.25 * np.sin(time_s), camera_x=0.1 * ramp(time_s % 10, 0, 10))


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _long(path: Path, seconds: int) -> Path:
    """The same ten seconds over and over, at eight frames a second."""
    ten = list(frames(_wanders, 10, 8))
    return write(path, (ten[index % len(ten)] for index in range(8 * seconds)), fps=8)


def test_reading_a_longer_film_takes_no_more_memory(tmp_path: Path) -> None:
    def read(path: Path) -> None:
        with FilmReader(path) as reader:
            for _ in reader.pictures():
                pass

    short, long = (_long(tmp_path / f"{seconds}.mp4", seconds) for seconds in (10, 60))
    read(short)
    assert _peak(lambda: read(long)) < _peak(lambda: read(short)) + 200_000


def test_analysing_a_longer_film_takes_hardly_more_memory(tmp_path: Path) -> None:
    """Beyond what is kept for the animation, only numbers: under 4 KB for each tick of the clock."""
    short, long = (_long(tmp_path / f"{seconds}.mp4", seconds) for seconds in (25, 50))
    analyze_film(write(tmp_path / "warm.mp4", islice(frames(stands), 8)))
    least, most = _peak(lambda: analyze_film(short)), _peak(lambda: analyze_film(long))
    assert most - least < 25 * 8 * 4096
    assert most < 60_000_000
