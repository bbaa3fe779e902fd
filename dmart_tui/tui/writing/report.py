"""What came of a change of many: counts, each failure with its reason, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from textual import on
from textual.content import Content
from textual.widgets import Static

from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Dialog, Row, RowList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from dmart_tui.core.address import Address


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should look at."""

    where: str
    """An address or a path, as it is shown."""
    text: str
    address: Address | None = None
    tone: Literal["error", "warning", "muted"] = "error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    title: str
    words: str
    """The counts."""
    findings: Sequence[Finding] = ()
    more: int = 0
    """Findings that are only counted."""
    batch: str = field(default="")
    """By which it can be taken back; empty when it cannot."""


class Report(Dialog["Address | Literal['undo']"]):
    """Shows an outcome; answers with an address to open, or `undo`."""

    CONTEXT = "report"
    BINDINGS = [*bindings("report"), *bindings("dialog")]

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.title)
        self._outcome = outcome
        self._rows = RowList(
            [Row(found, found.where, about=found.text, tone=found.tone) for found in outcome.findings],
            empty="Nothing failed.",
        )
        self._whole = Static("", classes="words")

    def inside(self) -> ComposeResult:
        yield Static(Content(safe(self._outcome.words, lines=True)), classes="words")
        yield self._rows
        yield self._whole

    def on_mount(self) -> None:
        self._rows.focus()
        self._show()
        more = f"and {format_count(self._outcome.more)} more · " if self._outcome.more else ""
        back = " · U takes all of it back" if self._outcome.batch else ""
        opens = any(found.address is not None for found in self._outcome.findings)
        self.say(f"{more}{'enter opens it · ' if opens else ''}esc closes{back}")

    def why_not(self, action: str) -> str | None:
        if action == "report.undo" and not self._outcome.batch:
            return "Nothing of it can be taken back."
        if action == "dialog.accept" and not self._outcome.findings:
            return "Nothing is here to open."
        return None

    def do_undo(self) -> None:
        self.dismiss("undo")

    @on(RowList.Moved)
    def _show(self) -> None:
        row = self._rows.current
        self._whole.update(Content(safe(f"{row.value.where}: {row.value.text}" if row else "")))

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        if message.row.value.address is not None:
            self.dismiss(message.row.value.address)
