"""A line of a log in full: each of its changes as a diff, side by side or one below the other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from rich.segment import Segment
from rich.style import Style

from dmart_tui.core.diffing import DiffRow, Span, diff_json, diff_text, diff_words
from dmart_tui.core.spaces import Event, Missing, flatten
from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.core.units import format_count, format_time
from dmart_tui.core.viewing import format_path, scalar_text
from dmart_tui.tui.changes.words import value_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dmart_tui.core.diffing import JsonChange
    from dmart_tui.core.spaces import Change, Logged

    Styles = Callable[[str], Style]

WIDE: Final = 72
"""Cells from which the two sides stand beside each other unless told otherwise."""
_CONTEXT: Final = 2
_MOST_ROWS: Final = 200
"""Rows of the diff of one key."""
_MOST_LINES: Final = 12
"""Lines that one long row is wrapped into."""
_MOST_VALUES: Final = 60
_LONGEST: Final = 2_000
_HEAVY: Final = 16_000
"""Characters from which a diff is worked out in a thread."""

SOURCES: Final = {
    "stray": "in a history of before 2022",
    "attachments": "of an attachment; which one is not recorded",
    "shared": "of this entry or one of its attachments; which is not recorded",
    "folder": "in the history inside the folder",
    "events": "in the event log",
}
"""What is to be known of a line's file; roles that go without saying are not named."""


@dataclass(frozen=True, slots=True)
class Block:
    """The diff of one key."""

    key: str
    about: str
    rows: tuple[DiffRow, ...]
    note: str = ""


def is_heavy(item: Logged) -> bool:
    """Whether working out the diffs of a line may hold a frame up."""
    return sum(_weight(side) for change in item.changes for side in (change.old, change.new)) > _HEAVY


def _weight(value: Any) -> int:
    if isinstance(value, dict | list):
        members = value.values() if isinstance(value, dict) else value
        return 50 * len(value) + sum(len(member) if isinstance(member, str) else 200 for member in members)
    return len(value) if isinstance(value, str) else 1


def blocks_of(item: Logged) -> list[Block]:
    """The diffs of a line; see `core.diffing` for what bounds their cost."""
    blocks = [block_of(change) for change in item.changes]
    if isinstance(item, Event) and item.attributes and not blocks:
        values = list(zip(range(_MOST_VALUES + 1), flatten(item.attributes), strict=False))
        kind = "removed" if item.request == "delete" else "added"
        rows = [_told(kind, f"{key}: ", value) for _, (key, value) in values[:_MOST_VALUES]]
        note = "and more" if len(values) > _MOST_VALUES else ""
        blocks.append(Block("", "with these values", tuple(rows), note))
    return blocks


def _told(kind: str, label: str, value: Any) -> DiffRow:
    spans = (Span(label, False), Span(_text(value), True))
    return DiffRow("added", None, spans, None, None) if kind == "added" else DiffRow("removed", spans, None, None, None)


def block_of(change: Change) -> Block:
    """The diff of one key; see `core.diffing` for what bounds its cost."""
    old, new = change.old, change.new
    if change.kind == "list" and not change.added and not change.removed:
        return Block(change.key, "the order changed", ())
    about = {"list": "members", "event": "", "changed": ""}.get(change.kind, change.kind)
    if isinstance(old, str) and isinstance(new, str):
        found = diff_text(old, new)
        return Block(change.key, about, tuple(_folded(found.rows)), found.note)
    if change.kind != "list" and isinstance(old, dict | list) and isinstance(new, dict | list):
        differences = diff_json(old, new)
        return Block(change.key, about, tuple(map(_json_row, differences.changes)), differences.note)
    left, right = _values(change, "old", "removed"), _values(change, "new", "added")
    return Block(change.key, about, tuple(_sides(_all_lines(left), _all_lines(right))))


def _all_lines(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield from _text(value).split("\n")


def _values(change: Change, side: str, members: str) -> list[Any]:
    """What one side of a change has: nothing, its value, or the members that only it has."""
    if change.kind == "list":
        return list(getattr(change, members))
    value = getattr(change, side)
    return [] if isinstance(value, Missing) else [value]


def _sides(left: Iterable[str], right: Iterable[str]) -> Iterator[DiffRow]:
    """Lines beside each other that are not compared."""
    for before, after in zip_longest(left, right):
        old = None if before is None else (Span(before, False),)
        new = None if after is None else (Span(after, False),)
        yield DiffRow("removed" if new is None else "added" if old is None else "changed", old, new, None, None)


def _json_row(change: JsonChange) -> DiffRow:
    path = f"{format_path(change.path)}: " if change.path else ""
    old, new = _text(change.old), _text(change.new)
    if change.kind in ("added", "removed"):
        return _told(change.kind, path, new if change.kind == "added" else old)
    before, after = diff_words(old, new)
    return DiffRow("changed", (Span(path, False), *before), (Span(path, False), *after), None, None)


def _folded(rows: Sequence[DiffRow]) -> Iterator[DiffRow]:
    """The rows near a change; a run left out is a row of neither side, its length as the number."""
    near = bytearray(len(rows))
    for at, row in enumerate(rows):
        if row.kind != "same":
            for close in range(max(0, at - _CONTEXT), min(len(rows), at + _CONTEXT + 1)):
                near[close] = 1
    skipped = 0
    for at, row in enumerate(rows):
        if not near[at]:
            skipped += 1
            continue
        if skipped:
            yield DiffRow("same", None, None, skipped, None)
            skipped = 0
        yield row
    if skipped:
        yield DiffRow("same", None, None, skipped, None)


def _text(value: Any) -> str:
    """A value whole, on one line unless it is a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        import json

        try:
            return json.dumps(value, ensure_ascii=False)[:_LONGEST]
        except (ValueError, RecursionError):
            return value_text(value)
    return "∅" if isinstance(value, Missing) else scalar_text(value)


# -- drawing --------------------------------------------------------------------------------------------------


def detail_lines(
    item: Logged, blocks: Sequence[Block], width: int, style: Styles, *, side: bool | None = None
) -> list[list[Segment]]:
    """A change as lines, at most some hundred a key.

    Args:
        side: the two sides beside each other; None: when there is room.
    """
    beside = width >= WIDE if side is None else side
    lines: list[list[Segment]] = []
    for problem in item.problems:
        tone = {"error": "error", "warning": "warning"}.get(problem.severity, "muted")
        sign = {"error": "✗", "warning": "!"}.get(problem.severity, "·")
        lines += wrapped([Segment(f"{sign} {safe(problem.detail)}", style(tone))], width)
    lines += block_lines(blocks, width, style, side=beside)
    return lines


def block_lines(blocks: Iterable[Block], width: int, style: Styles, *, side: bool) -> list[list[Segment]]:
    """The diffs of some keys, `side` by side or one side below the other; at most some hundred lines a key."""
    lines: list[list[Segment]] = []
    for block in blocks:
        if (short := _on_one_line(block, width, style)) is not None:
            lines.append(short)
            continue
        if block.key or block.about:
            about = f"  {block.about}" if block.key and block.about else block.about
            lines.append([Segment(safe(block.key), style("strong")), Segment(about, style("muted"))])
        for row in block.rows[:_MOST_ROWS]:
            lines += _beside(row, width, style) if side else _below(row, width, style)
        rest = len(block.rows) - _MOST_ROWS
        note = f"{format_count(rest)} more rows: `c` copies all" if rest > 0 else block.note
        if note:
            lines.append([Segment(f"⋯ {note}", style("muted"))])
    return lines


def _on_one_line(block: Block, width: int, style: Styles) -> list[Segment] | None:
    """A key and a short value that came or went, where that is all there is."""
    if not block.key or block.note or len(block.rows) != 1 or block.rows[0].kind not in ("added", "removed"):
        return None
    row = block.rows[0]
    value = _side(row.left or row.right, row.kind == "added", False, width, style)
    segments = [Segment(f"{safe(block.key)}  ", style("strong")), *value[0]]
    used = sum(cell_width(segment.text) for segment in segments)
    return segments if len(value) == 1 and used <= width else None


def head_text(item: Logged, *, address: bool = False) -> str:
    """When, by whom, from where, in safe text."""
    when = format_time(item.when, seconds=True) if item.when else safe(item.timestamp)
    headers = {key.lower().replace("_", "-"): value for key, value in item.request_headers.items()}
    known = (headers.get(name) for name in ("x-forwarded-for", "x-real-ip", "id-address", "ip-address"))
    origin = next((value for value in known if isinstance(value, str) and value), "")
    agent = headers.get("user-agent")
    parts = [
        safe(str(item.address)) if address else "",
        when,
        f"by {safe(item.owner)}" if item.owner else "",
        f"from {safe(origin[:60])}" if origin else "",
        SOURCES.get(item.source, ""),
        safe(agent[:200]) if isinstance(agent, str) else "",
    ]
    return " · ".join(filter(None, parts))


def wrapped(segments: Iterable[Segment], width: int) -> list[list[Segment]]:
    """Break segments into lines of `width` cells, between words where it can."""
    lines: list[list[Segment]] = [[]]
    room = width
    for segment in segments:
        for word in _words(segment.text):
            used = cell_width(word)
            if used > room and room < width:
                if len(lines) == _MOST_LINES:
                    lines[-1].append(Segment("…", segment.style))
                    return lines
                lines.append([])
                room = width
                word = word.lstrip(" ")
                used = cell_width(word)
            while used > room:
                cut = max(1, len(fit(word, room).rstrip("… ")))
                lines[-1].append(Segment(word[:cut], segment.style))
                word = word[cut:]
                if len(lines) == _MOST_LINES:
                    return lines
                lines.append([])
                room, used = width, cell_width(word)
            lines[-1].append(Segment(word, segment.style))
            room -= used
    return lines


def _words(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = text.find(" ", at + 1)
        end = len(text) if end < 0 else end
        yield text[at:end]
        at = end


_SIDES: Final = (("−", "error"), ("+", "success"))


def _side(spans: Sequence[Span] | None, right: bool, same: bool, width: int, style: Styles) -> list[list[Segment]]:
    """One side of a row as lines: its sign, and its text wrapped."""
    if spans is None:
        return []
    sign, tone = ("", "") if same else _SIDES[right]
    plain = style(tone)
    strong = plain + Style(bold=True, underline=True)
    whole = len(spans) == 1
    pieces = [
        Segment(safe(text[:_LONGEST].expandtabs(4)), strong if changed and not whole else plain)
        for text, changed in spans
    ]
    lines = wrapped(pieces, max(1, width - 2))
    return [[Segment(f"{sign if not at else '':2}", plain), *line] for at, line in enumerate(lines)]


def _beside(row: DiffRow, width: int, style: Styles) -> Iterator[list[Segment]]:
    if row.left is None and row.right is None:
        yield _skipped(row, style)
        return
    half = (width - 3) // 2
    same = row.kind == "same"
    left = _side(row.left, False, same, half, style)
    right = _side(row.right, True, same, width - half - 3, style)
    for before, after in zip_longest(left, right, fillvalue=()):
        used = sum(cell_width(segment.text) for segment in before)
        yield [*before, Segment(" " * (half - used)), Segment(" │ ", style("guide")), *after]


def _below(row: DiffRow, width: int, style: Styles) -> Iterator[list[Segment]]:
    if row.left is None and row.right is None:
        yield _skipped(row, style)
        return
    same = row.kind == "same"
    yield from _side(row.left, False, same, width, style)
    if not same:
        yield from _side(row.right, True, same, width, style)


def _skipped(row: DiffRow, style: Styles) -> list[Segment]:
    return [Segment(f"⋯ {format_count(row.left_number or 0)} equal lines", style("muted"))]


def plain_text(item: Logged, *, address: bool = False) -> str:
    """A line of a log as text to take away: a head, and each key with its old and new value."""
    when = format_time(item.when, seconds=True) if item.when else item.timestamp
    done = item.request if isinstance(item, Event) else ""
    parts = [when, item.owner, str(item.address) if address else "", done]
    lines = ["  ".join(filter(None, parts))]
    for change in item.changes:
        lines += [change.key, *(f"- {_text(one)}" for one in _values(change, "old", "removed"))]
        lines += [f"+ {_text(one)}" for one in _values(change, "new", "added")]
    lines += [problem.detail for problem in item.problems]
    return "\n".join(lines)
