"""What panes tell the app; panes never call each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.message import Message

if TYPE_CHECKING:
    from dmart_tui.core.address import Address
    from dmart_tui.core.historydb import Query

Severity = Literal["information", "warning", "error"]
ToolName = Literal["problems", "timeline", "links", "search", "activity"]
StoreTool = Literal["store-activity", "store-query", "store"]
"""What can be opened of a history store."""


class OpenAddress(Message):
    """Open a document and keep it open.

    Args:
        view: the view to show (`payload`, `history`, ...), else the one last used.
        focus: move the focus into the document.
        state: what the view should take back, as `EntryView.restore` knows it: where to stand.
    """

    def __init__(
        self, address: Address, view: str | None = None, focus: bool = True, *, state: dict[str, object] | None = None
    ) -> None:
        super().__init__()
        self.address = address
        self.view = view
        self.focus = focus
        self.state = state


class Highlighted(Message):
    """The cursor rests on an address (None: on nothing that can be opened): preview it."""

    def __init__(self, address: Address | None) -> None:
        super().__init__()
        self.address = address

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Highlighted)


class OpenTool(Message):
    """Open a document that is no entry.

    Args:
        address: the branch it is about; None: the whole root.
    """

    def __init__(self, tool: ToolName, address: Address | None = None) -> None:
        super().__init__()
        self.tool: ToolName = tool
        self.address = address


class OpenArchive(Message):
    """Open an archive, or the list of archives of a place.

    Args:
        where: a path or an `s3://` address.
        browse: it is a folder, a bucket or a prefix.
    """

    def __init__(self, where: str, *, browse: bool = False) -> None:
        super().__init__()
        self.where = where
        self.browse = browse


class OpenStore(Message):
    """Open a history store.

    Args:
        where: a path.
        query: what is asked first, for `store-query`.
    """

    def __init__(self, where: str, tool: StoreTool = "store-activity", query: Query | None = None) -> None:
        super().__init__()
        self.where = where
        self.tool: StoreTool = tool
        self.query = query


class Notice(Message):
    """Something a person should know."""

    def __init__(self, text: str, severity: Severity = "information") -> None:
        super().__init__()
        self.text = text
        self.severity: Severity = severity


class Counted(Message):
    """A view knows how many things it shows: its tab says so.

    Args:
        view: the view's name.
        count: shown after the tab's title; None shows none.
        sign: a state shown after it.
    """

    def __init__(self, view: str, count: int | None, *, sign: str = "") -> None:
        super().__init__()
        self.view = view
        self.count = count
        self.sign = sign
