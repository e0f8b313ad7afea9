"""Fixtures shared by every test."""

import pytest

import custom_components  # noqa: F401  (before Home Assistant mounts the test plugin's own package of that name)


@pytest.fixture(autouse=True)
def _integration_from_this_checkout(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load ``custom_components/cuelight`` in every test that runs one."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")
