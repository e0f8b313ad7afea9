"""How often the analysis is right: on generated films, on real clips, on the storyboard's films, and beside others."""

import json
import random
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import _pure  # noqa: F401
from cuelight.analysis import Event, analyze_film
from cuelight.t2v import FilmRequest
from cuelight.t2v.beats import parse_prompt
from cuelight.t2v.drawing.choreography import choreograph
from cuelight.t2v.drawing.subjects import CAST
from cuelight.t2v.lexicon import Motion
from cuelight.t2v.storyboard import draw_film

from script._films import FILMS, generated_film
from script._labels import labelled_clips
from script._score import INSTANTS, Score, Span

ROOT = Path(__file__).resolve().parents[1]
SEEDS = range(20000, 20200)
"""Films scored on; script/weigh fits on others."""
COMPARED = 40
"""Of those, how many the slower front ends see too."""
FRONTS = {
    "cuelight": "Cuelight",
    "dis": "OpenCV DIS, 320 across",
    "farneback": "OpenCV Farneback, 320 across",
    "adaptive": "PySceneDetect Adaptive (cuts only)",
    "content": "PySceneDetect Content (cuts only)",
}
STORIES = (
    *("a cat waits, then jumps and turns around", "a dog falls", "a bird flies away", "a dog comes closer"),
    *("a ghost appears, then vanishes", "a star, a flash", "a robot shakes", "a rabbit jumps, then jumps"),
    *("a person walks to the left, then jumps", "a cat appears, comes closer, then disappears"),
)
STORY_SEEDS = (21, 22, 23)
STAGED = {
    Motion.JUMP: "jump",
    Motion.TURN: "turn",
    Motion.APPROACH: "approach",
    Motion.RETREAT: "retreat",
    Motion.FALL: "fall",
    Motion.SHAKE: "shake",
    Motion.APPEAR: "appear",
    Motion.DISAPPEAR: "disappear",
    Motion.FLASH: "flash",
    Motion.WALK_LEFT: "move_left",
    Motion.WALK_RIGHT: "move_right",
}
BINS = ((0.5, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 1.01))
INSTANT_SLACK_S = 0.2

type Table = Callable[[str, Sequence[str], Sequence[Sequence[object]]], str]


@dataclass(frozen=True, slots=True)
class Known:
    """A film, what happens in it, which kinds are not judged, and what may be found or not."""

    film: Path
    truth: list[Span]
    unjudged: set[str] = field(default_factory=set)
    either: list[Span] = field(default_factory=list)
    prompt: str | None = None


def measure(table: Table) -> None:
    """Print all there is to say; films are made on the first call and kept."""
    films = [Known(*generated_film(seed)) for seed in SEEDS]
    plain, verdicts = _scored(films, prompted=False)
    prompted, _ = _scored([_with_prompt(film) for film in films], prompted=True)
    print(_kinds(table, f"{len(films)} generated films, without and with a prompt", plain, prompted))
    print(_reliability(table, verdicts))
    clips = [
        (clip.use, Known(clip.film, clip.events, set(clip.unjudged), clip.either))
        for clip in labelled_clips()
        if clip.there()
    ]
    if not clips:
        print("Real clips: none is there; script/clips fetches them.\n")
    for use in ("watched", "held out"):
        if some := [known for known_use, known in clips if known_use == use]:
            score, _ = _scored(some, prompted=False)
            print(_kinds(table, f"{len(some)} real clips, {use}", score))
    stories = [_story(prompt, seed) for prompt in STORIES for seed in STORY_SEEDS]
    score, _ = _scored(stories, prompted=True)
    print(_kinds(table, f"{len(stories)} storyboard films, with their prompts", score))
    print(_beside(table, films[:COMPARED], [known for _, known in clips]))


def _scored(films: list[Known], *, prompted: bool) -> tuple[Score, list[tuple[float, bool]]]:
    """The score, and each judged event's confidence and whether it was right."""
    score, verdicts = Score(), []
    for known in films:
        events = analyze_film(known.film, prompt=known.prompt if prompted else None).events
        judged = score.add(_timed(known, events), _spans(events), known.unjudged, known.either)
        verdicts += [
            (event.confidence, right) for event, right in zip(events, judged, strict=True) if right is not None
        ]
    return score, verdicts


def _spans(events: Iterable[Event]) -> list[Span]:
    return [(event.kind.value, event.start_s, event.end_s) for event in events]


def _timed(known: Known, events: Iterable[Event]) -> list[Span]:
    """A story's instants take a while on stage: there, anything of the kind within it is at the right time."""
    out: list[Span] = []
    for kind, start, end in known.truth:
        within = (
            event
            for event in events
            if event.kind == kind and start - INSTANT_SLACK_S <= event.start_s <= end + INSTANT_SLACK_S
        )
        hit = next(within, None) if known.prompt and kind in INSTANTS else None
        out.append((kind, hit.start_s, hit.end_s) if hit else (kind, start, end))
    return out


def _with_prompt(known: Known) -> Known:
    """The film with a prompt that names its events in their order."""
    names = [kind.replace("_", " ") for kind, *_ in sorted(known.truth, key=lambda span: span[1])]
    prompt = "a creature: " + ", then ".join(PROMPT.get(name, name) for name in names)
    return Known(known.film, known.truth, known.unjudged, known.either, prompt)


PROMPT = {
    **{"jump": "it jumps", "fall": "it falls", "turn": "it turns around", "approach": "it comes closer"},
    **{"retreat": "it goes away", "shake": "it shakes", "appear": "it appears", "disappear": "it disappears"},
    **{"move left": "it walks to the left", "move right": "it walks to the right", "still": "it waits"},
    **{"pan left": "pan left", "pan right": "pan right", "pan up": "pan up", "pan down": "pan down"},
    **{"zoom in": "zoom in", "zoom out": "zoom out", "camera shake": "camera shakes", "cut": "cut to another place"},
    **{"flash": "a flash", "brighten": "it gets brighter", "darken": "it gets darker"},
}


def _story(prompt: str, seed: int) -> Known:
    """A storyboard film and the choreography it was drawn from; walking about and rests are not judged."""
    request = FilmRequest(prompt, seed=seed)
    film = FILMS / f"story-{STORIES.index(prompt)}-{seed}.mp4"
    if not film.exists():
        FILMS.mkdir(parents=True, exist_ok=True)
        draw_film(request, film)
    beats = parse_prompt(prompt)
    length = (request.frames - 1) / request.fps
    rng = random.Random(f"{seed}/{beats.subject}")
    staged = choreograph(beats.motions, CAST[beats.subject], length, request.fps, rng)
    truth = [(STAGED[span.motion], span.start, span.end) for span in staged.spans if span.motion in STAGED]
    walks = {"move_left", "move_right"} - {kind for kind, *_ in truth}
    return Known(film, truth, {"still", *walks}, prompt=prompt)


def _kinds(table: Table, title: str, *scores: Score) -> str:
    """Precision, recall and F1 of each kind, one set of columns a score."""
    rows: list[tuple[object, ...]] = []
    for kind in sorted({kind for score in scores for kind in score.kinds()}):
        counts = scores[0].right[kind] + scores[0].missed[kind]
        rows.append((kind, counts, *(_rates(score.of(kind)) for score in scores)))
    happened = scores[0].right.total() + scores[0].missed.total()
    rows.append(("all (micro)", happened, *(_rates(score.micro()) for score in scores)))
    rows.append(("mean of kinds (macro F1)", "", *(f"{score.macro():.3f}" for score in scores)))
    names = ("precision / recall / F1", "with prompt")[: len(scores)]
    return table(title, ("kind", "happened", *names), rows)


def _rates(rates: tuple[float, float, float]) -> str:
    return " / ".join(f"{rate:.2f}" for rate in rates)


def _reliability(table: Table, verdicts: list[tuple[float, bool]]) -> str:
    rows = []
    for low, high in BINS:
        some = [right for confidence, right in verdicts if low <= confidence < high]
        if some:
            rows.append((f"{low:.2f} to {min(high, 1):.2f}", len(some), f"{sum(some) / len(some):.2f}"))
    return table("Confidence and truth on the generated films", ("confidence", "events", "right"), rows)


def _beside(table: Table, films: list[Known], clips: list[Known]) -> str:
    """The same rules behind other front ends, and detectors of cuts: score, cost and memory beside bare decoding."""
    subprocess.run([ROOT / "script" / "setup", "others"], check=True)
    everything = [*films, *clips]
    _, bare, memory = _run("bare", everything)
    rows = []
    for front, name in FRONTS.items():
        found, seconds, peak = _run(front, everything)
        only_cuts = front in ("adaptive", "content")
        scores = [Score(), Score()]
        for index, (known, events) in enumerate(zip(everything, found, strict=True)):
            truth = [span for span in known.truth if span[0] == "cut" or not only_cuts]
            scores[index >= len(films)].add(truth, events, known.unjudged, known.either)
        rates = [f"{score.micro()[2]:.3f}" for score in scores]
        cuts = [f"{score.of('cut')[2]:.2f}" for score in scores]
        cost = (f"{seconds / bare:.2f}", f"{peak - memory:+.0f} MB")
        rows.append(
            (name, rates[0], f"{scores[0].macro():.3f}", cuts[0], *(rates[1:] + cuts[1:] if clips else "--"), *cost)
        )
    names = ("micro F1", "macro F1", "cuts", "clips: F1", "clips: cuts", "cost x bare", "peak memory over bare")
    title = f"The same rules behind other front ends: {len(films)} generated films, {len(clips)} real clips"
    return table(title, ("front end", *names), rows)


def _run(front: str, films: list[Known]) -> tuple[list[list[Span]], float, float]:
    """What a front end finds in each film, its processor seconds, and its peak memory in MB."""
    command = [ROOT / ".venv-others/bin/python", ROOT / "script/_fronts.py", front, *(known.film for known in films)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    *answers, last = map(json.loads, done.stdout.splitlines())
    found = [[(kind, start, end) for kind, start, end in answer["events"]] for answer in answers]
    return found, sum(answer["seconds"] for answer in answers), last["memory"]
