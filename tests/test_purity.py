"""The pure packages know nothing of Home Assistant."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_PROGRAM = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("homeassistant", "habluetooth"):
            raise ImportError(f"a pure package imports {name}")

sys.meta_path.insert(0, Refuse())
sys.path.insert(0, "script")
import _pure
package = importlib.import_module("cuelight." + sys.argv[1])
names = [m.name for m in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
assert names, "an empty package proves nothing"
for name in names:
    importlib.import_module(name)
seen = {n.split(".")[1] for n in sys.modules if n.startswith("cuelight.")}
print(" ".join(sorted(seen)))
"""
MAY_IMPORT = {
    "link": {"link"},
    "t2v": {"t2v"},
    "analysis": {"analysis"},
    "cues": {"cues", "link", "analysis"},
}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_pure_package_imports_neither_home_assistant_nor_a_later_package(package: str) -> None:
    command = [sys.executable, "-c", _PROGRAM, package]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-1500:]
    assert set(run.stdout.split()) <= MAY_IMPORT[package]
