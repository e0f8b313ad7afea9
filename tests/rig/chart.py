"""A picture of a performance: what each board's display, light and servos did over time, from its own record."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .board import Board, Entry

WIDTH, MARGIN, LABELS = 1280, 24, 132
FRAME = 64  # px of one 32x32 display frame, doubled
LANE = {"display": FRAME + 10, "light": 30, "servo": 72}
PAPER, INK, FAINT, LINE = "#14171c", "#e8eaed", "#7d8590", "#2b3138"
type Axis = Callable[[float], float]
SERVO = ("#ffb454", "#59c2ff", "#c2d94c", "#f07178")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _bits(frame: str) -> Image.Image:
    picture = Image.frombytes("1", (32, 32), bytes.fromhex(frame)).convert("L")
    return picture.resize((FRAME, FRAME), Image.Resampling.NEAREST)


def draw_performance(boards: Sequence[Board], start_us: int, duration_s: float, path: Path) -> None:
    """Write a PNG with one band a board and, in it, a lane each for display, light and servos.

    Args:
        boards: The boards, each with its record.
        start_us: The planned start, in microseconds of CLOCK_MONOTONIC.
        duration_s: How long the scene was to last; half a second more is drawn on both sides.
        path: Where the PNG goes.
    """
    begin, end = start_us - 500_000, start_us + int((duration_s + 0.8) * 1e6)
    band = sum(LANE.values()) + 56
    image = Image.new("RGB", (WIDTH, MARGIN * 2 + 28 + band * len(boards)), PAPER)
    draw = ImageDraw.Draw(image)
    left, right = MARGIN + LABELS, WIDTH - MARGIN

    def x(t_us: float) -> float:
        return left + (right - left) * (t_us - begin) / (end - begin)

    y = MARGIN
    for board in boards:
        entries = [entry for entry in board.record() if entry["t_us"] <= end]
        draw.text((MARGIN, y), board.name, INK, _font(18))
        top = y + 28
        for second in range(int(duration_s) + 1):
            at = x(start_us + second * 1e6)
            draw.line((at, top, at, y + band - 20), LINE)
            draw.text((at + 3, y + band - 24), f"{second} s", FAINT, _font(12))
        _display(image, [e for e in entries if e["what"] == "display"], x, top, begin, end)
        top += LANE["display"]
        _light(draw, [e for e in entries if e["what"] == "light"], x, top, begin, end)
        top += LANE["light"]
        _servo(draw, [e for e in entries if e["what"] == "servo"], x, top, begin, end)
        offset = 20
        for label, height in LANE.items():
            draw.text((MARGIN, y + 28 + offset), label, FAINT, _font(14))
            offset += height - (14 if label == "display" else 0)
        y += band
    image.save(path)


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
    draw.rectangle((x(begin), top, x(end), top + 20), "#000000")
    for start, stop, entry in _spans(entries, begin, end):
        draw.rectangle((x(start), top, max(x(stop) - 1, x(start)), top + 20), tuple(entry["rgb"]))


def _servo(draw: ImageDraw.ImageDraw, entries: Sequence[Entry], x: Axis, top: int, begin: int, end: int) -> None:
    height = LANE["servo"] - 12
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
