"""How long commands are on the wire, and the same commands as JSON with a hexadecimal HMAC."""

import json
from dataclasses import asdict

from custom_components.cuelight.link import commands as c
from custom_components.cuelight.link import frames

LEASE = 60
COUNTER = 123
TICK = 456

EXAMPLES: list[tuple[str, c.Command]] = [
    ("play", c.Play(0x0201, 5000)),
    ("light", c.Light(2, (255, 128, 0), 200, 1500)),
    ("servo", c.Servo(1, 900, 300)),
    ("puppet", c.Puppet(0x0100, 1, 200, 500, 2000)),
    ("cues, 1 puppet", c.Cues(0, 0, (c.TimedCue(500, c.Puppet(0x0100, 1, 200, 500, 2000)),))),
    ("cues, 12 lights", c.Cues(0, 0, (c.TimedCue(500, c.Light(2, (255, 128, 0), 200, 1500)),) * 12)),
    ("run", c.Run(0, 123_456)),
    ("stop", c.Stop()),
    ("renew", c.Renew()),
    ("query", c.Query()),
    ("identify", c.Identify(3000)),
    ("asset", c.Asset(0x0201, 8000, bytes(32))),
    ("chunk, 220 bytes", c.Chunk(0x0201, 4400, bytes(220))),
    ("commit", c.Commit(0x0201)),
    ("rekey", c.Rekey(0, 1, bytes(32))),
    ("forget", c.Forget(2)),
    ("set", c.Set(2, 200)),
    ("get", c.Get(2)),
]


def on_the_wire(command: c.Command) -> int:
    """Bytes of the CMD frame, with a one-byte counter."""
    leased = command.leased
    payload = c.encode(command, LEASE if leased else None)
    return len(frames.seal_command(bytes(32), COUNTER, TICK if leased else None, payload))


def as_json(command: c.Command) -> int:
    """Bytes of the same as compact JSON: byte strings and the whole HMAC-SHA256 in hexadecimal."""
    fields = {key: value.hex() if isinstance(value, bytes) else value for key, value in asdict(command).items()}
    if isinstance(command, c.Cues):
        cues = [{"dt_ms": cue.dt_ms, "op": _name(cue.command), **asdict(cue.command)} for cue in command.cues]
        fields["cues"] = cues
    message = {"op": _name(command), **fields, "counter": COUNTER}
    if command.leased:
        message |= {"lease": LEASE, "tick": TICK}
    return len(json.dumps(message | {"hmac": "0" * 64}, separators=(",", ":")))


def rows() -> list[tuple[str, int, int]]:
    """Name, bytes on the wire, bytes as JSON, of each example."""
    return [(name, on_the_wire(command), as_json(command)) for name, command in EXAMPLES]


def table() -> str:
    """The rows as the table in ``docs/link.md``."""
    lines = ["| command | on the wire | as JSON | ratio |", "|---|---|---|---|"]
    lines += [f"| {name} | {wire} | {text} | {text / wire:.1f} |" for name, wire, text in rows()]
    return "\n".join(lines)


def _name(command: c.Command) -> str:
    return type(command).__name__.lower()
