"""Makes the pure packages importable as ``cuelight.link``, ``cuelight.t2v``, ``cuelight.analysis``, ``cuelight.cues``.

The integration's own package imports Home Assistant; these command-line tools do not need it, so the package is stood
in for by an empty one with the same search path.
"""

import sys
from pathlib import Path
from types import ModuleType

_package = ModuleType("cuelight")
_package.__path__ = [str(Path(__file__).resolve().parents[1] / "custom_components" / "cuelight")]
sys.modules.setdefault("cuelight", _package)
