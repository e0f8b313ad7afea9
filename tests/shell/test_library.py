"""What the library keeps, for how long, and that what it reads is what it wrote."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant

from custom_components.cuelight.analysis import Analysis, analyze_film
from custom_components.cuelight.cues import DEFAULT_CUE_MAP, CueSheet, Performer, PerformerKind, make_cue_sheet
from custom_components.cuelight.library import Library, Retention, SceneNotFound, async_get_library
from custom_components.cuelight.scene_file import Scene

DAY = 86400.0
FOREVER = Retention(0, 0)


@pytest.fixture(scope="module")
def analysis(film: Path) -> Analysis:
    """What is seen in the film."""
    return analyze_film(film)


@pytest.fixture
async def library(hass: HomeAssistant, media: Path) -> Library:
    """An empty library."""
    return await async_get_library(hass)


@pytest.fixture
def sheet(analysis: Analysis) -> CueSheet:
    """The cues of one button."""
    return make_cue_sheet(analysis, DEFAULT_CUE_MAP, [Performer("Cat", PerformerKind.BUTTON)])


async def store(library: Library, analysis: Analysis, sheet: CueSheet, age_days: float = 0, studio: str = "s") -> Scene:
    """Put a scene of some age into the library, its film in its folder."""
    scene_id = library.new_scene_id()
    film = await library.async_make_folder(scene_id) / "film.mp4"
    film.write_bytes(analysis.film.path.read_bytes())
    scene = Scene(
        scene_id=scene_id,
        studio=studio,
        prompt="一只猫 jumps 🐈",
        provider="storyboard",
        seed=4,
        notes=("A note.",),
        target={"device_id": ["d"]},
        created_at=time.time() - age_days * DAY,
        analysis=replace(analysis, film=replace(analysis.film, path=film)),
    )
    await library.async_add(scene, sheet)
    return scene


async def test_what_is_read_is_what_was_written(
    hass: HomeAssistant, library: Library, analysis: Analysis, sheet: CueSheet
) -> None:
    scene = await store(library, analysis, sheet)
    again = Library(hass)
    await again.async_load()
    read = await again.async_get(scene.scene_id)
    assert replace(read, analysis=scene.analysis) == scene
    assert read.film == scene.film
    assert read.analysis.animation == scene.analysis.animation
    assert read.analysis.sprite == scene.analysis.sprite
    assert [event.kind for event in read.analysis.events] == [event.kind for event in scene.analysis.events]
    assert (
        make_cue_sheet(read.analysis, DEFAULT_CUE_MAP, [Performer("Cat", PerformerKind.BUTTON)]).assets == sheet.assets
    )


async def test_a_scene_can_be_moved_with_its_folder(
    hass: HomeAssistant, library: Library, analysis: Analysis, sheet: CueSheet, tmp_path: Path
) -> None:
    scene = await store(library, analysis, sheet)
    library.root = library.root.rename(tmp_path / "elsewhere")
    assert (await library.async_get(scene.scene_id)).film == tmp_path / "elsewhere" / scene.scene_id / "film.mp4"


async def test_the_file_is_readable_for_people(library: Library, analysis: Analysis, sheet: CueSheet) -> None:
    scene = await store(library, analysis, sheet)
    data = json.loads((library.folder(scene.scene_id) / "scene.json").read_text())
    assert data["prompt"] == "一只猫 jumps 🐈"
    assert data["cues"][0] == {"at_s": 0.0, "performer": "Cat", "action": "show film for 0.812 s"}


async def test_scenes_that_are_too_old_go_and_so_do_their_files(
    library: Library, analysis: Analysis, sheet: CueSheet
) -> None:
    old, young = await store(library, analysis, sheet, 10), await store(library, analysis, sheet, 1)
    await library.async_prune("s", Retention(0, 5 * DAY))
    assert [record.scene_id for record in library.records()] == [young.scene_id]
    assert not library.folder(old.scene_id).exists()


async def test_the_oldest_go_until_the_rest_fits_the_quota(
    library: Library, analysis: Analysis, sheet: CueSheet
) -> None:
    scenes = [await store(library, analysis, sheet, age) for age in (4, 3, 2, 1)]
    size = library.records()[0].size_bytes
    await library.async_prune("s", Retention(int(2.5 * size), 0))
    assert [record.scene_id for record in library.records()] == [scene.scene_id for scene in scenes[2:]]


async def test_the_newest_scene_and_other_studios_scenes_stay(
    library: Library, analysis: Analysis, sheet: CueSheet
) -> None:
    newest = await store(library, analysis, sheet, 100)
    others = await store(library, analysis, sheet, 200, studio="other")
    await library.async_prune("s", Retention(1, DAY))
    assert {record.scene_id for record in library.records()} == {newest.scene_id, others.scene_id}


async def test_without_limits_everything_stays(library: Library, analysis: Analysis, sheet: CueSheet) -> None:
    for age in (1000, 500):
        await store(library, analysis, sheet, age)
    await library.async_prune("s", FOREVER)
    assert len(library.records()) == 2


async def test_a_scene_whose_files_are_gone_is_not_found(library: Library, analysis: Analysis, sheet: CueSheet) -> None:
    scene = await store(library, analysis, sheet)
    (library.folder(scene.scene_id) / "scene.json").unlink()
    with pytest.raises(SceneNotFound, match=scene.scene_id):
        await library.async_get(scene.scene_id)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"version": 2}', '{"version": 1, "scene_id": 5}', "\x00"])
async def test_a_scene_file_that_is_damaged_is_not_found(
    library: Library, analysis: Analysis, sheet: CueSheet, text: str
) -> None:
    scene = await store(library, analysis, sheet)
    (library.folder(scene.scene_id) / "scene.json").write_text(text)
    with pytest.raises(SceneNotFound):
        await library.async_get(scene.scene_id)


@pytest.mark.parametrize("scene_id", ["", "..", "../../etc", "nothing"])
async def test_only_what_is_in_the_index_is_looked_for(library: Library, scene_id: str) -> None:
    with pytest.raises(SceneNotFound):
        await library.async_get(scene_id)


async def test_what_a_crash_has_left_is_swept_away_and_nothing_else(
    library: Library, analysis: Analysis, sheet: CueSheet
) -> None:
    kept = await store(library, analysis, sheet)
    left, at_work, fresh = (library.new_scene_id() for _ in range(3))
    for name in (left, at_work, fresh, "holidays"):
        (library.root / name).mkdir()
    for name in (left, at_work, kept.scene_id, "holidays"):
        os.utime(library.root / name, (0, 0))
    await library.async_sweep([at_work])
    assert {folder.name for folder in library.root.iterdir()} == {kept.scene_id, at_work, fresh, "holidays"}


async def test_a_film_from_elsewhere_stays_where_it_is(
    library: Library, analysis: Analysis, sheet: CueSheet, film: Path
) -> None:
    scene = await store(library, analysis, sheet)
    elsewhere = replace(scene, scene_id=library.new_scene_id(), analysis=analysis)
    await library.async_add(elsewhere, sheet)
    assert (await library.async_get(elsewhere.scene_id)).film == film
    await library.async_remove([elsewhere.scene_id])
    assert film.exists()


async def test_there_is_one_library(hass: HomeAssistant, library: Library) -> None:
    assert await async_get_library(hass) is library


async def test_a_media_folder_of_another_name_will_do(hass: HomeAssistant, tmp_path: Path, hass_storage: Any) -> None:
    hass.config.media_dirs = {"nas": str(tmp_path)}
    assert Library(hass).root == tmp_path / "cuelight"
