"""What the activity of a store counts: its days, its fields, and conditions as expressions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.changelog.spans import EPOCH, Span
from dmart_tui.core.historydb import Expression, F, Store

if TYPE_CHECKING:
    from pathlib import Path

    from dmart_tui.core.address import Address

SOURCES: Final[dict[str, tuple[str, Expression | None]]] = {
    "once": ("each change once", (F.source != "events") | ~F.key.exists()),
    "histories": ("histories alone", F.source != "events"),
    "events": ("event logs alone", F.source == "events"),
    "all": ("histories and event logs", None),
}
"""Which lines of a spaces folder count: an update stands in a history and, with its keys, in the event log too."""

_SAMPLE: Final = 500
_VARIED: Final = 0.5
"""A field with more values than this part of the documents tells nothing as bars."""
_OURS: Final = ("entry", "who", "kind", "key", "type", "space", "request", "agent", "source")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a store holds, as far as charts ask."""

    span: Span | None
    """Its first and last day; None: it is empty."""
    documents: int
    changes: bool
    """Whether its documents are changes of a spaces folder."""
    fields: tuple[str, ...]
    """Those whose values bars may stand for, the most telling first."""


def subject_of(path: Path) -> Subject:
    """Look at the footers and at some documents of a store."""
    with Store.open(str(path)) as store:
        counts = store.day_counts()
        if not counts:
            return Subject(None, 0, False, ())
        days = list(counts)
        span = Span(EPOCH + timedelta(days=min(days)), EPOCH + timedelta(days=max(days)))
        sample = list(islice(store.documents(), _SAMPLE))
        changes = all(document.keys() >= {"who", "entry", "kind", "source"} for document in sample)
        return Subject(
            span,
            sum(counts.values()),
            changes,
            _OURS if changes else _fields(sample, {store.date_field, store.key_field}),
        )


def _fields(sample: list[dict[str, Any]], others: set[str]) -> tuple[str, ...]:
    """Fields with few values for many documents, those that most documents have first."""
    having: Counter[str] = Counter()
    values: dict[str, set[str]] = {}
    for document in sample:
        for name, value in document.items():
            if isinstance(value, str | bool) and name not in others and "." not in name:
                having[name] += 1
                values.setdefault(name, set()).add(str(value))
    telling = [name for name, count in having.most_common() if len(values[name]) <= max(8, count * _VARIED)]
    return tuple(telling or having)


def below(address: Address) -> Expression:
    """Whether a change was made at an address or below it."""
    if not address.parts and address.attachment is None:
        return F.space == address.space
    place = str(address.parent if address.attachment is not None else address)
    return (F.entry == place) | F.entry.startswith(f"{place}/")
