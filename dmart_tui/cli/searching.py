"""`search`: what matches a query, in the index of the root or in D-MART's own on a Redis."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.indexing import bring_up_to_date
from dmart_tui.cli.output import Column, Output, output_options
from dmart_tui.cli.querying import read_request
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import NotFound, UsageFault
from dmart_tui.core.search import (
    CHOICES,
    FACETS,
    Search,
    forget_search,
    save_search,
    saved_searches,
)
from dmart_tui.core.units import format_count

if TYPE_CHECKING:
    from dmart_tui.core.search import Choice, Facet, Hit

NO: Final = 1
"""Exit code when nothing matches."""

_COLUMNS: Final = (
    Column("address", lambda hit: str(hit["address"]), style="bold"),
    Column("type", lambda hit: str(hit["type"]), style="dim"),
    Column("title", lambda hit: str(hit["title"])),
    Column("found", lambda hit: _beside_title(hit["highlights"]), style="dim"),
)
_TABS: Final = (
    _COLUMNS[0],
    *_COLUMNS[1:3],
    Column("score", lambda hit: str(hit["score"])),
    Column("found", lambda hit: " … ".join(found["text"] for found in hit["highlights"])),
)
_SAVED: Final = (
    Column("name", lambda row: str(row["name"]), style="bold"),
    Column("query", lambda row: str(row["query"])),
)


@click.command()
@click.argument("query", nargs=-1)
@click.option("--space", "place", metavar="ADDRESS", shell_complete=complete_address, help="Only in a space or folder.")
@click.option("--engine", type=click.Choice(CHOICES), default="auto", help="Who answers; auto: Redis where one is set.")
@click.option("--limit", "-n", type=click.IntRange(0), default=20, show_default=True, help="Hits at most.")
@click.option("--offset", type=click.IntRange(0), default=0, help="Hits to leave out first.")
@click.option("--sort", metavar="FIELD", default="", help="Order by a field, -FIELD downwards; else the best first.")
@click.option("--facets", metavar="F,…", default="", help=f"Count the hits by: {', '.join(FACETS)}.")
@click.option("--as", "user", metavar="USER", default="", help="Only what D-MART would let this user find.")
@click.option("--saved", metavar="NAME", help="What was saved under a name, and in it QUERY.")
@click.option("--save", metavar="NAME", help="Keep the query under a name, for this root, as the program's pane does.")
@click.option("--list", "listed", is_flag=True, help="Instead: list what was saved.")
@click.option("--forget", metavar="NAME", help="Instead: forget what was saved under a name.")
@output_options
@global_options
@pass_session
def search_command(
    session: Session,
    query: tuple[str, ...],
    place: str | None,
    engine: Choice,
    limit: int,
    offset: int,
    sort: str,
    facets: str,
    user: str,
    saved: str | None,
    save: str | None,
    listed: bool,
    forget: str | None,
    mode: str | None,
) -> int:
    """Search for QUERY, in the language of D-MART's searches.

    \b
    word  "a phrase"  begin*  %alike%  -without  (a | b)
    @field:word  @field:(a|b)  @tags:{a tag}  @views:[1 20]  @created_at:>=2025-04
    @payload.body.key:word  @payload.*:word  @state:*

    The local index is brought up to date first. Exits with 1 when nothing matches. Without a terminal the columns are:
    address, type, title, score, found.
    """
    if listed:
        kept = saved_searches(session.spaces.root).items()
        return 0 if Output(session, mode).rows(({"name": one, "query": text} for one, text in kept), _SAVED) else NO
    if forget is not None:
        if not forget_search(session.spaces.root, forget):
            raise NotFound(f"no search was saved as {forget}", hint="`search --list` has their names")
        return 0
    text = _text(session, " ".join(query), saved)
    request = replace(
        read_request(session, text, place, user),
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        limit=limit,
        offset=offset,
        facets=tuple(name.strip() for name in facets.split(",") if name.strip()),
    )
    if save is not None:
        save_search(session.spaces.root, save, text)
    search = Search(session.spaces, session.settings)
    if engine == "local" or not session.settings.redis:
        bring_up_to_date(search.catalog, wait=False)
    page = search.search(request, engine)
    output = Output(session, mode)
    rows = [_row(hit) for hit in page.hits]
    if output.mode == "json":
        counted = {facet.field: _counts(facet) for facet in page.facets}
        told = {"engine": page.engine, "freshness": page.freshness, "notes": page.notes}
        output.document({"total": page.total, "hits": rows, "facets": counted} | told)
    else:
        output.rows(rows, _COLUMNS if output.terminal else _TABS)
    _tell(session, output, page.total, offset + len(rows), page.facets)
    for note in page.notes:
        session.say(note)
    session.tell(f"{page.engine}: {page.freshness}")
    return 0 if page.total else NO


def _text(session: Session, query: str, saved: str | None) -> str:
    """The whole query.

    Args:
        saved: the name of a search that is part of it.
    """
    if saved is None:
        if not query.strip():
            raise UsageFault("say what to search for", hint="`search --list` has the searches that were saved")
        return query
    kept = saved_searches(session.spaces.root).get(saved)
    if kept is None:
        raise NotFound(f"no search was saved as {saved}", hint="`search --list` has their names")
    return f"({kept}) ({query})" if query.strip() else kept


def _row(hit: Hit) -> dict[str, Any]:
    found = [{"field": one.field, "text": one.text, "spans": one.spans} for one in hit.snippets]
    score = round(hit.score, 6)
    return {"address": str(hit.address), "type": hit.type, "title": hit.title, "score": score, "highlights": found}


def _beside_title(highlights: list[dict[str, Any]]) -> str:
    """The first text found that the row does not show already."""
    return next((found["text"] for found in highlights if found["field"] not in ("displayname", "shortname")), "")


def _counts(facet: Facet) -> list[dict[str, Any]]:
    return [{"value": value, "count": count} for value, count in facet.counts]


def _tell(session: Session, output: Output, total: int, shown: int, facets: list[Facet]) -> None:
    if output.mode == "text":
        for facet in facets:
            values = ", ".join(f"{value} {format_count(count)}" for value, count in facet.counts[:10])
            session.say(f"{facet.field}: {values}" + (" …" if len(facet.counts) > 10 else ""))
    if total > shown:
        session.say(f"{format_count(shown)} of {format_count(total)}: see more with --limit or --offset")
    elif not total:
        session.say("nothing matches")
