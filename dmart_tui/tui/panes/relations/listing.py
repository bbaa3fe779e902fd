"""Links as rows of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment

from dmart_tui.core.text import fit, safe
from dmart_tui.tui.panes.relations.drawing import about
from dmart_tui.tui.widgets.lines import fit_segments, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style

    from dmart_tui.core.address import Address
    from dmart_tui.core.graphs import Link

_ROLE = 12


class LinkRows:
    """Links of one entry, a line each: those to it, then those from it."""

    more = False

    def __init__(self, links: Sequence[Link], centre: Address, icon: Callable[[str], str]) -> None:
        self.links = links
        self._centre = centre
        self._icon = icon

    def __len__(self) -> int:
        return len(self.links)

    def key(self, index: int, /) -> str:
        return str(index)

    def index(self, key: str, /) -> int:
        return int(key) if key and int(key) < len(self.links) else -1

    def other(self, index: int) -> Address:
        """The other end of a link."""
        link = self.links[index]
        return link.target if link.source == self._centre else link.source

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        link, other = self.links[index], self.other(index)
        outwards = other == link.target
        type_ = link.target_type if outwards else link.source_type
        left = [
            Segment("→ " if outwards else "← ", style("accent")),
            Segment(fit(link.role, _ROLE) + " ", style("muted")),
            Segment(f"{self._icon(type_ or 'broken')} ", style("accent" if type_ else "error")),
            Segment(safe(str(other)), style("" if type_ else "error")),
        ]
        if not type_:
            left.append(Segment("  nothing there", style("error")))
        return spread(left, [Segment(f"{said} ", style("muted"))] if (said := about(link)) else [], width)


class PlaceRows:
    """Addresses with a word about each."""

    def __init__(self, places: Sequence[tuple[Address, str]], *, more: bool) -> None:
        self.places = places
        self.more = more

    def __len__(self) -> int:
        return len(self.places)

    def key(self, index: int, /) -> str:
        return str(index)

    def index(self, key: str, /) -> int:
        return int(key) if key and int(key) < len(self.places) else -1

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        address, said = self.places[index]
        shown = fit_segments([Segment(safe(said), style("muted"))], width * 3 // 5)
        return spread([Segment(safe(str(address)))], [*shown, Segment(" ")] if said else [], width, least=width // 4)
