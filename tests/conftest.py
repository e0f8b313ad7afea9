"""Fixtures shared by every test."""

import pytest

import custom_components  # noqa: F401  (before Home Assistant mounts the test plugin's own package of that name)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of the board that the end-to-end tests run on, and of how long they soak."""
    parser.addoption(
        "--board",
        default="native",
        choices=["native", "b_l475e_iot01a"],
        help="the firmware's board in the end-to-end tests: a process, or the ARM image in QEMU",
    )
    parser.addoption("--soak", default="600", help="commands of the soak test; script/soak sends many")


@pytest.fixture(autouse=True)
def _integration_from_this_checkout(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load ``custom_components/cuelight`` in every test that runs one."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")
