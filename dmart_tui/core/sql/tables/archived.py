"""The members of open archives as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.secrets import mask
from dmart_tui.core.sql.tables.cells import as_json, clean
from dmart_tui.core.sql.tables.definitions import of_archive
from dmart_tui.core.sql.tables.files import SCHEME, ArchiveFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.sql.tables.definitions import Table

_BATCH: Final = 1000


class Archived:
    """One archive. Names that are no UTF-8 have `?`, and a `url` that finds nothing."""

    def __init__(self, files: ArchiveFiles, name: str) -> None:
        self._files = files
        self._name = name
        self.tables = (of_archive(name, files.names[name]),)

    def stamp(self, told: Callable[[str], None], cancel: CancelToken) -> object:
        """Which bytes it is; one that was replaced is opened anew.

        Raises:
            Damaged, NotFound, Refused, Failed: it cannot be opened.
        """
        return self._files.archive(self._name).source.cache_key

    def rows(self, table: Table, cancel: CancelToken) -> Iterator[list[tuple[Any, ...]]]:
        """The members, a thousand at once, with their metadata; raises Cancelled, Failed."""
        archive = self._files.archive(self._name)
        for start in range(0, len(archive), _BATCH):
            cancel.check()
            positions = range(start, min(start + _BATCH, len(archive)))
            metas = dict(archive.metas(positions, cancel))
            rows = []
            for position in positions:
                member, meta = archive.member(position), metas[position]
                name = clean(member.name)
                shown = None if isinstance(meta, DmartTuiError) else as_json(mask(meta))
                rows.append(
                    (
                        position, name, member.size, member.stored, member.offset, member.flags, member.codec,
                        member.external, member.deleted, member.digest, member.problem or None,
                        f"{SCHEME}{table.name}/{name}", shown,
                    )
                )  # fmt: skip
            yield rows
