"""`history` and `diff`: how entries changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.output import Output, Progress, Reveal, Style, counted, encode, output_options, reveal_option
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.spaces import UNRECORDED, Change, Event, Logged, Missing, Record, history, timeline
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = dict[str, Any]

_SHOWN: Final = 200
"""Characters of a value on a line for people."""
_KIND_STYLES: Final[dict[str, Style]] = {"added": "green", "removed": "red"}


def change_row(change: Change) -> Row:
    """A change as JSON holds it: an absent side is null; a side the line does not tell is named in `unrecorded`."""
    row: Row = {"key": change.key, "old": _side(change.old), "new": _side(change.new), "kind": change.kind}
    if change.kind == "list":
        row |= {"removed": list(change.removed), "added": list(change.added)}
    if unrecorded := [side for side in ("old", "new") if getattr(change, side) is UNRECORDED]:
        row["unrecorded"] = unrecorded
    return row


def _side(value: Any) -> Any:
    return None if isinstance(value, Missing) else value


def line_row(item: Logged) -> Row:
    """A line of a history or event log as JSON holds it."""
    row = {
        "address": str(item.address),
        "timestamp": item.timestamp,
        "owner": item.owner,
        "request_headers": item.request_headers,
        "changes": [change_row(change) for change in item.changes],
        "source": item.source,
        "path": item.path,
        "line": item.line,
    }
    if isinstance(item, Event):
        row |= {"request": item.request, "type": item.type, "attributes": item.attributes}
    return row


@click.command()
@click.argument("address", required=False)
@click.option(
    "--recursive", "-r", is_flag=True, help="Merge all below ADDRESS, or the whole root, event logs included."
)
@click.option("--limit", "-n", type=click.IntRange(min=1), help="Changes at most.")
@reveal_option
@output_options
@global_options
@pass_session
def history_command(
    session: Session, address: str | None, recursive: bool, limit: int | None, reveal: Reveal, mode: str | None
) -> None:
    """Show how the entry at ADDRESS changed, newest first.

    Without a terminal each change is a line: timestamp, owner, key, kind, old and new as JSON; with --recursive the
    address stands first.
    """
    spaces = session.spaces
    place = session.address(address) if address else None
    if recursive:
        with Progress("files found") as progress:
            _print(
                session,
                _cleared(timeline(spaces, place, limit=limit, progress=progress.update), progress),
                reveal,
                mode,
                deep=True,
            )
    elif place is None:
        raise UsageFault("whose history?", hint="name an address, or take all with --recursive")
    else:
        _print(session, history(spaces, place, limit=limit), reveal, mode)


def _cleared(lines: Iterable[Logged], progress: Progress) -> Iterator[Logged]:
    for line in lines:
        progress.clear()
        yield line


def _print(session: Session, lines: Iterable[Logged], reveal: Reveal, mode: str | None, *, deep: bool = False) -> None:
    output = Output(session, mode)
    count = lost = 0

    def readable() -> Iterator[Record | Event]:
        nonlocal count, lost
        for line in lines:
            if line.is_record and isinstance(line, Record | Event):
                count += 1
                yield line.masked(reveal)
            else:
                lost += 1

    if output.mode != "text":
        output.rows(map(line_row, readable()), ())
    else:
        for line in readable():
            if output.terminal:
                _show(line, output, deep=deep)
            else:
                _tabs(line, output, deep=deep)
    if output.aligned:
        session.say(counted(count, "record") if count else "no change is recorded")
    if lost:
        session.say(f"{counted(lost, 'line holds', 'lines hold')} no record: `dmart-tui check` tells which")


def _tabs(line: Record | Event, output: Output, *, deep: bool) -> None:
    head = (str(line.address),) if deep else ()
    rows: list[tuple[str, ...]] = [
        (change.key, change.kind, _json(change.old), _json(change.new)) for change in line.changes
    ]
    if isinstance(line, Event) and not rows:
        rows = [(line.type, line.request, "", "")]
    for row in rows:
        output.line("\t".join(map(safe, (*head, line.timestamp, line.owner, *row))))


def _json(value: Any) -> str:
    return "" if isinstance(value, Missing) else encode(value).decode()


def _show(line: Record | Event, output: Output, *, deep: bool) -> None:
    when = format_time(line.when, seconds=True) if line.when else safe(line.timestamp) or "no time"
    event = line.request if isinstance(line, Event) else line.event
    about = "  ".join(safe(part) for part in (event, _SOURCES.get(line.source, "")) if part)
    where = f"  {safe(str(line.address))}" if deep else ""
    head = f"{output.styled(when, 'bold')}  {safe(line.owner) or '∅'}{where}  {output.styled(about, 'dim')}"
    output.line(head.rstrip())
    for change in line.changes:
        output.line(f"  {output.styled(safe(change.key), 'dim')}  {_told(change, output)}")


_SOURCES: Final = {
    "attachments": "in its attachments",
    "shared": "in it or its attachments",
    "events": "in the event log",
}


def _told(change: Change, output: Output) -> str:
    if change.kind == "list":
        signed: list[tuple[str, Style, Any]] = [("-", "red", member) for member in change.removed]
        signed += [("+", "green", member) for member in change.added]
        return (
            "  ".join(output.styled(f"{sign}{_short(member)}", style) for sign, style, member in signed) or "reordered"
        )
    if change.kind in _KIND_STYLES:
        value = change.new if change.kind == "added" else change.old
        sign = "+" if change.kind == "added" else "-"
        return output.styled(f"{sign} {_short(value)}", _KIND_STYLES[change.kind])
    return f"{_short(change.old)} → {_short(change.new)}"


def _short(value: Any) -> str:
    if isinstance(value, Missing):
        return "?" if value is UNRECORDED else "∅"
    text = value if isinstance(value, str) else encode(value).decode()
    return safe(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
