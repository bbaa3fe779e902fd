"""Packing what stands at addresses into a DES archive, with all that belongs to it: the answer to millions of files.

Members have the paths of the files as the root sees them, so that unpacking into a root puts everything in its place.
Packing changes nothing in the root; what was packed goes to the trash in a step of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.cache import cache_for
from dmart_tui.core.archives.source import open_source
from dmart_tui.core.archives.trees import Links, Packed, Root, pack_files, unlike
from dmart_tui.core.errors import Refused
from dmart_tui.core.files import inside
from dmart_tui.core.writing.belonging import belongings

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.address import Address
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.config import Settings
    from dmart_tui.core.spaces import Spaces

_MODE: Final = 0o600
"""Of an archive: metas of users hold hashes of passwords."""


def roots_at(spaces: Spaces, addresses: Iterable[Address]) -> list[Root]:
    """The files and folders of what stands at addresses: metas, payloads, attachments, histories, side-cars.

    Raises:
        NotFound, Refused: as `belongings`.
    """
    paths: set[str] = set()
    for address in addresses:
        mine = belongings(spaces, address)
        # A body that others share is theirs too, and needed here all the same.
        paths.update(path for path in (*mine.parts, mine.payload) if path is not None)
    kept = [path for path in sorted(paths) if not any(path != other and inside(other, path) for other in paths)]
    return [Root(spaces.root, spaces.relative(path)) for path in kept]


def pack_addresses(
    spaces: Spaces,
    addresses: Iterable[Address],
    path: str,
    *,
    links: Links = "refuse",
    big_file_threshold: int | None = None,
    cancel: CancelToken | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Packed:
    """Make an archive of what stands at addresses; arguments and errors as `roots_at` and `pack_files`."""
    return pack_files(
        path,
        roots_at(spaces, addresses),
        links=links,
        big_file_threshold=big_file_threshold,
        mode=_MODE,
        cancel=cancel,
        progress=progress,
    )


def refuse_unpacked(
    spaces: Spaces,
    address: Address,
    archive: str,
    *,
    settings: Settings | None = None,
    cancel: CancelToken | None = None,
) -> None:
    """Prove that an archive holds all files of what stands at an address, before that goes to the trash.

    Raises:
        Refused: files are not in the archive, or have changed since; the message names one.
        NotFound, Damaged, Failed, Cancelled: as `belongings` and `unlike`.
    """
    with open_archive(open_source(archive, settings), cache=cache_for(archive, settings)) as opened:
        left = unlike(opened, roots_at(spaces, (address,)), cancel)
    if left:
        more = f" and {len(left) - 1:,} more" if len(left) > 1 else ""
        raise Refused(f"{left[0]}{more} is not in {archive} as it is here", address=str(address), hint="pack it again")
