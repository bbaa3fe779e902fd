"""Tasks: the pieces a query is cut into, and what they tell while somebody works them off, here or elsewhere."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from dmart_tui.core import errors
from dmart_tui.core.errors import DmartTuiError, Failed
from dmart_tui.core.historydb.blocks import BlockRef
from dmart_tui.core.historydb.dates import day_text
from dmart_tui.core.historydb.queries.answers import packed_scan
from dmart_tui.core.historydb.queries.kinds import pack, unpack
from dmart_tui.core.historydb.queries.plans import Groups, Plan, Scan, Span
from dmart_tui.core.historydb.queries.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dmart_tui.core.historydb.queries.plans import Found


class Task(NamedTuple):
    """Spans to be worked off one after the other.

    Args:
        documents: how many there are to look at.
        days: how many of them have documents.
    """

    number: int
    spans: list[Span]
    documents: int
    days: int


class Step(NamedTuple):
    """What a task tells: a block that is being read, or that it is done with what came of it.

    Args:
        task: its number; -1 is no news, so that whoever waits can stop.
    """

    task: int
    documents: int = 0
    read: int = 0
    done: tuple[Groups, list[Found]] | None = None


def cut(plan: Plan, refs: Sequence[BlockRef], documents: int) -> list[Task]:
    """The tasks of a query: about so many documents each, and whole days, where duplicates of the range are one task.

    Args:
        refs: blocks; those in which nothing can match are left out.
    """
    refs = sorted(filter(plan.may_match, refs), key=lambda ref: (ref.order, ref.offset))
    counts = _day_counts(plan, refs)
    ends: list[int] = []
    waiting = 0
    for day, count in counts.items():
        waiting += count
        if waiting >= documents:
            ends.append(day)
            waiting = 0
    if waiting:
        ends.append(max(counts))
    spans: list[list[BlockRef]] = [[] for _ in ends]
    for ref in refs:
        first, last = max(ref.day_min, plan.query.first), min(ref.day_max, plan.query.last)
        for at in range(bisect_left(ends, first), min(bisect_left(ends, last) + 1, len(ends))):
            spans[at].append(ref)
    firsts = [plan.query.first, *(end + 1 for end in ends)]
    made = [Span(first, end, blocks) for first, end, blocks in zip(firsts, ends, spans, strict=False)]
    unique = plan.query.duplicates
    if unique is not None and unique.scope == "range":
        return [_task(0, made if unique.keep == "first" else made[::-1], counts)] if made else []
    return [_task(number, [span], counts) for number, span in enumerate(made)]


def counted(plan: Plan, refs: Sequence[BlockRef]) -> Groups:
    """The groups of a query that only counts days, from the index alone."""
    return plan.count_days(_day_counts(plan, refs))


def _day_counts(plan: Plan, refs: Sequence[BlockRef]) -> dict[int, int]:
    counts: Counter[int] = Counter()
    for ref in refs:
        for day, count in ref.runs:
            counts[day] += count
    first, last = plan.query.first, plan.query.last
    return {day: counts[day] for day in sorted(counts) if first <= day <= last}


def _task(number: int, spans: list[Span], counts: dict[int, int]) -> Task:
    inside = [count for day, count in counts.items() if any(span.first <= day <= span.last for span in spans)]
    return Task(number, spans, sum(inside), len(inside))


def worked(scan: Scan, task: Task) -> Iterator[BlockRef | None]:
    """Work a task off; each block is told before it is read, and None in between, as by `Scan.run`.

    Raises:
        Damaged, Failed: a block cannot be read, or an aggregate of one's own failed; file and frame are named.
    """
    found: list[list[Found]] = []
    for span in task.spans:
        at = ""
        try:
            for ref in scan.run(span):
                if ref is not None:
                    at = f"{ref.path}, frame at byte {ref.offset:,}"
                yield ref
        except DmartTuiError:
            raise
        except Exception as error:
            days = f"among the documents of {day_text(span.first)} to {day_text(span.last)}"
            raise Failed(f"{type(error).__name__}: {error}", address=at, hint=days) from error
        found.append(scan.found)
        scan.found = []
    unique = scan.plan.query.duplicates
    backwards = unique is not None and unique.scope == "range" and unique.keep == "last"
    scan.found = list(chain.from_iterable(reversed(found) if backwards else found))


# -- for other processes ----------------------------------------------------------------------------------


def plan_data(plan: Plan) -> bytes:
    """A plan as a message."""
    return pack([plan.query.to_data(), plan.date_field])


def plan_from_data(data: bytes) -> Plan:
    """The plan of a message; raises UsageFault."""
    query, date_field = unpack(data)
    return Plan(Query.from_data(query), date_field)


def task_data(task: Task, plan: Plan) -> bytes:
    """A task as a message, without what only those who cut it need."""
    wanted = {*plan.names, *plan.first_names}

    def told(ref: BlockRef) -> Any:
        whole = not plan.query.reduces
        fields = {name: at for name, at in ref.fields.items() if whole or name in wanted or name == ref.key_field}
        return msgspec.structs.astuple(msgspec.structs.replace(ref, ranges={}, fields=fields))

    spans = [[span.first, span.last, list(map(told, span.blocks))] for span in task.spans]
    return pack([task.number, spans, task.documents, task.days])


def task_from_data(data: bytes) -> Task:
    """The task of a message."""
    number, spans, documents, days = unpack(data)
    made = [Span(first, last, msgspec.convert(refs, list[BlockRef])) for first, last, refs in spans]
    return Task(number, made, documents, days)


def execute(plan: bytes, task: bytes) -> bytes:
    """Work a task off in whatever process this is; its answer or its fault as a message."""
    try:
        scan = Scan(plan_from_data(plan))
        for _ in worked(scan, task_from_data(task)):
            pass
        return pack(["done", packed_scan(scan)])
    except DmartTuiError as error:
        return pack(["fault", *fault_data(error)])


def fault_data(error: DmartTuiError) -> list[str]:
    """An error as part of a message."""
    return [type(error).__name__, error.message, error.address, error.hint]


def fault_from_data(name: str, message: str, address: str, hint: str) -> DmartTuiError:
    """The error of a message; of one of the family's names, else Failed."""
    kind = getattr(errors, name, Failed)
    known = isinstance(kind, type) and issubclass(kind, DmartTuiError) and kind is not errors.Conflict
    return (kind if known else Failed)(message, address=address, hint=hint)
