"""Fixtures shared by every test."""

import custom_components  # noqa: F401  (before Home Assistant mounts the test plugin's own package of that name)
import pytest


@pytest.fixture(autouse=True)
def _integration_from_this_checkout(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load ``custom_components/cuelight`` in every test that runs one."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")
