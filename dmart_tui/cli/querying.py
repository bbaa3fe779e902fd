"""What commands that search share: a query, where it looks and who asks, as a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.search import Request, parse

if TYPE_CHECKING:
    from dmart_tui.cli.session import Session


def read_request(session: Session, query: str, place: str | None, user: str) -> Request:
    """A request for the first page.

    Args:
        place: the address of a space or folder; None: everywhere.
        user: whose findings count; empty: everything.

    Raises:
        UsageFault: the query or the address is none.
        NotFound: there is nothing at the address, or no such user.
    """
    parsed = parse(query)
    if parsed.faults:
        fault = parsed.faults[0]
        raise UsageFault(fault.message, address=f"query, character {fault.start + 1}", hint="see `search --help`")
    under = session.spaces.load(session.address(place)).address if place else None
    if not user:
        return Request(parsed.tree, under)
    from dmart_tui.core.spaces import Permissions

    return Request(parsed.tree, under, Permissions(session.spaces).of(user))
