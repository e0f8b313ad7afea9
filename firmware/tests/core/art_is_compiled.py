# SPDX-License-Identifier: Apache-2.0
"""Checks that core/art.c is what art/compile.py makes of the drawings: `art_is_compiled.py CORE`."""

import subprocess
import sys
import tempfile
from pathlib import Path

core = Path(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    made = Path(folder) / "art.c"
    subprocess.run([sys.executable, core / "art" / "compile.py", made], check=True)
    if made.read_bytes() != (core / "art.c").read_bytes():
        sys.exit("core/art.c is out of date: run core/art/compile.py core/art.c.")
