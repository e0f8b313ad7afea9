"""From what was seen in a film to what each performer does."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from ..analysis.models import Analysis
from ..link.const import LightPattern
from .cue_map import (
    AnimationStep,
    CallStep,
    CueMap,
    CueRule,
    FilmStep,
    LightStep,
    Pose,
    PuppetStep,
    ServoStep,
    Shape,
    Step,
)
from .models import (
    FILM,
    REST_DEGREES,
    SUBJECT,
    Action,
    CallAction,
    Cue,
    CueSheet,
    Display,
    Importance,
    MoveServo,
    Performer,
    PerformerKind,
    PlayAnimation,
    PlayFilm,
    PlayPuppet,
    SetLight,
    ShowLight,
    importance_of,
)
from .puppet import Puppet, make_puppet
from .tracks import FilmLook, Layer, sweep

SIDE_DEGREES: Final = 40.0
"""How far from upright a servo faces after a turn; leaning 45 degrees from there stays within its range."""

LEAST_CHANGE: Final = 8
"""Percent of brightness that one sees; less is not worth a cue."""

BUTTON_INTERVAL_S: Final = 0.25
LIGHT_INTERVAL_S: Final = 1.0
"""How often a light follows the film: a mesh of lamps takes about one command a second each."""

SERVO_SETTLE_S: Final = 0.05
"""A servo step overtaken this soon by the next is not worth a cue."""

_SWINGS: Final = 12
_SWING_S: Final = 0.1
_DEFAULT_HZ: Final = 4.0


@dataclass(frozen=True, slots=True)
class _Happening:
    """An event of the film, or the film itself, as the rules see it."""

    kind: str
    start_s: float
    end_s: float
    confidence: float
    hz: float = _DEFAULT_HZ


@dataclass(frozen=True, slots=True)
class _Planned:
    """A step at its time, for the happening that asked for it."""

    start_s: float
    end_s: float
    order: int
    rule: CueRule
    step: Step
    happening: _Happening

    @property
    def importance(self) -> Importance:
        return importance_of(self.happening.kind)


def make_cue_sheet(analysis: Analysis, cue_map: CueMap, performers: Sequence[Performer]) -> CueSheet:
    """Return the cues of every performer; the same input gives the same sheet.

    A performer for which no rule has anything has no cues in it.
    """
    duration_s = round(analysis.film.duration_s, 3)
    planned = list(_plan(_happenings(analysis), cue_map, duration_s))
    buttons = [performer for performer in performers if performer.kind is PerformerKind.BUTTON]
    planned, display, poses = _staged(planned, analysis, buttons, duration_s)
    look = FilmLook(analysis)
    cues: list[Cue] = []
    for performer in performers:
        own = [plan for plan in planned if plan.rule.chooses(performer.name, performer.kind)]
        cues += _COMPOSERS[performer.kind](performer, own, look, duration_s)
    cues += _calls_elsewhere(planned)
    assets = {FILM: analysis.animation.data} | ({} if analysis.sprite is None else {SUBJECT: analysis.sprite}) | poses
    return CueSheet(duration_s, tuple(sorted(cues, key=lambda cue: cue.at_s)), assets, display)


def _staged(
    planned: list[_Planned], analysis: Analysis, buttons: Sequence[Performer], duration_s: float
) -> tuple[list[_Planned], Display | None, dict[str, bytes]]:
    """The plan with a puppet's acts where one shows the film, how the film is shown, and the poses by name."""
    showing = [plan for plan in planned if _shows_film(plan.step)]
    if not any(plan.rule.chooses(button.name, button.kind) for plan in showing for button in buttons):
        return planned, None, {}
    puppet = make_puppet(analysis)
    clip_bytes = len(analysis.animation.data)
    if puppet is None:
        return planned, Display(puppet=False, clip_bytes=clip_bytes), {}
    fits = puppet.stands_for(analysis)
    staged: list[_Planned] = []
    for plan in planned:
        shape = plan.step.shape if isinstance(plan.step, AnimationStep) else Shape.CLIP
        acted = _shows_film(plan.step) and (shape is Shape.PUPPET or (shape is Shape.AUTO and fits))
        staged += _acts(plan, puppet, duration_s) if acted else [plan]
    used = staged != planned
    display = Display(used, clip_bytes, round(puppet.likeness, 3), puppet.size)
    poses = {_pose_name(index): pose for index, pose in enumerate(puppet.poses)} if used else {}
    return staged, display, poses


def _shows_film(step: Step) -> bool:
    return isinstance(step, AnimationStep) and step.animation == FILM


def _acts(plan: _Planned, puppet: Puppet, duration_s: float) -> Iterator[_Planned]:
    """The acts that take the place of a step that shows the film, as long as the step lasts."""
    assert isinstance(plan.step, AnimationStep)
    end_s = plan.end_s if plan.step.for_s is None else plan.start_s + plan.step.for_s
    end_s = min(end_s, duration_s)
    for act in puppet.acts:
        start_s = round(plan.start_s + act.start_s, 3)
        if start_s < end_s:
            step = PuppetStep(
                motion=act.motion,
                sprite=_pose_name(act.pose),
                amplitude=act.amplitude / 255,
                period_s=act.period_s,
                for_s=min(act.duration_s, end_s - start_s),
            )
            yield replace(plan, start_s=start_s, step=step)


def _pose_name(index: int) -> str:
    return f"pose {index + 1}"


def _happenings(analysis: Analysis) -> list[_Happening]:
    events = [
        _Happening(event.kind, event.start_s, event.end_s, event.confidence, event.parameters.get("hz", _DEFAULT_HZ))
        for event in sorted(analysis.events, key=lambda event: event.start_s)
    ]
    return [_Happening(FILM, 0.0, analysis.film.duration_s, 1.0), *events]


def _plan(happenings: Iterable[_Happening], cue_map: CueMap, duration_s: float) -> Iterator[_Planned]:
    order = 0
    for happening in happenings:
        for rule in cue_map.rules:
            if happening.kind not in rule.events or happening.confidence < rule.min_confidence:
                continue
            for step in rule.steps:
                share = step.timing.at * (happening.end_s - happening.start_s)
                start_s = max(0.0, round(happening.start_s + share + step.timing.delay_s, 3))
                if start_s < duration_s:
                    order += 1
                    yield _Planned(start_s, min(happening.end_s, duration_s), order, rule, step, happening)


def _layer[S: LightStep | AnimationStep | PuppetStep](plan: _Planned, step: S, duration_s: float) -> Layer[S]:
    end_s = plan.end_s if step.for_s is None else plan.start_s + step.for_s
    return Layer(plan.start_s, min(round(end_s, 3), duration_s), plan.importance, plan.order, step)


def _button(performer: Performer, planned: list[_Planned], look: FilmLook, duration_s: float) -> Iterator[Cue]:
    yield from _display_cues(performer, planned, duration_s)
    yield from _light_cues(performer, planned, look, duration_s)
    yield from _servo_cues(performer, planned)


def _light(performer: Performer, planned: list[_Planned], look: FilmLook, duration_s: float) -> Iterator[Cue]:
    yield from _light_cues(performer, planned, look, duration_s)
    yield from _calls(performer, planned)


def _media_player(performer: Performer, planned: list[_Planned], look: FilmLook, duration_s: float) -> Iterator[Cue]:
    for plan in planned:
        if isinstance(plan.step, FilmStep):
            yield Cue(plan.start_s, performer.name, PlayFilm())
    yield from _calls(performer, planned)


def _entity(performer: Performer, planned: list[_Planned], look: FilmLook, duration_s: float) -> Iterator[Cue]:
    yield from _calls(performer, planned)


_COMPOSERS: Final[dict[PerformerKind, Callable[[Performer, list[_Planned], FilmLook, float], Iterator[Cue]]]] = {
    PerformerKind.BUTTON: _button,
    PerformerKind.LIGHT: _light,
    PerformerKind.MEDIA_PLAYER: _media_player,
    PerformerKind.ENTITY: _entity,
}


def _calls(performer: Performer, planned: Iterable[_Planned]) -> Iterator[Cue]:
    for plan in planned:
        if isinstance(plan.step, CallStep) and plan.step.entity_id is None:
            action = CallAction(plan.step.action, dict(plan.step.data))
            yield Cue(plan.start_s, performer.name, action, plan.importance)


def _calls_elsewhere(planned: Iterable[_Planned]) -> Iterator[Cue]:
    """Yield the calls that name their own entity; they happen once, whoever else performs."""
    for plan in planned:
        if isinstance(plan.step, CallStep) and plan.step.entity_id is not None:
            action = CallAction(plan.step.action, dict(plan.step.data))
            yield Cue(plan.start_s, plan.step.entity_id, action, plan.importance)


def _display_cues(performer: Performer, planned: Iterable[_Planned], duration_s: float) -> Iterator[Cue]:
    layers = [
        _layer(plan, plan.step, duration_s) for plan in planned if isinstance(plan.step, AnimationStep | PuppetStep)
    ]
    times = sorted({layer.start_s for layer in layers} | {layer.end_s for layer in layers})
    last: Layer[AnimationStep | PuppetStep] | None = None
    for time_s, layer in sweep(layers, times):
        if layer is not None and layer is not last:
            yield Cue(time_s, performer.name, _picture(layer.step, round(layer.end_s - time_s, 3)))
        last = layer


def _picture(step: AnimationStep | PuppetStep, duration_s: float) -> Action:
    if isinstance(step, AnimationStep):
        return PlayAnimation(step.animation, duration_s)
    return PlayPuppet(step.sprite, step.motion, step.amplitude, step.period_s, duration_s)


def _light_cues(performer: Performer, planned: Iterable[_Planned], look: FilmLook, duration_s: float) -> Iterator[Cue]:
    """Yield a cue where another step takes the light over, and where the film's look changes visibly within one."""
    button = performer.kind is PerformerKind.BUTTON
    interval_s = BUTTON_INTERVAL_S if button else LIGHT_INTERVAL_S
    layers = [_layer(plan, plan.step, duration_s) for plan in planned if isinstance(plan.step, LightStep)]
    last: Layer[LightStep] | None = None
    shown: ShowLight | None = None
    since_s = 0.0
    for time_s, layer in sweep(layers, _light_times(layers, look, interval_s, duration_s)):
        if layer is None:
            continue
        step = layer.step
        pattern = step.pattern if button else LightPattern.SOLID
        wanted = ShowLight(pattern, look.colour(step.colour, time_s), look.level(layer, time_s), step.period_s)
        taken_over = layer is not last
        steady = pattern is LightPattern.SOLID
        soon = time_s - since_s < interval_s - 0.001
        # A pattern that moves would start anew, so it keeps the look it began with.
        if not taken_over and (not steady or soon or not _differs(wanted, shown)):
            continue
        # What brings the light back from an effect matters as much as the effect itself.
        importance = max(layer.importance, last.importance) if taken_over and last else layer.importance
        last = layer
        if taken_over and steady and not _differs(wanted, shown):
            continue
        transition_s = 0.0 if taken_over else interval_s
        action = wanted if button else SetLight(wanted.rgb, wanted.brightness, transition_s)
        yield Cue(time_s, performer.name, action, importance)
        shown, since_s = wanted, time_s


def _light_times(
    layers: Iterable[Layer[LightStep]], look: FilmLook, interval_s: float, duration_s: float
) -> list[float]:
    grid = {round(index * interval_s, 3) for index in range(ceil(duration_s / interval_s))}
    edges = {layer.start_s for layer in layers} | {layer.end_s for layer in layers}
    shots = {round(time_s, 3) for time_s in look.changes}
    return sorted(time_s for time_s in grid | edges | shots if time_s < duration_s)


def _differs(wanted: ShowLight, shown: ShowLight | None) -> bool:
    if shown is None or (wanted.pattern, wanted.rgb) != (shown.pattern, shown.rgb):
        return True
    return abs(wanted.brightness - shown.brightness) >= LEAST_CHANGE


@dataclass(frozen=True, slots=True)
class _Move:
    """A servo on its way."""

    start_s: float
    channel: int
    pose: Pose
    degrees: float
    ramp_s: float
    importance: Importance


def _servo_cues(performer: Performer, planned: Iterable[_Planned]) -> Iterator[Cue]:
    """Yield the servo's moves, leaning from the side it faces; a turn changes that side."""
    forward, faces = 1, REST_DEGREES
    target: dict[int, float] = {}
    for move, overtaken in _with_overtaken(_moves([plan for plan in planned if isinstance(plan.step, ServoStep)])):
        if move.pose is Pose.TURN:
            forward = -forward
            faces = REST_DEGREES + SIDE_DEGREES * forward
        degrees = move.degrees if move.pose is Pose.TO else faces + forward * move.degrees
        degrees = min(max(degrees, 0.0), 180.0)
        if overtaken or target.get(move.channel) == degrees:
            continue
        target[move.channel] = degrees
        yield Cue(move.start_s, performer.name, MoveServo(move.channel, degrees, move.ramp_s), move.importance)


def _moves(planned: Sequence[_Planned]) -> list[_Move]:
    """Return the moves in order, without those that begin while a more important event moves the servo."""
    moves: list[_Move] = []
    for plan in planned:
        if not any(_claims(other, plan) for other in planned):
            moves += _expand(plan)
    return sorted(moves, key=lambda move: move.start_s)


def _claims(other: _Planned, plan: _Planned) -> bool:
    return (
        other.importance > plan.importance
        and other.step.channel == plan.step.channel  # type: ignore[union-attr]
        and other.happening.start_s <= plan.start_s < other.happening.end_s
    )


def _expand(plan: _Planned) -> list[_Move]:
    step = plan.step
    assert isinstance(step, ServoStep)
    rest_s = max(plan.end_s - plan.start_s, 0.0)
    if step.pose is Pose.WIGGLE:
        return _swings(plan, step, rest_s)
    ramp_s = round(rest_s if step.ramp_s is None else step.ramp_s, 3)
    return [_Move(plan.start_s, step.channel, step.pose, step.degrees, ramp_s, plan.importance)]


def _swings(plan: _Planned, step: ServoStep, rest_s: float) -> list[_Move]:
    """Return swings to both sides as fast as the film shakes, as far as a servo can follow, and back to rest."""
    count = min(max(2, round(2 * plan.happening.hz * rest_s)), _SWINGS)
    swing_s = max(rest_s / count, _SWING_S)
    sides = [step.degrees * (1 if index % 2 == 0 else -1) for index in range(count)] + [0.0]
    return [
        _Move(round(plan.start_s + index * swing_s, 3), step.channel, Pose.BY, side, round(swing_s, 3), plan.importance)
        for index, side in enumerate(sides)
    ]


def _with_overtaken(moves: Sequence[_Move]) -> Iterator[tuple[_Move, bool]]:
    """Yield each move and whether the next of its channel follows at once."""
    for index, move in enumerate(moves):
        following = next((later for later in moves[index + 1 :] if later.channel == move.channel), None)
        yield move, following is not None and following.start_s - move.start_s < SERVO_SETTLE_S
