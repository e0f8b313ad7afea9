"""From events to cues, and from cues to what each performer does. Imports no Home Assistant."""

from .compile import CompiledTimeline, compile_timeline
from .cue_map import CueMap, CueRule, Shape, parse_cue_map
from .default_map import DEFAULT_CUE_MAP
from .exceptions import CueMapError, CuesError, NoPicture
from .models import Action, Cue, CueSheet, Importance, Performer, PerformerKind
from .sheet import make_cue_sheet

__all__ = [
    "DEFAULT_CUE_MAP",
    "Action",
    "CompiledTimeline",
    "Cue",
    "CueMap",
    "CueMapError",
    "CueRule",
    "CueSheet",
    "CuesError",
    "Importance",
    "NoPicture",
    "Performer",
    "PerformerKind",
    "Shape",
    "compile_timeline",
    "make_cue_sheet",
    "parse_cue_map",
]
