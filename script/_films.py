"""Generated films whose events are known, kept in build/films for the next time."""

import gc
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from script._score import Span  # noqa: E402
from tests.analysis.films import make_film, plan_film  # noqa: E402

FILMS = ROOT / "build" / "films"


def generated_film(seed: int) -> tuple[Path, list[Span], set[str]]:
    """Return the film of a seed, made if it is not there yet, what happens in it, and the kinds that are not judged."""
    path = FILMS / f"{seed}.mp4"
    plan = plan_film(seed)
    if not path.exists():
        FILMS.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part.mp4")
        make_film(unfinished, seed)
        unfinished.rename(path)
        gc.collect()  # PyAV's encoder and its frames refer to each other
    return path, [(truth.kind, truth.start_s, truth.end_s) for truth in plan.truths], plan.ignored
