"""Queries as data: find by date, filter, derive, drop duplicates, group and reduce; built in parts or from texts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.historydb.dates import FIRST, LAST, day_of, day_text
from dmart_tui.core.historydb.queries.aggregates import Count, aggregate_from_data, make
from dmart_tui.core.historydb.queries.compiling import reads
from dmart_tui.core.historydb.queries.expressions import MOST_NODES, Expression, field, from_data, replaced
from dmart_tui.core.historydb.queries.reducing import Aggregate
from dmart_tui.core.historydb.queries.text import named, parse, parse_call, split

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

Keep = Literal["first", "last"]
Scope = Literal["day", "range"]
Named = tuple[tuple[str, Expression], ...]

MOST_PARTS: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Unique:
    """Which of the documents with the same key stays.

    Args:
        key: documents that lack it all stay.
        scope: whether duplicates are looked for within a day, or in the whole range.
    """

    key: Expression
    keep: Keep = "first"
    scope: Scope = "day"


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A question; each method gives a new one. Compare by `to_data`.

    Args:
        first, last: the days asked about, both included, since 1970.
        derived: names for expressions; they hide fields of the same name.
        keys: what is grouped by. Without keys and aggregates the answer is documents.
        ordering: columns of the answer (of documents: fields), and whether downwards.
        most: rows of the answer; None for all.
    """

    first: int = FIRST
    last: int = LAST
    condition: Expression | None = None
    derived: Named = ()
    duplicates: Unique | None = None
    keys: Named = ()
    aggregates: tuple[tuple[str, Aggregate], ...] = ()
    kept: Expression | None = None
    ordering: tuple[tuple[str, bool], ...] = ()
    most: int | None = None

    # -- in parts ---------------------------------------------------------------------------------------------

    def where(self, condition: Expression) -> Self:
        """Only documents that match; a second one narrows further."""
        return replace(self, condition=_joined(self.condition, condition))

    def derive(self, **expressions: Expression) -> Self:
        """Names for expressions; each may use those before it."""
        made = [(name, _expression(one)) for name, one in expressions.items()]
        return replace(self, derived=_parts(*self.derived, *made))

    def unique(self, key: str | Expression, *, keep: Keep = "first", scope: Scope = "day") -> Self:
        """Of documents with the same key, the first or last appended of a day, or of the whole range by day."""
        if keep not in ("first", "last") or scope not in ("day", "range"):
            raise UsageFault("of duplicates the first or last is kept, of a day or of the range")
        return replace(self, duplicates=Unique(_key(key), keep, scope))

    def group(self, *keys: str | Expression, **named: Expression) -> Self:
        """One row for each combination of values; a missing value is one of its own."""
        made = [(key if isinstance(key, str) else _key(key).to_text(), _key(key)) for key in keys]
        made += [(name, _expression(key)) for name, key in named.items()]
        return replace(self, keys=_parts(*self.keys, *made))

    def reduce(self, **aggregates: Aggregate) -> Self:
        """What is told of each group, or of all."""
        return replace(self, aggregates=_parts(*self.aggregates, *aggregates.items()))

    def having(self, condition: Expression) -> Self:
        """Only rows of the answer that match; fields are its columns."""
        return replace(self, kept=_joined(self.kept, condition))

    def order(self, *columns: str) -> Self:
        """By columns of the answer, `-total` downwards."""
        made = [(column.removeprefix("-"), column.startswith("-")) for column in columns]
        return replace(self, ordering=_parts(*made))

    def limit(self, most: int | None) -> Self:
        """So many rows at most."""
        if most is not None and most < 0:
            raise UsageFault("a limit is 0 or more")
        return replace(self, most=most)

    # -- what is asked ----------------------------------------------------------------------------------------

    @property
    def reduces(self) -> bool:
        """Whether the answer is groups, and not documents."""
        return bool(self.keys or self.aggregates)

    @property
    def measures(self) -> tuple[tuple[str, Aggregate], ...]:
        """The aggregates; groups without any are counted."""
        return self.aggregates or (("n", Count()),)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the answer, when it is groups."""
        return tuple(name for name, _ in (*self.keys, *self.measures)) if self.reduces else ()

    def resolved(self, expression: Expression) -> Expression:
        """The expression with what is derived in place of its names."""
        known: dict[str, Expression] = {}
        for name, one in self.derived:
            known[name] = replaced(one, known)
        return replaced(expression, known)

    def check(self) -> Self:
        """Raise UsageFault where parts do not fit together; every runner asks."""
        if self.first > self.last:
            raise UsageFault(f"the range ends on {day_text(self.last)}, before it begins")
        columns = self.columns
        if doubled := {name for name in columns if columns.count(name) > 1}:
            raise UsageFault(f"two columns are named {min(doubled)}")
        wanted = {name for name, _ in self.ordering} if self.reduces else set()
        if self.kept is not None:
            if not self.reduces:
                raise UsageFault("having is of groups", hint="use where for documents")
            wanted |= set(reads(self.kept, "the time of a document"))
        if unknown := wanted - set(columns):
            raise UsageFault(f"the answer has no column {min(unknown).strip(chr(0))}", hint=", ".join(columns))
        for _, one in self.derived:
            self.resolved(one)
        return self

    # -- as data ----------------------------------------------------------------------------------------------

    def to_data(self) -> dict[str, Any]:
        """Plain lists and maps that msgpack and JSON take (JSON without constants that are bytes)."""
        unique = self.duplicates
        return {
            "range": [self.first, self.last],
            "where": None if self.condition is None else self.condition.to_data(),
            "derive": [[name, one.to_data()] for name, one in self.derived],
            "unique": None if unique is None else [unique.key.to_data(), unique.keep, unique.scope],
            "group": [[name, one.to_data()] for name, one in self.keys],
            "reduce": [[name, one.to_data()] for name, one in self.aggregates],
            "having": None if self.kept is None else self.kept.to_data(),
            "order": [list(one) for one in self.ordering],
            "limit": self.most,
        }

    @classmethod
    def from_data(cls, data: Any) -> Self:
        """The query of `to_data`, from anybody; raises UsageFault. Aggregates of one's own are imported."""
        match data:
            case {
                "range": [int(first), int(last)],
                "where": condition,
                "derive": [*derived],
                "unique": unique,
                "group": [*keys],
                "reduce": [*aggregates],
                "having": kept,
                "order": [*ordering],
                "limit": int() | None as most,
            }:
                made = cls(max(first, FIRST), min(last, LAST))
                made = replace(
                    made,
                    condition=None if condition is None else from_data(condition),
                    derived=_parts(*((str(name), from_data(one)) for name, one in _pairs(derived))),
                    keys=_parts(*((str(name), from_data(one)) for name, one in _pairs(keys))),
                    aggregates=_parts(*((str(name), aggregate_from_data(one)) for name, one in _pairs(aggregates))),
                    kept=None if kept is None else from_data(kept),
                    ordering=_parts(*((str(name), bool(down)) for name, down in _pairs(ordering))),
                ).limit(most)
                match unique:
                    case [key, str(keep), str(scope)]:
                        return made.unique(from_data(key), keep=keep, scope=scope)  # type: ignore[arg-type]
                    case None:
                        return made
        raise UsageFault("this is no query")

    @classmethod
    def from_texts(
        cls,
        first: str | None = None,
        last: str | None = None,
        *,
        where: str = "",
        derive: Sequence[str] = (),
        unique: str = "",
        keep: Keep = "first",
        scope: Scope = "day",
        group: str = "",
        reduce: str = "",
        having: str = "",
        order: str = "",
        limit: int | None = None,
    ) -> Self:
        """The query of its parts as a person types them; raises UsageFault (TextFault tells where).

        Args:
            derive: each `name=expression`.
            group: expressions with commas between, each may be `name=expression`.
            reduce: `n=Count(), total=Sum(amount)`; without a name the text is the name.
            order: columns with commas between, `-total` downwards.
        """
        query = find(first, last)
        if where:
            query = query.where(parse(where))
        for text in derive:
            name, rest = named(text)
            if name == rest:
                raise UsageFault("a derived field is name=expression")
            query = query.derive(**{name: parse(rest)})
        if unique:
            query = query.unique(parse(unique), keep=keep, scope=scope)
        keys = [(name, parse(rest)) for name, rest in map(named, split(group))]
        measures = [(name, make(*parse_call(rest))) for name, rest in map(named, split(reduce))]
        query = replace(query, keys=_parts(*keys), aggregates=_parts(*measures))
        if having:
            query = query.having(parse(having))
        return cls.check(query.order(*split(order)).limit(limit))  # type: ignore[return-value]

    def to_texts(self) -> dict[str, Any]:
        """The arguments of `from_texts`."""
        unique = self.duplicates
        return {
            "first": None if self.first == FIRST else day_text(self.first),
            "last": None if self.last == LAST else day_text(self.last),
            "where": "" if self.condition is None else self.condition.to_text(),
            "derive": [_named_text(name, one.to_text()) for name, one in self.derived],
            "unique": "" if unique is None else unique.key.to_text(),
            "keep": "first" if unique is None else unique.keep,
            "scope": "day" if unique is None else unique.scope,
            "group": ", ".join(_named_text(name, one.to_text()) for name, one in self.keys),
            "reduce": ", ".join(_named_text(name, one.to_text()) for name, one in self.aggregates),
            "having": "" if self.kept is None else self.kept.to_text(),
            "order": ", ".join(f"-{name}" if down else name for name, down in self.ordering),
            "limit": self.most,
        }


def find(first: str | date | int | None = None, last: str | date | int | None = None) -> Query:
    """A query of the documents from a day to a day, both included; None leaves that side open.

    Raises:
        UsageFault: one is no date.
    """
    start, end = (day if day is None or isinstance(day, int) else day_of(day) for day in (first, last))
    return Query(FIRST if start is None else max(start, FIRST), LAST if end is None else min(end, LAST))


def _joined(condition: Expression | None, more: Expression) -> Expression:
    return _expression(more) if condition is None else condition & _expression(more)


def _key(key: str | Expression) -> Expression:
    return field(key) if isinstance(key, str) else _expression(key)


def _expression(given: Any) -> Expression:
    """What is given, when it is one; `F.file.name` is not, for a field has a name itself."""
    if not isinstance(given, Expression):
        raise UsageFault(f"{str(given)[:40]!r} is no expression", hint='names in a map may need []: F.file["name"]')
    return given


def _parts(*parts: Any) -> tuple[Any, ...]:
    if len(parts) > MOST_PARTS:
        raise UsageFault(f"a query has at most {MOST_PARTS} parts of a kind")
    return parts


def _pairs(data: list[Any]) -> list[tuple[Any, Any]]:
    if len(data) > MOST_NODES or not all(isinstance(one, list | tuple) and len(one) == 2 for one in data):
        raise UsageFault("this is no query")
    return [(name, one) for name, one in data]


def _named_text(name: str, text: str) -> str:
    return text if name == text else f"{name}={text}"
