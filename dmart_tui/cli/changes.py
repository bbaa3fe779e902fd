"""`history`: how entries changed, what they were, and who changed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.output import (
    Column,
    Output,
    Progress,
    Reveal,
    Style,
    counted,
    encode,
    output_options,
    pretty,
    reveal_option,
)
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.cli.showing import find_item
from dmart_tui.core.errors import DmartTuiError, UsageFault
from dmart_tui.core.secrets import mask, mask_change
from dmart_tui.core.spaces import (
    PAYLOAD_LIMIT,
    UNRECORDED,
    Change,
    Event,
    Logged,
    Missing,
    Record,
    decode,
    history,
    timeline,
)
from dmart_tui.core.spaces.versions import Version, as_of, as_of_line, blame
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Item, Spaces

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
@click.argument("address", required=False, shell_complete=complete_address)
@click.option(
    "--recursive", "-r", is_flag=True, help="Merge all below ADDRESS, or the whole root, event logs included."
)
@click.option("--by", "owner", metavar="USER", default="", help="With --recursive: only what this user did.")
@click.option("--limit", "-n", type=click.IntRange(min=1), help="Changes at most.")
@click.option("--at", "moment", metavar="TIME", help="Show the entry as it was at a time or after a line.")
@click.option("--blame", "blamed", is_flag=True, help="Show who changed each key last.")
@reveal_option
@output_options
@global_options
@pass_session
def history_command(
    session: Session,
    address: str | None,
    recursive: bool,
    owner: str,
    limit: int | None,
    moment: str | None,
    blamed: bool,
    reveal: Reveal,
    mode: str | None,
) -> int:
    """Show how the entry at ADDRESS changed, newest first.

    TIME is a time (2024-05-01, "2024-05-01 12:30", UTC unless it says another zone) or the number of a line of its
    history (0: before the first). Without a terminal each change is a line: timestamp, owner, key, kind, old and new as
    JSON; with --recursive the address stands first. --at exits with 1 when the entry did not exist then.

    Where `index build` made an index, --recursive brings it up to date and finds the newest changes in it; else every
    history there is opened.
    """
    spaces = session.spaces
    place = session.address(address) if address else None
    if (recursive and (moment or blamed)) or (moment and blamed):
        raise UsageFault("--recursive, --at and --blame exclude each other")
    if place is not None and moment:
        return _print_version(session, version(session, address or "", moment), address or "", reveal, mode)
    if place is not None and blamed:
        _print_blame(session, address or "", reveal, mode)
        return 0
    if owner and not recursive:
        raise UsageFault("--by goes with --recursive")
    if recursive:
        with Progress("files found") as progress:
            _print(
                session,
                _cleared(_timeline(spaces, place, limit, owner, progress), progress),
                reveal,
                mode,
                deep=True,
            )
    elif place is None:
        raise UsageFault("whose history?", hint="name an address, or take all with --recursive")
    else:
        _print(session, history(spaces, place, limit=limit), reveal, mode)
    return 0


def _timeline(
    spaces: Spaces, place: Address | None, limit: int | None, owner: str, progress: Progress
) -> Iterator[Logged]:
    from dmart_tui.core.catalog import known_lines, open_catalog

    known = known_lines(
        open_catalog(spaces), place, owner=owner, progress=lambda told: progress.update(told.seen + told.read)
    )
    return timeline(spaces, place, limit=limit, progress=progress.update, known=known, owner=owner)


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
        output.line(f"  {output.styled(safe(change.key), 'dim')}  {told(change, output)}")


_SOURCES: Final = {
    "attachments": "in its attachments",
    "shared": "in it or its attachments",
    "events": "in the event log",
}


def told(change: Change, output: Output) -> str:
    """What became of one key, on one line and safe: `old → new`, `+ new`, members with their signs."""
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


# -- as it was -------------------------------------------------------------------------------------------


def version(session: Session, address: str, moment: str) -> Version:
    """The entry at an address as it was at a moment as typed: a time, the number of a line, or `now`.

    Raises:
        UsageFault: the moment is none of these, or there is no such line.
        NotFound, Refused: as `Spaces.load`.
    """
    spaces = session.spaces
    item = find_item(spaces, session, address)
    body = payload_body(spaces, item)
    if moment == "now":
        return Version(None, True, item.meta, body)
    records = history(spaces, item.address)
    if moment.isdecimal():
        line = int(moment)
        newest = next((found.line for found in history(spaces, item.address, attachments=False)), 0)
        if line > newest:
            raise UsageFault(f"its history has no line {line}", address=address, hint=f"it has {newest}")
        return as_of_line(item, body, records, line)
    when = parse_time(moment)
    if when is None:
        raise UsageFault(
            f"{moment!r} is no time", hint='write 2024-05-01, "2024-05-01 12:30:00" or the number of a line'
        )
    return as_of(item, body, records, when)


def payload_body(spaces: Spaces, item: Item) -> Any:
    """The payload of an item when it is JSON in a file, else None; what cannot be read is None too."""
    if item.payload is None or item.payload.path is None or item.payload.content_type != "json":
        return None
    try:
        return decode(spaces.payload_bytes(item, PAYLOAD_LIMIT))
    except DmartTuiError:
        return None


def _print_version(session: Session, found: Version, address: str, reveal: Reveal, mode: str | None) -> int:
    output = Output(session, mode)
    meta, body = mask(found.meta, reveal), mask(found.body, reveal)
    when = found.when.isoformat() if found.when else None
    if output.mode != "text":
        document = {
            "address": address,
            "at": when,
            "existed": found.existed,
            "meta": meta,
            "payload": body,
            "unknown": found.unknown,
            "undone": found.undone,
        }
        output.document(document, one_line=output.mode == "jsonl")
    elif found.existed is not False:
        for part in (meta, body):
            if part is not None:
                output.line(safe(pretty(part), lines=True))
    if found.existed is False:
        session.say(f"{address}: did not exist at {format_time(found.when, seconds=True)} UTC")
        return 1
    for key, reason in found.unknown.items():
        session.say(f"{key}: cannot be known: {reason}")
    return 0


_BLAME_COLUMNS: Final = (
    Column("when", lambda row: str(row["timestamp"] or "")[:19].replace("T", " "), style="dim"),
    Column("who", lambda row: str(row["owner"] or "∅")),
    Column("key", lambda row: str(row["key"]), style="bold"),
    Column("what", lambda row: str(row["kind"] or ""), style="dim"),
)
_BLAME_TABS: Final = tuple(
    Column(key, lambda row, key=key: "" if row[key] is None else str(row[key]))  # type: ignore[misc]
    for key in ("key", "owner", "timestamp", "line", "kind")
)


def _print_blame(session: Session, address: str, reveal: Reveal, mode: str | None) -> None:
    spaces = session.spaces
    item = find_item(spaces, session, address)
    created = item.meta.get("created_at")

    def rows() -> Iterator[Row]:
        for key, last in blame(item, payload_body(spaces, item), history(spaces, item.address)).items():
            record, change = last.record, last.change
            yield {
                "key": key,
                "owner": last.owner or None,
                "timestamp": record.timestamp if record else created,
                "line": record.line if record else None,
                "kind": change.kind if change else None,
                "change": change_row(mask_change(change, reveal)) if change else None,
            }

    output = Output(session, mode)
    output.rows(rows(), _BLAME_COLUMNS if output.terminal else _BLAME_TABS)
