"""A picture of a performance: what each board's display, light and servos did over time, from its own record."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont

from .board import Board, Entry

WIDTH, MARGIN, LABELS = 1280, 24, 132
FRAME = 64  # px of one 32x32 display frame, doubled
LIGHT, SERVO_HEIGHT, GAP = 20, 56, 10
BAND = FRAME + LIGHT + SERVO_HEIGHT + 3 * GAP + 14
PAPER, INK, FAINT, LINE = "#14171c", "#e8eaed", "#7d8590", "#2b3138"
type Axis = Callable[[float], float]
SERVO = ("#ffb454", "#59c2ff", "#c2d94c", "#f07178")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _bits(frame: str) -> Image.Image:
    picture = Image.frombytes("1", (32, 32), bytes.fromhex(frame)).convert("L")
    return picture.resize((FRAME, FRAME), Image.Resampling.NEAREST)


def draw_performance(boards: Sequence[Board], film: Path, start_us: int, duration_s: float, path: Path) -> None:
    """Write a PNG: the film along the time, below it one band a board with a lane each for display, light and servos.

    Args:
        boards: The boards, each with its record.
        film: The film, shown as a strip.
        start_us: The planned start, in microseconds of CLOCK_MONOTONIC.
        duration_s: How long the scene was to last; a little more is drawn on both sides.
        path: Where the PNG goes.
    """
    begin, end = start_us - 500_000, start_us + int((duration_s + 0.8) * 1e6)
    left, right = MARGIN + LABELS, WIDTH - MARGIN

    def x(t_us: float) -> float:
        return left + (right - left) * (t_us - begin) / (end - begin)

    strip = _strip(film, round(x(start_us + duration_s * 1e6) - x(start_us)), duration_s)
    bands = MARGIN + strip.height + 22
    height = bands + BAND * len(boards) + 8
    image = Image.new("RGB", (WIDTH, height), PAPER)
    draw = ImageDraw.Draw(image)
    for second in range(int(duration_s) + 1):
        at = x(start_us + second * 1e6)
        draw.line((at, MARGIN, at, height - MARGIN), LINE)
        draw.text((at + 3, height - MARGIN - 2), f"{second} s", FAINT, _font(12))
    image.paste(strip, (round(x(start_us)), MARGIN))
    draw.text((MARGIN, MARGIN + strip.height // 2 - 8), "film", FAINT, _font(14))

    for number, board in enumerate(boards):
        entries = [entry for entry in board.record() if entry["t_us"] <= end]
        top = bands + BAND * number
        draw.text((MARGIN, top), board.name, INK, _font(16))
        _display(image, [e for e in entries if e["what"] == "display"], x, top, begin, end)
        top += FRAME + GAP
        draw.text((MARGIN, top + 2), "light", FAINT, _font(14))
        _light(draw, [e for e in entries if e["what"] == "light"], x, top, begin, end)
        top += LIGHT + GAP
        draw.text((MARGIN, top + SERVO_HEIGHT // 2 - 8), "servo", FAINT, _font(14))
        _servo(draw, [e for e in entries if e["what"] == "servo"], x, top, begin, end)
    image.save(path)


def _strip(film: Path, width: int, duration_s: float) -> Image.Image:
    """A strip of the film's frames, each at the time that its middle stands for."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        height = 96
        each = max(1, round(stream.width * height / stream.height))
        count = max(1, width // each)
        strip = Image.new("RGB", (width, height), "#000000")
        slot = 0
        for frame in container.decode(stream):
            if slot < count and (frame.time or 0.0) >= duration_s * (slot + 0.5) / count - 0.5 / 16:
                strip.paste(frame.to_image(width=each, height=height), (round(width * slot / count), 0))
                slot += 1
        return strip


def _spans(entries: Sequence[Entry], begin: int, end: int) -> list[tuple[int, int, Entry]]:
    """Each entry with the time during which it held, cut to the window."""
    stops = [*(int(entry["t_us"]) for entry in entries[1:]), end][: len(entries)]
    spans = [(max(int(e["t_us"]), begin), min(stop, end), e) for e, stop in zip(entries, stops, strict=True)]
    return [span for span in spans if span[1] > begin and span[0] < end]


def _display(image: Image.Image, entries: Sequence[Entry], x: Axis, top: int, begin: int, end: int) -> None:
    """A strip of what the display showed, one look every ``FRAME`` pixels."""
    slots = int((x(end) - x(begin)) // (FRAME + 2))
    for slot in range(slots):
        moment = begin + (end - begin) * (slot + 0.5) / slots
        shown = next((e["frame"] for e in reversed(entries) if e["t_us"] <= moment), None)
        picture = _bits(shown) if shown else Image.new("L", (FRAME, FRAME), 0)
        image.paste(picture.convert("RGB"), (round(x(moment)) - FRAME // 2, top))


def _light(draw: ImageDraw.ImageDraw, entries: Sequence[Entry], x: Axis, top: int, begin: int, end: int) -> None:
    draw.rectangle((x(begin), top, x(end), top + LIGHT), "#000000")
    for start, stop, entry in _spans(entries, begin, end):
        draw.rectangle((x(start), top, max(x(stop) - 1, x(start)), top + LIGHT), tuple(entry["rgb"]))


def _servo(draw: ImageDraw.ImageDraw, entries: Sequence[Entry], x: Axis, top: int, begin: int, end: int) -> None:
    height = SERVO_HEIGHT
    draw.rectangle((x(begin), top, x(end), top + height), outline=LINE)
    draw.line((x(begin), top + height / 2, x(end), top + height / 2), LINE)

    def level(entry: Entry) -> float:
        return top + height * (1 - float(entry["decidegrees"]) / 1800)

    for channel, colour in enumerate(SERVO):
        spans = _spans([e for e in entries if e["channel"] == channel], begin, end)
        for (start, stop, entry), (_, _, after) in pairwise([*spans, *spans[-1:]]):
            if entry["enabled"]:
                draw.line((x(start), level(entry), x(stop), level(entry)), colour, 2)
                if after["enabled"]:
                    draw.line((x(stop), level(entry), x(stop), level(after)), colour, 2)
