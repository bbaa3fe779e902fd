"""Orders of what is found: some to choose from, and any field by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core.search.results import RELEVANCE

if TYPE_CHECKING:
    from dmart_tui.tui.app import DmartApp

Order = tuple[str, bool]
"""A field as in queries, and whether downwards."""
BEST: Final[Order] = (RELEVANCE, False)
_ANOTHER: Final[Order] = ("*", False)
_ORDERS: Final = (
    ("b", "Best first", BEST),
    ("n", "Newest change first", ("updated_at", True)),
    ("o", "Oldest change first", ("updated_at", False)),
    ("c", "Newest first", ("created_at", True)),
    ("t", "By title", ("displayname", False)),
    ("s", "By shortname", ("shortname", False)),
    ("y", "By type", ("type", False)),
    ("w", "By owner", ("owner", False)),
    ("f", "By another field…", _ANOTHER),
)


async def ask_order(app: DmartApp, order: Order) -> Order | None:
    """Ask for an order; None when it stays as it is."""
    from dmart_tui.tui.screens.dialog import Choice, Prompt

    known = [value for _, _, value in _ORDERS]
    at = known.index(order) if order in known else len(known) - 1
    chosen = await app.ask(Choice("Sort what is found", _ORDERS, at=at))
    if chosen != _ANOTHER:
        return chosen
    words = "A field as in queries: state, payload.body.price, … A - before it sorts downwards."
    text = await app.ask(Prompt("Sort by a field", words=words, text="" if order in known else _written(order)))
    if text is None or not text.strip("- "):
        return None
    return text.strip().removeprefix("-"), text.strip().startswith("-")


def in_words(order: Order) -> str:
    """An order for the line that tells of the search."""
    return next((words.lower() for _, words, value in _ORDERS if value == order), f"by {_written(order)}")


def _written(order: Order) -> str:
    return "-" * order[1] + order[0]
