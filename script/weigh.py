"""Fits the weights of the analysis' confidence, and tells how often an event of a given confidence is right.

Logistic regression for each kind of event (mirror images share their weights) over the candidates that the rules
propose in generated films and in the real clips that may be watched (script/clips fetches them). Evidence is taken in,
one number after the other, as long as the cross-validated likelihood gains by it. The table at the end is of
confidences given to films that were not fitted on.
"""

import argparse
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import _pure  # noqa: F401
import numpy as np
from _films import generated_film
from _labels import labelled_clips
from _score import Score, Span
from cuelight.analysis.models import EventKind
from cuelight.analysis.pipeline import measure_film
from cuelight.analysis.rules.confidence import LEAST, confidence
from cuelight.analysis.rules.events import candidates

FIRST, COUNT = 10000, 215
"""Seeds fitted on; script/bench scores on others."""
FOLDS = 5
RIDGE = 1.0
"""Penalty on the square of a weight, its evidence in standard deviations."""
LEAST_GAIN = 1.0
"""Log likelihood that a number of evidence must gain on films not fitted on, in all, to be taken in."""
STRENGTH = ("size", "amplitude", "changed", "glow", "clear")
"""Evidence of how much happens: the first that a kind has is always taken in; what hardly happens may be nothing."""
ALIKE = (
    (EventKind.CAMERA_SHAKE,),
    (EventKind.CUT,),
    (EventKind.BRIGHTEN, EventKind.DARKEN),
    (EventKind.FALL,),
    (EventKind.FLASH,),
    (EventKind.APPROACH, EventKind.RETREAT),
    (EventKind.JUMP,),
    (EventKind.MOVE_LEFT, EventKind.MOVE_RIGHT),
    (EventKind.PAN_LEFT, EventKind.PAN_RIGHT, EventKind.PAN_UP, EventKind.PAN_DOWN),
    (EventKind.APPEAR, EventKind.DISAPPEAR),
    (EventKind.SHAKE,),
    (EventKind.STILL,),
    (EventKind.TURN,),
    (EventKind.ZOOM_IN, EventKind.ZOOM_OUT),
)
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.001)

type Rows = np.ndarray


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate of a film and whether it is an event."""

    film: int
    kind: EventKind
    evidence: dict[str, float]
    right: bool


def main() -> None:
    """Fit, and print the weights as the source has them, and the reliability."""
    parser = argparse.ArgumentParser(prog="script/weigh", description=__doc__)
    parser.add_argument("first", nargs="?", type=int, default=FIRST)
    parser.add_argument("count", nargs="?", type=int, default=COUNT)
    arguments = parser.parse_args()
    films = [generated_film(seed) for seed in range(arguments.first, arguments.first + arguments.count)]
    films += [
        (clip.film, clip.events, set(clip.unjudged), clip.either)
        for clip in labelled_clips()
        if clip.use == "watched" and clip.there()
    ]
    judged = [one for number, film in enumerate(films) for one in _judged(number, *film)]
    chances, truths = [], []
    for kinds in ALIKE:
        some = [one for one in judged if one.kind in kinds]
        if not some:
            print(f"    # {kinds[0].name}: nothing to fit on")
            continue
        names, weights, unseen = _fitted(some)
        right = sum(one.right for one in some)
        inner = ", ".join(f'"{name}": {weight:.3g}' for name, weight in zip(("bias", *names), weights, strict=True))
        for kind in kinds:
            print(f"    EventKind.{kind.name}: {{{inner}}},  # {right} right, {len(some) - right} wrong")
        chances.append(unseen)
        truths.append([one.right for one in some])
    _print_reliability(np.concatenate(chances), np.concatenate(truths))


def _judged(
    number: int, path: Path, truth: list[Span], unjudged: set[str], either: Iterable[Span] = ()
) -> list[Judged]:
    signals = measure_film(path)
    proposed = list(candidates(signals, lambda candidate: confidence(candidate) >= LEAST))
    spans: list[Span] = [(one.kind.value, one.first / signals.rate, one.end / signals.rate) for one in proposed]
    verdicts = Score().add(truth, spans, unjudged, either)
    return [
        Judged(number, one.kind, one.evidence, verdict)
        for one, verdict in zip(proposed, verdicts, strict=True)
        if verdict is not None
    ]


def _fitted(some: list[Judged]) -> tuple[list[str], Rows, Rows]:
    """Names of the evidence taken in, bias and weights, and the chance of each candidate as others would put it."""
    free = sorted(set.intersection(*(set(one.evidence) for one in some)))
    names = [name for name in STRENGTH if name in free][:1]
    free = [name for name in free if name not in names]
    right = np.array([one.right for one in some], np.float64)
    folds = np.array([one.film for one in some]) % FOLDS
    unseen, likelihood = _validated(some, names, right, folds)
    while free:
        tried = {name: _validated(some, [*names, name], right, folds) for name in free}
        best = max(tried, key=lambda name: tried[name][1])
        if tried[best][1] < likelihood + LEAST_GAIN:
            break
        unseen, likelihood = tried[best]
        names.append(best)
        free.remove(best)
    return names, _weights(_evidence(some, names), right), unseen


def _validated(some: list[Judged], names: list[str], right: Rows, folds: Rows) -> tuple[Rows, float]:
    """The chance of each candidate by weights fitted without its fold, and the log likelihood of what is so."""
    evidence = _evidence(some, names)
    chances = np.zeros(len(some))
    for fold in range(FOLDS):
        out = folds == fold
        weights = _weights(evidence[~out], right[~out])
        chances[out] = _chance(weights[0] + evidence[out] @ weights[1:])
    return chances, float(np.log(np.where(right > 0, chances, 1 - chances)).sum())


def _evidence(some: list[Judged], names: list[str]) -> Rows:
    return np.array([[one.evidence[name] for name in names] for one in some], np.float64).reshape(len(some), len(names))


def _weights(evidence: Rows, right: Rows) -> Rows:
    """Bias and weights of greatest likelihood with a ridge.

    Two candidates are added, a right one of average evidence and a wrong one in which nothing happens (the first number
    is 0): what was never wrong is not certain for it.
    """
    n, width = evidence.shape
    middle = evidence.mean(axis=0) if n else np.zeros(width)
    spread = np.maximum(evidence.std(axis=0) if n else np.ones(width), 1e-6)
    nothing = middle * (np.arange(width) > 0)
    rows = np.column_stack((np.ones(n + 2), (np.vstack((evidence, middle, nothing)) - middle) / spread))
    wanted = np.concatenate((right, (1, 0)))
    ridge = np.diag([1e-6, *[RIDGE] * width])
    weights = np.zeros(width + 1)
    for _ in range(50):
        chance = _chance(rows @ weights)
        slope = rows.T @ (wanted - chance) - ridge @ weights
        step = np.linalg.solve((rows * (chance * (1 - chance))[:, None]).T @ rows + ridge, slope)
        weights += step * min(1.0, 2.0 / max(1e-9, float(np.abs(step).max())))
    weights[1:] /= spread
    weights[0] -= middle @ weights[1:]
    return weights


def _chance(logit: Rows) -> Rows:
    return 1 / (1 + np.exp(-np.clip(logit, -30, 30)))


def _print_reliability(chances: Rows, truths: Rows) -> None:
    print("\n| confidence | events | mean confidence | right |\n|---|---|---|---|")
    for low, high in itertools.pairwise(BINS):
        within = (chances >= low) & (chances < high)
        if within.any():
            label = f"{low:.2f} to {min(high, 1):.2f}"
            print(f"| {label} | {within.sum()} | {chances[within].mean():.2f} | {truths[within].mean():.2f} |")
    below = chances < BINS[0]
    print(f"\nNot reported: {below.sum()} candidates, of which {truths[below].sum()} would have been right.")


if __name__ == "__main__":
    main()
