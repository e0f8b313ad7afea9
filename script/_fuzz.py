"""Runs the firmware's fuzz targets; see ``script/fuzz``."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
CORPUS = FIRMWARE / "fuzz" / "corpus"
GROWN = ROOT / "build" / "fuzz" / "corpus"
FINDINGS = ROOT / "build" / "fuzz" / "findings"
TARGETS = tuple(sorted(path.stem.removeprefix("fuzz_") for path in (FIRMWARE / "fuzz").glob("fuzz_*.c")))
LONGEST = 4096  # bytes of an input
SEED_LONGEST = 1024  # of one that is kept in the tree
BATCH = 20_000  # executions at a time, without libFuzzer
ROUND_S = 60  # so that each target gets a turn early


class FuzzError(Exception):
    """It cannot run here; the message says why."""


@dataclass
class Tally:
    """What a target's runs came to."""

    executions: int = 0
    seconds: float = 0
    edges: str = "-"
    finding: Path | None = None


def build(*, guided: bool) -> Path:
    """Build the targets; return their folder.

    Raises:
        FuzzError: The build failed.
    """
    folder = ROOT / "build" / "firmware" / ("fuzz" if guided else "native-asan")
    options = ["-DBOARD=native", "-DSANITIZE=ON", "-DTESTS=ON"]
    if guided:
        options += ["-DLIBFUZZER=ON", f"-DCMAKE_C_COMPILER={shutil.which('clang')}"]
    configure = ["cmake", "-S", str(FIRMWARE), "-B", str(folder), *options]
    for command in (configure, ["cmake", "--build", str(folder), "-j2", "--target", "fuzz_targets"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise FuzzError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return folder / "fuzz"


def have_libfuzzer() -> bool:
    """Put clang on PATH; False where it cannot be had, for the reason that was printed."""
    got = subprocess.run([ROOT / "script" / "toolchain", "clang"], stdout=subprocess.PIPE, text=True, check=False)
    if got.returncode == 0 and got.stdout.strip() != "on PATH":
        os.environ["PATH"] = f"{got.stdout.strip()}{os.pathsep}{os.environ['PATH']}"
    return got.returncode == 0


def say(line: str) -> None:
    """Show progress: on one line of a terminal, else on a line of its own."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
    else:
        print(line, file=sys.stderr, flush=True)


def guided_run(folder: Path, target: str, seconds: int, tally: Tally) -> None:
    """Run a target under libFuzzer for a while; add to its tally."""
    grown = GROWN / target
    grown.mkdir(parents=True, exist_ok=True)
    command = [
        *(str(folder / f"fuzz_{target}"), str(grown), str(CORPUS / target)),
        *(f"-max_len={LONGEST}", f"-max_total_time={seconds}", "-timeout=20", "-print_funcs=0", "-print_final_stats=1"),
        f"-artifact_prefix={FINDINGS}/{target}-",
    ]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if found := re.search(r"number_of_executed_units: (\d+)", done.stderr):
        tally.executions += int(found.group(1))
    covered, of = re.findall(r" cov: (\d+)", done.stderr), re.search(r"modules +\((\d+) ", done.stderr)
    if covered and of:
        tally.edges = f"{covered[-1]} of {of.group(1)}"
    if done.returncode:
        written = re.search(r"Test unit written to (\S+)", done.stderr)
        if written is None:
            raise FuzzError(f"fuzz_{target} ended with {done.returncode}:\n{done.stderr[-4000:]}")
        tally.finding = Path(written.group(1))


def blind_run(folder: Path, target: str, seconds: int, tally: Tally) -> None:
    """The same with the driver of the C tests, which does not see where an input goes."""
    end = time.monotonic() + seconds
    program = folder / f"fuzz_{target}"
    while time.monotonic() < end and tally.finding is None:
        command = [str(program), "--runs", str(BATCH), "--seed", str(time.time_ns()), str(CORPUS / target)]
        done = subprocess.run(command, cwd=FINDINGS, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            tally.finding = FINDINGS / f"{target}-{time.time_ns()}"
            program.with_suffix(".finding").rename(tally.finding)
        else:
            tally.executions += BATCH


def fuzz(minutes: float, targets: Sequence[str]) -> int:
    """Fuzz; print the figures. The exit status."""
    guided = have_libfuzzer()
    if not guided:
        print("fuzz: going on without libFuzzer: inputs are changed blindly.", file=sys.stderr)
    folder = build(guided=guided)
    FINDINGS.mkdir(parents=True, exist_ok=True)
    tallies = {target: Tally() for target in targets}
    start = time.monotonic()
    end = start + 60 * minutes
    while (left := end - time.monotonic()) > 1 and any(tally.finding is None for tally in tallies.values()):
        for target, tally in tallies.items():
            seconds = round(min(ROUND_S, left / len(targets), end - time.monotonic()))
            if seconds < 1 or tally.finding is not None:
                continue
            began = time.monotonic()
            (guided_run if guided else blind_run)(folder, target, seconds, tally)
            tally.seconds += time.monotonic() - began
            say(
                f"fuzz: {(time.monotonic() - start) / 60:.1f} of {minutes:g} min, "
                f"{sum(each.executions for each in tallies.values()):,} executions; {target}: {tally.edges} edges"
            )
    say("")
    return report(tallies)


def report(tallies: dict[str, Tally]) -> int:
    """Print the table, and how to see each finding again."""
    print(f"{'target':<10} {'executions':>12} {'a second':>9} {'edges':>13} {'findings':>9}")
    for target, tally in tallies.items():
        rate = tally.executions / tally.seconds if tally.seconds else 0
        print(
            f"{target:<10} {tally.executions:>12,} {rate:>9,.0f} {tally.edges:>13} {int(tally.finding is not None):>9}"
        )
    print(f"{'all':<10} {sum(tally.executions for tally in tallies.values()):>12,}")
    for target, tally in tallies.items():
        if tally.finding is not None:
            file = tally.finding.relative_to(ROOT)
            print(f"A finding of {target} is kept in {file}; see it with: script/fuzz --replay {target} {file}")
            print(f"Once mended, keep it as {(CORPUS / target).relative_to(ROOT)}/regression-WHAT, for the C tests.")
    return int(any(tally.finding is not None for tally in tallies.values()))


def replay(target: str, file: str) -> int:
    """Run one input; the exit status of the target."""
    return subprocess.run([build(guided=False) / f"fuzz_{target}", file], check=False).returncode


def minimise() -> int:
    """Keep of all inputs the few that reach every edge."""
    if not have_libfuzzer():
        return 1
    folder = build(guided=True)
    for target in TARGETS:
        with tempfile.TemporaryDirectory() as few:
            sources = [path for path in (CORPUS / target, GROWN / target) if path.exists()]
            command = [
                folder / f"fuzz_{target}",
                "-merge=1",
                "-use_counters=0",
                f"-max_len={SEED_LONGEST}",
                few,
                *sources,
            ]
            subprocess.run(command, capture_output=True, check=True)
            kept = {path.name: path for path in Path(few).iterdir()}
            for path in (CORPUS / target).iterdir():
                if path.name not in kept and not path.name.startswith("regression"):
                    path.unlink()
            for name, path in kept.items():
                shutil.copy(path, CORPUS / target / name)
        files = list((CORPUS / target).iterdir())
        print(f"{target:<10} {len(files):>5} inputs, {sum(path.stat().st_size for path in files):>7,} bytes")
    return 0


def main() -> int:
    """Do what the arguments say; return the exit status."""
    parser = argparse.ArgumentParser(prog="script/fuzz", description="Fuzzes the firmware.")
    parser.add_argument("minutes", nargs="?", type=float, help="for all targets together")
    parser.add_argument("target", nargs="*", help=" ".join(TARGETS))
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "FILE"), help="run one input again")
    parser.add_argument("--minimise", action="store_true", help="make the corpus in the tree from what was found")
    arguments = parser.parse_args()
    if unknown := {*arguments.target, *(arguments.replay or ())[:1]} - {*TARGETS}:
        parser.error(f"there is no target {', '.join(sorted(unknown))}: {' '.join(TARGETS)}")
    try:
        if arguments.replay:
            return replay(*arguments.replay)
        if arguments.minimise:
            return minimise()
        if arguments.minutes is None:
            parser.error("for how many minutes?")
        return fuzz(arguments.minutes, arguments.target or TARGETS)
    except FuzzError as err:
        print(f"fuzz: {err}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
