"""Prints what gcovr measured, folder by folder, and holds it to the floor; see ``script/coverage``."""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

LINES_FLOOR = 95.0  # per cent of every folder


def missing(folder: Path) -> dict[str, list[int]]:
    """Lines of each file that no test ran."""
    files = json.loads((folder / "lines.json").read_text())["files"]
    return {file["file"]: [line["line_number"] for line in file["lines"] if line["count"] == 0] for file in files}


def row(name: str, files: list[dict[str, Any]], note: str = "") -> float:
    """Print the figures of some files together; return the per cent of lines."""
    ran, lines, taken, branches = (
        sum(file[key] for file in files) for key in ("line_covered", "line_total", "branch_covered", "branch_total")
    )
    percent = 100 * ran / lines if lines else 100.0
    branch = f"{100 * taken / branches:.1f} %" if branches else ""
    print(f"{name:<28} {ran:>5} of {lines:>5} {percent:>6.1f} % {branch:>10}  {note}".rstrip())
    return percent


def main() -> int:
    """Print the table; return 1 when a folder is below the floor."""
    folder = Path(sys.argv[1])
    left = missing(folder)
    by_folder = defaultdict(list)
    for file in json.loads((folder / "summary.json").read_text())["files"]:
        by_folder[str(Path(file["filename"]).parent)].append(file)
    print(f"{'':<28} {'lines that ran':>23} {'branches':>10}")
    low = [name for name, files in by_folder.items() if row(name, files) < LINES_FLOOR]
    for file in (file for files in by_folder.values() for file in files):
        if numbers := left[file["filename"]]:
            row(f"  {file['filename'].removeprefix('firmware/')}", [file], "not " + ", ".join(map(str, numbers[:12])))
    for name in low:
        print(f"coverage: {name} is below {LINES_FLOOR:g} % of its lines.", file=sys.stderr)
    return int(bool(low))


if __name__ == "__main__":
    raise SystemExit(main())
