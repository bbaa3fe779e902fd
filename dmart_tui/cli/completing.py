"""Addresses completed by the shell."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from dmart_tui.cli.session import Session

if TYPE_CHECKING:
    import click

_MOST: Final = 200


def complete_address(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names below the folder that was typed so far, folders with a slash; nothing when anything is wrong."""
    from dmart_tui.core.address import Address
    from dmart_tui.core.errors import DmartTuiError
    from dmart_tui.core.spaces import FOLDER

    folder, slash, _ = incomplete.rpartition("/")
    try:
        spaces = (ctx.find_object(Session) or Session()).spaces
        if slash:
            place = Address.parse(folder)
            found = sorted((str(place.child(name)), flags) for name, flags in spaces.scan(place))
        else:
            found = [(str(Address(name)), FOLDER) for name in spaces.space_names()]
    except DmartTuiError:
        return []
    fitting = (f"{text}/" if flags & FOLDER else text for text, flags in found if text.startswith(incomplete))
    return list(islice(fitting, _MOST))
