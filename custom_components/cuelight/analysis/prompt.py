"""What a prompt leads one to expect: its verbs, in their order, as a prior over what the pictures show.

A word list in English and Chinese, not a language model. A prior only tips the scales for what the pictures half show;
it adds no event of its own.
"""

import math
import re
from dataclasses import dataclass
from typing import Self

from .models import EventKind

NAMED = 1.5
"""Logit added to an event the prompt names, when it names it: even odds become four and a half to one."""
SLOT = 0.4
"""Share of the film by which an event may be off the place its verb has in the prompt for 0.37 of that to be left."""
MAX_CHARACTERS = 4000
"""Of a longer prompt the beginning is read, as studios do."""
NEGATIONS = re.compile(
    r"(?:\b(?:not|never|without|no|don't|doesn't|didn't|isn't|stops?)\s+(?:\w+\s+)?|[不没沒别別未无無]有?)$", re.I
)
"""What, right before a verb, takes it back."""

_WALKS = (
    r"walk|run|mov|driv|fly|flies|swim|roll|crawl|slid|trot|gallop|stroll|glid|float"
    r"|march|wander|dash|race|rid|sail|drift"
)
_GOES = rf"(?:{_WALKS}|go|goes|going|went|head|step|com|back|draw|gett?|push)\w*"
_TURNS = (EventKind.TURN, EventKind.MOVE_LEFT, EventKind.MOVE_RIGHT)
_SIDEWAYS = (EventKind.MOVE_LEFT, EventKind.MOVE_RIGHT)
_WORDS: tuple[tuple[str, str, tuple[EventKind, ...]], ...] = (
    (
        r"camera (?:shak|trembl|jolt)\w*|hand-?held|shaky|earthquake",
        "镜头(?:晃动|抖动|摇晃)|地震",
        (EventKind.CAMERA_SHAKE,),
    ),
    (r"pan(?:s|ned|ning)? (?:to the )?left", "镜头[向往朝]左", (EventKind.PAN_LEFT,)),
    (r"pan(?:s|ned|ning)? (?:to the )?right", "镜头[向往朝]右", (EventKind.PAN_RIGHT,)),
    (r"(?:pan|tilt)(?:s|ned|ning|ed|ing)? up", "镜头[向往朝]上", (EventKind.PAN_UP,)),
    (r"(?:pan|tilt)(?:s|ned|ning|ed|ing)? down", "镜头[向往朝]下", (EventKind.PAN_DOWN,)),
    (r"zoom(?:s|ed|ing)? in|dolly in", "镜头[推拉]近|放大|推近|拉近", (EventKind.ZOOM_IN,)),
    (r"zoom(?:s|ed|ing)? out|dolly out", "镜头拉远|拉远|缩小", (EventKind.ZOOM_OUT,)),
    (r"cuts? to|cutting to|scene changes?", "切换|切到|转场", (EventKind.CUT,)),
    (rf"{_GOES} (?:off )?(?:to|towards?) the left|leftwards?", "[向往朝]左", (EventKind.MOVE_LEFT,)),
    (rf"{_GOES} (?:off )?(?:to|towards?) the right|rightwards?", "[向往朝]右", (EventKind.MOVE_RIGHT,)),
    (
        rf"approach\w*|{_GOES} (?:\w+ )?(?:closer|nearer|near|forward|towards? (?:us|me|you|the (?:camera|viewer)))|"
        r"advanc(?:es?|ed|ing)|grows? (?:bigger|larger)",
        "靠近|走近|接近|走来|过来|逼近|迎面|变大",
        (EventKind.APPROACH,),
    ),
    (
        rf"retreat\w*|reced(?:es?|ed|ing)|withdraw\w*|{_GOES} (?:\w+ )?(?:away|off|back|backwards?)"
        r"|shr(?:ink|inks|inking)",
        "远离|后退|离开|离去|走远|退后|退开|变小",
        (EventKind.RETREAT,),
    ),
    (r"disappear\w*|vanish\w*|fad(?:es?|ing) (?:away|out)|dissolves?", "消失|不见|隐去", (EventKind.DISAPPEAR,)),
    (r"appear\w*|emerg(?:es?|ed|ing)|pops? up|popping up|materiali[sz]\w*", "出现|现身|冒出|浮现", (EventKind.APPEAR,)),
    (r"(?:turn|look|spin|swing)\w* (?:around|round|back|about)", "回头|转身|掉头|转过", _TURNS),
    (
        r"lights? (?:go|goes|come|comes|turn|turns) on|brighten\w*|sunrise|dawns?|dawning",
        "变亮|亮起|日出|天亮|点亮",
        (EventKind.BRIGHTEN,),
    ),
    (
        r"lights? (?:go|goes|turn|turns) (?:out|off)|darken\w*|gets? dark|sunset|dusk|night falls",
        "变暗|熄灭|日落|天黑|暗下",
        (EventKind.DARKEN,),
    ),
    (r"flash\w*|lightning|strob\w+|explo(?:des?|ding|sions?)", "闪|爆炸", (EventKind.FLASH,)),
    (
        r"jump(?:s|ed|ing)?|leap(?:s|t|ed|ing)?|hop(?:s|ped|ping)?|bounc(?:es?|ed|ing)|pounc(?:es?|ed|ing)|springs?|springing",
        "跳|蹦|跃",
        (EventKind.JUMP,),
    ),
    (
        r"fall(?:s|ing|en)?|fell|drop(?:s|ped|ping)?|tumbl(?:es?|ed|ing)|plung(?:es?|ed|ing)|plummet\w*|collaps(?:es?|ed|ing)",
        "掉|落下|跌|摔|坠|倒下",
        (EventKind.FALL,),
    ),
    (
        r"shak(?:es?|ing|en)|shook|shiver\w*|trembl(?:es?|ed|ing)|wiggl(?:es?|ed|ing)|vibrat(?:es?|ed|ing)|wag(?:s|ged|ging)?",
        "摇|抖|颤|晃",
        (EventKind.SHAKE,),
    ),
    (r"turn(?:s|ed|ing)?", "转", _TURNS),
    (rf"(?:{_WALKS})(?:e?s|e?d|ing|n?ning|ming)?", "走|跑|飞|游|移动|滑", _SIDEWAYS),
    (
        r"wait(?:s|ed|ing)?|stand(?:s|ing)?|sit(?:s|ting)?|sleep(?:s|ing)?|rest(?:s|ing)?|freez(?:es?|ing)|paus(?:es?|ing)|"
        r"motionless|still|stays?",
        "等|静止|站|坐|睡|不动|停",
        (EventKind.STILL,),
    ),
)
_PATTERNS = tuple(
    (re.compile(rf"\b(?:{english})\b|{chinese}", re.IGNORECASE), kinds) for english, chinese, kinds in _WORDS
)


@dataclass(frozen=True, slots=True)
class Expectation:
    """The kinds each verb of a prompt stands for, in the verbs' order."""

    beats: tuple[tuple[EventKind, ...], ...] = ()

    @classmethod
    def of(cls, prompt: str | None) -> Self:
        """Read a prompt; none, or one without a known verb, expects nothing."""
        return cls(tuple(kinds for _, kinds in sorted(_found(prompt or ""), key=lambda item: item[0])))

    def bonus(self, kind: EventKind, place: float) -> float:
        """What to add to the logit of an event `place` (0..1) through the film."""
        slots = ((index + 0.5) / len(self.beats) for index, kinds in enumerate(self.beats) if kind in kinds)
        return max((NAMED * math.exp(-(((place - slot) / SLOT) ** 2)) for slot in slots), default=0.0)


def _found(prompt: str) -> list[tuple[int, tuple[EventKind, ...]]]:
    """Where in the prompt which kinds are named; what an earlier pattern has read, a later one does not read again."""
    text = prompt[:MAX_CHARACTERS]
    found = []
    for pattern, kinds in _PATTERNS:
        starts = (match.start() for match in pattern.finditer(text))
        found += [(start, kinds) for start in starts if not NEGATIONS.search(text[:start])]
        text = pattern.sub(lambda match: "\0" * len(match.group()), text)
    return found
