"""`links`: what points to what."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, get_args

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.indexing import bring_up_to_date, open_index
from dmart_tui.cli.output import Column, Output, Progress
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import NotFound, UsageFault
from dmart_tui.core.spaces.relations import Role
from dmart_tui.core.units import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.address import Address
    from dmart_tui.core.graphs import Ego, IndexedLinks, Link

ROLES: Final[tuple[Role, ...]] = get_args(Role)
NO: Final = 1
"""Exit code when nothing was found."""

_COLUMNS: Final = (
    Column("", lambda row: "→" if row["direction"] == "out" else "←", style="dim"),
    Column("role", lambda row: row["role"], style="cyan"),
    Column("source", lambda row: row["source"]),
    Column("target", lambda row: row["target"] + ("" if row["found"] else " (nothing there)"), style="bold"),
)
_ADDRESS: Final = Column("address", lambda row: row["address"], style="bold")
_KEYS: Final = ("direction", "distance", "role", "source", "target", "found")
_TABS: Final = tuple(Column(key, lambda row, key=key: str(row[key])) for key in _KEYS)  # type: ignore[misc]


@click.command()
@click.argument("address", required=False, shell_complete=complete_address)
@click.option("--in", "sides", flag_value="in", help="Only what points to it.")
@click.option("--out", "sides", flag_value="out", help="Only what it points to.")
@click.option("--both", "sides", flag_value="both", default=True, help="Both; the default.")
@click.option("--depth", type=click.IntRange(1, 20), default=1, show_default=True, help="Steps to follow each way.")
@click.option("--to", "other", metavar="B", shell_complete=complete_address, help="A shortest way from ADDRESS to B.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="Only these; several are allowed.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Links to one entry at most.")
@click.option("--dangling", is_flag=True, help="Instead: links to what is not there.")
@click.option("--orphans", is_flag=True, help="Instead: entries that nothing is related to.")
@click.option("--most", type=click.IntRange(1), metavar="N", help="Instead: the N things most links lead to.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "dot", "mermaid", "svg"]),
    default="text",
    show_default=True,
)
@global_options
@pass_session
def links_command(
    session: Session,
    address: str | None,
    sides: str,
    depth: int,
    other: str | None,
    roles: tuple[Role, ...],
    limit: int,
    dangling: bool,
    orphans: bool,
    most: int | None,
    format_: str,
) -> int:
    """Show what ADDRESS points to and what points to it, or a way from it to another entry.

    Exits with 1 when there is nothing. Without a terminal the columns are: direction, distance, role, source, target,
    found. Without an index, which `index build` makes, all metas are read.
    """
    wanted = frozenset(roles or ROLES)
    if sum((address is not None, dangling, orphans, most is not None)) != 1:
        raise UsageFault("name an address, or one of --dangling, --orphans and --most")
    output = Output(session, "json" if format_ == "json" else None)
    outward = address is not None and sides == "out" and other is None
    with _links(session, needed=not outward) as links:
        if address is None:
            return _whole_root(output, links, dangling=dangling, most=most, roles=wanted)
        start = session.address(address)
        if other is not None:
            return _way(session, output, links, start, session.address(other), wanted)
        found = _around(session, links, start, sides, depth, wanted, limit)
        if format_ in ("text", "json"):
            return 0 if output.rows(_rows(found), _COLUMNS if output.terminal else _TABS) else NO
        from dmart_tui.core.graphs import exported

        output.text(exported(found, format_))
        return 0 if found.links else NO


@contextmanager
def _links(session: Session, *, needed: bool) -> Iterator[IndexedLinks]:
    """The links of the root, from its index, else from all metas where they are needed."""
    from dmart_tui.core.catalog import passing_catalog
    from dmart_tui.core.graphs import IndexedLinks, open_links

    if not needed:
        yield IndexedLinks(session.spaces, None)
        return
    catalog = open_index(session)
    if catalog.state.complete:
        bring_up_to_date(catalog, wait=False)
        session.tell(f"as the index knows it at {format_time(catalog.state.built)}")
        with open_links(catalog) as links:
            yield links
        return
    session.say("there is no index, so all metas are read: `index build` makes one")
    with (
        Progress("metas read") as progress,
        passing_catalog(session.spaces, lambda told: progress.update(told.read)) as catalog,
        open_links(catalog) as links,
    ):
        progress.clear()
        yield links


def _around(
    session: Session,
    links: IndexedLinks,
    start: Address,
    sides: str,
    depth: int,
    roles: frozenset[Role],
    limit: int,
) -> Ego:
    """All links up to a depth, what points to it and what it points to each followed its own way."""
    from dmart_tui.core.graphs import Ego, Node

    try:
        entry = session.spaces.load(start)
        graph = Ego(entry.address, {entry.address: Node(entry.address, 0, entry.type)}, [])
    except NotFound:
        graph = Ego(start, {start: Node(start, 0, "")}, [])
    known: set[tuple[Address, Address, str, str]] = set()
    for side in (-1, 1):
        if sides == ("out" if side < 0 else "in"):
            continue
        layer = [graph.centre]
        for distance in range(1, depth + 1):
            following: dict[Address, str] = {}
            for address in layer:
                if side < 0:
                    found, count = links.pointing_to(address, roles, limit)
                    if count > limit:
                        session.say(f"{limit:,} of the {count:,} links to {address}: see more with --limit")
                else:
                    found = [link for link in links.points_from(address) if link.role in roles]
                for link in found:
                    key = link.source, link.target, link.role, repr(link.attributes)
                    if key not in known:
                        known.add(key)
                        graph.links.append(link)
                    if side < 0:
                        following[link.source] = link.source_type
                    else:
                        following[link.target] = link.target_type
            layer = [address for address in following if address not in graph.nodes]
            graph.nodes |= {address: Node(address, side * distance, following[address]) for address in layer}
    if not graph.links and not graph.nodes[graph.centre].type:
        raise NotFound("nothing stands at this address, and nothing points to it", address=str(start))
    return graph


def _rows(graph: Ego) -> Iterator[dict[str, Any]]:
    for link in graph.links:
        distances = graph.nodes[link.source].distance, graph.nodes[link.target].distance
        outward = max(distances, key=abs) > 0
        yield _row(link) | {"direction": "out" if outward else "in", "distance": max(1, *map(abs, distances))}


def _row(link: Link) -> dict[str, Any]:
    return {
        "source": str(link.source),
        "source_type": link.source_type,
        "role": link.role,
        "target": str(link.target),
        "target_type": link.target_type,
        "found": bool(link.target_type),
        "attributes": link.attributes,
    }


def _way(
    session: Session, output: Output, links: IndexedLinks, start: Address, end: Address, roles: frozenset[Role]
) -> int:
    from dmart_tui.core.graphs import shortest_path

    way = shortest_path(links, start, end, roles)
    if way is None:
        session.say("no way leads there")
        if output.mode == "json":
            output.document([])
        return NO
    rows = (
        _row(step.link) | {"direction": "out" if step.forward else "in", "distance": number}
        for number, step in enumerate(way, 1)
    )
    output.rows(rows, _COLUMNS if output.terminal else _TABS)
    return 0


def _whole_root(
    output: Output, links: IndexedLinks, *, dangling: bool, most: int | None, roles: frozenset[Role]
) -> int:
    if dangling:
        rows = (_row(link) | {"direction": "out", "distance": 1} for link in links.dangling() if link.role in roles)
        return 0 if output.rows(rows, _COLUMNS if output.terminal else _TABS) else NO
    counted_rows: Iterator[dict[str, Any]]
    if most is not None:
        counted_rows = ({"address": str(address), "links": count} for address, count in links.most_pointed_to(most))
        columns: tuple[Column, ...] = (Column("links", lambda row: f"{row['links']}", right=True), _ADDRESS)
    else:
        counted_rows = ({"address": str(address)} for address in links.orphans())
        columns = (_ADDRESS,)
    return 0 if output.rows(counted_rows, columns) else NO
