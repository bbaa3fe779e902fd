"""What a line of a history or event log says, in few words: pieces of safe text, each with a tone."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.spaces import UNRECORDED, Event, Missing, Record
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.core.viewing import container_text, preview_text, scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.spaces import Change, Logged

Words = list[tuple[str, str]]
"""(safe text, tone) pieces; tones are those of `LineView.style_of`."""

SIGNS: Final = {
    "added": ("+", "success"),
    "removed": ("−", "error"),
    "changed": ("~", "strong"),
    "event": ("•", "muted"),
    "damaged": ("✗", "error"),
    "doubtful": ("!", "warning"),
    "blank": ("·", "muted"),
}
"""The first cell of a row and its tone."""

_LOCKS: Final = {"lock": "locked", "unlock": "unlocked", "extend": "lock extended", "cancel": "lock cancelled"}
_REQUESTS: Final = {"create": "created", "delete": "deleted", "update": "updated", "progress_ticket": "moved on"}
_WORD: Final = re.compile(r"\w+")
_LONG: Final = 60
"""Characters beyond which a text is counted rather than quoted."""
_QUOTED: Final = 40
_MEMBERS: Final = 3
_COUNTED: Final = 20_000
"""Characters of a text whose words are compared to be counted."""


def kind_of(item: Logged) -> str:
    """Which of `SIGNS` a line gets."""
    if not item.is_record:
        return {"error": "damaged", "warning": "doubtful"}.get(_severity(item), "blank")
    if isinstance(item, Event):
        known = {"create": "added", "delete": "removed"}.get(item.request)
        if known or not item.changes:
            return known or "event"
    elif isinstance(item, Record) and item.event:
        return "event"
    kinds = {_direction(change) for change in item.changes}
    return kinds.pop() if len(kinds) == 1 else "changed"


def _severity(item: Logged) -> str:
    return item.problems[0].severity if item.problems else "note"


def _direction(change: Change) -> str:
    if change.kind == "list":
        return "changed" if bool(change.added) == bool(change.removed) else "added" if change.added else "removed"
    return change.kind if change.kind in SIGNS else "changed"


def short_key(key: str) -> str:
    """A dotted key as rows show it: those of the payload begin with `body.`."""
    return safe(key.removeprefix("payload.") if key.startswith("payload.body.") else key)


def told(item: Logged) -> Iterator[Words]:
    """What happened, one piece a key, the most telling first."""
    if not item.is_record:
        yield [(safe(item.problems[0].detail) if item.problems else "no record", "muted")]
        return
    if isinstance(item, Event) and (item.request in ("create", "delete") or not item.changes):
        done = _REQUESTS.get(item.request, item.request or "something happened")
        yield [(safe(done), ""), (f"  {safe(item.type)}", "muted")]
        return
    if not item.changes:
        yield [("names no key", "muted")]
    for change in item.changes:
        yield describe(change)


def describe(change: Change) -> Words:
    """One change: `state  open → closed`, `tags  +urgent −old`, `description  text, 12 words changed`."""
    if change.key == "lock_type" and isinstance(change.new, str):
        return [(safe(_LOCKS.get(change.new, f"lock: {change.new}")), "")]
    key = (f"{short_key(change.key)}  ", "muted")
    if change.kind == "list":
        return [key, *_members(change)]
    if change.kind == "added":
        return [key, ("+", "success"), *_one(change.new)]
    if change.kind == "removed":
        return [key, ("−", "error"), *_one(change.old)]
    if change.kind == "event" and isinstance(change.old, Missing):
        return [key, *_one(change.new)]
    if change.old is UNRECORDED:
        return [key, ("now ", "muted"), *_one(change.new)]
    if _is_long(change.old) or _is_long(change.new):
        return [key, (_texts(change.old, change.new), "")]
    if isinstance(change.old, dict) and isinstance(change.new, dict):
        return [key, (f"{container_text(change.old)} → {container_text(change.new)}", "")]
    return [key, (value_text(change.old), "muted"), (" → ", "muted"), (value_text(change.new), "")]


def value_text(value: Any, most: int = _QUOTED) -> str:
    """A value in one short safe line; texts without quotes."""
    if isinstance(value, Missing):
        return "?" if value is UNRECORDED else "∅"
    if isinstance(value, str):
        text = safe(" ".join(value[: 4 * most].split()) if len(value) > most or "\n" in value else value)
        return (text if len(text) <= most else f"{text[: most - 1]}…") or '""'
    if isinstance(value, dict | list):
        return preview_text(value) if value else ("{}" if isinstance(value, dict) else "[]")
    return scalar_text(value)


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and (len(value) > _LONG or "\n" in value)


def _one(value: Any) -> Words:
    if _is_long(value):
        return [(value_text(value), ""), (f"  {format_count(len(value))} characters", "muted")]
    return [(value_text(value), "")]


def _members(change: Change) -> Words:
    signed = [("+", "success", member) for member in change.added]
    signed += [("−", "error", member) for member in change.removed]
    if not signed:
        return [("reordered", "")]
    words: Words = []
    for sign, tone, member in signed[:_MEMBERS]:
        words += [(f"{' ' if words else ''}{sign}", tone), (value_text(member), "")]
    if len(signed) > _MEMBERS:
        words.append((f" and {format_count(len(signed) - _MEMBERS)} more", "muted"))
    return words


def _texts(old: Any, new: Any) -> str:
    before, after = (value if isinstance(value, str) else value_text(value) for value in (old, new))
    if max(len(before), len(after)) > _COUNTED:
        return f"text, {format_count(len(before))} → {format_count(len(after))} characters"
    left, right = Counter(_WORD.findall(before)), Counter(_WORD.findall(after))
    words = max((left - right).total(), (right - left).total())
    if not words:
        return "text, only signs or the order changed"
    return f"text, {format_count(words)} word{'s' * (words != 1)} changed"
