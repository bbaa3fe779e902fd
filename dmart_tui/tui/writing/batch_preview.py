"""What a change of many will do, before it is done: counts, what would fail, what is odd, and the first in full."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal

from rich.segment import Segment

from dmart_tui.core.text import cell_width, safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.changes.details import wrapped
from dmart_tui.tui.screens.dialog import Dialog
from dmart_tui.tui.widgets.built_lines import BuiltLines
from dmart_tui.tui.writing.preview import plan_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import ComposeResult

    from dmart_tui.core.writing import Plan
    from dmart_tui.core.writing.bulk import Failure, Preview
    from dmart_tui.tui.widgets.built_lines import Styles

MOST_FAILURES: Final = 12
MOST_NOTES: Final = 5
"""Notes shown of one change."""
MOST_TEXTS: Final = 5
"""Different sentences shown of one kind of warning."""

Answer = Literal["do", "anyway"]


class BatchPreview(Dialog[Answer]):
    """Asks whether a batch shall be run; `anyway` also what a warning speaks against.

    Args:
        refused: a sentence why it cannot be done at all.
        of: how many are in the batch; more than were looked at when the look was stopped.
        counts: what would come of it, where that is said in other words than those of a change.
        above: lines below the counts.
        below: lines at the end.
    """

    CONTEXT = "preview"
    BINDINGS = [*bindings("preview"), *bindings("dialog")]
    DEFAULT_CSS = """
    BatchPreview > #box { max-width: 120; }
    """

    def __init__(
        self,
        title: str,
        found: Preview,
        *,
        refused: str = "",
        of: int = 0,
        counts: str = "",
        above: Sequence[str] = (),
        below: Sequence[str] = (),
    ) -> None:
        super().__init__(title)
        self._found = found
        self._refused = refused
        self._of = of
        self._counts = counts or counts_of(found, of)
        self._above, self._below = above, below
        self._lines = BuiltLines(self._build)

    def inside(self) -> ComposeResult:
        yield self._lines

    def on_mount(self) -> None:
        self._lines.focus()
        harmless = self._found.changing - self._found.deliberate
        said = []
        if not self._refused and self._found.stopped:
            said.append(f"enter does all {format_count(self._of)} that nothing speaks against")
        elif not self._refused and harmless:
            said.append(f"enter does {format_count(harmless)}")
        if not self._refused and self._found.deliberate:
            said.append("Y does all of them all the same")
        self.say(" · ".join([*said, "esc leaves it"]))

    def why_not(self, action: str) -> str | None:
        if action not in ("dialog.accept", "preview.anyway"):
            return None
        if self._refused:
            return self._refused
        if self._found.stopped:
            return None
        if not self._found.changing:
            return "Nothing would change."
        if action == "dialog.accept" and self._found.deliberate >= self._found.changing:
            return "Something speaks against each of them: Y does it all the same."
        return None

    def on_built_lines_activated(self) -> None:
        self.action_act("dialog.accept")

    def do_accept(self) -> None:
        self.dismiss("do")

    def do_anyway(self) -> None:
        self.dismiss("anyway")

    def _build(self, width: int, style: Styles) -> list[list[Segment]]:
        return list(self._lines_of(width, style))

    def _lines_of(self, width: int, style: Styles) -> Iterator[list[Segment]]:
        if self._refused:
            yield from wrapped([Segment(f"✗ {safe(self._refused)}", style("error"))], width)
        yield from wrapped([Segment(self._counts, style("strong"))], width)
        if self._above:
            yield []
            yield from _plain_lines(self._above, width, style)
        yield from batch_lines(self._found, width, style)
        if self._below:
            yield []
            yield from _plain_lines(self._below, width, style)


def counts_of(found: Preview, of: int = 0) -> str:
    """How many would change, and how many not; `of` is how many there are."""
    counts = [f"{format_count(found.changing)} would change"]
    counts += [f"{format_count(found.unchanged)} are so already"] if found.unchanged else []
    counts += [f"something speaks against {format_count(found.deliberate)} of them"] if found.deliberate else []
    counts += [f"{format_count(found.failing)} cannot be changed"] if found.failing else []
    told = ", ".join(counts)
    if not found.stopped:
        return told
    looked = found.changing + found.unchanged + found.failing
    return f"Stopped: of {format_count(of)} only {format_count(looked)} were looked at. Of these {told}"


def batch_lines(found: Preview, width: int, style: Styles) -> Iterator[list[Segment]]:
    """What is odd about a batch and the first of its changes, as lines of at most `width` cells."""
    if found.failing:
        yield []
        yield from failure_lines(found.failures, found.failing, width, style)
    if found.warnings:
        yield []
        yield from _warning_lines(found, width, style)
    for plan in found.sample:
        yield []
        yield [Segment(safe(plan.title), style("strong"))]
        for line in plan_lines(_briefly(plan), width - 2, style):
            yield [Segment("  "), *line]
    if found.changing > len(found.sample) > 0:
        yield []
        yield [Segment(f"⋯ {format_count(found.changing - len(found.sample))} more like these", style("muted"))]


def _briefly(plan: Plan) -> Plan:
    """A plan without the lines of its logs, and with the first of its notes."""
    more = len(plan.notes) - MOST_NOTES
    notes = (*plan.notes[:MOST_NOTES], f"{format_count(more)} more of it") if more > 0 else plan.notes
    return replace(plan, lines=(), notes=notes)


def failure_lines(failures: Sequence[Failure], count: int, width: int, style: Styles) -> Iterator[list[Segment]]:
    """What cannot be done, each with its reason; `count` is all of them."""
    for failure in failures[:MOST_FAILURES]:
        yield from wrapped(
            [
                Segment(f"✗ {safe(str(failure.address))}: ", style("error")),
                Segment(safe(failure.reason), style("")),
            ],
            width,
        )
    if count > MOST_FAILURES:
        yield [Segment(f"⋯ {format_count(count - MOST_FAILURES)} more", style("muted"))]


def _plain_lines(texts: Sequence[str], width: int, style: Styles) -> Iterator[list[Segment]]:
    for text in map(safe, texts):
        line = [Segment(text, style(""))]
        yield from [line] if cell_width(text) <= width else wrapped(line, width)


def _warning_lines(found: Preview, width: int, style: Styles) -> Iterator[list[Segment]]:
    """The kinds of warnings with their counts, and what the first of each say."""
    ordered = sorted(found.warned, key=lambda pair: pair[1].kind)
    for kind, group in groupby(ordered, key=lambda pair: pair[1].kind):
        pairs = list(group)
        deliberate = any(warned.deliberate for _, warned in pairs)
        sign, tone = ("✗", "error") if deliberate else ("!", "warning")
        said: dict[str, list[str]] = {}
        for address, warned in pairs:
            said.setdefault(warned.text, []).append(str(address))
        yield [Segment(f"{sign} {format_count(found.warnings[kind])} × {kind}", style(tone))]
        for text, places in list(said.items())[:MOST_TEXTS]:
            where = places[0] if len(places) == 1 else f"{places[0]} and {format_count(len(places) - 1)} more"
            yield from wrapped(
                [Segment(f"  {safe(text)}", style("")), Segment(f"  {safe(where)}", style("muted"))], width
            )
        if len(said) > MOST_TEXTS:
            yield [Segment(f"  ⋯ {format_count(len(said) - MOST_TEXTS)} other sentences", style("muted"))]
