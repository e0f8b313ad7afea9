"""Triggers: a scene is over."""

from typing import Any, Final, cast, override

import probatio
from homeassistant.const import CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import Trigger, TriggerActionRunner, TriggerConfig, TriggerNotTriggeredReporter
from homeassistant.helpers.typing import ConfigType

from .job import ENDS, Stage
from .jobs import EVENT_SCENE_FINISHED

CONF_STATUS: Final = "status"
CONF_STUDIO: Final = "studio"

_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_OPTIONS, default=dict): {
            probatio.Optional(CONF_STUDIO): cv.string,
            probatio.Optional(CONF_STATUS, default=[Stage.FINISHED.value]): probatio.All(
                probatio.EnsureList(), probatio.Length(min=1), [probatio.In([end.value for end in ENDS])]
            ),
        }
    }
)


class SceneFinishedTrigger(Trigger):
    """A job has ended: finished, failed or cancelled."""

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the options."""
        return cast(ConfigType, _SCHEMA(config))

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take the options."""
        super().__init__(hass, config)
        options: dict[str, Any] = config.options or {}
        self._studio: str | None = options.get(CONF_STUDIO)
        self._statuses = frozenset(options[CONF_STATUS])

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Run the action at each end that was asked for."""

        @callback
        def ended(event: Event) -> None:
            data = event.data
            if data["status"] in self._statuses and self._studio in (None, data["studio"]):
                run_action(dict(data), f"scene {data['scene_id']} {data['status']}", event.context)

        return self._hass.bus.async_listen(EVENT_SCENE_FINISHED, ended)


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers."""
    return {"scene_finished": SceneFinishedTrigger}
