"""Two texts and what differs between them."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual.binding import Binding

from dmart_tui.core.text import cell_width, safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.widgets.content import ContentView, clip

if TYPE_CHECKING:
    from rich.style import Style
    from textual.binding import BindingType

    from dmart_tui.core.diffing import DiffRow, Span, TextDiff

WIDE: Final = 100
_CONTEXT: Final = 3
_SIGNS: Final = {"same": " ", "changed": "~", "added": "+", "removed": "-"}


class DiffView(ContentView):
    """Rows side by side from 100 columns on, one under the other when narrower; runs of equal lines fold.

    Signs `-` `+` `~` stand beside colours. Memory: the rows of the `TextDiff` and a number a shown row.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "diff--removed",
        "diff--added",
        "diff--removed-word",
        "diff--added-word",
    }
    DEFAULT_CSS = """
    DiffView {
        & > .diff--removed { color: $text-error; }
        & > .diff--added { color: $text-success; }
        & > .diff--removed-word { color: $text-error; text-style: bold underline; }
        & > .diff--added-word { color: $text-success; text-style: bold underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next_change(1)", "Next change", show=False, id="diff.next-change"),
        Binding("N", "next_change(-1)", "Previous change", show=False, id="diff.previous-change"),
        Binding("z", "toggle_context", "All lines or changes only", show=False, id="diff.toggle-context"),
    ]

    def __init__(
        self,
        diff: TextDiff,
        *,
        folded: bool = True,
        empty: str = "no difference",
        id: str | None = None,  # noqa: A002 - as in Textual
        classes: str | None = None,
    ) -> None:
        """Make a view.

        Args:
            diff: what to show.
            folded: hide equal lines more than three away from a change.
            empty: a sentence shown when nothing differs.
        """
        super().__init__(empty=empty, id=id, classes=classes)
        self._wide = True
        self._folded = folded
        self._set(diff)

    def _set(self, diff: TextDiff) -> None:
        self.diff = diff
        numbers = [number for row in diff.rows[-1:] for number in (row.left_number, row.right_number) if number]
        self._digits = max(3, len(str(max(numbers, default=0) + len(diff.rows) // 2)))
        self._items = _fold(diff.rows) if self._folded else list(range(len(diff.rows)))
        self._place()

    def show_diff(self, diff: TextDiff) -> None:
        """Show another diff, from its top."""
        self._set(diff)
        self.shift = self.widest = 0
        self.cursor = 0
        self.rows_changed()
        self.jump_to(0)

    @property
    def wide(self) -> bool:
        """The two sides stand side by side."""
        return self._wide

    @property
    def current(self) -> DiffRow | None:
        """The row under the cursor; None where equal lines are hidden."""
        item = self._items[self.cursor] if self.row_count() else -1
        return self.diff.rows[item] if item >= 0 else None

    def row_count(self) -> int:
        return len(self._items) if self.diff.changes else 0

    def line_count(self) -> int:
        return self._starts[-1] if self.diff.changes else 0

    def span(self, row: int) -> tuple[int, int]:
        return self._starts[row], self._starts[row + 1] - self._starts[row]

    def row_at(self, line: int) -> tuple[int, int]:
        row = bisect_right(self._starts, line) - 1
        return row, line - self._starts[row]

    def on_resize(self) -> None:
        wide = self.scrollable_content_region.width >= WIDE
        if wide != self._wide:
            self._wide = wide
            self._place()
            self.rows_changed()

    def _place(self) -> None:
        """Where each shown row begins: a changed line takes two lines in the narrow form."""
        self._starts = [0]
        for item in self._items:
            two = not self._wide and item >= 0 and self.diff.rows[item].kind == "changed"
            self._starts.append(self._starts[-1] + 1 + two)

    def action_next_change(self, step: int) -> None:
        """Go to the first row of the next (previous) run of changes."""

        def changed(row: int) -> bool:
            return self._items[row] >= 0 and self.diff.rows[self._items[row]].kind != "same"

        row = self.cursor + step
        while 0 <= row < len(self._items):
            if changed(row) and (row == 0 or not changed(row - 1)):
                self.cursor = row
                return
            row += step

    def action_toggle_context(self) -> None:
        """Show all lines, or changes with their context only."""
        self._folded = not self._folded
        at = self._items[self.cursor] if self._items else 0
        at = at if at >= 0 else ~at
        self._items = _fold(self.diff.rows) if self._folded else list(range(len(self.diff.rows)))
        self._place()
        self.rows_changed()
        keys = [item if item >= 0 else ~item for item in self._items]
        self.cursor = max(0, bisect_right(keys, at) - 1)
        self.show_row(self.cursor)

    def action_activate(self) -> None:
        """Unfold the equal lines the cursor is on."""
        if not self._items or self._items[self.cursor] >= 0:
            return
        start, end = self._hidden(self.cursor)
        self._items[self.cursor : self.cursor + 1] = range(start, end)
        self._place()
        self.rows_changed()

    def _hidden(self, row: int) -> tuple[int, int]:
        end = self._items[row + 1] if row + 1 < len(self._items) else len(self.diff.rows)
        return ~self._items[row], end

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        item = self._items[row]
        sign = Segment(" ", self.style_of("")) if line else self.sign(row)
        if item < 0:
            start, end = self._hidden(row)
            muted = self.style_of("muted")
            return [sign, Segment(f"{'⋯':>{self._digits}}  {format_count(end - start)} equal lines", muted)]
        info = self.diff.rows[item]
        if self._wide:
            half = (width - 2) // 2
            divider = Segment(" │", self.style_of("guide"))
            left = self._side(info, half - 1, right=False)
            return [sign, *left, divider, *self._side(info, width - half - 2, right=True)]
        right = info.left is None or line == 1
        kind = info.kind if info.kind != "changed" else "added" if line else "removed"
        numbers = self._number(None if right and kind != "same" else info.left_number)
        numbers += self._number(info.right_number if right or kind == "same" else None)
        spans = (info.right if right else info.left) or ()
        lead = [sign, Segment(numbers, self.style_of("muted")), self._sign(kind, right)]
        return [*lead, *self._text(spans, kind, right, width - 1 - len(numbers) - 2)]

    def _side(self, info: DiffRow, width: int, *, right: bool) -> list[Segment]:
        spans = info.right if right else info.left
        if spans is None:
            return [Segment(" " * width, self.style_of(""))]
        number = self._number(info.right_number if right else info.left_number)
        text = self._text(spans, info.kind, right, width - len(number) - 2)
        used = sum(cell_width(segment.text) for segment in text)
        pad = Segment(" " * (width - len(number) - 2 - used), self.style_of(""))
        return [Segment(number, self.style_of("muted")), self._sign(info.kind, right), *text, pad]

    def _number(self, number: int | None) -> str:
        return f"{number or '':>{self._digits}} "

    def _sign(self, kind: str, right: bool) -> Segment:
        return Segment(_SIGNS[kind] + " ", self._style(right) if kind != "same" else self.style_of(""))

    def _text(self, spans: tuple[Span, ...], kind: str, right: bool, width: int) -> list[Segment]:
        plain = self._style(right) if kind in ("added", "removed") else self.style_of("")
        word = self._style(right) if len(spans) == 1 else self._style(right, word=True)
        segments = [Segment(safe(text.expandtabs(4)), word if changed else plain) for text, changed in spans]
        self.widest = max(self.widest, sum(cell_width(segment.text) for segment in segments))
        return clip(segments, self.shift, max(0, width))

    def _style(self, right: bool, *, word: bool = False) -> Style:
        return self.get_component_rich_style(f"diff--{'added' if right else 'removed'}{'-word' if word else ''}")


def _fold(rows: tuple[DiffRow, ...]) -> list[int]:
    """Indexes of rows to show; `~start` stands for a run of equal rows that begins at `start`."""
    items: list[int] = []
    at = 0
    while at < len(rows):
        end = at
        while end < len(rows) and rows[end].kind == "same":
            end += 1
        head = at + (_CONTEXT if at else 0)
        tail = end - (_CONTEXT if end < len(rows) else 0)
        if tail - head > 1:
            items.extend(range(at, head))
            items.append(~head)
            items.extend(range(tail, end))
        else:
            items.extend(range(at, end))
        if end < len(rows):
            items.append(end)
        at = end + 1
    return items
