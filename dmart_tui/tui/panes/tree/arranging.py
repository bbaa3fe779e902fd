"""Ordering and filtering the rows of one folder."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from dmart_tui.core.packed import PackedNames
from dmart_tui.tui.panes.tree.levels import FOLDER, Facts, Level, read_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from dmart_tui.core.spaces import Spaces
    from dmart_tui.tui.widgets.tree_rows import Path

ORDERS: Final = {
    "name": ("n", "name on disk"),
    "title": ("d", "display name"),
    "type": ("t", "type, then name"),
    "updated": ("u", "last change, newest first"),
    "created": ("c", "creation, newest first"),
}
"""Orders by name: the letter of the menu and what it says."""

_BATCH: Final = 256
_KEYS: Final[dict[str, Callable[[Facts], object]]] = {
    "title": lambda facts: facts.title.casefold(),
    "type": lambda facts: facts.type,
    "updated": lambda facts: -facts.updated,
    "created": lambda facts: -facts.created,
}


def arrange(
    spaces: Spaces,
    path: Path,
    level: Level,
    order: str,
    needle: str,
    keep: Iterable[str],
    language: str = "en",
    progress: Callable[[int], None] = lambda _: None,
    only: Collection[str] | None = None,
) -> array[int] | None:
    """The rows of a folder in an order, of them those that match; None when that is all of them by name.

    Args:
        needle: rows whose name has it stay; with it in lower case, case does not matter.
        keep: keys that stay although they do not match.
        only: keys of the rows that stay, whatever the needle is; None: all.
        progress: called with the rows read so far; may raise to stop.

    By name it reads nothing; any other order opens each meta of the folder once. Blocks.
    """
    if order == "name" and not needle and only is None:
        return None
    ordered = None if order == "name" else _ordered(spaces, path, level, order, language, progress)
    if only is not None:
        rows = {level.index(key) for key in only} - {-1}
        return array("I", sorted(rows) if ordered is None else (row for row in ordered if row in rows))
    if not needle:
        return ordered
    found = level.names.filter(needle, within=ordered)
    missing = {level.index(key) for key in keep} - set(found)
    if missing:
        wanted = missing | set(found)
        found = array("I", (row for row in (ordered or range(len(level))) if row in wanted))
    return found


def _ordered(
    spaces: Spaces, path: Path, level: Level, order: str, language: str, progress: Callable[[int], None]
) -> array[int]:
    key = _KEYS[order]
    names: PackedNames = level.names
    keyed: list[tuple[bool, object, int]] = []
    for start in range(0, len(level), _BATCH):
        rows = range(start, min(start + _BATCH, len(level)))
        asked = [((*path, names.name(row)), names.flags(row)) for row in rows]
        found = read_facts(spaces, asked, language)
        for row, (where, flags) in zip(rows, asked, strict=True):
            keyed.append((not flags & FOLDER, key(found[where]), row))
        progress(rows.stop)
    keyed.sort(key=lambda item: item[:2])
    return array("I", (row for _, _, row in keyed))


__all__ = ["ORDERS", "arrange"]
