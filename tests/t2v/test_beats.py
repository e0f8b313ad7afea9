"""What the storyboard's reader makes of prompts."""

import pytest

from custom_components.cuelight.t2v.beats import MAX_BEATS, parse_prompt


@pytest.mark.parametrize(
    ("prompt", "subject", "motions"),
    [
        ("a cat waits, then jumps on the sill and turns around", "cat", "still jump turn"),
        ("A red ball falls and bounces twice.", "ball", "fall jump jump"),
        ("the puppies are leaping three times", "dog", "jump jump jump"),
        ("a person walks to the left, comes closer and disappears", "person", "walk_left approach disappear"),
        ("a blue car drives on the street; it stops and then backs up", "car", "walk still retreat"),
        ("a ghost appears with a flash of lightning", "ghost", "appear flash"),
        ("a star spins", "star", "spin"),
        ("the heart trembles", "heart", "shake"),
        ("a fish swam away", "fish", "retreat"),
        ("a bird flew to the right", "bird", "walk_right"),
        ("一只猫跳上窗台，转身", "cat", "jump turn"),
        ("一只黑猫在窗台上等待，然后跳起来，接着转身", "cat", "still jump turn"),
        ("红色的球掉下来", "ball", "fall"),
        ("小狗跳两下，走近，消失", "dog", "jump jump approach disappear"),
        ("幽灵出现，闪光，摇晃", "ghost", "appear flash shake"),
        ("机器人向左走，旋转", "robot", "walk_left spin"),
        ("🐈⚡💨", "cat", "flash disappear"),
        ("🐕➡️", "dog", "walk_right"),
    ],
)
def test_subject_and_motions_come_in_the_prompts_order(prompt: str, subject: str, motions: str) -> None:
    beats = parse_prompt(prompt)
    assert beats.subject == subject
    assert [motion.value for motion in beats.motions] == motions.split()
    assert beats.notes == ()


@pytest.mark.parametrize(
    ("prompt", "motions", "denied"),
    [
        ("the dog does not jump, it spins", "spin", "jump"),
        ("The puppy isn't jumping but shaking", "shake", "jumping"),
        ("小鸟不跳，飞走了", "retreat", "跳"),
        ("a cat without moving", "still", "moving"),
    ],
)
def test_what_the_prompt_denies_does_not_happen_and_is_told(prompt: str, motions: str, denied: str) -> None:
    beats = parse_prompt(prompt)
    assert [motion.value for motion in beats.motions] == motions.split()
    assert any(denied in note for note in beats.notes)


@pytest.mark.parametrize(("prompt", "words"), [("一只狗不动", "still"), ("狗一动不动", "still")])
def test_chinese_words_that_contain_a_negation_are_not_negated(prompt: str, words: str) -> None:
    assert [motion.value for motion in parse_prompt(prompt).motions] == [words]


@pytest.mark.parametrize(
    ("prompt", "place", "hour"),
    [
        ("a cat on the window sill at night", "windowsill", "night"),
        ("a boy on the beach at sunset", "sea", "sunset"),
        ("a fox in the woods", "forest", None),
        ("夜晚的森林里一只猫", "forest", "night"),
        ("海边的狗", "sea", None),
        ("a car in the city", "street", None),
        ("a cat", None, None),
    ],
)
def test_place_and_hour_are_read(prompt: str, place: str | None, hour: str | None) -> None:
    beats = parse_prompt(prompt)
    assert (beats.place, beats.hour) == (place, hour)


def test_the_colour_belongs_to_the_subject_not_to_the_place() -> None:
    assert parse_prompt("a cat in a red room").colour is None
    assert parse_prompt("a blue car in a red room").colour == parse_prompt("蓝色的车").colour
    assert parse_prompt("the cat is black").colour is not None


def test_who_stands_after_a_preposition_does_not_act() -> None:
    beats = parse_prompt("under a star, a kitten leaps")
    assert beats.subject == "cat"
    assert "left out: star" in beats.notes[0]


def test_a_pronoun_is_not_a_second_subject() -> None:
    beats = parse_prompt("a cat sits, then she jumps")
    assert (beats.subject, beats.notes) == ("cat", ())


def test_unknown_words_get_the_generic_subject_and_motion_and_are_told() -> None:
    beats = parse_prompt("a dragon breathes fire")
    assert beats.subject == "spark"
    assert [motion.value for motion in beats.motions] == ["wobble"]
    assert beats.unknown == ("dragon", "breathes", "fire")
    assert all("dragon, breathes, fire" in note for note in beats.notes)
    assert len(beats.notes) == 2


@pytest.mark.parametrize(
    "prompt",
    ["", " ", "😀" * 3000, "a" * 10_000, "不" * 5000, "-'-'-'", "\u200d\ufe0f", "1 2 3", "..."],
    ids=["empty", "blank", "emoji", "long", "negations", "hyphens", "joiners", "digits", "stops"],
)
def test_nothing_readable_still_gives_one_beat(prompt: str) -> None:
    beats = parse_prompt(prompt)
    assert beats.subject == "spark"
    assert len(beats.beats) == 1
    assert all(len(note) < 400 for note in beats.notes)


def test_beats_beyond_the_limit_are_left_out_and_told() -> None:
    beats = parse_prompt("a cat " + "jumps and spins and " * 500)
    assert len(beats.beats) == MAX_BEATS
    assert any("1000 beats" in note for note in beats.notes)
