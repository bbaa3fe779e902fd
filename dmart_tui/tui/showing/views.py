"""From opened content and a mode to the widget that shows it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, cast

from dmart_tui.core.viewing import HexDump, format_path
from dmart_tui.tui.widgets.grid import Grid, cell_text
from dmart_tui.tui.widgets.hex_view import HexView
from dmart_tui.tui.widgets.json_tree import JsonTree
from dmart_tui.tui.widgets.markdown_view import MarkdownView
from dmart_tui.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.widget import Widget

    from dmart_tui.core.spaces import Workflow
    from dmart_tui.core.viewing import TablePreview
    from dmart_tui.tui.showing.opening import Broken, Mode, Opened
    from dmart_tui.tui.widgets.lines import LineView

_SMALL_TREE = 40
"""Members of a value up to which its tree shows a second level at once."""


class _Rows:
    """The rows of a preview, for a grid."""

    done = True

    def __init__(self, table: TablePreview) -> None:
        self.columns: Sequence[str] = table.columns
        self.known = len(table.rows)
        self._rows = table.rows

    def row(self, index: int, /) -> Sequence[object] | None:
        return self._rows[index]


class Table(Grid):
    """The first rows of a table."""

    def __init__(self, table: TablePreview) -> None:
        super().__init__(_Rows(table), empty="" if table.columns else "No rows to show.")
        self.summary = table.summary if table.columns else ""

    def row_text(self, row: int) -> str:
        """A row in one line of text."""
        return "\t".join(cell_text(value) for value in self.source.row(row) or ())


def is_prose(opened: Opened) -> bool:
    """Whether its lines are paragraphs, which read better wrapped."""
    return opened.kind.kind == "markdown" or (opened.kind.kind == "text" and not opened.name.endswith(".log"))


def make_view(opened: Opened, mode: Mode, *, numbers: bool = True, wrap: bool = False) -> Widget:
    """The widget for content in a mode; what the content keeps open is closed by who opened it."""
    match mode:
        case "tree":
            return JsonTree(opened.value, annotations=words_beside(opened.broken), levels=_levels(opened.value))
        case "rendered":
            text = opened.text_shown().read(0, opened.text_shown().size).decode("utf-8", "replace")
            return MarkdownView(text)
        case "picture":
            from dmart_tui.tui.widgets.image_view import ImageView

            return ImageView(opened.source)
        case "table":
            return Table(opened.table)
        case "diagram":
            from dmart_tui.tui.showing.workflow import workflow_view

            return workflow_view(cast("Workflow", opened.workflow))
        case "text":
            empty = "Empty: there is no text in it."
            return TextView(opened.text(), lexer=opened.lexer, numbers=numbers, wrap=wrap, empty=empty)
        case "hex":
            return HexView(HexDump(opened.bytes_shown()), empty="Empty: there is not one byte in it.")


def _levels(value: object) -> int:
    """Two levels where both fit on a screen."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    rows = 0
    for member in inner:
        rows += 1 + (len(member) if isinstance(member, dict | list) else 0)
        if rows > _SMALL_TREE:
            return 1
    return 2


def words_beside(broken: Sequence[Broken]) -> dict[str, str]:
    """What is wrong with each value, by its path; what is wrong with the whole is left out, it has no row."""
    found: dict[str, list[str]] = {}
    for one in broken:
        if one.path:
            found.setdefault(format_path(one.path), []).append(one.message)
    return {path: "✗ " + "; ".join(messages) for path, messages in found.items()}


def copy_of(view: Widget) -> str | None:
    """What the cursor of a view is on, as text; None when nothing of it is text."""
    if isinstance(view, Table):
        row = view.source.row(view.cursor) if view.source.known else None
        return None if row is None or view.column >= len(row) else str(row[view.column])
    if isinstance(view, TextView | JsonTree | MarkdownView | HexView):
        return view.copy_text() if view.row_count() else None
    return None


def find_row(view: LineView, needle: str, *, backwards: bool) -> int | None:
    """The next row of a short view that shows `needle` (any case without capitals), round the end."""
    exact = needle != needle.lower()
    count, at = view.row_count(), view.cursor
    rows = (
        chain(range(at - 1, -1, -1), range(count - 1, at - 1, -1))
        if backwards
        else chain(range(at + 1, count), range(min(at + 1, count)))
    )
    for row in rows:
        text = row_text(view, row)
        if needle in (text if exact else text.lower()):
            return row
    return None


def row_text(view: LineView, row: int) -> str:
    """What a row shows."""
    if isinstance(view, Table):
        return view.row_text(row)
    if isinstance(view, MarkdownView):
        return "".join(segment.text for segment in view.body(row, 0, 0))
    return ""


__all__ = ["Table", "copy_of", "find_row", "is_prose", "make_view", "words_beside"]
