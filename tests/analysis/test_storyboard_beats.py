"""The built-in studio's films: every beat that was asked for is seen, in its order."""

from pathlib import Path

import pytest

from custom_components.cuelight.analysis import EventKind, analyze_film
from custom_components.cuelight.t2v import FilmRequest
from custom_components.cuelight.t2v.storyboard import draw_film

K = EventKind
PROMPTS: dict[str, list[EventKind]] = {
    "a cat waits, then jumps on the sill and turns around": [K.JUMP, K.TURN],
    "a ball falls": [K.FALL],
    "a dog comes closer": [K.APPROACH],
    "a bird flies away": [K.RETREAT],
    "a ghost appears, then vanishes": [K.APPEAR, K.DISAPPEAR],
    "a star, a flash": [K.FLASH],
    "a robot stands still": [K.STILL],
    "一只猫等着，然后跳起来，转身": [K.JUMP, K.TURN],
    "一个球掉下来": [K.FALL],
    "一只狗走近": [K.APPROACH],
}


@pytest.mark.parametrize(("prompt", "beats"), PROMPTS.items())
@pytest.mark.parametrize("seed", [3, 8])
def test_every_beat_is_found_in_order(tmp_path: Path, prompt: str, beats: list[EventKind], seed: int) -> None:
    path = tmp_path / "film.mp4"
    draw_film(FilmRequest(prompt, seed=seed, width=416, height=240), path)
    found = [event.kind for event in analyze_film(path, prompt=prompt).events]
    remaining = iter(found)
    assert all(beat in remaining for beat in beats), found


@pytest.mark.parametrize("seed", [28, 209])
def test_what_sways_while_it_turns_on_the_spot_has_turned(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "film.mp4"
    draw_film(FilmRequest("a cat waits, then jumps onto the windowsill and turns around", seed=seed), path)
    assert K.TURN in {event.kind for event in analyze_film(path).events}
