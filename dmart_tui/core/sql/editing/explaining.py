"""How the engine goes about a statement: its plan as a tree, estimated or measured."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import Damaged
from dmart_tui.core.sql.errors import SqlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dmart_tui.core.sql.session import Session

HOT: Final = 0.2
"""The part of all time from which an operator is a hot one."""
_EXPLAIN: Final = "EXPLAIN (FORMAT json) "
_ANALYZE: Final = "EXPLAIN (ANALYZE, FORMAT json) "
_AROUND: Final = ("RESULT_COLLECTOR", "EXPLAIN_ANALYZE", "QUERY_ROOT")
"""Operators of the explaining itself."""
_ESTIMATE: Final = "Estimated Cardinality"


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One operator, and those it takes its rows from."""

    name: str
    extra: tuple[tuple[str, str], ...] = ()
    """What is said about it: the table, the condition, the groups."""
    estimated: int | None = None
    """Rows the engine expected."""
    rows: int | None = None
    """Rows it made; None when it was not run."""
    seconds: float | None = None
    """Time spent in it alone, all threads added up; None when it was not run."""
    part: float = 0.0
    """Which part of the time of the whole plan that is, 0 to 1."""
    children: tuple[PlanNode, ...] = ()

    @property
    def hot(self) -> bool:
        """Whether much of the time is spent here."""
        return self.part >= HOT

    def walk(self) -> Iterator[PlanNode]:
        """This one and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def plan(
    session: Session, text: str, parameters: Mapping[str, object] | None = None, *, analyze: bool = False
) -> PlanNode:
    """The plan of one statement; blocks.

    Args:
        analyze: run the statement, whatever it changes, and measure every operator.

    Raises:
        SqlError: the statement is wrong; its position is that in `text`.
        Damaged: the engine told a plan that cannot be read.
    """
    lead = _ANALYZE if analyze else _EXPLAIN
    try:
        result = session.run(lead + text, parameters)
        try:
            told = result.rows(0, 1)[0][-1]
        finally:
            result.close()
    except SqlError as error:
        if error.position is not None:
            error.position = max(0, error.position - len(lead))
        raise
    return read_plan(str(told))


def read_plan(told: str) -> PlanNode:
    """The tree of a plan told as JSON, estimated or measured.

    Raises:
        Damaged: it cannot be read.
    """
    try:
        value = json.loads(told)
        roots = value["operator"] if isinstance(value, dict) and "operator" in value else value
        total = sum(_seconds(root) for root in roots) or 1.0
        nodes = tuple(_node(root, total) for root in roots)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Damaged("The engine's plan cannot be read.") from error
    while len(nodes) == 1 and nodes[0].name in _AROUND and nodes[0].children:
        nodes = nodes[0].children
    return nodes[0] if len(nodes) == 1 else PlanNode("PLAN", children=nodes)


def _seconds(value: Mapping[str, Any]) -> float:
    return float(value.get("timing", 0.0)) + sum(map(_seconds, value.get("children", ())))


def _node(value: Mapping[str, Any], total: float) -> PlanNode:
    extra: Mapping[str, Any] = value.get("extra_info") or {}
    measured = "timing" in value
    seconds = float(value["timing"]) if measured else None
    return PlanNode(
        str(value.get("type") or value.get("name") or "?").strip(),
        tuple((str(key), _words(told)) for key, told in extra.items() if key != _ESTIMATE and told),
        _count(extra.get(_ESTIMATE)),
        int(value.get("intermediate_rows") or 0) if measured else None,
        seconds,
        (seconds or 0.0) / total,
        tuple(_node(child, total) for child in value.get("children", ())),
    )


def _words(told: object) -> str:
    return ", ".join(map(str, told)) if isinstance(told, list) else str(told)


def _count(told: object) -> int | None:
    try:
        return int(str(told))
    except ValueError:
        return None
