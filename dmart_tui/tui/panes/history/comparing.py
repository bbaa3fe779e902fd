"""Two versions of an entry beside each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from dmart_tui.core.diffing import TextDiff, diff_text
from dmart_tui.core.secrets import mask
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_time
from dmart_tui.tui.panes.history.past import document, view_at
from dmart_tui.tui.widgets.diff_view import DiffView

if TYPE_CHECKING:
    from datetime import datetime

    from textual.app import ComposeResult

    from dmart_tui.tui.panes.history.past import Past


def compare(past: Past, old: datetime, new: datetime | None, *, secrets: bool) -> TextDiff:
    """The difference of two versions as indented JSON; the newer one None is the entry as it is. Blocks."""
    before = view_at(past, old, secrets=secrets).document
    if new is None:
        now = document(past.entry.meta, past.body)
        after = now if secrets else mask(now)
    else:
        after = view_at(past, new, secrets=secrets).document
    return diff_text(_pretty(before), _pretty(after))


def _pretty(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=2, default=str)
    except (ValueError, RecursionError):
        return "(nested too deeply to be compared)"


class Comparison(Vertical):
    """Names the two sides and shows what differs."""

    DEFAULT_CSS = """
    Comparison { height: 1fr; }
    Comparison > Static { height: 1; padding: 0 1; margin-bottom: 1; color: $text-muted; }
    Comparison > DiffView { height: 1fr; }
    """

    def __init__(self, diff: TextDiff, old: datetime, new: datetime | None) -> None:
        super().__init__()
        self.old, self.new = old, new
        right = "now" if new is None else format_time(new, seconds=True)
        self._title = f"− {format_time(old, seconds=True)}   + {right}" + (f"   {diff.note}" if diff.note else "")
        self.diff = DiffView(diff, empty="Nothing differs between the two.")

    def compose(self) -> ComposeResult:
        yield Static(Content(safe(self._title)))
        yield self.diff

    def on_mount(self) -> None:
        self.diff.focus()
        if self.diff.diff.changes and self.diff.diff.rows[0].kind == "same":
            self.diff.action_next_change(1)

    @property
    def line(self) -> str:
        """The line under the cursor, as it is now or else as it was."""
        row = self.diff.current
        spans = (row.right or row.left or ()) if row is not None else ()
        return "".join(span.text for span in spans)
