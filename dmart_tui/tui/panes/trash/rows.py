"""The rows of the trash: sorted, narrowed, and drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.segment import Segment

from dmart_tui.core.text import fit, safe
from dmart_tui.core.units import format_count, format_size, format_time
from dmart_tui.tui.widgets.lines import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style

    from dmart_tui.core.writing import TrashFile, TrashItem

ORDERS: Final = {
    "newest": ("n", "Newest first"),
    "oldest": ("o", "Oldest first"),
    "largest": ("l", "Largest first"),
    "place": ("p", "By the place it had"),
    "who": ("w", "By who threw it away"),
}
"""Letter and words of each order."""
_KEYS: Final[dict[str, Callable[[TrashItem], object]]] = {
    "oldest": lambda item: item.when,
    "largest": lambda item: -item.size,
    "place": lambda item: str(item.address or item.identity),
    "who": lambda item: item.who,
}


def name_of(item: TrashItem) -> str:
    """What it is called, not safe to show yet."""
    return item.displayname or (item.address.name if item.address is not None else item.identity)


def many(item: TrashItem) -> str:
    """How much it is, where it is more than one."""
    return f"{format_count(item.entries)} entries" if item.entries > 1 else ""


class TrashRows:
    """What is in the trash, a line each.

    Args:
        items: newest first.
        needle: words that all must be in the address, name, type or who threw it away.
        names: whether display names show.
    """

    more = False

    def __init__(
        self,
        items: Sequence[TrashItem],
        icon: Callable[[str], str],
        *,
        order: str = "newest",
        needle: str = "",
        names: bool = True,
    ) -> None:
        words = needle.casefold().split()
        kept = [item for item in items if all(word in _text(item) for word in words)] if words else list(items)
        if order in _KEYS:
            kept.sort(key=_KEYS[order])  # type: ignore[arg-type]
        self.items = kept
        self._icon = icon
        self._names = names
        self._index = {item.identity: at for at, item in enumerate(kept)}
        self._who = min(14, max((len(item.who) for item in kept), default=0))

    def __len__(self) -> int:
        return len(self.items)

    def key(self, index: int, /) -> str:
        return self.items[index].identity

    def index(self, key: str, /) -> int:
        return self._index.get(key, -1)

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        item = self.items[index]
        muted = style("muted")
        address = str(item.address or "")
        lead = Segment("✗ ", style("error")) if item.problem else Segment(f"{self._icon(item.type)} ", style("accent"))
        left = [lead, Segment(safe(name_of(item) if self._names else address or item.identity), style(""))]
        if self._names and width > 70:
            left.append(Segment(f"  {safe(address)}", muted))
        right = []
        if width > 84:
            right.append(Segment(fit(many(item), 14, right=True) + "  ", muted))
        if width > 60:
            right.append(Segment(fit(safe(item.who), self._who) + "  ", muted))
        right.append(Segment(format_time(item.when)[: 16 if width > 50 else 10] + " ", muted))
        right.append(Segment(fit(format_size(item.size), 8, right=True) + " ", muted))
        return spread(left, right, width)


def _text(item: TrashItem) -> str:
    return f"{item.address or item.identity} {item.displayname} {item.type} {item.who}".casefold()


class FileRows:
    """The files of something in the trash, a line each."""

    def __init__(self, files: Sequence[TrashFile], *, more: bool) -> None:
        self.files = files
        self.more = more

    def __len__(self) -> int:
        return len(self.files)

    def key(self, index: int, /) -> str:
        return self.files[index].stored

    def index(self, key: str, /) -> int:
        return next((at for at, file in enumerate(self.files) if file.stored == key), -1)

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        file = self.files[index]
        return spread([Segment(safe(file.path))], [Segment(f"{format_size(file.size)} ", style("muted"))], width)
