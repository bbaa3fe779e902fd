"""Asking a store for people who watch: the answer as it refines, some times a second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.changelog.completing import Words, words_of
from dmart_tui.core.historydb import Engine, Progress, Query, Store, Table, moment

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken

_OFTEN: Final = 0.15
"""Seconds between two looks at an answer that is not done."""
_GROWTH: Final = 4
_SAMPLE: Final = 500
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as far as it is."""

    table: Table
    progress: Progress
    done: bool
    seconds: float


def ask(engine: Engine, path: Path, query: Query, cancel: CancelToken | None = None) -> Iterator[Answered]:
    """What a query finds, better from time to time, the last time whole; raises as `Engine.run` and `Run` do."""
    started = told = monotonic()
    with Store.open(str(path)) as store:
        run = engine.run(store, query, cancel=cancel)
        progress = Progress(0, 0, 0, 0)
        for progress in run:
            now = monotonic()
            if now - told > _OFTEN:
                yield Answered(run.table(), progress, False, now - started)
                told = monotonic()
        yield Answered(run.table(), progress, True, monotonic() - started)


def newest(engine: Engine, path: Path, query: Query, most: int) -> list[tuple[datetime | None, dict[str, Any]]]:
    """The documents that a query finds, newest first, each with its time.

    Args:
        query: filters, and does nothing else.

    Reads from the newest day back as far as it must: about so many documents where much matches, all where little does.
    """
    found: list[dict[str, Any]] = []
    with Store.open(str(path)) as store:
        for first, last in _stretches(store.day_counts(query.first, query.last), most):
            stretch = replace(query, first=first, last=last).order(f"-{store.date_field}").limit(most - len(found))
            found += engine.run(store, stretch).documents()
            if len(found) >= most:
                break
        return [(time_of(document.get(store.date_field)), document) for document in found]


def _stretches(counts: dict[int, int], most: int) -> Iterator[tuple[int, int]]:
    """Days from the newest back, (first, last) of so many documents, then of four times as many, and so on."""
    last: int | None = None
    held = 0
    for day in reversed(counts):
        last = day if last is None else last
        held += counts[day]
        if held >= most:
            yield day, last
            last, held, most = None, 0, most * _GROWTH
    if last is not None:
        yield min(counts), last


def time_of(value: Any) -> datetime | None:
    """The time that a date of any form tells."""
    seconds = moment(value)
    return _BEGINNING + timedelta(seconds=seconds) if seconds is not None else None


def learn(path: Path) -> Words:
    """The fields of a store and values in them, from its first documents."""
    with Store.open(str(path)) as store:
        return words_of(islice(store.documents(), _SAMPLE))
