"""Reads a prompt, English, Chinese or emoji, into a subject and its beats. A word list, not a language model."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from .lexicon import (
    COLOURS,
    HOURS,
    MOTIONS,
    NEGATIONS,
    NEGATIONS_ZH,
    NUMBERS,
    PLACES,
    PREPOSITIONS,
    STOP_WORDS,
    STOP_ZH,
    SUBJECTS,
    Motion,
)

GENERIC_SUBJECT = "spark"
MAX_BEATS = 24
_LONGEST_PHRASE = 5


@dataclass(frozen=True, slots=True)
class Beat:
    """One thing the subject does."""

    motion: Motion


@dataclass(frozen=True, slots=True)
class Beats:
    """What a prompt says, as far as it was understood; the defaults stand for what it does not say."""

    subject: str
    beats: tuple[Beat, ...]
    place: str | None = None
    hour: str | None = None
    colour: tuple[int, int, int] | None = None
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def motions(self) -> tuple[Motion, ...]:
        """The beats' motions in order."""
        return tuple(beat.motion for beat in self.beats)


class _Kind(Enum):
    SUBJECT = 1
    MOTION = 2
    PLACE = 3
    HOUR = 4
    COLOUR = 5
    NUMBER = 6
    NEGATION = 7
    PREPOSITION = 8
    BREAK = 9
    FILLER = 10
    UNKNOWN = 11


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _Kind
    value: str
    text: str


def parse_prompt(prompt: str) -> Beats:
    """Return the subject, the beats in their order, the place, the hour and the colour that the prompt names.

    A prompt with no known subject gets the generic one (``spark``), one with no known motion a ``wobble``; both are
    told in ``notes``, and words that mean nothing here are listed in ``unknown``.
    """
    tokens = list(_tokens(prompt))
    subject, others = _subjects(tokens)
    motions, denied = _motions(tokens)
    unknown = tuple(dict.fromkeys(token.text for token in tokens if token.kind is _Kind.UNKNOWN))
    notes = []
    if unknown and subject is not None and motions:
        notes.append(f"Words that mean nothing to the storyboard are left out{_quoted(unknown)}.")
    if subject is None:
        notes.append(f"No subject that it can draw was found{_quoted(unknown)}; a spark stands in for it.")
    elif others:
        notes.append(f"The storyboard draws one subject, the {subject}; left out: {', '.join(others)}.")
    if denied:
        notes.append(f"The prompt says what does not happen, so it is left out: {', '.join(denied)}.")
    if not motions:
        motions = [Motion.STILL if denied else Motion.WOBBLE]
        if not denied:
            notes.append(f"No motion that it can draw was found{_quoted(unknown)}; a wobble stands in for it.")
    if len(motions) > MAX_BEATS:
        notes.append(f"The prompt has {len(motions)} beats; only the first {MAX_BEATS} are read.")
        motions = motions[:MAX_BEATS]
    return Beats(
        subject=subject or GENERIC_SUBJECT,
        beats=tuple(Beat(motion) for motion in motions),
        place=_first(tokens, _Kind.PLACE),
        hour=_first(tokens, _Kind.HOUR),
        colour=_colour(tokens),
        unknown=unknown,
        notes=tuple(notes),
    )


def _quoted(unknown: tuple[str, ...]) -> str:
    shown = [word if len(word) <= 24 else word[:23] + "…" for word in unknown[:6]]
    return f" (unknown: {', '.join(shown)}{', …' if len(unknown) > 6 else ''})" if shown else ""


def _first(tokens: Iterable[_Token], kind: _Kind) -> str | None:
    return next((token.value for token in tokens if token.kind is kind), None)


# --- choosing among the tokens ---


def _subjects(tokens: list[_Token]) -> tuple[str | None, list[str]]:
    """Return who acts, and the others named.

    Who stands after a preposition ("under a star") acts only if nobody else does.
    """
    actors: list[str] = []
    bystanders: list[str] = []
    after_preposition = False
    for token in tokens:
        if token.kind is _Kind.SUBJECT:
            (bystanders if after_preposition else actors).append(token.value)
        if token.kind is _Kind.PREPOSITION:
            after_preposition = True
        elif token.kind not in (_Kind.FILLER, _Kind.COLOUR, _Kind.UNKNOWN):
            after_preposition = False
    found = list(dict.fromkeys(actors + bystanders))
    # "he" and "she" refer back to whoever was named before.
    named = [subject for subject in found if subject != "person"]
    if named and found[0] != "person":
        found = named
    return (found[0], found[1:]) if found else (None, [])


def _motions(tokens: list[_Token]) -> tuple[list[Motion], list[str]]:
    """Return the motions in order, repeated where the prompt counts them, and the texts of those it denies."""
    motions: list[Motion] = []
    denied: list[str] = []
    negated = False
    for token in tokens:
        if token.kind is _Kind.NEGATION:
            negated = True
        elif token.kind is _Kind.BREAK:
            negated = False
        elif token.kind is _Kind.NUMBER and motions:
            motions += [motions[-1]] * (NUMBERS[token.value] - 1)
        elif token.kind is _Kind.MOTION:
            motion = Motion(token.value)
            if negated:
                denied.append(token.text)
            elif not (motion is Motion.STILL and motions and motions[-1] is Motion.STILL):
                motions.append(motion)
    return motions, denied


def _colour(tokens: list[_Token]) -> tuple[int, int, int] | None:
    """Return the colour that stands before the subject, else one that stands before nothing else."""
    loose = None
    for index, token in enumerate(tokens):
        if token.kind is not _Kind.COLOUR:
            continue
        after = next((t.kind for t in tokens[index + 1 :] if t.kind not in (_Kind.FILLER, _Kind.COLOUR)), None)
        if after is _Kind.SUBJECT:
            return COLOURS[token.value][0]
        if after not in (_Kind.PLACE, _Kind.HOUR, _Kind.UNKNOWN):
            loose = loose or COLOURS[token.value][0]
    return loose


# --- from text to tokens ---

_WORD = re.compile(r"[a-z0-9][a-z0-9'\-]*|[。，、；！？,.;:!?()…\n—]|\S")
_BREAKS = frozenset("。，；！？,.;:!?()…—")


def _tokens(prompt: str) -> Iterator[_Token]:
    text = prompt.lower().replace("\ufe0f", "").replace("\u200d", " ").replace("’", "'")
    words = [word.rstrip("'-") or "." for word in _WORD.findall(text)]
    index = 0
    while index < len(words):
        word = words[index]
        if word[0].isascii():
            length, token = _read_english(words, index)
        else:
            length, token = _read_symbols(words, index)
        if token is not None:
            yield token
        index += length


def _read_english(words: list[str], index: int) -> tuple[int, _Token | None]:
    word = words[index]
    if word in _BREAKS:
        return 1, _Token(_Kind.BREAK, word, word)
    for length in range(min(_LONGEST_PHRASE, len(words) - index), 0, -1):
        phrase = "_".join(words[index : index + length])
        if phrase in _ENGLISH:
            kind, value = _ENGLISH[phrase]
            return length, _Token(kind, value, phrase.replace("_", " "))
    if word in NEGATIONS:
        return 1, _Token(_Kind.NEGATION, word, word)
    if word in ("then", "but", "and"):
        return 1, _Token(_Kind.BREAK if word != "and" else _Kind.FILLER, word, word)
    if word in PREPOSITIONS:
        return 1, _Token(_Kind.PREPOSITION, word, word)
    if word in STOP_WORDS or word.removesuffix("'s") in STOP_WORDS or len(word) == 1 or word.isdigit():
        return 1, _Token(_Kind.FILLER, word, word)
    if (possessive := word.removesuffix("'s")) in _ENGLISH:
        return 1, _Token(*_ENGLISH[possessive], possessive)
    if "-" in word and any(part in _ENGLISH for part in word.split("-")):
        # "moon-lit", "black-haired": the known half speaks, the words are read again without the hyphen.
        words[index : index + 1] = [part for part in word.split("-") if part]
        return 0, None
    return 1, _Token(_Kind.UNKNOWN, word, word)


def _read_symbols(words: list[str], index: int) -> tuple[int, _Token | None]:
    """Read Chinese and emoji, where nothing but the dictionary separates the words: the longest match wins."""
    if words[index] in _BREAKS:
        return 1, _Token(_Kind.BREAK, words[index], words[index])
    for length in range(min(6, len(words) - index), 0, -1):
        text = "".join(words[index : index + length])
        if text in _SYMBOLS:
            kind, value = _SYMBOLS[text]
            return length, _Token(kind, value, text)
    length = 1
    while index + length < len(words) and _is_unknown_symbol(words, index + length):
        length += 1
    text = "".join(words[index : index + length])
    return length, _Token(_Kind.UNKNOWN, text, text) if any(c.isalnum() or ord(c) > 0x2190 for c in text) else None


def _is_unknown_symbol(words: list[str], index: int) -> bool:
    if words[index][0].isascii() or words[index] in _BREAKS:
        return False
    return not any("".join(words[index : index + n]) in _SYMBOLS for n in range(1, 7))


# --- the dictionaries, built once ---

_IRREGULAR: dict[str, tuple[str, ...]] = {
    "leap": ("leapt",),
    "spring": ("sprang", "sprung"),
    "come": ("came",),
    "go": ("went", "gone"),
    "run": ("ran",),
    "get": ("got", "gotten"),
    "fly": ("flew", "flown"),
    "swim": ("swam", "swum"),
    "drive": ("drove", "driven"),
    "fall": ("fell", "fallen"),
    "shake": ("shook", "shaken"),
    "spin": ("spun", "span"),
    "sit": ("sat",),
    "stand": ("stood",),
    "sleep": ("slept",),
    "lie": ("lay", "lain", "lying"),
    "freeze": ("froze", "frozen"),
    "keep": ("kept",),
    "hold": ("held",),
    "hide": ("hid", "hidden"),
    "grow": ("grew", "grown"),
    "shrink": ("shrank", "shrunk"),
    "withdraw": ("withdrew", "withdrawn"),
    "draw": ("drew", "drawn"),
    "swing": ("swung",),
    "slide": ("slid",),
    "creep": ("crept",),
    "ride": ("rode", "ridden"),
    "back": ("back",),
    "show": ("shown",),
}


def _verb_forms(verb: str) -> set[str]:
    """Return the verb with -s, -ed and -ing in their spellings."""
    forms = {verb, verb + "s", *_IRREGULAR.get(verb, ())}
    if verb.endswith("e"):
        forms |= {verb + "d", verb[:-1] + "ing"}
    elif verb.endswith("y") and verb[-2] not in "aeiou":
        forms |= {verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"}
    else:
        forms |= {verb + "es", verb + "ed", verb + "ing"}
        if re.search(r"[^aeiou][aeiou][bdgklmnprt]$", verb):
            forms |= {verb + verb[-1] + "ed", verb + verb[-1] + "ing"}
    return forms


def _plural_forms(noun: str) -> set[str]:
    """Return the noun and its plural."""
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return {noun, noun[:-1] + "ies"}
    return {noun, noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")}


def _split(words: str) -> tuple[list[str], list[str]]:
    entries = words.split()
    return [e for e in entries if e.isascii()], [e for e in entries if not e.isascii()]


def _dictionaries() -> tuple[dict[str, tuple[_Kind, str]], dict[str, tuple[_Kind, str]]]:
    english: dict[str, tuple[_Kind, str]] = {}
    symbols: dict[str, tuple[_Kind, str]] = {word: (_Kind.FILLER, word) for word in STOP_ZH}
    symbols |= {word: (_Kind.NEGATION, word) for word in NEGATIONS_ZH}
    symbols |= {word: (_Kind.BREAK, word) for word in ("然后", "接着", "之后", "随后", "但是")}
    nouns = ((_Kind.PLACE, PLACES), (_Kind.HOUR, HOURS), (_Kind.SUBJECT, SUBJECTS))
    for kind, table in nouns:
        for name, words in table.items():
            latin, other = _split(words)
            english |= {form: (kind, name) for word in latin for form in _plural_forms(word)}
            symbols |= dict.fromkeys(other, (kind, name))
    for motion, words in MOTIONS.items():
        latin, other = _split(words)
        for phrase in latin:
            verb, _, rest = phrase.partition("_")
            for form in _verb_forms(verb):
                english.setdefault(f"{form}_{rest}" if rest else form, (_Kind.MOTION, motion))
        symbols |= dict.fromkeys(other, (_Kind.MOTION, motion))
    for name, (_, words) in COLOURS.items():
        latin, other = _split(words)
        english |= dict.fromkeys(latin, (_Kind.COLOUR, name))
        symbols |= dict.fromkeys(other, (_Kind.COLOUR, name))
    for word in NUMBERS:
        (english if word.isascii() else symbols)[word] = (_Kind.NUMBER, word)
    return english, symbols


_ENGLISH, _SYMBOLS = _dictionaries()
