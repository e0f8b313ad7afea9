"""How far a studio's job is."""

from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .job import Stage
from .studio import StudioConfigEntry, studio_device

PROMPT_LENGTH: Final = 100
_STAGES: Final = [stage.value for stage in Stage]


async def async_setup_studio_sensors(
    hass: HomeAssistant, entry: StudioConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of a studio."""
    async_add_entities([StudioJob(entry)])


class StudioJob(SensorEntity):
    """The stage of the job that a person is most likely to wait for."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_translation_key = "job"
    _attr_device_class = SensorDeviceClass.ENUM
    _attr_options = _STAGES
    _unrecorded_attributes = frozenset({"progress", "estimated", "prompt", "message", "estimate_usd"})

    def __init__(self, entry: StudioConfigEntry) -> None:
        """Belong to the studio."""
        self._jobs = entry.runtime_data.jobs
        self._attr_unique_id = f"{entry.entry_id}-job"
        self._attr_device_info = studio_device(entry)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the jobs."""
        self.async_on_remove(self._jobs.async_listen(self.async_write_ha_state))

    @property
    @override
    def native_value(self) -> str:
        """Return the stage."""
        return Stage.IDLE if (job := self._jobs.shown) is None else job.stage.value

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return how much of the stage is done, in percent, and which job it is."""
        if (job := self._jobs.shown) is None:
            return {"progress": 0, "spent_today_usd": self._jobs.spent_today_usd}
        shortened = job.prompt if len(job.prompt) <= PROMPT_LENGTH else job.prompt[: PROMPT_LENGTH - 1] + "…"
        return {
            "progress": job.progress,
            "estimated": job.estimated,
            "prompt": shortened,
            "scene_id": job.scene_id,
            "job_id": job.job_id,
            "message": job.message,
            "estimate_usd": job.estimate_usd,
            "cost_usd": job.cost_usd,
            "spent_today_usd": self._jobs.spent_today_usd,
        }
