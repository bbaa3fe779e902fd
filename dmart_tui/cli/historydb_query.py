"""`historydb query`: a store asked in parts, by date first; the answer as a table or as JSON."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.output import Column, Output, Progress, encode, output_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.units import format_count, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dmart_tui.core.historydb import Run

_LOOK_AHEAD: Final = 500
"""Documents whose fields are the columns of a text."""


@click.command()
@click.argument("place", metavar="S")
@click.option("--from", "first", metavar="D", help="The first day, e.g. 2024-03-26; by default that of the store.")
@click.option("--to", "last", metavar="D", help="The last day, included.")
@click.option("--where", default="", metavar="EXPR", help="Only documents that match.")
@click.option(
    "--derive", multiple=True, metavar="NAME=EXPR", help="A field made of others; may be given several times."
)
@click.option("--unique", default="", metavar="FIELD", help="Of documents with the same value only one.")
@click.option("--keep", type=click.Choice(["first", "last"]), default="first", show_default=True, help="Which of them.")
@click.option(
    "--scope", type=click.Choice(["day", "range"]), default="day", show_default=True, help="The same within what."
)
@click.option("--group", default="", metavar="EXPR,…", help="One row for each combination of values.")
@click.option("--reduce", default="", metavar="[NAME=]AGG(EXPR),…", help="What is told of each group, or of all.")
@click.option("--having", default="", metavar="EXPR", help="Only rows of the answer that match.")
@click.option("--order", default="", metavar="NAME,…", help="Order by columns, -NAME downwards.")
@click.option("--limit", "-n", type=click.IntRange(0), help="Rows at most.")
@click.option("--procs", type=click.IntRange(1, 256), metavar="N", help="Worker processes; as many as processors.")
@click.option("--batch", type=click.IntRange(1), default=65_536, show_default=True, help="Documents a task, about.")
@click.option("--nice", type=click.IntRange(0, 19), default=5, show_default=True, help="Niceness of the workers.")
@click.option("--scheduler", metavar="ADDRESS", help="Let the workers of a dask.distributed scheduler do it.")
@output_options
@global_options
@pass_session
def query_command(
    session: Session,
    /,
    place: str,
    first: str | None,
    last: str | None,
    procs: int | None,
    batch: int,
    nice: int,
    scheduler: str | None,
    mode: str | None,
    **parts: Any,
) -> None:
    """Ask the store S: find by date, derive, filter, drop duplicates, group, reduce.

    \b
    amount > 20 and kind in ("update", "delete") and not path.startswith("/personal")
    request.agent.contains("Mozilla")   F["user agent"].exists()   hour() >= 18   weekday() == 5
    --group 'kind, month()' --reduce 'n=Count(), total=Sum(amount), p95=Quantile(amount, 0.95), TopK(path, 5)'

    Aggregates: Count Sum Mean Min Max First Last Std Var Distinct ApproxDistinct Quantile TopK Histogram Collect Rate,
    and one's own as package:Class(field). A field that is missing never matches. Times are UTC. Without --group and
    --reduce the documents themselves are printed.
    """
    from dmart_tui.core.historydb import Engine, Query, Store

    query = Query.from_texts(first, last, **parts)
    output = Output(session, mode)
    with ExitStack() as stack:
        store = stack.enter_context(Store.open(place))
        crew = None
        if scheduler is not None:
            from dmart_tui.core.historydb import cluster

            crew = stack.enter_context(cluster(scheduler))
        engine = stack.enter_context(Engine(workers=procs, documents=batch, niceness=nice, crew=crew))
        run = engine.run(store, query)
        if query.reduces:
            with Progress("days done") as progress:
                _told(session, run, progress)
            rows = list(run.table().objects())
            count = output.rows(rows, _columns(rows))
        else:
            count = _print_documents(run.documents(), output)
        if not count:
            session.say("nothing matches")


def _told(session: Session, run: Run, progress: Progress) -> None:
    """Work it off, telling how far it is."""
    last = None
    for last in run:
        progress.update(last.days, last.all_days)
    if last is not None:
        session.tell(f"{format_count(last.documents)} documents looked at, {format_size(last.read)} read")


def _print_documents(documents: Iterator[dict[str, Any]], output: Output) -> int:
    """Documents as they come, as text with the fields of the first few as columns; how many."""
    first = list(islice(documents, _LOOK_AHEAD)) if output.mode == "text" else []
    return output.rows(chain(first, documents), _columns(first))


def _columns(rows: Sequence[dict[str, Any]]) -> list[Column]:
    names = dict.fromkeys(name for row in rows for name in row)
    return [
        Column(
            name,
            lambda row, name=name: _shown(row.get(name)),  # type: ignore[misc]
            right=all(isinstance(row.get(name), int | float | None) for row in rows),
        )
        for name in names
    ]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    return value if isinstance(value, str) else encode(value).decode().strip('"')
