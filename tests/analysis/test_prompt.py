"""A prompt's verbs become expectations, in their order; they add no event of their own."""

import time

import pytest

from custom_components.cuelight.analysis.models import EventKind
from custom_components.cuelight.analysis.prompt import NAMED, Expectation


def kinds(prompt: str) -> list[str]:
    return [beat[0].value for beat in Expectation.of(prompt).beats]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a cat waits, then jumps on the sill and turns around", ["still", "jump", "turn"]),
        ("A dog appears, approaches, shakes itself and falls", ["appear", "approach", "shake", "fall"]),
        ("the ball bounces off and vanishes", ["jump", "disappear"]),
        ("a bird flies away, then comes closer", ["retreat", "approach"]),
        ("a car drives to the right", ["move_right"]),
        ("a fish swims to the left", ["move_left"]),
        ("the camera pans left while the lights go out", ["pan_left", "darken"]),
        ("zoom in on a star at sunrise", ["zoom_in", "brighten"]),
        ("lightning flashes over the sea", ["flash", "flash"]),
        ("一只猫跳上窗台然后转身", ["jump", "turn"]),
        ("小狗出现, 靠近镜头, 然后摇尾巴, 最后消失", ["appear", "approach", "shake", "disappear"]),
        ("镜头向左, 天黑了", ["pan_left", "darken"]),
        ("球落下", ["fall"]),
    ],
)
def test_verbs_are_read_in_their_order(prompt: str, expected: list[str]) -> None:
    assert kinds(prompt) == expected


@pytest.mark.parametrize("prompt", ["", "   ", "😀" * 500, "she hopes for droplets near a turnip", "1234 !!", "喵"])
def test_what_says_nothing_expects_nothing(prompt: str) -> None:
    assert kinds(prompt) == []
    assert Expectation.of(prompt).bonus(EventKind.JUMP, 0.5) == 0


@pytest.mark.parametrize("prompt", ["a cat that does not jump", "without falling", "never shakes", "猫不跳", "没有跌"])
def test_a_verb_taken_back_is_not_expected(prompt: str) -> None:
    assert kinds(prompt) == []


def test_an_event_is_expected_most_where_its_verb_stands() -> None:
    expected = Expectation.of("a cat waits, then jumps, then turns around")
    assert expected.bonus(EventKind.JUMP, 0.5) == pytest.approx(NAMED)
    assert 0 < expected.bonus(EventKind.JUMP, 0.95) < NAMED / 2
    assert expected.bonus(EventKind.TURN, 0.8) > expected.bonus(EventKind.TURN, 0.2)
    assert expected.bonus(EventKind.FALL, 0.5) == 0


def test_no_prompt_expects_nothing() -> None:
    assert Expectation.of(None).beats == ()


def test_a_prompt_of_any_length_is_read_quickly() -> None:
    start = time.process_time()
    Expectation.of("jump not " * 20_000)
    Expectation.of("a" * 1_000_000)
    Expectation.of("不" * 100_000)
    assert time.process_time() - start < 5
