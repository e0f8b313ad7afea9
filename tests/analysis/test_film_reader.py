"""The reader on every rate, shape and container: a uniform clock, small pictures of one area, the file closed."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from custom_components.cuelight.analysis import FilmUnreadable
from custom_components.cuelight.analysis.decode import LUMA_AREA, FilmReader, SmallPicture

from .staged_films import Frame, View, frames, ramp, write


def grey(level: int, width: int = 64, height: int = 48) -> Frame:
    return np.full((height, width, 3), level, np.uint8)


def greys(count: int, step: int = 4) -> Iterator[Frame]:
    return (grey(40 + step * index) for index in range(count))


def read(path: Path) -> tuple[list[SmallPicture], FilmReader]:
    with FilmReader(path) as reader:
        return list(reader.pictures()), reader


@pytest.mark.parametrize("rate", [8, 16, 24, 25, 30, 32])
def test_up_to_32_frames_a_second_all_are_looked_at(tmp_path: Path, rate: int) -> None:
    pictures, reader = read(write(tmp_path / "film.mp4", greys(rate), fps=rate))
    assert reader.rate == pytest.approx(rate)
    assert [picture.index for picture in pictures] == list(range(rate))
    assert all(picture.fresh for picture in pictures)


@pytest.mark.parametrize("rate", [50, 60, 120])
def test_of_a_faster_film_every_nth_frame_is_looked_at(tmp_path: Path, rate: int) -> None:
    pictures, reader = read(write(tmp_path / "film.mp4", greys(rate, 1), fps=rate))
    assert 16 < reader.rate <= 33
    assert rate / reader.rate == pytest.approx(round(rate / reader.rate))
    assert [picture.index for picture in pictures] == list(range(len(pictures)))
    assert len(pictures) == pytest.approx(reader.rate, abs=1)
    assert reader.film().frames == rate


def test_a_slide_show_is_a_film_of_holds(tmp_path: Path) -> None:
    pictures, _ = read(write(tmp_path / "slides.mp4", greys(3, 60), fps=1))
    assert [picture.index for picture in pictures if picture.fresh] == [0, 8, 16]
    assert len(pictures) == 24
    levels = [int(picture.luma.mean()) for picture in pictures]
    assert levels[0] == levels[7] < levels[8] == levels[15] < levels[16] == levels[23]


def test_time_starts_at_the_first_frame(tmp_path: Path) -> None:
    path = write(tmp_path / "late.mkv", greys(16), times_s=[5.0 + index / 16 for index in range(16)])
    pictures, reader = read(path)
    assert pictures[0].index == 0
    assert reader.film().duration_s == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(("width", "height"), [(640, 360), (360, 640), (64, 64), (64, 48), (1000, 40), (16, 16)])
def test_small_pictures_have_one_area_and_the_films_proportions(tmp_path: Path, width: int, height: int) -> None:
    pictures, reader = read(write(tmp_path / "film.mp4", (grey(99, width, height) for _ in range(2))))
    across, down = reader.size
    assert pictures[0].luma.shape == (down, across)
    assert pictures[0].chroma.shape == (2, down // 2, across // 2)
    assert across * down == pytest.approx(LUMA_AREA, rel=0.1)
    assert across / down == pytest.approx(min(4, max(0.25, width / height)), rel=0.1)


def test_small_pictures_show_the_same_place_and_colour(tmp_path: Path) -> None:
    frame = np.zeros((144, 256, 3), np.uint8)
    frame[:72, 128:] = 255, 0, 0
    (picture, *_), _ = read(write(tmp_path / "red.mp4", [frame] * 2))
    rows, columns = picture.luma.shape
    assert picture.luma[: rows // 2 - 2, columns // 2 + 2 :].min() > 60
    assert picture.luma[rows // 2 + 2 :].max() < 40
    assert picture.chroma[1, : rows // 4 - 2, columns // 4 + 2 :].min() > 200


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mov", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx"), ("a.avi", "mjpeg"),
     ("a.ts", "libx264"), ("a.mpg", "mpeg2video"), ("a.flv", "libx264")],
)  # fmt: skip
def test_the_usual_containers_are_read(tmp_path: Path, name: str, codec: str) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV cannot make {codec}")
    pictures, reader = read(
        write(tmp_path / name, frames(lambda t: View(x=ramp(t, 0, 1)), 1.0, 25), fps=25, codec=codec)
    )
    assert reader.film().frames == 25
    assert len(pictures) == pytest.approx(25, abs=1)


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path / "film.mp4", greys(4)).rename(tmp_path / "film.jpeg")
    assert len(read(path)[0]) == 4


def test_the_file_is_closed_afterwards(tmp_path: Path) -> None:
    path = write(tmp_path / "film.mp4", greys(4))
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else None
    for _ in range(3):
        read(path)
    with pytest.raises(FilmUnreadable):
        FilmReader(tmp_path)
    if before is not None:
        assert len(list(Path("/proc/self/fd").iterdir())) <= before
