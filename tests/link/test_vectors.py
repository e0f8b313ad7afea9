"""The project's own vectors."""

import json

from custom_components.cuelight.link import commands

from . import make_vectors


def test_the_committed_file_is_what_the_independent_route_makes() -> None:
    assert make_vectors.FILE.read_text() == make_vectors.make()


def test_the_vectors_have_every_operation_and_frames_that_fit_a_write() -> None:
    sessions = json.loads(make_vectors.FILE.read_text())["sessions"]
    frames = [frame for session in sessions for frame in session["frames"]]
    operations = {(frame.get("command") or frame.get("event"))[0] for frame in frames}
    assert operations == set(commands._COMMAND_TYPES) | set(commands._EVENT_TYPES)
    assert max(len(frame["frame"]) // 2 for frame in frames) <= 244
