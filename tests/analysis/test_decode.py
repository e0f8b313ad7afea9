"""Films as they come: good ones at their own pace, bad ones with a clear refusal, within stated limits."""

import tracemalloc
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from custom_components.cuelight.analysis import FilmTooLarge, FilmUnreadable, analyze_film
from custom_components.cuelight.analysis.decode import MAX_DURATION_S, MAX_PIXELS, MAX_TICK_RATE, FilmReader

from .films import encode

WIDTH, HEIGHT = 160, 96


def frames(count: int, width: int = WIDTH, height: int = HEIGHT) -> Iterator[np.ndarray]:
    """A bright square that goes to the right over a slope of grey."""
    ground = np.linspace(40, 120, width).astype(np.uint8)
    for index in range(count):
        frame = np.repeat(np.tile(ground, (height, 1))[:, :, None], 3, axis=2)
        left = 2 * index % (width - 20)
        frame[height // 3 : 2 * height // 3, left : left + 20] = (230, 60, 40)
        yield frame


def film(path: Path, count: int = 24, fps: int = 24) -> Path:
    encode(path, frames(count), fps)
    return path


def ticks(path: Path) -> list[tuple[int, bool]]:
    with FilmReader(path) as reader:
        return [(picture.index, picture.fresh) for picture in reader.pictures()]


def test_every_frame_of_a_steady_film_is_one_tick(tmp_path: Path) -> None:
    path = film(tmp_path / "steady.mp4", 24, 24)
    assert ticks(path) == [(index, True) for index in range(24)]


def test_the_films_facts_are_those_of_its_frames(tmp_path: Path) -> None:
    facts = analyze_film(film(tmp_path / "facts.mp4", 33, 16)).film
    assert (facts.width, facts.height, facts.frames, facts.fps) == (WIDTH, HEIGHT, 33, 16.0)
    assert facts.duration_s == pytest.approx(33 / 16, abs=0.01)


def test_a_fast_film_is_looked_at_every_second_frame(tmp_path: Path) -> None:
    path = film(tmp_path / "fast.mp4", 60, 60)
    with FilmReader(path) as reader:
        assert reader.rate <= MAX_TICK_RATE
        assert len(list(reader.pictures())) in (30, 31)
        assert reader.film().frames == 60


def test_uneven_frames_are_shown_for_as_long_as_they_last(tmp_path: Path) -> None:
    path = tmp_path / "uneven.mp4"
    at = [0, 1, 2, 12, 13, 14]  # a long hold after the third frame
    encode(path, frames(6), 10, at=lambda index: at[index])
    with FilmReader(path) as reader:
        shown = [(picture.index / reader.rate, picture.fresh) for picture in reader.pictures()]
    held = [time for time, fresh in shown if not fresh and 0.2 < time < 1.2]
    assert held
    assert shown[-1][0] == pytest.approx(1.4, abs=0.15)


def test_size_and_sound_do_not_matter_to_the_small_picture(tmp_path: Path) -> None:
    for name, width, height in (("wide", 320, 96), ("tall", 96, 320), ("square", 128, 128), ("odd", 162, 98)):
        path = tmp_path / f"{name}.mp4"
        encode(path, frames(3, width, height), 10)
        with FilmReader(path) as reader:
            small = next(iter(reader.pictures()))
        assert small.luma.shape[1] / small.luma.shape[0] == pytest.approx(width / height, rel=0.1)
        assert small.chroma.shape == (2, small.luma.shape[0] // 2, small.luma.shape[1] // 2)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FilmUnreadable, match=r"nowhere\.mp4") as refusal:
        analyze_film(tmp_path / "nowhere.mp4")
    assert refusal.value.path.name == "nowhere.mp4"


def test_a_folder_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(FilmUnreadable):
        analyze_film(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><html><body>Your link has expired.</body></html>",
        b'{"error": "expired"}',
        bytes(4096),
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(64),
        b"#EXTM3U\n#EXTINF:5,\n/etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
    ],
    ids=["empty", "HTML", "JSON", "zeros", "only a header", "a playlist", "a script"],
)
def test_what_is_no_film_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(FilmUnreadable) as refusal:
        analyze_film(path)
    assert refusal.value.reason


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        assert isinstance(stream, AudioStream)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 44100
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(FilmUnreadable, match="no moving pictures"):
        analyze_film(path)


def test_one_frame_is_a_still_film(tmp_path: Path) -> None:
    analysis = analyze_film(film(tmp_path / "one.mp4", 1, 16))
    assert analysis.film.frames == 1
    assert not analysis.events
    assert analysis.palette
    assert analysis.animation.frames == 1


def test_two_frames_are_enough(tmp_path: Path) -> None:
    assert analyze_film(film(tmp_path / "two.mp4", 2, 16)).film.frames == 2


def test_a_film_cut_short_before_its_index_is_refused(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mp4", 48).read_bytes()
    part = tmp_path / "part.mp4"
    part.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FilmUnreadable):
        analyze_film(part)


def test_a_film_cut_short_after_its_index_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "whole.mkv"
    whole = film(path, 96).read_bytes()
    part = tmp_path / "part.mkv"
    part.write_bytes(whole[: len(whole) * 2 // 3])
    analysis = analyze_film(part)
    assert 10 < analysis.film.frames < 96


def test_damaged_packets_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "damaged.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = 12
        packets = [stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")) for rgb in frames(96)]
        for index, packet in enumerate(packet for group in (*packets, stream.encode(None)) for packet in group):
            if 30 <= index < 50:
                spoiled = av.Packet(np.random.default_rng(index).bytes(packet.size))
                spoiled.pts, spoiled.dts, spoiled.stream = packet.pts, packet.dts, stream
                spoiled.time_base = packet.time_base
                container.mux(spoiled)
            else:
                container.mux(packet)
    analysis = analyze_film(path)
    assert 60 <= analysis.film.frames < 96
    assert analysis.film.duration_s == pytest.approx(4, abs=0.3)


def test_any_damage_is_survived(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mp4", 12, 12).read_bytes()
    rng = np.random.default_rng(6)
    path = tmp_path / "spoiled.mp4"
    for _ in range(40):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 30):
            data[place] = int(rng.integers(256))
        path.write_bytes(data[: int(rng.integers(len(data) // 2, len(data) + 1))])
        try:
            analyze_film(path, limit_s=20)
        except FilmUnreadable, FilmTooLarge:
            continue


def sparse(path: Path, hours: float) -> Path:
    """A few frames whose time stamps span hours."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=1)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1)
        for index, rgb in enumerate(frames(5)):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = round(index * hours * 3600 / 4), Fraction(1, 1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_four_hours_are_too_long(tmp_path: Path, ending: str) -> None:
    with pytest.raises(FilmTooLarge, match="duration") as refusal:
        analyze_film(sparse(tmp_path / f"long.{ending}", 4))
    assert refusal.value.limit == MAX_DURATION_S
    assert refusal.value.value > MAX_DURATION_S


def test_a_length_the_container_does_not_state_is_noticed_on_the_way(tmp_path: Path) -> None:
    """A raw transport stream states no duration; its time stamps tell."""
    with pytest.raises(FilmTooLarge):
        analyze_film(sparse(tmp_path / "long.ts", 4))


def test_ten_minutes_of_two_pictures_are_read_in_bounded_memory(tmp_path: Path) -> None:
    path = sparse(tmp_path / "slides.mkv", 1 / 6)
    tracemalloc.start()
    try:
        analysis = analyze_film(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert analysis.film.duration_s == pytest.approx(600, rel=0.01)
    assert peak < 60e6


def test_an_8k_picture_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "8k.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=1)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 7680, 4320, "yuvj420p"
        frame = av.VideoFrame(7680, 4320, "yuvj420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(FilmTooLarge, match="pixel") as refusal:
        analyze_film(path)
    assert refusal.value.limit == MAX_PIXELS


def test_a_film_that_changes_its_size_is_read_through(tmp_path: Path) -> None:
    """Two streams of raw H.264 one after the other, as a badly joined film has them."""
    parts = []
    for width, height in ((160, 96), (128, 128)):
        part = tmp_path / f"{width}.h264"
        with av.open(str(part), "w", format="h264") as container:
            stream = container.add_stream("libx264", rate=12)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for rgb in frames(12, width, height):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
            container.mux(stream.encode(None))
        parts.append(part.read_bytes())
    joined = tmp_path / "joined.h264"
    joined.write_bytes(b"".join(parts))
    assert analyze_film(joined).film.frames >= 20
