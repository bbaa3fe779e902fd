"""Documents of a store as rows: the changes behind a bar."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from rich.segment import Segment

from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.core.units import format_count, format_size, format_time
from dmart_tui.core.viewing import preview_text, scalar_text
from dmart_tui.tui.widgets.field_list import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style

_SIGNS: Final = {
    "added": ("+", "success"),
    "removed": ("−", "error"),
    "changed": ("~", "strong"),
    "list": ("~", "strong"),
    "event": ("•", "muted"),
}
_WHO: Final = 12
_LONGEST: Final = 2000
_OWN: Final = frozenset({"who", "entry", "kind"})
"""Fields by which a document is known to be one of ours."""


def is_change(document: dict[str, Any]) -> bool:
    """Whether it is one that the import of a spaces folder made."""
    return all(isinstance(document.get(name), str) for name in _OWN)


class DocumentRows:
    """Documents, newest first, a line each.

    Args:
        times: of the documents; None where it cannot be told.
        more: whether there are more than these.
    """

    def __init__(self, documents: Sequence[dict[str, Any]], times: Sequence[datetime | None], *, more: bool) -> None:
        self.documents, self.times = documents, times
        self.more = more

    def __len__(self) -> int:
        return len(self.documents)

    def key(self, index: int, /) -> str:
        return str(index)

    def index(self, key: str, /) -> int:
        return int(key) if key and int(key) < len(self) else -1

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        document = self.documents[index]
        when = Segment(f"{format_time(self.times[index])}  ", style("muted"))
        if not is_change(document):
            rest = {name: value for name, value in document.items() if name != "ts"}
            return [when, Segment(safe(preview_text(rest)), style(""))]
        sign, tone = _SIGNS.get(document["kind"], ("•", "muted"))
        lead = [Segment(f"{sign} ", style(tone)), when]
        if width >= 60:
            lead.append(Segment(fit(safe(document["who"]) or "∅", _WHO) + "  ", style("")))
        words = _words(document, style)
        room = width - sum(cell_width(part.text) for part in (*lead, *words)) - 2
        return [*lead, Segment(_end(safe(document["entry"]), max(room, 16, width // 4)) + "  ", style("")), *words]


def _words(document: dict[str, Any], style: Callable[[str], Style]) -> list[Segment]:
    muted = style("muted")
    key = document.get("key")
    if not isinstance(key, str):
        told = " ".join(safe(str(document[name])) for name in ("request", "type", "attachment") if document.get(name))
        return [Segment(told.strip() or "event", muted)]
    words = [Segment(f"{safe(key)}  ", muted)]
    old, new = (_side(document, side) for side in ("old", "new"))
    if document["kind"] == "added":
        return [*words, Segment("+", style("success")), Segment(new, style(""))]
    if document["kind"] == "removed":
        return [*words, Segment("−", style("error")), Segment(old, style(""))]
    return [*words, Segment(old, muted), Segment(" → ", muted), Segment(new, style(""))]


def _side(document: dict[str, Any], side: str) -> str:
    if side in document:
        value = document[side]
        return fit(safe(" ".join(value.split())), 40).rstrip() if isinstance(value, str) else scalar_text(value)
    size = document.get(f"{side}_size")
    return format_size(size) if isinstance(size, int) and size else "∅"


def _end(text: str, width: int) -> str:
    """The end of a text, which tells most of an address."""
    while cell_width(text) > width:
        text = "…" + text[max(2, cell_width(text) - width + 1) :]
    return text


def fields_of(document: dict[str, Any], when: datetime | None) -> list[Field]:
    """A document in full."""
    fields = [Field("time", format_time(when, seconds=True))]
    for name, value in document.items():
        text = value[:_LONGEST] if isinstance(value, str) else _shown(value)
        fields.append(Field(name, text, "muted" if name in ("id", "ts", "at") else ""))
    return fields


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return str(value)[:_LONGEST]
    if isinstance(value, bytes):
        return f"{format_count(len(value))} bytes"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return scalar_text(value) if value is None or isinstance(value, bool | int | float) else str(value)[:_LONGEST]
