# SPDX-License-Identifier: Apache-2.0
"""Compares the state diagram in a document with what the code does: safety_diagram.py DOCUMENT PROGRAM.

PROGRAM prints where every event leads from every state. The diagram draws every change of state and nothing else.
"""

import re
import subprocess
import sys
from pathlib import Path

document, program = Path(sys.argv[1]), sys.argv[2]
printed = [tuple(line.split()) for line in subprocess.check_output([program], text=True).splitlines()]
states, events = {row[0] for row in printed}, {row[1] for row in printed}
assert len(printed) == len(states) * len(events) == len({row[:2] for row in printed}), printed
done = {(before, event, after) for before, event, after in printed if before != after}

diagrams = re.findall(r"^```mermaid\nstateDiagram-v2\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)
assert len(diagrams) == 1, f"{document} has {len(diagrams)} state diagrams, not one"
drawn = set()
for line in diagrams[0].splitlines():
    if arrow := re.fullmatch(r" *(\w+|\[\*\]) --> (\w+)(?:: (.+))?", line):
        before, after, labels = arrow.groups()
        if before == "[*]":
            assert after == "BOOT", line
            continue
        assert labels, f"an arrow without an event: {line}"
        for label in labels.split(", "):
            transition = (before, label.replace(" ", "_"), after)
            assert {before, after} <= states, f"no such state: {line}"
            assert transition[1] in events, f"no such event: {line}"
            assert transition not in drawn, f"drawn twice: {line}"
            drawn.add(transition)
    else:
        assert not line.strip() or line.strip().startswith("direction "), f"not understood: {line}"

for before, event, after in sorted(done ^ drawn):
    what = "The code does, and the diagram lacks" if (before, event, after) in done else "The code lacks"
    print(f"{what}: {before} --> {after}: {event}", file=sys.stderr)
sys.exit(done != drawn)
