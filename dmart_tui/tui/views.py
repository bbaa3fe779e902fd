"""What a view of an entry is, and which views there are; each is imported when first shown."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Final

from textual.widget import Widget

from dmart_tui.tui.acting import Acting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Entry


class EntryView(Acting, Widget):
    """One view of one entry, in its document.

    A view posts `Counted` when it knows how many things it shows. It must paint something at once and read in the
    background; the newest `show` wins.
    """

    VIEW: ClassVar[str] = ""
    """The view's name in addresses of the session and in `OpenAddress`."""
    TITLE: ClassVar[str] = ""
    """The title of its tab."""
    brief: bool = False
    """Whether it shows an entry in passing: what few look at may be left out. `show` follows when that changes."""

    async def show(self, entry: Entry) -> None:
        """Show an entry; called again when it changed on the disk or when the preview moves on."""
        raise NotImplementedError

    async def reveal(self, address: Address) -> None:
        """Put the cursor on a part of the entry, such as an attachment."""

    @property
    def unsaved(self) -> bool:
        """Whether it holds edits that are not saved."""
        return False

    async def save(self) -> bool:
        """Save the edits it holds, asking as it does; whether they are saved."""
        return True

    def edit_outside(self) -> None:
        """Let a person edit it in their own editor; views that edit nothing do nothing."""

    def take_focus(self) -> None:
        """Put the focus on what the keys should go to."""
        target = self if self.focusable else next((w for w in self.query("*") if w.focusable), None)
        if target is not None:
            target.focus()

    def state(self) -> dict[str, object]:
        """What the session should remember, as JSON."""
        return {}

    def restore(self, state: dict[str, object]) -> None:
        """Take back what `state` gave in another session, as far as it still fits.

        Called before the first `show`; later by who sends here to stand at a certain place (`OpenAddress.state`).
        """


class ToolView(Acting, Widget):
    """A pane that is no entry and keeps something of its own: `state` goes to its constructor in the next session."""

    def take_focus(self) -> None:
        """Put the focus on what the keys should go to."""
        raise NotImplementedError

    async def may_close(self) -> bool:
        """Whether it may be closed; asks a person where something would be lost."""
        return True

    def state(self) -> dict[str, object]:
        """What the session should remember, as JSON."""
        return {}


class Gathering(Acting):
    """What lists entries that can be changed together."""

    NARROWED: ClassVar[str] = ""
    """What some of them match: `the filter`."""

    def marked(self) -> Callable[[], list[Address]] | None:
        """What lists the marked rows, for a thread; None when none is marked."""
        raise NotImplementedError

    def matching(self) -> Callable[[], list[Address]] | None:
        """What lists the rows that a filter or query leaves, for a thread; None when there is none."""
        raise NotImplementedError


class TreeView(Gathering, Widget):
    """The tree on the left, as the app knows it. It posts `Highlighted` as its cursor moves and `OpenAddress`."""

    CONTEXT: ClassVar[str] = "tree"
    NARROWED: ClassVar[str] = "the filter"

    async def locate(self, address: Address) -> None:
        """Put the cursor on an address, unfolding what is above it."""
        raise NotImplementedError

    async def reload(self) -> None:
        """Read what is unfolded again; the cursor and marks stay where they can."""
        raise NotImplementedError

    def take_focus(self) -> None:
        """Take the focus."""
        raise NotImplementedError

    def mark(self, addresses: Iterable[Address]) -> None:
        """Mark these and nothing else, also where they do not show."""
        raise NotImplementedError

    async def show_only(self, addresses: Iterable[Address], words: str) -> None:
        """Show these and what is above them, and nothing else, until the filter is taken away that says `words`."""
        raise NotImplementedError

    async def look_changed(self) -> None:
        """Show what the user sees whom the desk now views as, or all."""
        raise NotImplementedError

    def opened(self) -> list[Address]:
        """The unfolded spaces and folders: those whose changes show."""
        raise NotImplementedError

    def state(self) -> dict[str, object]:
        """What the session should remember, as JSON."""
        raise NotImplementedError

    async def restore(self, state: dict[str, object]) -> None:
        """Take back what `state` gave, as far as it still fits."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """A view that can be made: its name, tab title and `module:class`."""

    name: str
    title: str
    where: str


VIEWS: Final = (
    ViewSpec("overview", "Overview", "overview:OverviewPane"),
    ViewSpec("payload", "Payload", "payload:PayloadPane"),
    ViewSpec("attachments", "Attachments", "attachments:AttachmentsPane"),
    ViewSpec("history", "History", "history:HistoryPane"),
    ViewSpec("raw", "Raw", "raw:RawPane"),
    ViewSpec("edit", "Edit", "edit:EditPane"),
    ViewSpec("relations", "Relations", "relations:RelationsPane"),
)
TREE: Final = "tree:TreePane"
TOOLS: Final = {
    "problems": ViewSpec("problems", "Problems", "problems:ProblemsPane"),
    "timeline": ViewSpec("timeline", "Timeline", "timeline:TimelinePane"),
    "links": ViewSpec("links", "Relations of the root", "relations:RootLinksPane"),
    "search": ViewSpec("search", "Search", "search:SearchPane"),
    "trash": ViewSpec("trash", "Trash", "trash:TrashPane"),
    "worksheet": ViewSpec("worksheet", "SQL", "worksheet:WorksheetPane"),
    "activity": ViewSpec("activity", "Activity", "activity:ActivityPane"),
    "redis": ViewSpec("redis", "Redis", "redis:RedisPane"),
}
"""Documents that are no entry; their panes take `address` (None: the whole root) and `idle` (wait to be run)."""
ARCHIVE_TOOLS: Final = {
    "archive": ViewSpec("archive", "Archive", "archive:ArchivePane"),
    "archives": ViewSpec("archives", "Archives", "archive.places:PlacesPane"),
}
"""The same about archives: their panes take `place`, a path or an `s3://` address, in place of `address`."""
STORE_TOOLS: Final = {
    "store-activity": ViewSpec("store-activity", "Activity", "activity:ActivityPane"),
    "store-query": ViewSpec("store-query", "Query", "store:QueryPane"),
    "store": ViewSpec("store", "Store", "store:StorePane"),
}
"""The same about history stores."""


def make(where: str) -> type[Widget]:
    """Import a pane's class by its `module:class` under `dmart_tui.tui.panes`."""
    module, _, name = where.partition(":")
    found: type[Widget] = getattr(import_module(f"dmart_tui.tui.panes.{module}"), name)
    return found
