"""`history` and `diff`: how entries changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.output import Output, Reveal, Style, counted, encode, output_options, reveal_option
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.spaces.history import UNRECORDED, Change, Missing, Record, history
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


def record_row(record: Record) -> Row:
    """A record as JSON holds it."""
    return {
        "address": str(record.address),
        "timestamp": record.timestamp,
        "owner": record.owner,
        "request_headers": record.request_headers,
        "changes": [change_row(change) for change in record.changes],
        "role": record.role,
        "line": record.line,
    }


@click.command()
@click.argument("address", required=False)
@click.option("--limit", "-n", type=click.IntRange(min=1), help="Changes at most.")
@reveal_option
@output_options
@global_options
@pass_session
def history_command(session: Session, address: str | None, limit: int | None, reveal: Reveal, mode: str | None) -> None:
    """Show how the entry at ADDRESS changed, newest first.

    Without a terminal each change is a line: timestamp, owner, key, kind, old and new as JSON.
    """
    spaces = session.spaces
    place = session.address(address or "")
    _print(session, history(spaces, place, limit=limit), reveal, mode)


def _print(session: Session, records: Iterable[Record], reveal: Reveal, mode: str | None) -> None:
    output = Output(session, mode)
    lost = 0

    def readable() -> Iterator[Record]:
        nonlocal lost
        for record in records:
            if record.is_record:
                yield record.masked(reveal)
            else:
                lost += 1

    if output.mode != "text":
        count = output.rows(map(record_row, readable()), ())
    else:
        show = _show if output.terminal else _tabs
        count = 0
        for record in readable():
            show(record, output)
            count += 1
    if output.aligned:
        session.say(counted(count, "record") if count else "no change is recorded")
    if lost:
        session.say(f"{counted(lost, 'line holds', 'lines hold')} no record: `dmart-tui check` tells which")


def _tabs(record: Record, output: Output) -> None:
    for change in record.changes:
        cells = (record.timestamp, record.owner, change.key, change.kind, _json(change.old), _json(change.new))
        output.line("\t".join(map(safe, cells)))


def _json(value: Any) -> str:
    return "" if isinstance(value, Missing) else encode(value).decode()


def _show(record: Record, output: Output) -> None:
    when = format_time(record.when, seconds=True) if record.when else safe(record.timestamp) or "no time"
    about = "  ".join(safe(part) for part in (record.event, _ROLES.get(record.role, "")) if part)
    output.line(f"{output.styled(when, 'bold')}  {safe(record.owner) or '∅'}  {output.styled(about, 'dim')}".rstrip())
    for change in record.changes:
        output.line(f"  {output.styled(safe(change.key), 'dim')}  {_told(change, output)}")


_ROLES: Final = {"attachments": "in its attachments", "shared": "in it or its attachments"}


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
