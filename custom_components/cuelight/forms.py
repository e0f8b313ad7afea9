"""What the flows ask for: a button's key, a studio's settings, a cue map; and what is wrong with an answer."""

import asyncio
import string
from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers import selector
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .const import CONF_KEY, CONF_PROVIDER
from .t2v import PROVIDERS, AuthenticationFailed, Field, FieldKind, InvalidRequest, Provider, T2VError, make_provider

KEY_DIGITS: Final = 64
CHECK_LIMIT_S: Final = 30.0
_GROUPING: Final = {ord(mark): None for mark in "-:\u2010\u2011\u2012\u2013\u2014"}

KEY_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_KEY): selector.TextSelector(
            selector.TextSelectorConfig(type=selector.TextSelectorType.PASSWORD)
        )
    }
)

CONF_DIGITS: Final = "digits"
DIGITS_SAME: Final = "same"
DIGITS_DIFFER: Final = "differ"
CONF_WAY: Final = "way"
WAY_HOLD: Final = "hold"
WAY_KEY: Final = "key"


def _one_of(key: str, *options: str) -> selector.SelectSelector:
    return selector.SelectSelector(
        selector.SelectSelectorConfig(options=list(options), translation_key=key, mode=selector.SelectSelectorMode.LIST)
    )


# Optional, for the frontend chooses the first option of what is required: a person who only submits compared nothing.
COMPARE_SCHEMA: Final = probatio.Schema(
    {probatio.Optional(CONF_DIGITS): _one_of(CONF_DIGITS, DIGITS_SAME, DIGITS_DIFFER)}
)
RETRY_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_WAY, default=WAY_HOLD): _one_of(CONF_WAY, WAY_HOLD, WAY_KEY)}
)


class InvalidAnswer(Exception):
    """An answer that cannot be used.

    Attributes:
        field: the field to correct, ``base`` for the whole form.
        reason: the translation key of the sentence that says why.
        placeholders: what the sentence needs.
    """

    def __init__(self, field: str, reason: str, **placeholders: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.placeholders = placeholders


def parse_key(text: str) -> bytes:
    """Return the key that a label shows, whatever the case and however it is grouped.

    Raises:
        InvalidAnswer: a character that is no hex digit, or too few or too many of them.
    """
    digits = "".join(text.split()).translate(_GROUPING)
    if wrong := next((character for character in digits if character not in string.hexdigits), None):
        raise InvalidAnswer(CONF_KEY, "key_character", character=wrong)
    if len(digits) != KEY_DIGITS:
        raise InvalidAnswer(CONF_KEY, "key_length", count=str(len(digits)))
    return bytes.fromhex(digits)


def provider_schema() -> probatio.Schema:
    """Return the choice among the providers."""
    options = [selector.SelectOptionDict(value=name, label=info.title) for name, info in PROVIDERS.items()]
    config = selector.SelectSelectorConfig(options=options, mode=selector.SelectSelectorMode.LIST)
    first = options[0]["value"]
    return probatio.Schema({probatio.Required(CONF_PROVIDER, default=first): selector.SelectSelector(config)})


def studio_schema(fields: tuple[Field, ...], known: Mapping[str, Any]) -> probatio.Schema:
    """Return the form for a provider's fields; what is known is suggested, a known secret stays unless replaced."""
    return probatio.Schema({_marker(field, known): _selector(field) for field in fields})


def _marker(field: Field, known: Mapping[str, Any]) -> probatio.Marker:
    if field.kind is FieldKind.SECRET and known.get(field.name):
        return probatio.Optional(field.name)
    kind = probatio.Required if field.required else probatio.Optional
    value = known.get(field.name) or field.default
    return kind(field.name, description={"suggested_value": value} if value else None)


def _selector(field: Field) -> selector.Selector[Any]:
    if field.kind is not FieldKind.CHOICE and not field.suggestions:
        kind = {
            FieldKind.SECRET: selector.TextSelectorType.PASSWORD,
            FieldKind.URL: selector.TextSelectorType.URL,
        }.get(field.kind, selector.TextSelectorType.TEXT)
        return selector.TextSelector(selector.TextSelectorConfig(type=kind, multiline=field.kind is FieldKind.JSON))
    return selector.SelectSelector(
        selector.SelectSelectorConfig(
            options=list(field.suggestions),
            custom_value=field.kind is not FieldKind.CHOICE,
            mode=selector.SelectSelectorMode.DROPDOWN,
        )
    )


async def async_check_studio(hass: HomeAssistant, name: str, settings: Mapping[str, Any]) -> Provider:
    """Return the provider once it has answered to these settings.

    Raises:
        InvalidAnswer: it refused them, or did not answer.
    """
    try:
        provider = make_provider(name, async_get_clientsession(hass), settings)
        async with asyncio.timeout(CHECK_LIMIT_S):
            await provider.validate()
    except InvalidRequest as err:
        culprit = str(err.fields.get("field") or "base")
        known = any(field.name == culprit for field in PROVIDERS[name].fields)
        raise InvalidAnswer(culprit if known else "base", "studio_invalid", error=str(err)) from err
    except AuthenticationFailed as err:
        raise InvalidAnswer("base", "studio_key_refused", error=str(err)) from err
    except T2VError as err:
        raise InvalidAnswer("base", "studio_refused", error=str(err)) from err
    except TimeoutError as err:
        raise InvalidAnswer("base", "studio_silent", seconds=f"{CHECK_LIMIT_S:g}") from err
    return provider
