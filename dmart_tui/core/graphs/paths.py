"""Ways between two entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.address import Address
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.graphs.links import Link, Links
    from dmart_tui.core.spaces.relations import Role

MOST_VISITED: Final = 20_000
MOST_POINTING: Final = 1000
"""Links to one entry that are followed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a way; it may be walked against its direction."""

    link: Link
    forward: bool

    @property
    def end(self) -> Address:
        """Where the step leads."""
        return self.link.target if self.forward else self.link.source


def shortest_path(
    links: Links, start: Address, end: Address, roles: frozenset[Role], cancel: CancelToken | None = None
) -> list[Step] | None:
    """A shortest way along links in either direction; None when none is found among 20,000 entries. Blocks.

    Raises:
        Cancelled: `cancel` was.
    """
    came: dict[Address, Step | None] = {start: None}
    layer = [start]
    while layer and end not in came and len(came) < MOST_VISITED:
        following: list[Address] = []
        for address in layer:
            if cancel is not None:
                cancel.check()
            for step in _steps(links, address, roles):
                if step.end not in came:
                    came[step.end] = step
                    following.append(step.end)
        layer = following
    if end not in came:
        return None
    way: list[Step] = []
    while (last := came[end]) is not None:
        way.append(last)
        end = last.link.source if last.forward else last.link.target
    return way[::-1]


def _steps(links: Links, address: Address, roles: frozenset[Role]) -> Iterator[Step]:
    yield from (Step(one, True) for one in links.points_from(address) if one.role in roles)
    yield from (Step(one, False) for one in links.pointing_to(address, roles, MOST_POINTING)[0])
