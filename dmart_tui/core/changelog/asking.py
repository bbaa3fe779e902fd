"""Asking a store for people who watch: the answer as it refines, some times a second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
    """The documents that a query finds, newest first, each with its time. Costs what the whole query costs."""
    with Store.open(str(path)) as store:
        date_field = store.date_field
        run = engine.run(store, query.order(f"-{date_field}").limit(most))
        return [(time_of(document.get(date_field)), document) for document in run.documents()]


def time_of(value: Any) -> datetime | None:
    """The time that a date of any form tells."""
    seconds = moment(value)
    return _BEGINNING + timedelta(seconds=seconds) if seconds is not None else None


def learn(path: Path) -> Words:
    """The fields of a store and values in them, from its first documents."""
    with Store.open(str(path)) as store:
        return words_of(islice(store.documents(), _SAMPLE))
