"""Plans: a query made ready to be worked off block by block, and what comes of a span of days.

Of a block only the columns are read that are needed, those of the filter first: where nothing matches, nothing more is
read. What depends on one column of few different values is worked out once for each of those, not for each document.
Values are handed to aggregates by the group and span, so that most of them add up in C.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from functools import reduce
from itertools import compress
from operator import and_
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dmart_tui.core.historydb.blocks import BlockRef
from dmart_tui.core.historydb.columns import Column
from dmart_tui.core.historydb.frames import COLUMNS
from dmart_tui.core.historydb.queries.aggregates import Count
from dmart_tui.core.historydb.queries.compiling import DAY, reads
from dmart_tui.core.historydb.queries.expressions import Call, Expression, Field, Value
from dmart_tui.core.historydb.queries.kinds import frozen, rank
from dmart_tui.core.historydb.queries.selecting import Selection, keys_of, selected
from dmart_tui.core.historydb.reading import read_ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dmart_tui.core.historydb.queries.query import Query
    from dmart_tui.core.historydb.queries.reducing import Aggregate
    from dmart_tui.core.historydb.reading import Read

Groups = dict[tuple[Any, ...], list[Any]]
"""The states of each group's aggregates, by its frozen keys."""
Found = tuple[tuple[Any, ...], dict[str, Any]]
"""What a document is ordered by, its day at last, and the document."""

_MANY: Final = 2000
"""Groups that are worked off before whoever waits is asked again."""
_WORTH: Final = 32
"""Documents a group for which its states are touched; fewer wait for those of the next block."""


class Span(NamedTuple):
    """Days, and the blocks that have documents of them, in the order in which they were appended."""

    first: int
    last: int
    blocks: list[BlockRef]


class Plan:
    """A query over one store's documents, its derived names put in."""

    def __init__(self, query: Query, date_field: str) -> None:
        self.query = query.check()
        self.date_field = date_field
        resolved = query.resolved
        whole = [] if query.condition is None else _conjuncts(resolved(query.condition))
        self.conditions = [(one, reads(one, date_field)) for one in whole]
        """What all must hold, and the columns of each."""
        self.keys = [resolved(key) for _, key in query.keys]
        self.aggregates: list[Aggregate] = [one for _, one in query.measures] if query.reduces else []
        inputs = {one.to_text(): one for aggregate in self.aggregates for one in map(resolved, aggregate.fields)}
        self.inputs = list(inputs.values())
        """What aggregates read, each once."""
        place = {text: at for at, text in enumerate(inputs)}
        self.places = [[place[resolved(one).to_text()] for one in aggregate.fields] for aggregate in self.aggregates]
        """Of each aggregate, which of the inputs it reads."""
        self.unique = None if query.duplicates is None else resolved(query.duplicates.key)
        self.derived = [] if query.reduces else [(name, resolved(Field((name,)))) for name, _ in query.derived]
        self.ordering = [] if query.reduces else [resolved(Field((name,))) for name, _ in query.ordering]
        self.first_names = self._columns(one for one, names in self.conditions if len(names) == 1)
        unique = [] if self.unique is None else [self.unique]
        tests = (one for one, _ in self.conditions)
        self.names = self._columns((*tests, *self.keys, *self.inputs, *unique, *self.ordering))

    def _columns(self, expressions: Iterable[Expression]) -> list[str]:
        names = dict.fromkeys(name for one in expressions for name in reads(one, self.date_field))
        return [name for name in names if name != DAY]

    def best(self, found: list[Found]) -> list[Found]:
        """The documents in the order asked for, else by day as they were appended; as many as are wanted."""
        found = sorted(found, key=lambda one: one[0][-1])
        for at, (_, down) in reversed(list(enumerate(self.query.ordering))):
            found = sorted(found, key=lambda one, at=at: rank(one[0][at]), reverse=down)  # type: ignore[misc]
        return found[: self.query.most]

    @property
    def counts_days(self) -> bool:
        """Whether the index alone answers: documents counted, whole or by parts of their day."""
        if not self.query.reduces or self.conditions or self.unique is not None:
            return False
        counts = all(type(one) is Count and not one.fields for one in self.aggregates)
        return counts and all(reads(key, self.date_field) == [DAY] for key in self.keys)

    def may_match(self, ref: BlockRef) -> bool:
        """Whether a block may have documents that match, by the smallest and largest values that are known of it."""
        return all(_possible(condition, ref.ranges) for condition, _ in self.conditions)

    def count_days(self, counts: dict[int, int]) -> Groups:
        """The groups, from how many documents each day has."""
        days = Selection({DAY: Column("int", list(counts), whole=True)}, len(counts), self.date_field)
        keys = [keys_of(days.evaluate(key)) for key in self.keys]
        groups: Groups = {}
        for at, count in enumerate(counts.values()):
            states = self.group(groups, tuple(key[at] for key in keys))
            states[:] = [state + count for state in states]
        return groups

    def group(self, groups: Groups, key: tuple[Any, ...]) -> list[Any]:
        """The states of a group, new ones when it is new."""
        states = groups.get(key)
        if states is None:
            states = groups[key] = [one.init() for one in self.aggregates]
        return states


class Scan:
    """Works off spans of days; what comes of them is in `groups`, or in `found` for documents.

    Args:
        read: how ranges of files are read.
    """

    def __init__(self, plan: Plan, read: Read = read_ranges) -> None:
        self.plan = plan
        self.groups: Groups = {}
        self.found: list[Found] = []
        self._read = read
        self._seen: set[Any] = set()
        self._parts: defaultdict[Any, list[Any]] = defaultdict(list)
        self._counts: Counter[Any] = Counter()
        self._waiting = 0
        self._whole = [True] * len(plan.inputs)

    def run(self, span: Span) -> Iterator[BlockRef | None]:
        """Work off a span; each block is told before it is read, and in between None, so that it can be left."""
        unique = self.plan.query.duplicates
        waiting = []
        for at, ref in enumerate(span.blocks):
            if self._enough(span.blocks[at:]):
                break
            yield ref
            selection = self._matching(ref, span)
            if unique is None:
                yield from self._take(selection)
            elif selection.count:
                waiting.append(selection)
        if unique is not None:
            self._drop_duplicates(waiting, backwards=unique.keep == "last", daily=unique.scope == "day")
        for selection in waiting:
            yield None
            yield from self._take(selection)
        yield from self._step_parts()
        self.found = self.plan.best(self.found)

    def _enough(self, left: list[BlockRef]) -> bool:
        """Whether none of these blocks can have a document that comes before those wanted."""
        most = self.plan.query.most
        if self.plan.query.reduces or self.plan.ordering or most is None or len(self.found) < most:
            return False
        days = sorted(keys[-1] for keys, _ in self.found[:most])
        return not days or all(ref.day_min >= days[-1] for ref in left)

    def _matching(self, ref: BlockRef, span: Span) -> Selection:
        plan = self.plan
        selection = selected(ref, span.first, span.last, plan.date_field, self._read)
        if ref.kind != COLUMNS:
            selection.load(plan.names)
        selection.load(plan.first_names)
        later = []
        for condition, names in plan.conditions:
            if len(names) == 1 and selection.column(names[0]).kind == "dict":
                selection.test(condition)
            else:
                later.append(condition)
        if later and selection.count:
            selection.test(reduce(and_, later))
        return selection

    def _drop_duplicates(self, selections: list[Selection], *, backwards: bool, daily: bool) -> None:
        """Day by day, and within a day in the order of appending, or all of that backwards."""
        assert self.plan.unique is not None
        every = [
            (selection.column(DAY).values, keys_of(selection.evaluate(self.plan.unique)), bytearray(selection.count))
            for selection in selections
        ]
        step = -1 if backwards else 1
        for day in sorted(set[int]().union(*(days for days, _, _ in every)), reverse=backwards):
            if daily:
                self._seen = set()
            seen, add = self._seen, self._seen.add
            for days, keys, mask in every[::step]:
                part = slice(bisect_left(days, day), bisect_right(days, day))
                stays = [key is None or (key not in seen and not add(key)) for key in keys[part][::step]]
                mask[part] = bytes(stays[::step])
        for selection, (_, _, mask) in zip(selections, every, strict=True):
            selection.keep(bytes(mask))

    def _take(self, selection: Selection) -> Iterator[None]:
        if selection.count and self.plan.query.reduces:
            yield from self._reduce(selection)
        elif selection.count:
            self._collect(selection)

    def _reduce(self, selection: Selection) -> Iterator[None]:
        plan = self.plan
        selection.load(plan.names)
        inputs = [selection.evaluate(one) for one in plan.inputs]
        self._whole = [known and column.whole for known, column in zip(self._whole, inputs, strict=True)]
        values = [column.values for column in inputs]
        if not plan.keys:
            self._step((), selection.count, values)
            return
        self._part([selection.evaluate(key) for key in plan.keys], values)
        self._waiting += selection.count
        if self._waiting > _WORTH * (len(self._parts) + len(self._counts)):
            yield from self._step_parts()

    def _part(self, keys: list[Column], values: list[Sequence[Any]]) -> None:
        """Put values (rows of them when there are several, a count when there is none) with those of their group."""
        parts = self._parts
        row = values[0] if len(values) == 1 else list(zip(*values, strict=True))
        if len(keys) == 1 and keys[0].kind == "dict":
            words = list(map(frozen, keys[0].words))
            if not values:
                for code, count in Counter(keys[0].codes).items():
                    self._counts[words[code]] += count
                return
            append = [parts[word].append for word in words]
            for code, value in zip(keys[0].codes, row, strict=True):
                append[code](value)
            return
        joined = keys_of(keys[0]) if len(keys) == 1 else zip(*map(keys_of, keys), strict=True)
        if not values:
            self._counts.update(joined)
            return
        for key, value in zip(joined, row, strict=True):
            parts[key].append(value)

    def _step_parts(self) -> Iterator[None]:
        """Take what stands by group into the states of the groups."""
        single, columns = len(self.plan.keys) == 1, len(self.plan.inputs)
        for key, count in self._counts.items():
            self._step((key,) if single else key, count, [])
        for at, (key, part) in enumerate(self._parts.items()):
            if not at % _MANY:
                yield None
            if part:
                values: list[Sequence[Any]] = [part] if columns == 1 else list(zip(*part, strict=True))
                self._step((key,) if single else key, len(part), values)
        self._waiting = 0
        self._counts.clear()
        self._parts.clear()
        self._whole = [True] * columns

    def _step(self, key: tuple[Any, ...], count: int, values: list[Sequence[Any]]) -> None:
        """Take documents into the states of a group."""
        plan = self.plan
        states = plan.group(self.groups, key)
        for at, (aggregate, places) in enumerate(zip(plan.aggregates, plan.places, strict=True)):
            there, columns = count, [values[place] for place in places]
            if columns and not self._whole[places[0]] and None in columns[0]:
                mask = [value is not None for value in columns[0]]
                columns = [list(compress(column, mask)) for column in columns]
                there = len(columns[0])
            if there:
                states[at] = aggregate.step_block(states[at], there, *columns)

    def _collect(self, selection: Selection) -> None:
        plan = self.plan
        ordering = [selection.evaluate(one).values for one in plan.ordering]
        derived = [(name, selection.evaluate(one).values) for name, one in plan.derived]
        documents = selection.documents()
        for name, values in derived:
            for document, value in zip(documents, values, strict=True):
                document[name] = value
        keys = zip(*ordering, selection.column(DAY).values, strict=True)
        self.found += zip(keys, documents, strict=True)
        most = plan.query.most
        if most is not None and len(self.found) > 2 * most:
            self.found = plan.best(self.found)


def _conjuncts(condition: Expression) -> Iterator[Expression]:
    if isinstance(condition, Call) and condition.operation == "and":
        for operand in condition.operands:
            yield from _conjuncts(operand)
    else:
        yield condition


def _possible(condition: Expression, ranges: dict[str, tuple[Any, Any]]) -> bool:
    """Whether values between those of a range can match; True where that is not known."""
    match condition:
        case Call(operation="or", operands=(left, right)):
            return _possible(left, ranges) or _possible(right, ranges)
        case Call(operation="and", operands=(left, right)):
            return _possible(left, ranges) and _possible(right, ranges)
        case Call(operation="in", operands=(Field(path=(name,)), *values)) if name in ranges:
            return any(_meets("==", value.value, *ranges[name]) for value in values if isinstance(value, Value))
        case Call(operation=sign, operands=(Field(path=(name,)), Value(value=value))) if name in ranges:
            return _meets(sign, value, *ranges[name])
    return True


def _meets(sign: str, value: Any, least: Any, greatest: Any) -> bool:
    try:
        match sign:
            case "==":
                return bool(least <= value <= greatest)
            case "<":
                return bool(least < value)
            case "<=":
                return bool(least <= value)
            case ">":
                return bool(greatest > value)
            case ">=":
                return bool(greatest >= value)
            case "startswith":
                return bool(least[: len(value)] <= value <= greatest[: len(value)])
    except TypeError:
        return False
    return True
