"""What may be meant by a few typed letters in a field: names that exist, tags that neighbours have."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces.layout import MANAGEMENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dmart_tui.core.spaces import Spaces

NEIGHBOURS: Final = 300
"""Entries of the same folder that are read for their tags."""
MOST: Final = 50
_FOLDERS: Final = {
    "owner_shortname": ("users",),
    "owner_group_shortname": ("groups",),
    "user_shortname": ("users",),
    "roles": ("roles",),
    "groups": ("groups",),
    "permissions": ("permissions",),
}


class Suggestions:
    """Names for the fields of one document; each list is read once, when it is first asked for.

    Args:
        address: of the document.
    """

    def __init__(self, address: Address, spaces: Spaces) -> None:
        self._address = address
        self._spaces = spaces
        self._known: dict[str, list[str]] = {}

    def matching(self, path: Sequence[str | int], typed: str) -> list[str]:
        """Names that begin with what is typed, then those that have it inside; at most 50."""
        keys = [part for part in path if isinstance(part, str)]
        if not keys:
            return []
        names = self._known.setdefault(keys[-1], self._names(keys[-1]))
        lower = typed.lower()
        found = [name for name in names if lower in name.lower()]
        return sorted(found, key=lambda name: not name.lower().startswith(lower))[:MOST]

    def _names(self, key: str) -> list[str]:
        space = self._address.space
        if key == "tags":
            return self._tags
        if key in _FOLDERS:
            return self._below(Address(MANAGEMENT, _FOLDERS[key]))
        if key == "schema_shortname":
            return [*dict.fromkeys((*self._below(Address(space, ("schema",))), *self._below(_SCHEMAS)))]
        if key == "workflow_shortname":
            return self._below(Address(space, ("workflows",)))
        return self._spaces.space_names() if key == "space_name" else []

    def _below(self, folder: Address) -> list[str]:
        try:
            return sorted(name for name, _ in self._spaces.scan(folder))
        except DmartTuiError:
            return []

    @cached_property
    def _tags(self) -> list[str]:
        parent = self._address.parent
        if parent is None:
            return []
        seen: Counter[str] = Counter()
        try:
            for name, flags in islice(self._spaces.scan(parent), NEIGHBOURS):
                seen.update(self._spaces.load_child(parent, name, flags).tags)
        except DmartTuiError:
            pass
        return _in_order(seen)


_SCHEMAS: Final = Address(MANAGEMENT, ("schema",))


def _in_order(seen: Counter[str]) -> list[str]:
    ordered: Iterable[tuple[str, int]] = seen.most_common()
    return [tag for tag, _ in ordered]
