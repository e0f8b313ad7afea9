"""Everything that people read: texts, icons, and what the integration claims of itself."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.cuelight.errors import _KEYS, _REFUSALS

from .conftest import SetUp

FOLDER = Path(__file__).resolve().parents[2] / "custom_components" / "cuelight"
ENGLISH: dict[str, Any] = json.loads((FOLDER / "translations" / "en.json").read_text())
ICONS: dict[str, Any] = json.loads((FOLDER / "icons.json").read_text())
RULES = {
    "action-setup", "appropriate-polling", "brands", "common-modules", "config-flow", "config-flow-test-coverage",
    "dependency-transparency", "docs-actions", "docs-conditions", "docs-high-level-description",
    "docs-installation-instructions", "docs-removal-instructions", "docs-triggers", "entity-event-setup",
    "entity-unique-id", "has-entity-name", "runtime-data", "test-before-configure", "test-before-setup",
    "unique-config-entry",
    "action-exceptions", "config-entry-unloading", "docs-configuration-parameters", "docs-installation-parameters",
    "entity-unavailable", "integration-owner", "log-when-unavailable", "parallel-updates", "reauthentication-flow",
    "test-coverage",
    "devices", "diagnostics", "discovery", "discovery-update-info", "docs-data-update", "docs-examples",
    "docs-known-limitations", "docs-supported-devices", "docs-supported-functions", "docs-troubleshooting",
    "docs-use-cases", "dynamic-devices", "entity-category", "entity-device-class", "entity-disabled-by-default",
    "entity-translations", "exception-translations", "icon-translations", "reconfiguration-flow", "repair-issues",
    "stale-devices",
    "async-dependency", "inject-websession", "strict-typing",
}  # fmt: skip


def raised_keys() -> Iterator[tuple[str, str]]:
    """Every literal translation key that the integration's code passes to an exception, and where."""
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            for keyword in node.keywords:
                if keyword.arg == "translation_key" and isinstance(keyword.value, ast.Constant):
                    name = ast.unparse(node.func)
                    if "Error" in name or "ConfigEntry" in name or "Failed" in name:
                        yield path.name, str(keyword.value.value)


def test_every_error_has_a_sentence() -> None:
    sentences = ENGLISH["exceptions"]
    assert [(where, key) for where, key in raised_keys() if key not in sentences] == []
    link_errors = {"out_of_slots", "unreachable", "link_error", *(key for _, key in _KEYS), *_REFUSALS.values()}
    assert link_errors <= set(sentences)


@pytest.mark.parametrize("section", ["config", "options"])
def test_every_field_is_described(section: str) -> None:
    for name, step in ENGLISH[section]["step"].items():
        assert set(step.get("data", {})) == set(step.get("data_description", {})), name


def test_what_the_frontend_shows_without_placeholders_has_none() -> None:
    """Titles of menus and of steps at work; seen in a browser, which shows an error in their place."""
    for name, step in ENGLISH["config"]["step"].items():
        if "menu_options" in step or name in ENGLISH["config"]["progress"]:
            assert "{" not in step["title"], name


@pytest.mark.usefixtures("button")
async def test_every_entity_has_a_name_and_a_picture(hass: HomeAssistant, set_up: SetUp) -> None:
    entry = await set_up()
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        key = entity.translation_key
        assert key in ENGLISH["entity"][entity.domain], entity.entity_id
        has_icon = key in ICONS["entity"].get(entity.domain, {})
        assert has_icon or entity.original_device_class is not None, entity.entity_id


def test_every_rule_of_the_quality_scale_is_answered() -> None:
    rules = yaml.safe_load((FOLDER / "quality_scale.yaml").read_text())["rules"]
    assert len(RULES) == 54
    assert set(rules) == RULES
    for name, answer in rules.items():
        if answer != "done":
            assert answer["status"] == "exempt", name
            assert answer["comment"].strip(), name


def test_every_platform_says_how_many_updates_may_run_at_once() -> None:
    platforms = [path for path in FOLDER.glob("*.py") if "AddConfigEntryEntitiesCallback\n" in path.read_text()]
    assert len(platforms) >= 10
    for path in platforms:
        if not path.stem.startswith("studio_"):
            assert "PARALLEL_UPDATES = " in path.read_text(), path.name


def test_the_manifest_is_what_custom_integrations_need() -> None:
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    assert {"domain", "documentation", "issue_tracker", "codeowners", "name", "version"} <= set(manifest)
    assert list(manifest)[:2] == ["domain", "name"]
    assert list(manifest)[2:] == sorted(list(manifest)[2:])


@pytest.mark.parametrize("name", ["icon", "icon@2x", "logo", "logo@2x", "dark_logo", "dark_logo@2x"])
def test_brand_images_are_there(name: str) -> None:
    assert (FOLDER / "brand" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
