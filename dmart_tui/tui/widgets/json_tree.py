"""A folding tree over a parsed JSON value."""

from __future__ import annotations

import asyncio
import json
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment
from textual.binding import Binding

from dmart_tui.core.text import safe
from dmart_tui.core.viewing import (
    Annotations,
    JsonRows,
    container_text,
    format_path,
    kind_of,
    parse_path,
    preview_text,
    scalar_text,
)
from dmart_tui.tui.widgets.content import ContentView
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.binding import BindingType
    from textual.geometry import Offset

    from dmart_tui.core.viewing.folding import Step


class JsonTree(ContentView):
    """A JSON value as a tree that folds, with words beside the values they concern.

    Strings stand in quotes, so that kinds are told apart without colour. A key press costs O(depth) and redraws two
    rows; a fold redraws what is seen.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "json--key",
        "json--string",
        "json--number",
        "json--bool",
        "json--null",
        "json--size",
    }
    DEFAULT_CSS = """
    JsonTree {
        & > .json--key { color: $text-secondary; }
        & > .json--string { color: $foreground; }
        & > .json--number { color: $foreground; text-style: bold; }
        & > .json--bool { color: $foreground; text-style: italic; }
        & > .json--null { color: $text-muted; text-style: italic; }
        & > .json--size { color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "fold_all", "Fold all", show=False, id="values.fold-all"),
        Binding("Z", "unfold_level", "Unfold one level more", show=False, id="values.unfold-level"),
    ]

    WORDS_TONE: ClassVar[str] = "error"
    """Style of the words beside values: a name of `LineView.style_of`."""
    WORDS_SIGN: ClassVar[str] = "✗"
    """Stands on a folded value with words inside."""

    class Highlighted(LineView.RowMessage):
        """The cursor came to another value."""

        def __init__(self, view: JsonTree, path: str) -> None:
            super().__init__(view)
            self.path = path
            """As in `payload.items[3].price`."""

    class Found(LineView.RowMessage):
        """A search ended: on the value the cursor is on now, or nowhere."""

        def __init__(self, view: JsonTree, needle: str, row: int | None) -> None:
            super().__init__(view)
            self.needle = needle
            self.row = row

    def __init__(
        self,
        value: object = None,
        *,
        annotations: Mapping[str, str] | None = None,
        levels: int | None = 1,
        empty: str = "",
        id: str | None = None,  # noqa: A002 - as in Textual
        classes: str | None = None,
    ) -> None:
        """Make a tree.

        Args:
            value: what `json.loads` or msgspec gives; kept, not copied.
            annotations: words by path (`payload.items[3].price`), shown beside the value.
            levels: levels shown at first, None for all (up to 20,000 containers).
            empty: a sentence shown instead of an empty container.
        """
        super().__init__(empty=empty, id=id, classes=classes)
        self._annotations = Annotations(dict(annotations or {}))
        self._set(value, levels)

    def _set(self, value: object, levels: int | None) -> None:
        self.rows = JsonRows(value)
        self._levels = levels or 1
        if levels != 1:
            self.rows.unfold_to(levels)

    def show_value(
        self, value: object, *, levels: int | None = 1, annotations: Mapping[str, str] | None = None
    ) -> None:
        """Show another value, from its top."""
        self._annotations = Annotations(dict(annotations or {}))
        self._set(value, levels)
        self.shift = 0
        self.cursor = 0
        self.rows_changed()
        self.jump_to(0)
        self.cursor_moved()

    def annotate(self, annotations: Mapping[str, str]) -> None:
        """Replace the words beside values."""
        self._annotations = Annotations(dict(annotations))
        self.rows_changed()

    @property
    def path(self) -> str:
        """The cursor's path."""
        return format_path(self.rows.path(self.cursor))

    @property
    def current(self) -> Any:
        """The cursor's value."""
        return self.rows.row(self.cursor).value

    def copy_text(self) -> str:
        """The cursor's value to take away: a string as it is, anything else as indented JSON ("" when too deep)."""
        value = self.current
        if isinstance(value, str):
            return value
        try:
            return json.dumps(value, ensure_ascii=False, indent=2, default=str)
        except (RecursionError, ValueError):
            return ""

    def reveal(self, path: str) -> bool:
        """Unfold what is above a path and put the cursor on it; False when there is no such value."""
        row = self.rows.reveal(parse_path(path))
        if row is None:
            return False
        self.rows_changed()
        self.cursor = row
        self.show_row(row)
        return True

    def find(self, needle: str, *, backwards: bool = False) -> None:
        """Look for the next value whose key or text holds `needle` (any case without capitals) and go there.

        Looks in a thread, wrapping around; `Found` tells the end. Of several searches the newest wins.
        """
        looking = self._find(needle, backwards, self.rows, self.rows.positions(self.cursor))
        self.run_worker(looking, group="find", exclusive=True)

    async def _find(self, needle: str, backwards: bool, rows: JsonRows, here: list[int]) -> None:
        stopped = Event()
        exact = needle != needle.lower()

        def matches(key: Step | None, value: Any) -> bool:
            texts = [key] if isinstance(key, str) else []
            if not isinstance(value, dict | list):
                texts.append(value if isinstance(value, str) else scalar_text(value))
            return any(needle in (text if exact else text.lower()) for text in texts)

        def look() -> tuple[Step, ...] | None:
            return rows.search(matches, here, backwards=backwards, cancelled=stopped.is_set) if needle else None

        try:
            steps = await asyncio.to_thread(look)
        except asyncio.CancelledError:
            stopped.set()
            raise
        if rows is self.rows:
            found = steps is not None and self.reveal(format_path(steps))
            self.post_message(self.Found(self, needle, self.cursor if found else None))

    def row_count(self) -> int:
        value = self.rows.value
        return 0 if self.empty and isinstance(value, dict | list) and not value else self.rows.row_count

    def cursor_moved(self) -> None:
        self.post_message(self.Highlighted(self, self.path))

    def action_fold_all(self) -> None:
        path = self.rows.path(self.cursor)
        self.rows.fold_all()
        self._levels = 1
        self._land(path[:1])

    def action_unfold_level(self) -> None:
        path = self.rows.path(self.cursor)
        self._levels += 1
        self.rows.unfold_to(self._levels)
        self._land(path)

    def action_unfold_all(self) -> None:
        """Unfold everything, or the first 20,000 containers."""
        path = self.rows.path(self.cursor)
        self.rows.unfold_to()
        self._land(path)

    def _land(self, path: tuple[Step, ...]) -> None:
        row = self.rows.reveal(path) or 0
        self.rows_changed()
        self.cursor = row
        self.show_row(row)

    def action_right(self) -> None:
        """Unfold, or go to the first member."""
        if self.rows.row(self.cursor).unfolded:
            self.cursor += 1
        elif self.rows.unfold(self.cursor):
            self.rows_changed()

    def action_left(self) -> None:
        """Fold, or go to the container."""
        if self.rows.fold(self.cursor):
            self.rows_changed()
        elif (row := self.rows.parent(self.cursor)) is not None:
            self.cursor = row

    def action_activate(self) -> None:
        """Fold or unfold."""
        if self.rows.fold(self.cursor) or self.rows.unfold(self.cursor):
            self.rows_changed()

    def clicked(self, row: int, offset: Offset) -> bool:
        width = self.scrollable_content_region.width - 1
        start = 1 + self._indent(self.rows.row(row).depth, width) - self.shift
        if start <= offset.x <= start + 1:
            self.action_activate()
            return True
        return False

    @staticmethod
    def _indent(depth: int, width: int) -> int:
        """Cells before a row's arrow: deep rows keep half of the width for themselves."""
        return min(2 * depth, max(8, width // 2))

    def body(self, row: int, line: int, width: int) -> list[Segment]:
        info = self.rows.row(row)
        kind = kind_of(info.value)
        folds = isinstance(info.value, dict | list) and bool(info.value)
        arrow = ("▾ " if info.unfolded else "▸ ") if folds and info.key is not None else "  "
        size = self._style("size")
        indent = self._indent(info.depth, width)
        segments = [Segment(" " * indent + arrow, size)]
        if indent < 2 * info.depth:
            segments.append(Segment(f"⋯{info.depth:,} ", size))
        if info.key is not None:
            index = isinstance(info.key, int)
            text = f"{info.key}" if index else safe(str(info.key)) or '""'
            segments.append(Segment(text, size if index else self._style("key")))
            segments.append(Segment(": " if not folds else " ", size))
        if isinstance(info.value, dict | list):
            segments.append(Segment(container_text(info.value), size))
            if folds and not info.unfolded:
                segments.append(Segment("  " + preview_text(info.value), size))
        else:
            segments.append(Segment(scalar_text(info.value), self._style(kind if kind != "other" else "size")))
        return [*segments, *self._words(row, info.unfolded)]

    def _words(self, row: int, unfolded: bool) -> list[Segment]:
        if not self._annotations:
            return []
        path = self.rows.path(row)
        words = safe(self._annotations.at(path))
        inside = 0 if unfolded else self._annotations.below(path)
        if inside:
            words += f"{'; ' if words else ''}{self.WORDS_SIGN} {inside:,} inside"
        return [Segment(f"  {words}", self.style_of(self.WORDS_TONE))] if words else []

    def _style(self, name: str) -> Any:
        return self.get_component_rich_style(f"json--{name}")
