"""What is remembered of a studio from film to film: what they cost, how long they took, what is wrong with it."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .t2v import AuthenticationFailed, BalanceEmpty, Ledger, Pace, StudioUnreachable, T2VError

DEAD_AFTER: Final = 3
"""Jobs in a row that a studio did not answer to, before it is taken for dead."""

_BOOKS: HassKey[dict[str, Books]] = HassKey(f"{DOMAIN}_books")
_UNREACHABLE: Final = "studio_unreachable"
_BALANCE: Final = "studio_balance"


class Books:
    """A studio's books; other studios write in them too, where this one stands in for them."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Begin with empty books; `async_load` reads what is stored."""
        self.hass = hass
        self.ledger = Ledger()
        self.pace = Pace()
        self._entry_id = entry_id
        self._silences = 0
        self._store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.books.{entry_id}", atomic_writes=True)

    async def async_load(self) -> None:
        """Read what is stored."""
        stored = await self._store.async_load() or {}
        self.ledger = Ledger.from_dict(stored.get("ledger", {}))
        self.pace = Pace.from_dict(stored.get("pace", {}))

    async def async_save(self) -> None:
        """Write everything down."""
        await self._store.async_save({"ledger": self.ledger.as_dict(), "pace": self.pace.as_dict()})

    async def async_remove(self) -> None:
        """Forget everything, also what was wrong."""
        self._all_is_well()
        await self._store.async_remove()

    @property
    def spent_today_usd(self) -> float:
        """What the studio has cost since midnight."""
        return self.ledger.spent_since(day_began())

    @callback
    def async_made_film(self) -> None:
        """Note that the studio works."""
        self._silences = 0
        self._all_is_well()

    @callback
    def async_failed(self, entry: ConfigEntry, err: T2VError) -> None:
        """Tell the user of what only the user can mend: a key, an account, a machine that is gone."""
        self._silences = self._silences + 1 if isinstance(err, StudioUnreachable) else 0
        if isinstance(err, AuthenticationFailed):
            entry.async_start_reauth(self.hass)
        elif isinstance(err, BalanceEmpty):
            self._raise_issue(_BALANCE, entry, err)
        elif self._silences >= DEAD_AFTER:
            self._raise_issue(_UNREACHABLE, entry, err)

    def _raise_issue(self, key: str, entry: ConfigEntry, err: T2VError) -> None:
        ir.async_create_issue(
            self.hass,
            DOMAIN,
            f"{key}_{self._entry_id}",
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=key,
            translation_placeholders={"studio": entry.title, "error": str(err)},
        )

    def _all_is_well(self) -> None:
        for key in (_UNREACHABLE, _BALANCE):
            ir.async_delete_issue(self.hass, DOMAIN, f"{key}_{self._entry_id}")


def day_began() -> float:
    """Return when today began where the house is, in seconds since 1970."""
    return dt_util.start_of_local_day().timestamp()


async def async_get_books(hass: HomeAssistant, entry_id: str) -> Books:
    """Return the books of a studio, whether it is loaded or not."""
    every = hass.data.setdefault(_BOOKS, {})
    if (books := every.get(entry_id)) is None:
        books = Books(hass, entry_id)
        await books.async_load()
        books = every.setdefault(entry_id, books)
    return books


async def async_forget_books(hass: HomeAssistant, entry_id: str) -> None:
    """Forget a studio that is removed."""
    await (await async_get_books(hass, entry_id)).async_remove()
    hass.data[_BOOKS].pop(entry_id, None)
