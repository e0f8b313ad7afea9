"""The motion engine in the house draws what the firmware's specification says, to the last pixel."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from custom_components.cuelight.cues.motion_engine import draw, phase
from custom_components.cuelight.link.const import Motion

REFERENCE = Path(__file__).resolve().parents[2] / "firmware/tests/core/motion_reference.py"
PHASES = (0, 4095, 8192, 30000, 49151, 57344, 65535)


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """What the firmware itself is compared with."""
    spec = importlib.util.spec_from_file_location("motion_reference", REFERENCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("motion", Motion, ids=lambda motion: motion.name.lower())
def test_every_frame_is_the_firmwares(reference: ModuleType, motion: Motion) -> None:
    sprite = np.random.default_rng(4).random((32, 32)) < 0.5
    for amplitude in (0, 77, 255):
        frames = draw(sprite, motion, amplitude, PHASES)
        for at, frame in zip(PHASES, frames, strict=True):
            true = reference.draw(sprite.tolist(), motion.name.lower(), amplitude, at)
            assert frame.tolist() == true, (amplitude, at)


def test_the_phase_is_the_firmwares(reference: ModuleType) -> None:
    times = [(1000, 0, 0), (1000, 0, 999), (1000, 0, 5000), (0, 2500, 2500), (1600, 800, 799), (7, 3, 1)]
    assert [phase(*time) for time in times] == [reference.phase(*time) for time in times]
