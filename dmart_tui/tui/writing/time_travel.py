"""Taking changes of the past back and restoring what was, from the interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from dmart_tui.core.errors import NotFound
from dmart_tui.core.spaces import Record, history
from dmart_tui.core.units import format_time
from dmart_tui.tui.screens.dialog import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Logged, Spaces
    from dmart_tui.core.writing import Done, Plan
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk

_LETTERS: Final = "123456789abcdefghijklmnopqrstuv"


def why_not_reverted(desk: Desk, item: Logged) -> str | None:
    """The reason why what a line tells cannot be taken back."""
    from dmart_tui.core.writing import why_not_reverted as why_not

    if not isinstance(item, Record):
        return "An event log does not say what was before; histories do."
    return desk.refusal_to_write or why_not(item) or None


def why_not_restored(desk: Desk, address: Address, when: datetime | None) -> str | None:
    """The reason why something cannot be made what it was at a time."""
    if address.attachment is not None:
        return "What an attachment was cannot be told: all of an entry share one history."
    return desk.refusal_to_write or ("This line has no time that can be read." if when is None else None)


async def revert(desk: Desk, item: Logged) -> Done | None:
    """Propose to take back what a line of a history tells.

    Args:
        item: as it is shown: its secrets may be masked.
    """
    from dmart_tui.core.writing import plan_revert

    def make() -> Plan:
        return plan_revert(desk.store, _unmasked(desk.store.spaces, item))

    return await desk.propose(make)


async def restore(desk: Desk, address: Address, when: datetime, keys: Iterable[str]) -> Done | None:
    """Ask whether all of it or one of these keys, and propose to make that what it was after the changes of a time."""
    from dmart_tui.core.writing import LEFT_ALONE, plan_restore_to

    wanted = [key for key in dict.fromkeys(keys) if key not in LEFT_ALONE]
    options: list[tuple[str, str, list[str]]] = [("w", "The whole entry", [])]
    options += [(letter, f"Only {key}", [key]) for letter, key in zip(_LETTERS, wanted, strict=False)]
    words = "As it was after what was changed then; a new change, which can be taken back."
    app = cast("DmartApp", desk.app)
    chosen = await app.ask(Choice(f"Restore to {format_time(when, seconds=True)}", options, words=words))
    if chosen is None:
        return None
    return await desk.propose(lambda: plan_restore_to(desk.store, address, when, chosen or None))


def _unmasked(spaces: Spaces, item: Logged) -> Record:
    """The line as it stands in its file."""
    for record in history(spaces, item.address):
        if (record.path, record.timestamp, record.owner) == (item.path, item.timestamp, item.owner) and (
            item.changes in (record.changes, record.masked().changes)
        ):
            return record
    raise NotFound("this line is not in its history any more", address=str(item.address))
