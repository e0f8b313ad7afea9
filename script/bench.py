"""Measures what the project promises about size, cost and time, beside a baseline taken in the same run."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import _pure  # noqa: E402, F401
from cuelight.link import (  # noqa: E402
    Commit,
    Credentials,
    Identify,
    Light,
    LightPattern,
    Motion,
    Play,
    Puppet,
    Query,
    Renew,
    Run,
    Servo,
    Stop,
)
from cuelight.link.session import HostSession  # noqa: E402

from script import _bench_link  # noqa: E402
from script._accuracy import measure as measure_accuracy  # noqa: E402
from script._cost import measure as measure_cost  # noqa: E402
from script.demo import table  # noqa: E402

LEASE = 60  # units of 250 ms


def wire() -> None:
    """Size of each command on the wire beside the same command as JSON with a hexadecimal HMAC-SHA256."""
    commands = [
        *(Play(1, 5000), Light(LightPattern.BREATHE, (255, 160, 40), 200, 2000), Servo(0, 900, 250)),
        *(
            Puppet(0x100, Motion.JUMP, 80, 800, 4000),
            Run(0, 1500),
            Renew(),
            Stop(),
            Query(),
            Identify(3000),
            Commit(700),
        ),
    ]
    session = HostSession(Credentials(bytes(8), bytes(4), bytes(32), 0, 0), 0.0)
    session.greet(bytes.fromhex("4001") + bytes(12), 0.0)
    rows = []
    for command in commands:
        sent = session.command(command, LEASE if command.leased else None, 114.0)
        fields = {name: getattr(command, name) for name in command.__dataclass_fields__}
        body = {"op": type(command).__name__.lower(), **fields, "counter": sent.counter, "mac": "0" * 64}
        if command.leased:
            body |= {"tick": 456, "lease": LEASE}
        text = json.dumps(body, separators=(",", ":"))
        rows.append((body["op"], len(sent.frame), len(text), f"{len(sent.frame) / len(text):.2f}"))
    print(table("Commands on the wire, bytes", ("command", "CLP/1", "JSON + HMAC", "ratio"), rows))


def analysis() -> None:
    """What the analysis of a film costs, and how often it is right: both of the next two."""
    cost()
    accuracy()


def cost() -> None:
    """What the analysis of a film costs."""
    measure_cost(table)


def accuracy() -> None:
    """How often the analysis is right, beside OpenCV and PySceneDetect; makes 200 films the first time."""
    measure_accuracy(table)


BENCHES: dict[str, Callable[[], object]] = {
    "wire": wire,
    "analysis": analysis,
    "cost": cost,
    "accuracy": accuracy,
    "link": _bench_link.link,
    **_bench_link.PARTS,
}


def main() -> None:
    """Run the benches named; without a name, list them."""
    listed = "\n".join(f"  {name:10} {work.__doc__}" for name, work in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description=f"{__doc__}\n\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bench", nargs="*", choices=[*BENCHES, []], metavar="BENCH", help="one or more of the above")
    names = parser.parse_args().bench
    if not names:
        parser.print_help()
    for name in names:
        work = BENCHES[name]()
        if asyncio.iscoroutine(work):
            asyncio.run(work)


if __name__ == "__main__":
    main()
