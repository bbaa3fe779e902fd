"""What can be copied of an entry: its address, path, name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core import background

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Spaces

OPTIONS: Final = (
    ("a", "Address", "address"),
    ("p", "Path of the meta file", "path"),
    ("n", "Shortname", "name"),
    ("d", "Display name", "displayname"),
)


async def text_of(what: str, addresses: Sequence[Address], spaces: Spaces, language: str) -> str:
    """The text to copy, one line an address.

    Args:
        what: the last word of one of `OPTIONS`.

    Raises:
        DmartTuiError: an entry that must be read for it cannot be.
    """
    if what == "address":
        return "\n".join(map(str, addresses))
    if what == "name":
        return "\n".join(address.name for address in addresses)
    lines = []
    for address in addresses:
        item = await background.run(spaces.load if address.attachment is None else spaces.attachment, address)
        lines.append(item.path if what == "path" else item.displayname(language))
    return "\n".join(lines)
