"""The process itself: its options, its flash file, its commands, its record."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from tests.rig.board import Board

IDENTITY = ("--dev-id", "00112233445566aa", "--key", "5a" * 32)


def run(program: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the board without a controller to talk to; it stops before it needs one, or is told to."""
    files = ("--hci", str(folder / "nobody"), "--flash", str(folder / "flash"), "--record", str(folder / "record"))
    return subprocess.run([program, *files, *options], capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "holds no identity; give --dev-id and --key."),
        (("--dev-id", "00112233445566aa"), "can only be provisioned with --dev-id and --key together."),
        (("--dev-id", "00112233445566", "--key", "5a" * 32), "--dev-id takes 16 hexadecimal digits, --key takes 64."),
        (("--dev-id", "00112233445566ag", "--key", "5a" * 32), "--dev-id takes 16 hexadecimal digits, --key takes 64."),
        (("--dev-id", "00112233445566aa", "--key", "5a" * 31), "--dev-id takes 16 hexadecimal digits, --key takes 64."),
        (("--key",), "--key needs a value."),
        (("--colour", "red"), "--colour is no option of this program."),
    ],
)
def test_wrong_options_are_told_in_one_sentence(
    program: Path, tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    done = run(program, tmp_path, *options)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith(sentence + "\n")


def test_the_files_have_to_be_named(program: Path) -> None:
    done = subprocess.run([program], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "cuelight-native: --hci SOCKET, --flash FILE and --record FILE are all needed.\n",
    )


def test_a_flash_file_that_is_none_is_refused(program: Path, tmp_path: Path) -> None:
    (tmp_path / "flash").write_bytes(b"<html>")
    done = run(program, tmp_path, *IDENTITY)
    assert done.returncode == 2
    assert done.stderr.endswith("is no flash image of this board.\n")
    assert (tmp_path / "flash").read_bytes() == b"<html>"


def test_a_controller_that_never_answers_is_given_up(program: Path, tmp_path: Path) -> None:
    done = run(program, tmp_path, *IDENTITY)
    assert done.returncode == 1
    assert "nobody" in done.stderr


async def test_a_flash_file_serves_one_process(board: Board, program: Path) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [program, "--hci", "x", "--flash", board.folder / "button.flash", "--record", board.folder / "other"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.endswith("is in use by another process.\n")


async def test_a_flash_file_belongs_to_one_device(board: Board, program: Path) -> None:
    await board.stop()
    flash = board.folder / "button.flash"
    command = [program, "--hci", "x", "--flash", flash, "--record", board.folder / "other", *IDENTITY]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith("belongs to another device; give another --flash or leave --dev-id and --key out.\n")


async def test_the_board_ends_when_its_controller_does(board: Board) -> None:
    assert board.process is not None
    assert board.radio is not None
    await board.radio.close()
    async with asyncio.timeout(10):
        assert await board.process.wait() == 0
    board.process = board.radio = None
    assert board.at_rest()


async def test_a_command_that_is_none_is_told_and_changes_nothing(board: Board) -> None:
    assert board.process is not None
    assert board.process.stdin is not None
    for line in (b"press", b"press 9", b"press 0 now", b"battery -1", b"x" * 500, b""):
        board.process.stdin.write(line + b"\n")
    board.process.stdin.write_eof()
    errors = board.folder / "button.err"
    await board.until(lambda: errors.read_text().count("\n") == 6)
    assert board.process.returncode is None
    errors.write_text("")


async def test_the_record_starts_with_the_boot_and_what_is_at_rest(board: Board) -> None:
    await board.until(lambda: len(board.record()) >= 3)
    first = [{key: value for key, value in entry.items() if key != "t_us"} for entry in board.record()[:3]]
    assert first[0]["what"] == "boot"
    assert first[0]["dev_id"] == board.dev_id.hex()
    assert len(first[0]["inst_id"]) == 8
    assert first[1:] == [
        {"what": "state", "state": "safe", "fault": "none"},
        {"what": "safe", "safe": True, "fault": "none"},
    ]
    assert [json.loads(line)["t_us"] for line in board.record_path.read_text().splitlines()[:3]]
