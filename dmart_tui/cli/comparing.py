"""`diff`: two versions of an entry, or two entries."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.changes import version
from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.output import Column, Output, Reveal, counted, encode, output_options, pretty, reveal_option
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.cli.showing import find_item
from dmart_tui.core.diffing import JsonChange, diff_json, diff_text
from dmart_tui.core.errors import NotFound
from dmart_tui.core.files import open_regular
from dmart_tui.core.secrets import mask, mask_value
from dmart_tui.core.spaces import payload_value
from dmart_tui.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dmart_tui.core.diffing import DiffRow
    from dmart_tui.core.spaces import Item, Problem, Spaces

_CONTEXT: Final = 3
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Side:
    name: str
    meta: dict[str, Any]
    payload: Any
    unknown: dict[str, str]


@click.command()
@click.argument("address", shell_complete=complete_address)
@click.argument("a", shell_complete=complete_address)
@click.argument("b", required=False)
@reveal_option
@output_options
@global_options
@pass_session
def diff_command(session: Session, address: str, a: str, b: str | None, reveal: Reveal, mode: str | None) -> int:
    """Compare two versions of an entry (ADDRESS A B), or two entries (ADDRESS ADDRESS).

    A and B are times, numbers of lines of the history (0: before the first), or `now`. Exits with 1 when they differ.
    People get unified text, pipes without --json the columns: key, kind, old and new as JSON.
    """
    sides = _entries(session, address, a) if b is None else _versions(session, address, a, b)
    for side in sides:
        for key, reason in side.unknown.items():
            session.say(f"{side.name}: {key}: cannot be known: {reason}")
    found = diff_json(*({"meta": side.meta, "payload": side.payload} for side in sides))
    rows = [_row(change, reveal) for change in found.changes]
    output = Output(session, mode)
    if output.mode == "json":
        output.document({"a": sides[0].name, "b": sides[1].name, "changes": rows, "note": found.note})
    elif output.aligned:
        _show(sides, output, reveal)
    else:
        output.rows(rows, _COLUMNS)
    if output.mode == "text":
        hidden = sum(row["old"] == row["new"] for row in rows)
        if hidden:
            session.say(f"{counted(hidden, 'secret differs', 'secrets differ')}: see with --reveal KEY")
        session.say(found.note or (counted(len(rows), "difference") if rows else "they are the same"))
    return 1 if rows else 0


def _entries(session: Session, one: str, other: str) -> tuple[_Side, _Side]:
    def side(address: str) -> _Side:
        item = find_item(session.spaces, session, address)
        return _Side(address, item.meta, _payload(session.spaces, item), {})

    return side(one), side(other)


def _versions(session: Session, address: str, a: str, b: str) -> tuple[_Side, _Side]:
    def side(moment: str) -> _Side:
        found = version(session, address, moment)
        if found.existed is False:
            raise NotFound(f"did not exist at {moment}", address=address, hint="see its `history`")
        return _Side(f"{address} {moment}", found.meta, found.body, found.unknown)

    return side(a), side(b)


def _payload(spaces: Spaces, item: Item) -> Any:
    """What of a payload can be compared: its JSON value, its text, else its size and digest."""
    problems: list[Problem] = []
    value = payload_value(spaces, item, problems)
    payload = item.payload
    if value is not None or payload is None or payload.path is None:
        return value
    digest = hashlib.sha256()
    descriptor = open_regular(payload.path, spaces.root)
    try:
        while block := os.read(descriptor, _BLOCK):
            digest.update(block)
    finally:
        os.close(descriptor)
    return {"bytes": payload.size, "sha256": digest.hexdigest()}


_COLUMNS: Final = (
    Column("key", lambda row: str(row["key"])),
    Column("kind", lambda row: str(row["kind"])),
    Column("old", lambda row: "" if row["kind"] == "added" else encode(row["old"]).decode()),
    Column("new", lambda row: "" if row["kind"] == "removed" else encode(row["new"]).decode()),
)


def _row(change: JsonChange, reveal: Reveal) -> dict[str, Any]:
    """A difference as JSON holds it; keys are named as histories name them."""
    part, *steps = change.path
    path = steps if part == "meta" else ["payload", "body", *steps]
    key = ".".join(map(str, path))
    return {
        "key": key,
        "old": mask_value(key, change.old, reveal),
        "new": mask_value(key, change.new, reveal),
        "kind": change.kind,
        "path": path,
    }


# -- unified text ----------------------------------------------------------------------------------------


def _show(sides: tuple[_Side, _Side], output: Output, reveal: Reveal) -> None:
    for part in ("meta", "payload"):
        old, new = (_text(mask(getattr(side, part), reveal)) for side in sides)
        if old == new:
            continue
        output.line(output.styled(f"--- {safe(sides[0].name)}  {part}", "bold"))
        output.line(output.styled(f"+++ {safe(sides[1].name)}  {part}", "bold"))
        found = diff_text(old, new)
        show_lines(found.rows, output)
        if found.note:
            output.line(output.styled(found.note, "dim"))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else pretty(value)


def show_lines(rows: Sequence[DiffRow], output: Output) -> None:
    """Unified text of the rows that differ, with some around them."""
    for hunk in _hunks(rows):
        _show_hunk(hunk, output)


def _hunks(rows: Sequence[DiffRow]) -> Iterator[list[DiffRow]]:
    """The rows that differ with those around them; stretches of equal rows left out."""
    hunk: list[DiffRow] = []
    same = 0
    for at, row in enumerate(rows):
        if row.kind == "same":
            same += 1
            if hunk and same <= 2 * _CONTEXT:
                hunk.append(row)
            elif hunk:
                yield hunk[: len(hunk) - _CONTEXT]
                hunk = []
            continue
        if not hunk:
            hunk = list(rows[max(0, at - min(same, _CONTEXT)) : at])
        hunk.append(row)
        same = 0
    if hunk:
        yield hunk[: len(hunk) - max(0, same - _CONTEXT)]


def _show_hunk(hunk: Sequence[DiffRow], output: Output) -> None:
    left = [row.left_number for row in hunk if row.left_number is not None]
    right = [row.right_number for row in hunk if row.right_number is not None]
    place = f"@@ -{left[0] if left else 0},{len(left)} +{right[0] if right else 0},{len(right)} @@"
    output.line(output.styled(place, "cyan"))
    waiting: list[str] = []
    for row in hunk:
        if row.kind == "same":
            for text in waiting:
                output.line(output.styled(f"+{text}", "green"))
            waiting = []
            output.line(f" {_line(row.left)}")
            continue
        if row.left is not None:
            output.line(output.styled(f"-{_line(row.left)}", "red"))
        if row.right is not None:
            waiting.append(_line(row.right))
    for text in waiting:
        output.line(output.styled(f"+{text}", "green"))


def _line(spans: Any) -> str:
    return safe("".join(span.text for span in spans or ()))
