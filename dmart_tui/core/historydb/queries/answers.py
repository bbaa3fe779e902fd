"""Answers: the parts that come of a query's spans, merged, and at any time as a table."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress
from math import nan
from typing import TYPE_CHECKING, Any

from dmart_tui.core.background import Cancelled
from dmart_tui.core.errors import DmartTuiError, Failed
from dmart_tui.core.historydb.queries.compiling import compiled, reads
from dmart_tui.core.historydb.queries.kinds import pack, rank, thawed, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.historydb.queries.plans import Found, Groups, Plan, Scan


@dataclass(frozen=True, slots=True)
class Table:
    """An answer.

    Args:
        columns: their names; those of documents are all fields that occur, in the order of their first.
        rows: the values; what a document lacks is None.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def objects(self) -> Iterator[dict[str, Any]]:
        """Each row as a map."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)


class Answer:
    """Takes in what comes of tasks, in any order."""

    def __init__(self, plan: Plan, cancel: CancelToken) -> None:
        self._plan = plan
        self._cancel = cancel
        self._groups: Groups = {}
        self._found: dict[int, list[Found]] = {}
        self._next = 0

    def add(self, task: int, groups: Groups, found: list[Found]) -> None:
        """Take in what came of a task; it is changed. Groups that grew since an earlier task are not merged again."""
        aggregates = self._plan.aggregates
        with _faults_told():
            for key, states in groups.items():
                self._cancel.check()
                known = self._groups.setdefault(key, states)
                if known is not states:
                    known[:] = [one.merge(a, b) for one, a, b in zip(aggregates, known, states, strict=True)]
        self._found[task] = found
        if self._plan.ordering and sum(map(len, self._found.values())) > 2 * (self._plan.query.most or 1 << 60):
            self._found = {task: self._plan.best(self._every())}

    def documents(self) -> list[dict[str, Any]]:
        """Documents that no earlier one can come before, each handed over once; none when they are to be ordered."""
        ready: list[dict[str, Any]] = []
        if not self._plan.ordering:
            while self._next in self._found:
                ready += (document for _, document in self._found.pop(self._next))
                self._next += 1
        return ready

    def ordered(self) -> list[dict[str, Any]]:
        """The documents that are to be ordered, as far as they are known."""
        return [document for _, document in self._plan.best(self._every())] if self._plan.ordering else []

    def table(self) -> Table:
        """The groups as they stand."""
        query, columns = self._plan.query, self._plan.query.columns
        aggregates = self._plan.aggregates
        with _faults_told():
            groups = self._groups or ({} if query.keys else {(): [one.init() for one in aggregates]})
            rows = [
                (*map(thawed, key), *(one.final(state) for one, state in zip(aggregates, states, strict=True)))
                for key, states in groups.items()
            ]
        if query.kept is not None and rows:
            by_name = dict(zip(columns, zip(*rows, strict=True), strict=True))
            names = reads(query.kept, "")
            matches = compiled(query.kept, "", test=True)(*(by_name[name] for name in names))
            rows = list(compress(rows, matches if names else matches * len(rows)))
        keys = len(query.keys)
        rows.sort(key=lambda row: tuple(map(rank, row[:keys])))
        for name, down in reversed(query.ordering):
            at = columns.index(name)
            rows.sort(key=lambda row, at=at: rank(row[at]), reverse=down)  # type: ignore[misc]
        return Table(columns, rows[: query.most])

    def _every(self) -> list[Found]:
        return [one for task in sorted(self._found) for one in self._found[task]]


@contextmanager
def _faults_told() -> Iterator[None]:
    """Let what an aggregate of one's own raises be told as a failure."""
    try:
        yield
    except (DmartTuiError, Cancelled):
        raise
    except Exception as error:
        raise Failed(f"an aggregate failed: {type(error).__name__}: {error}") from error


def table_of(documents: list[dict[str, Any]]) -> Table:
    """Documents as a table."""
    columns = tuple(dict.fromkeys(name for document in documents for name in document))
    return Table(columns, [tuple(map(document.get, columns)) for document in documents])


def packed_scan(scan: Scan) -> bytes:
    """What came of a task, on its way to another process."""
    aggregates = scan.plan.aggregates
    groups = [
        [key, [one.packed(state) for one, state in zip(aggregates, states, strict=True)]]
        for key, states in scan.groups.items()
    ]
    return pack([groups, scan.found])


def unpacked_scan(plan: Plan, data: bytes) -> tuple[Groups, list[Found]]:
    """What `packed_scan` sent."""
    groups, found = unpack(data)
    known = {
        tuple(map(_key, key)): [one.unpacked(state) for one, state in zip(plan.aggregates, states, strict=True)]
        for key, states in groups
    }
    return known, [(tuple(keys), document) for keys, document in found]


def _key(part: Any) -> Any:
    if isinstance(part, list):
        return tuple(part)
    return nan if part != part else part
