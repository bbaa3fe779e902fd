"""The attachments of one entry: names gathered at once, metas read when a row is seen. No screen here."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from dmart_tui.core import background
from dmart_tui.core.spaces import attachment_type
from dmart_tui.tui.panes.attachments.threads import Said, counted, said_of, threaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dmart_tui.core.spaces import Attachment, Entry, Spaces
    from dmart_tui.tui.panes.attachments.threads import Name

ORDERS: Final = {
    "name": ("n", "by name"),
    "time": ("t", "oldest first"),
    "newest": ("c", "newest first"),
    "type": ("y", "by type"),
    "size": ("z", "largest first"),
}
"""Orders by name: the letter of the menu and what it says."""
ALL_READ: Final = 200
"""Up to so many attachments are read at once and stand in the order of their times, as a conversation does."""
_KEPT: Final = 2_000
_BATCH: Final = 32


class AttachmentStore:
    """The attachments of an entry in an order, of them those that match.

    Memory: a pair of texts an attachment, 2,000 metas at most.

    Args:
        arrived: called on the event loop with the rows that were read.
        spawn: runs a coroutine in the background.
    """

    def __init__(
        self, spaces: Spaces, entry: Entry, arrived: Callable[[list[int]], None], spawn: Callable[..., object]
    ) -> None:
        self._spaces = spaces
        self._entry = entry
        self._arrived = arrived
        self._spawn = spawn
        self.names: list[Name] = []
        self.shown: list[Name] = []
        """The rows, in their order."""
        self.order = "name"
        self.needle = ""
        self.depths: dict[Name, int] = {}
        """How deep answers stand below what they answer; empty in other orders than "time"."""
        self.reactions: list[tuple[str, int]] = []
        """How often each was given; empty while not all were read."""
        self._ordered: list[Name] = []
        self._known: OrderedDict[Name, Attachment] = OrderedDict()
        self._wanted: dict[Name, int] = {}
        self._reading = False

    async def gather(self, order: str = "") -> None:
        """List the names; of few attachments read all, so that they stand by time."""
        self.names = await background.run(lambda: list(self._spaces.attachment_names(self._entry)))
        if not order:
            order = "time" if len(self.names) <= ALL_READ else "name"
        await self.sort(order)

    async def sort(self, order: str, progress: Callable[[int], None] = lambda _: None) -> None:
        """Put the rows in an order; all but names and types read every meta once.

        Args:
            progress: called in a thread with the number of those read; may raise to stop.
        """
        names = self.names
        said = [] if order in ("name", "type") else await background.run(self._read_all, progress)
        self.depths = threaded(said) if order == "time" else {}
        self.reactions = counted(said) or self.reactions
        match order:
            case "name":
                self._ordered = sorted(names, key=lambda pair: (pair[1], pair[0]))
            case "type":
                self._ordered = sorted(names, key=lambda pair: (attachment_type(pair[0]), pair[1]))
            case "size":
                self._ordered = [one.name for one in sorted(said, key=lambda one: (-one.size, one.name))]
            case "newest":
                self._ordered = [one.name for one in sorted(said, key=lambda one: (-one.time, one.name))]
            case _:
                self._ordered = list(self.depths)
        self.order = order
        self.filter(self.needle)

    def filter(self, needle: str) -> None:
        """Show only those whose name has `needle` (any case without capitals)."""
        self.needle = needle
        self._wanted.clear()
        exact = needle != needle.lower()
        self.shown = [pair for pair in self._ordered if not needle or needle in (pair[1] if exact else pair[1].lower())]

    def _read_all(self, progress: Callable[[int], None]) -> list[Said]:
        """What orders need to know of all; of few the metas are kept too."""
        said = []
        for at, pair in enumerate(self.names):
            attachment = self._spaces.load_attachment(self._entry, *pair)
            if len(self.names) <= ALL_READ:
                self._known[pair] = attachment
            said.append(said_of(attachment, pair))
            if at % _BATCH == 0:
                progress(at)
        return said

    def get(self, row: int) -> Attachment | None:
        """The attachment of a row, or None and it will come."""
        pair = self.shown[row]
        attachment = self._known.get(pair)
        if attachment is not None:
            self._known.move_to_end(pair)
            return attachment
        self._wanted[pair] = row
        if not self._reading:
            self._reading = True
            self._spawn(self._read(), group="attachments")
        return None

    def has(self, row: int) -> bool:
        """Whether the attachment of a row was read."""
        return self.shown[row] in self._known

    async def load(self, row: int) -> Attachment:
        """The attachment of a row, read now if it was not yet."""
        pair = self.shown[row]
        known = self._known.get(pair)
        if known is not None:
            return known
        return await background.run(self._spaces.load_attachment, self._entry, *pair)

    def depth(self, row: int) -> int:
        """How deep a row stands below what it answers."""
        return self.depths.get(self.shown[row], 0)

    def type_and_name(self, row: int) -> tuple[str, str]:
        """(type, name) of a row, without reading anything."""
        folder, name = self.shown[row]
        return attachment_type(folder), name

    def row_of(self, type_: str, name: str) -> int:
        """The row of an attachment, or -1."""
        for row, (folder, other) in enumerate(self.shown):
            if other == name and attachment_type(folder) == type_:
                return row
        return -1

    async def _read(self) -> None:
        try:
            while self._wanted:
                # What was asked for last is what is on the screen.
                asked = [self._wanted.popitem() for _ in range(min(_BATCH, len(self._wanted)))]
                found = await background.run(self._load, [pair for pair, _ in asked])
                self._known.update(found)
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
                rows = [row for pair, row in asked if row < len(self.shown) and self.shown[row] == pair]
                self._wanted = dict(list(self._wanted.items())[-4 * _BATCH :])
                self._arrived(rows)
        finally:
            self._reading = False

    def _load(self, pairs: Iterable[Name]) -> dict[Name, Attachment]:
        return {pair: self._spaces.load_attachment(self._entry, *pair) for pair in pairs}


__all__ = ["ALL_READ", "ORDERS", "AttachmentStore"]
