"""What a change will do, before it is done: warnings, keys old and new, files, and the line its history gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.segment import Segment

from dmart_tui.core.spaces import Missing
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.changes.details import WIDE, block_lines, block_of, wrapped
from dmart_tui.tui.changes.words import describe
from dmart_tui.tui.screens.dialog import Dialog
from dmart_tui.tui.widgets.built_lines import BuiltLines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult

    from dmart_tui.core.writing import Plan
    from dmart_tui.tui.widgets.built_lines import Styles

MOST_CHANGES: Final = 60
MOST_NOTES: Final = 40
MOST_WARNINGS: Final = 12
"""Warnings that do not ask for a deliberate yes: what points to a folder may be thousands."""
_LONG: Final = 60


class Preview(Dialog[bool]):
    """Asks whether a plan shall be carried out; True when it shall.

    Args:
        refused: a sentence why it cannot be done at all; the plan is shown all the same.
    """

    CONTEXT = "preview"
    SNUG = True
    BINDINGS = [*bindings("preview"), *bindings("dialog")]
    DEFAULT_CSS = """
    Preview > #box { max-width: 120; }
    """

    def __init__(self, plan: Plan, *, refused: str = "") -> None:
        super().__init__(plan.title)
        self._refused = refused
        self._deliberate = any(warned.deliberate for warned in plan.warnings)
        self._plan = plan
        self._lines = BuiltLines(self._build)

    def inside(self) -> ComposeResult:
        yield self._lines

    def on_mount(self) -> None:
        self._lines.focus()
        if self._refused:
            self.say("esc closes")
        else:
            self.say(f"{'Y does it all the same' if self._deliberate else 'enter does it'} · esc leaves it")

    def why_not(self, action: str) -> str | None:
        if action in ("dialog.accept", "preview.anyway") and self._refused:
            return self._refused
        if action == "dialog.accept" and self._deliberate:
            return "Something speaks against it: Y does it all the same."
        return None

    def on_built_lines_activated(self) -> None:
        self.action_act("dialog.accept")

    def do_accept(self) -> None:
        self.dismiss(True)

    def do_anyway(self) -> None:
        self.dismiss(True)

    def _build(self, width: int, style: Styles) -> list[list[Segment]]:
        return list(plan_lines(self._plan, width, style, refused=self._refused))


def plan_lines(plan: Plan, width: int, style: Styles, *, refused: str = "") -> Iterator[list[Segment]]:
    """A plan as lines of at most `width` cells."""
    if refused:
        yield from wrapped([Segment(f"✗ {safe(refused)}", style("error"))], width)
        yield []
    deliberate = [warned for warned in plan.warnings if warned.deliberate]
    for warned in deliberate:
        yield from wrapped([Segment(f"✗ {safe(warned.text)}", style("error"))], width)
    if deliberate:
        yield []
    for note in plan.notes[:MOST_NOTES]:
        yield from wrapped([Segment(f"· {safe(note)}", style(""))], width)
    if len(plan.notes) > MOST_NOTES:
        yield [Segment(f"⋯ {format_count(len(plan.notes) - MOST_NOTES)} more", style("muted"))]
    others = [warned for warned in plan.warnings if not warned.deliberate]
    for warned in others[:MOST_WARNINGS]:
        yield from wrapped([Segment(f"! {safe(warned.text)}", style("warning"))], width)
    if len(others) > MOST_WARNINGS:
        yield [Segment(f"⋯ {format_count(len(others) - MOST_WARNINGS)} more like these", style("warning"))]
    if (plan.notes or others) and plan.changes:
        yield []
    for change in plan.changes[:MOST_CHANGES]:
        if _is_long(change.old) or _is_long(change.new):
            yield from block_lines([block_of(change)], width, style, side=width >= WIDE)
        else:
            yield from wrapped([Segment(text, style(tone)) for text, tone in describe(change)], width)
    if len(plan.changes) > MOST_CHANGES:
        yield [Segment(f"⋯ {format_count(len(plan.changes) - MOST_CHANGES)} more keys", style("muted"))]
    if plan.lines:
        yield []
        yield [Segment("What the logs get" if len(plan.lines) > 1 else "What the log gets", style("strong"))]
        for line in plan.lines[:MOST_NOTES]:
            yield from wrapped([Segment(safe(line.decode(errors="replace")), style("muted"))], width)
    if not (plan.changes or plan.notes or plan.warnings):
        yield [Segment(f"{format_count(len(plan.steps))} steps on files", style("muted"))]


def _is_long(value: Any) -> bool:
    if isinstance(value, Missing):
        return False
    return isinstance(value, dict | list) or (isinstance(value, str) and (len(value) > _LONG or "\n" in value))
