"""An entry at any moment of its history: what is known of it, and what each change did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.secrets import mask, mask_change
from dmart_tui.core.spaces import PAYLOAD_LIMIT, Record, as_of, decode, history
from dmart_tui.core.spaces import blame as blame_of
from dmart_tui.core.viewing import format_path
from dmart_tui.tui.changes import value_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.core.diffing import Step
    from dmart_tui.core.spaces import Change, Entry, Spaces

MOST: Final = 5_000
"""Records that are kept to look back at."""


@dataclass(slots=True)
class Past:
    """What is needed to show an entry at any moment: itself and its newest records, newest first."""

    entry: Entry
    body: Any
    records: list[Record]
    complete: bool
    moments: list[datetime] = field(default_factory=list)
    """When something changed, ascending; before them a moment when it was not yet made, where that is known."""

    def changes_at(self, when: datetime) -> list[Record]:
        """The records of a moment."""
        return [record for record in self.records if record.when == when]


@dataclass(frozen=True, slots=True)
class View:
    """An entry at a moment, ready to show; secrets are masked unless they were asked for."""

    when: datetime
    existed: bool | None
    document: dict[str, Any]
    """The meta, a JSON payload in the place of its file's name."""
    marks: dict[str, str]
    """Words by path: what changed just then, and what cannot be known."""
    changed: str
    """The path of the first key that changed just then; empty when none is in the document."""
    gone: list[str]
    """Words on keys that are not in the document: removed then, or unknown."""


def read_past(spaces: Spaces, entry: Entry, progress: Callable[[int], object] = lambda _: None) -> Past:
    """Read the records of an entry (at most `MOST`); blocks. `progress` may raise to stop."""
    records: list[Record] = []
    complete = True
    for record in history(spaces, entry.address, attachments=False):
        if len(records) == MOST:
            complete = False
            break
        records.append(record)
        progress(len(records))
    moments = sorted({record.when for record in records if record.when is not None})
    made = entry.created_at
    if complete and made is not None and (not moments or made <= moments[0]):
        moments[:0] = [made - timedelta(seconds=1), *([made] if not moments or made < moments[0] else [])]
    return Past(entry, json_body(spaces, entry), records, complete, moments)


def json_body(spaces: Spaces, entry: Entry) -> Any:
    """The JSON payload that is in a file of its own, else None; what cannot be read is None too."""
    payload = entry.payload
    if payload is None or payload.path is None or payload.content_type != "json":
        return None
    try:
        return decode(spaces.payload_bytes(entry, PAYLOAD_LIMIT))
    except DmartTuiError:
        return None


def document(meta: dict[str, Any], body: Any) -> dict[str, Any]:
    """Meta and JSON payload as one, as the keys of histories see them."""
    payload = meta.get("payload")
    return meta if body is None or not isinstance(payload, dict) else {**meta, "payload": {**payload, "body": body}}


def view_at(past: Past, when: datetime, *, secrets: bool) -> View:
    """The entry as it was; one pass over the records."""
    found = as_of(past.entry, past.body, past.records, when)
    whole = document(found.meta, found.body)
    shown = whole if secrets else mask(whole)
    marks: dict[str, str] = {}
    gone: list[str] = []
    first = ""
    words = {key: f"? {reason}" for key, reason in found.unknown.items()}
    for record in past.changes_at(when):
        for change in record.changes:
            told = _was(change if secrets else mask_change(change))
            if told and found.existed is not False:
                words[change.key] = f"{told}  {words[change.key]}" if change.key in words else told
    for key, text in words.items():
        steps = steps_of(shown, key.split("."))
        if steps is None:
            gone.append(f"{key} {text}")
        else:
            path = format_path(steps)
            marks[path] = text
            first = first or (path if text[0] in "~+" else "")
    return View(when, found.existed, shown, marks, first, gone)


def _was(change: Change) -> str:
    if change.key in ("lock_type", "comment"):
        return ""
    if change.kind == "list":
        members = [f"+{value_text(one)}" for one in change.added] + [f"−{value_text(one)}" for one in change.removed]
        return f"~ {' '.join(members[:5])}"
    return "+ new" if change.kind == "added" else f"~ was {value_text(change.old)}"


def steps_of(node: Any, names: list[str]) -> tuple[Step, ...] | None:
    """Where a dotted key stands in a document; None when it does not. Names may hold dots themselves."""
    if not names:
        return ()
    if isinstance(node, list):
        at = int(names[0]) if names[0].isdecimal() and len(names[0]) < 10 else len(node)
        rest = steps_of(node[at], names[1:]) if at < len(node) else None
        return None if rest is None else (at, *rest)
    if not isinstance(node, dict) or len(names) > 64:
        return None
    for count in range(1, len(names) + 1):
        name = ".".join(names[:count])
        if name in node and (rest := steps_of(node[name], names[count:])) is not None:
            return (name, *rest)
    return None


@dataclass(frozen=True, slots=True)
class Last:
    """Who gave a key its value."""

    key: str
    when: datetime | None
    owner: str
    value: str
    timestamp: str
    """Of the record; empty where none touched the key."""


def read_blame(
    spaces: Spaces, entry: Entry, *, secrets: bool, progress: Callable[[int], object] = lambda _: None
) -> list[Last]:
    """The last change of each key, latest first, then the untouched ones; one pass over the whole history, blocks."""
    body = json_body(spaces, entry)

    def counted() -> Iterator[Record]:
        for number, record in enumerate(history(spaces, entry.address, attachments=False)):
            progress(number)
            yield record

    whole = document(entry.meta, body)
    shown = whole if secrets else mask(whole)
    rows = []
    for key, last in blame_of(entry, body, counted()).items():
        steps = steps_of(shown, key.split("."))
        value = "∅" if steps is None else value_text(_value(shown, steps), 80)
        written = last.record.timestamp if last.record is not None else ""
        rows.append(Last(key, last.when, last.owner, value, written))
    rows.sort(key=lambda row: (bool(row.timestamp), row.when.timestamp() if row.when else 0.0), reverse=True)
    return rows


def _value(node: Any, steps: tuple[Step, ...]) -> Any:
    for step in steps:
        node = node[step]
    return node
