"""Prints what happens in films, and draws it."""

import argparse
import json
import sys
from pathlib import Path

import _pure  # noqa: F401
from cuelight.analysis import Analysis, AnalysisError, analyze_film

BAR = 40


def main() -> int:
    """Analyse each film named on the command line; 1 if one of them could not be."""
    arguments = _arguments()
    failed = 0
    for film in arguments.films:
        try:
            analysis = analyze_film(film, prompt=arguments.prompt, on_progress=_progress(film))
        except AnalysisError as error:
            print(error, file=sys.stderr)
            failed = 1
            continue
        finally:
            _clear()
        print(json.dumps(_as_json(analysis))) if arguments.json else _print_table(analysis)
        try:
            _draw(analysis, film, arguments)
        except OSError as error:
            print(f"{error.filename} cannot be written: {error.strerror}", file=sys.stderr)
            failed = 1
    return failed


def _draw(analysis: Analysis, film: Path, arguments: argparse.Namespace) -> None:
    """Write the pictures asked for; Pillow is only loaded for them."""
    if arguments.plot:
        from cuelight.analysis.plot import draw_timeline

        draw_timeline(analysis).save(_beside(arguments.plot, film, arguments.films))
    if arguments.gif:
        from cuelight.analysis.plot import draw_gif

        draw_gif(analysis.animation, _beside(arguments.gif, film, arguments.films))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/analyze", description=__doc__)
    parser.add_argument("films", nargs="+", type=Path, metavar="FILM")
    parser.add_argument("--prompt", help="what the film was made from; weighs what the pictures show")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each film")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the timeline (PNG)")
    parser.add_argument("--gif", type=Path, metavar="FILE", help="draw the distilled animation")
    return parser.parse_args()


def _beside(wanted: Path, film: Path, films: list[Path]) -> Path:
    """The picture's file; with several films, the film's name goes before the ending."""
    return wanted if len(films) == 1 else wanted.with_name(f"{wanted.stem}-{film.stem}{wanted.suffix}")


def _as_json(analysis: Analysis) -> dict[str, object]:
    film = analysis.film
    return {
        "film": {
            "path": str(film.path),
            "width": film.width,
            "height": film.height,
            "fps": film.fps,
            "frames": film.frames,
            "duration_s": film.duration_s,
        },
        "events": [
            {
                "kind": event.kind,
                "start_s": event.start_s,
                "duration_s": event.duration_s,
                "confidence": event.confidence,
                "parameters": event.parameters,
            }
            for event in analysis.events
        ],
    }


def _print_table(analysis: Analysis) -> None:
    film = analysis.film
    print(f"{film.path.name}: {film.width}x{film.height}, {film.fps:g} fps, {film.duration_s:g} s")
    for event in analysis.events:
        details = "  ".join(f"{name} {value:g}" for name, value in event.parameters.items())
        print(f"  {event.start_s:7.2f}  {event.duration_s:5.2f} s  {event.kind:13} {event.confidence:4.2f}  {details}")
    for shot in analysis.palette:
        colours = " ".join(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in shot.colours)
        print(f"  {shot.start_s:7.2f}  {shot.duration_s:5.2f} s  colours {colours}")
    animation = analysis.animation
    sprite = f", sprite {len(analysis.sprite)} bytes" if analysis.sprite else ""
    print(f"  animation {animation.frames} frames, {len(animation.data)} bytes{sprite}")


def _progress(film: Path):
    def show(done: float) -> None:
        filled = round(BAR * done)
        print(f"\r{film.name} [{'#' * filled}{'.' * (BAR - filled)}]", end="", file=sys.stderr, flush=True)

    return show if sys.stderr.isatty() else None


def _clear() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
