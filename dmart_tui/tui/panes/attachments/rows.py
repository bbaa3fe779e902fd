"""The list of attachments: names at once, metas of the rows that are seen, comments in full."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from rich.segment import Segment

from dmart_tui.core.text import fit, safe, wrap
from dmart_tui.core.units import format_size, format_time
from dmart_tui.tui.widgets.lines import LineView, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dmart_tui.core.spaces import Attachment

SPOKEN: Final = frozenset({"comment", "reply", "reaction"})
"""Types that are something said: owner, time and text tell all of them."""
_LONGEST_TEXT: Final = 4_000
_MOST_LINES: Final = 200
_SHORT: Final = 24
_INDENT: Final = 2
_LEAST_SHARE: Final = 4
"""Answers to answers take no more than this part of the width from what is said."""


def _short(attachment: Attachment) -> bool:
    """Whether what was said is a word that stands beside who said it."""
    return attachment.type == "reaction" and len(attachment.text) <= _SHORT


class AttachmentList(LineView):
    """Rows of attachments; a comment is a few lines: who, when, and all of what was said.

    A row whose meta was not read yet shows its name, and `wanted` is called with it. Memory: a number a row, the metas
    that its owner keeps, the wrapped lines of comments that were read.
    """

    class Moved(LineView.RowMessage):
        """The cursor came to another row."""

    class Activated(LineView.RowMessage):
        """Enter or a double click on a row."""

    def __init__(
        self,
        known: Callable[[int], Attachment | None],
        name: Callable[[int], tuple[str, str]],
        icon: Callable[[str], str],
        depth: Callable[[int], int],
    ) -> None:
        """Make an empty list.

        Args:
            known: an attachment that was read; None starts reading it.
            name: (type, name) of a row.
            icon: one cell for a type.
            depth: how deep a row stands below what it answers.
        """
        super().__init__(empty="reading…")
        self._known = known
        self._name_of = name
        self._icon = icon
        self._depth = depth
        self.display_names = True
        self.language = "en"
        self.count = 0
        self._heights = array("H")
        self._starts = [0]
        self._texts: dict[int, list[str]] = {}
        self._wrapped = 0

    def set_count(self, count: int, cursor: int) -> None:
        """Show other rows."""
        self.count = count
        self._forget()
        self.set_reactive(LineView.cursor, max(0, min(cursor, count - 1)))
        self.rows_changed()
        self.show_row(self.cursor)
        self.cursor_moved()

    def arrived(self, rows: Iterable[int]) -> None:
        """Take note that these were read: those that take several lines grow, what the cursor is on stays in place."""
        before = self._starts[self.cursor] - self.scroll_offset.y
        grown = False
        for row in rows:
            height = 1 + len(self._text_of(row))
            grown = grown or height != self._heights[row]
            self._heights[row] = height
        if not grown:
            self.looks_changed()
            return
        self._starts = [0, *accumulate(self._heights)]
        self.rows_changed()
        if 0 <= before < self.view_height:
            self.jump_to(self._starts[self.cursor] - before)
        self.show_row(self.cursor)

    def _forget(self) -> None:
        self._texts.clear()
        self._heights = array("H", [1]) * self.count
        self._starts = list(range(self.count + 1))
        self._wrapped = self.row_width

    def row_count(self) -> int:
        return self.count

    def line_count(self) -> int:
        return self._starts[-1]

    def span(self, row: int) -> tuple[int, int]:
        if row >= self.count:
            return self._starts[-1], 0
        return self._starts[row], self._starts[row + 1] - self._starts[row]

    def row_at(self, line: int) -> tuple[int, int]:
        row = bisect_right(self._starts, line) - 1
        return row, line - self._starts[row]

    def on_resize(self) -> None:
        if self.row_width != self._wrapped:
            read = [row for row in self._texts if self._heights[row] > 1]
            self._forget()
            self.arrived(read)

    def cursor_moved(self) -> None:
        self.post_message(self.Moved(self))

    def action_activate(self) -> None:
        if self.count:
            self.post_message(self.Activated(self))

    def _text_of(self, row: int) -> list[str]:
        """The lines under a row: what a comment says, and nothing for others."""
        lines = self._texts.get(row)
        if lines is None:
            attachment = self._known(row)
            lines = []
            if attachment is not None and attachment.type in SPOKEN and not _short(attachment):
                text = safe(attachment.text[:_LONGEST_TEXT], lines=True).strip()
                room = self.row_width - 5 - self._indent(row)
                lines = list(wrap(text, max(8, room)))[:_MOST_LINES] if text else []
            if attachment is not None and lines:
                lines.append("")
            self._texts[row] = lines
        return lines

    def _indent(self, row: int) -> int:
        """Cells that an answer stands further right."""
        return _INDENT * min(self._depth(row), self.row_width // _LEAST_SHARE // _INDENT)

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        muted = self.style_of("muted")
        if line:
            lines = self._texts.get(row, ())
            text = lines[line - 1] if line <= len(lines) else ""
            left = " " * (3 + self._indent(row))
            return [Segment(left), Segment("│ " if text else "  ", self.style_of("guide")), Segment(text)]
        type_, name = self._name_of(row)
        attachment = self._known(row)
        lead = [self.sign(row), Segment(f"{self._icon(type_)} ", self.style_of("accent"))]
        if indent := self._indent(row):
            lead.insert(1, Segment(" " * indent))
        if attachment is None:
            return spread([*lead, Segment(safe(name))], [Segment("… ", muted)], width)
        if attachment.type in SPOKEN and attachment.owner:
            return self._spoken(attachment, lead, width)
        return self._thing(attachment, lead, width)

    def _spoken(self, attachment: Attachment, lead: list[Segment], width: int) -> list[Segment]:
        muted = self.style_of("muted")
        left = [
            *lead,
            Segment(safe(attachment.owner), self.style_of("strong")),
            Segment(f"  {format_time(attachment.created_at)}", muted),
        ]
        if _short(attachment):
            left.append(Segment(f"  {safe(attachment.text)}"))
        return spread(left, [*self._state(attachment), Segment(f"{safe(attachment.address.name)} ", muted)], width)

    def _thing(self, attachment: Attachment, lead: list[Segment], width: int) -> list[Segment]:
        muted = self.style_of("muted")
        name = attachment.address.name
        title = attachment.displayname(self.language) if self.display_names else name
        plain = self.style_of("") if attachment.is_active else muted
        left = [*lead, Segment(safe(title), plain)]
        if title != name and width > 70:
            left.append(Segment(f"  {safe(name)}", muted))
        payload = attachment.payload
        size = format_size(payload.size) if payload is not None and payload.size is not None else ""
        right = [*self._state(attachment)]
        if width > 72:
            right.append(Segment(fit(safe(attachment.owner), 14) + "  ", muted))
        if width > 40:
            right.append(Segment(format_time(attachment.updated_at or attachment.created_at) + "  ", muted))
        right.append(Segment(fit(size, 8, right=True) + " ", muted))
        return spread(left, right, width)

    def _state(self, attachment: Attachment) -> Sequence[Segment]:
        badges = []
        if attachment.meta and not attachment.is_active:
            badges.append(Segment("off ", self.style_of("muted")))
        severities = {problem.severity for problem in attachment.problems}
        if "error" in severities:
            badges.append(Segment("✗ ", self.style_of("error")))
        elif "warning" in severities:
            badges.append(Segment("! ", self.style_of("warning")))
        return badges


__all__ = ["SPOKEN", "AttachmentList"]
