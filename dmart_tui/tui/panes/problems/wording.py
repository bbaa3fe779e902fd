"""What the problems pane says in words: how the check stands, and what was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from dmart_tui.core.text import cell_width, safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.panes.problems.findings import SEVERITIES

if TYPE_CHECKING:
    from dmart_tui.core.spaces.checks import Report
    from dmart_tui.tui.panes.problems.findings import Grouping
    from dmart_tui.tui.tasks import Task

SIGNS: Final = {"error": "✗", "warning": "!", "note": "·"}
TONES: Final = {"error": "$text-error", "warning": "$text-warning", "note": "$text-muted"}
_SHOWN: Final = ("errors only", "errors and warnings")


def standing(job: Task, report: Report | None) -> Content:
    """How a check stands and how much it found, on one line."""
    parts = []
    if job.state == "running":
        parts.append(("◐ checking", "bold"))
    elif job.state == "failed":
        parts.append((f"✗ the check failed: {safe(job.error)}", "$text-error bold"))
    elif job.state == "stopped":
        parts.append(("■ stopped; found until then:", "$text-warning bold"))
    elif report is not None and not report.severities.total():
        parts.append(
            (f"✓ nothing is wrong: {number(report.entries, 'entry', 'entries')} checked", "$text-success bold")
        )
    parts += [
        (f"{SIGNS[one]} {number(count, one, one + 's')}", TONES[one])
        for one in SEVERITIES
        if report is not None and (count := report.severities[one])
    ]
    return Content("  ").join(Content.styled(text, tone) for text, tone in parts)


def looked_at(job: Task, report: Report, room: int) -> str:
    """What was looked at, in as much detail as `room` cells allow."""
    if job.state == "running":
        return f"{number(job.done, 'entry', 'entries')} so far · esc stops"
    counts = report.counts
    spaces, folders = counts["space"], counts["folder"]
    attachments = number(report.attachments, "attachment", "attachments")
    entries = (
        number(spaces, "space", "spaces"),
        number(folders, "folder", "folders"),
        number(report.entries - spaces - folders, "entry", "entries"),
    )
    lines = (
        number(report.history_lines, "history line", "history lines"),
        number(report.event_lines, "event line", "event lines"),
    )
    whole = " · ".join((*entries, attachments, *lines))
    if len(whole) <= room:
        return whole
    all_lines = number(report.history_lines + report.event_lines, "log line", "log lines")
    return " · ".join((number(report.entries, "entry", "entries"), attachments, all_lines))


def narrowed(grouping: Grouping) -> str:
    """Which part of the findings is shown; nothing when it is all of them."""
    wanted = grouping.wanted
    only = [*_SHOWN[wanted.mildest : wanted.mildest + 1], *([f"“{safe(wanted.needle)}”"] if wanted.needle else [])]
    if not only:
        return ""
    return f"{format_count(grouping.shown)} of {format_count(grouping.taken)} shown: {', '.join(only)}"


def number(count: int, one: str, more: str) -> str:
    """`1 entry`, `1,024 entries`."""
    return f"{format_count(count)} {one if count == 1 else more}"


def tail(text: str, width: int) -> str:
    """The end of a safe text in at most `width` cells: of an address the end tells most."""
    if cell_width(text) <= width:
        return text
    start = len(text) - width + 1
    while cell_width(text[start:]) > width - 1:
        start += 1
    return "…" + text[start:]
