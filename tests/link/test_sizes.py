"""What the commands cost."""

from pathlib import Path

from . import sizes


def test_the_documented_lengths_are_the_real_ones() -> None:
    assert sizes.table() in (Path(__file__).parents[2] / "docs/link.md").read_text()


def test_every_example_fits_a_write_and_is_less_than_half_of_its_json() -> None:
    for name, wire, text in sizes.rows():
        assert wire <= 244, name
        assert wire * 2 < text, name
