"""A link from one entry to another, and who knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, get_args

from dmart_tui.core.spaces.relations import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.address import Address

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""All roles, relationships first."""


@dataclass(frozen=True, slots=True)
class Link:
    """One thing that an entry, or something attached to it, names."""

    source: Address
    """The entry; of an attachment its owner."""
    target: Address
    role: Role
    source_type: str
    """Resource types."""
    target_type: str
    """Of what stands there; empty: nothing does."""
    attributes: Any = None
    """Of a relationship: what it says about itself."""


class Links(Protocol):
    """Looks links up both ways; blocks."""

    def points_from(self, address: Address, /) -> Sequence[Link]:
        """What an entry names; nothing of what is not there."""
        ...

    def pointing_to(self, address: Address, roles: frozenset[Role], most: int, /) -> tuple[Sequence[Link], int]:
        """The first `most` links to an entry of these roles, and how many there are."""
        ...
