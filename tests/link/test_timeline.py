"""Cutting a timeline into commands."""

import pytest

from custom_components.cuelight.link import Cues, FrameTooLong, InvalidArgument, Light, Play, Puppet, Servo, TimedCue
from custom_components.cuelight.link.timeline import duration_of, frame_size, next_batch

LIGHT = TimedCue(500, Light(0, (255, 0, 0), 255, 1000))


@pytest.mark.parametrize("limit", [40, 64, 100, 182, 244])
@pytest.mark.parametrize("number", [1, 15, 16, 17, 63, 64])
def test_batches_fit_the_limit_and_together_are_the_whole(limit: int, number: int) -> None:
    cues = [LIGHT] * number
    batches: list[Cues] = []
    while (first := sum(len(batch.cues) for batch in batches)) < number:
        batches.append(next_batch(1, first, cues, limit))
        assert batches[-1].first == first
        assert frame_size(batches[-1]) <= limit
    assert [cue for batch in batches for cue in batch.cues] == cues


def test_a_cue_that_does_not_fit_alone_is_told() -> None:
    with pytest.raises(FrameTooLong):
        next_batch(0, 0, [LIGHT], 20)


def test_more_cues_than_a_button_holds_are_refused() -> None:
    with pytest.raises(InvalidArgument):
        next_batch(0, 0, [LIGHT] * 65, 244)


def test_a_timeline_lasts_until_everything_in_it_is_over() -> None:
    long_play = TimedCue(100, Play(0x200, 5000))
    assert duration_of([]) == 0.0
    assert duration_of([LIGHT, LIGHT]) == 1.0
    assert duration_of([long_play, LIGHT]) == 5.1
    assert duration_of([LIGHT, TimedCue(100, Puppet(0x100, 1, 1, 1, 700)), LIGHT]) == 1.3
    assert duration_of([LIGHT, TimedCue(0, Servo(0, 900, 250))]) == 0.75
