"""Tables of the documentation that tests hold to: what a page says is what is asserted."""

from collections.abc import Mapping

from tests.rig.board import ROOT

type Table = Mapping[str, Mapping[str, str]]
"""Cells by row and column."""


def table(page: str, heading: str) -> Table:
    """Return the first table under a heading of a page in docs/."""
    lines = (ROOT / "docs" / page).read_text().split(f"\n## {heading}\n")[1].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    head, _, *body = rows
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in body}
