"""`ls`, `tree` and `find`: what is where, by name."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.output import Column, Output, Progress, counted, encode, output_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.address import Address
from dmart_tui.core.spaces import FOLDER, LINK, Item, Kind, Spaces, find_names, translate
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count, format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = dict[str, Any]


def row(spaces: Spaces, item: Item, language: str) -> Row:
    """What `ls` says of one space, folder, entry or attachment; two scandirs for what is a folder.

    Times are as the meta holds them. `is_active` is null when the meta could not be read.
    """
    meta = item.meta
    payload = item.payload
    return {
        "address": str(item.address),
        "space": item.address.space,
        "subpath": item.address.subpath,
        "shortname": item.shortname,
        "type": item.type,
        "displayname": translate(meta.get("displayname"), language) or None,
        "is_active": item.is_active if meta else None,
        "owner": item.owner or None,
        "created_at": meta.get("created_at"),
        "updated_at": meta.get("updated_at"),
        "tags": item.tags,
        "schema": payload.schema if payload else None,
        "content_type": (payload.content_type or None) if payload else None,
        "has_children": item.kind in (Kind.SPACE, Kind.FOLDER) and spaces.has_children(item.address),
        "problems": [problem.kind for problem in item.problems],
    }


def below(spaces: Spaces, address: Address | None) -> Iterator[Item]:
    """The spaces, the children of a space or folder (folders first, by name), or an entry's attachments."""
    if address is None:
        for name in spaces.space_names():
            yield spaces.load(Address(name))
        return
    entry = spaces.load(address)
    if entry.kind is Kind.ENTRY:
        yield from spaces.attachments(entry)
        return
    parent = entry.address
    for name, flags in sorted_names(spaces, parent):
        child = spaces.load_child(parent, name, flags)
        yield child
        if child.kind is Kind.ENTRY:
            for meta in child.metas[1:]:
                yield spaces.load(parent.child(f"{name}.{meta.split('.')[1].lower()}"))


def sorted_names(spaces: Spaces, address: Address) -> list[tuple[str, int]]:
    """The names below a folder with their flags, folders first, each group by name."""
    return sorted(spaces.scan(address), key=lambda found: (not found[1] & FOLDER, found[0]))


def marks(found: Row) -> str:
    """Signs for what is odd: `!` broken, `-` inactive."""
    return "!" if found["problems"] else "-" if found["is_active"] is False else ""


def _shown_name(found: Row) -> str:
    return str(found["shortname"]) + ("/" if found["type"] in ("space", "folder") else "")


def _shown_time(found: Row) -> str:
    return format_time(parse_time(found["updated_at"])) if found["updated_at"] is not None else ""


_DETAILS: Final = (
    Column("type", lambda found: str(found["type"] or "?"), style="dim"),
    Column("updated", _shown_time, style="dim"),
    Column("owner", lambda found: str(found["owner"] or ""), style="dim"),
    Column("title", lambda found: str(found["displayname"] or "")),
)
_ADDRESS: Final = Column("address", lambda found: str(found["address"]), style="bold")
_COLUMNS: Final = (Column("", marks, style="yellow"), Column("name", _shown_name, style="bold"), *_DETAILS)
_COLUMNS_DEEP: Final = (Column("", marks, style="yellow"), _ADDRESS, *_DETAILS)
_TAB_KEYS: Final = (
    "type", "displayname", "is_active", "owner", "created_at", "updated_at", "tags", "schema", "content_type",
    "has_children",
)  # fmt: skip
_TABS: Final = (_ADDRESS, *(Column(key, lambda found, key=key: _tab(found[key])) for key in _TAB_KEYS))  # type: ignore[misc]


def _tab(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, list) else str(value)


@click.command()
@click.argument("address", required=False, shell_complete=complete_address)
@click.option("--recursive", "-r", is_flag=True, help="Stream everything below, to any depth.")
@output_options
@global_options
@pass_session
def ls_command(session: Session, address: str | None, recursive: bool, mode: str | None) -> None:
    """List the spaces, or what is below ADDRESS.

    Of a space or folder its folders and entries, of an entry its attachments. Without a terminal the columns are:
    address, type, displayname, is_active, owner, created_at, updated_at, tags, schema, content_type, has_children.
    """
    spaces = session.spaces
    language = session.settings.language
    place = session.address(address) if address else None
    items: Iterable[Item] = below(spaces, place)
    if recursive:
        walked = spaces.walk(place)
        if place is not None:
            own = next(walked)
            items = walked if own.kind is not Kind.ENTRY else spaces.attachments(own)
        else:
            items = walked
    output = Output(session, mode)
    columns = (_COLUMNS_DEEP if recursive else _COLUMNS) if output.terminal else _TABS
    count = output.rows((row(spaces, item, language) for item in items), columns)
    if output.aligned:
        session.say(counted(count, "row") if count else "nothing is here")
    if not count and place is None:
        _explain_no_spaces(session, spaces)


def _explain_no_spaces(session: Session, spaces: Spaces) -> None:
    from pathlib import Path

    if Path(spaces.root, ".dm").is_dir():
        session.say(f"{spaces.root} is a space itself: name the folder above it with --root")
    else:
        session.say(f"{spaces.root} holds no spaces: a space is a folder with .dm/meta.space.json in it")


# -- tree ------------------------------------------------------------------------------------------------


Node = tuple[int, Address, int, bool]
"""Depth from 1, address, flags, whether it is the last of its siblings."""


def nodes(spaces: Spaces, address: Address | None, depth: int | None) -> Iterator[Node]:
    """Names below an address, depth first and sorted; linked folders are not entered, no meta is opened.

    Costs two scandirs a folder; holds the names of the folders on the way down.
    """

    def children(place: Address) -> list[tuple[Address, int]]:
        return [(place.child(name), flags) for name, flags in sorted_names(spaces, place)]

    first = [(Address(name), FOLDER) for name in spaces.space_names()] if address is None else children(address)
    stack = [iter(first)]
    last: list[tuple[Address, int] | None] = [first[-1] if first else None]
    while stack:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
            last.pop()
            continue
        place, flags = found
        yield len(stack), place, flags, found is last[-1]
        if flags & FOLDER and not flags & LINK and (depth is None or len(stack) < depth):
            inner = children(place)
            stack.append(iter(inner))
            last.append(inner[-1] if inner else None)


def _kind(flags: int, depth: int, address: Address | None) -> str:
    if not flags & FOLDER:
        return "entry"
    return "space" if address is None and depth == 1 else "folder"


@click.command()
@click.argument("address", required=False, shell_complete=complete_address)
@click.option("--depth", "-d", type=click.IntRange(min=1), help="Levels to show.")
@output_options
@global_options
@pass_session
def tree_command(session: Session, address: str | None, depth: int | None, mode: str | None) -> None:
    """Draw the tree of names below ADDRESS, or of the whole root. Links are shown and not entered."""
    spaces = session.spaces
    place = spaces.load(session.address(address)).address if address else None
    if place is not None and spaces.load(place).kind is Kind.ENTRY:
        from dmart_tui.core.errors import UsageFault

        raise UsageFault("is an entry and has nothing below it", address=str(place), hint="see it with `cat`")
    found = nodes(spaces, place, depth)
    output = Output(session, mode)
    if output.mode == "jsonl":
        for level, at, flags, _ in found:
            output.json(encode(_node(level, at, flags, place) | {"depth": level}) + b"\n")
    elif output.mode == "json":
        _nested(output, found, place)
    else:
        _drawn(session, output, found, place)


def _node(level: int, at: Address, flags: int, place: Address | None) -> Row:
    return {"address": str(at), "name": at.name, "kind": _kind(flags, level, place), "link": bool(flags & LINK)}


def _nested(output: Output, found: Iterator[Node], place: Address | None) -> None:
    """One document, written while it is walked: every node with its `children`."""
    head = encode({"address": str(place) if place else ""})[:-1]
    output.json(head + b',"children":[')
    depth = 0
    for level, at, flags, _ in found:
        if level <= depth:
            output.write(b"]}" * (depth - level + 1) + b",")
        output.json(b"\n" + encode(_node(level, at, flags, place))[:-1] + b',"children":[')
        depth = level
    output.write(b"]}" * depth + b"]}\n")


def _drawn(session: Session, output: Output, found: Iterator[Node], place: Address | None) -> None:
    output.line(output.styled(safe(str(place) if place else session.spaces.root), "bold"))
    folders = entries = 0
    rails: list[str] = []
    for level, at, flags, last in found:
        del rails[level - 1 :]
        branch = "".join(rails) + ("└── " if last else "├── ")
        rails.append("    " if last else "│   ")
        folder = bool(flags & FOLDER)
        folders += folder
        entries += not folder
        name = safe(at.name) + ("/" if folder else "")
        link = " (link, not entered)" if flags & LINK and folder else " (link)" if flags & LINK else ""
        drawn = output.styled(name, "bold" if folder else "plain")
        output.line(output.styled(branch, "dim") + drawn + output.styled(link, "dim"))
    if output.aligned:
        session.say(f"{counted(folders, 'folder')}, {counted(entries, 'entry', 'entries')}")


# -- find ------------------------------------------------------------------------------------------------

_FOUND_COLUMNS: Final = (Column("", marks, style="yellow"), _ADDRESS, *_DETAILS)
_FOUND_TABS: Final = tuple(chain(_TABS[:3], (Column("score", lambda found: str(found["score"])),)))


@click.command()
@click.argument("pattern")
@click.argument("address", required=False, shell_complete=complete_address)
@click.option("--limit", "-n", type=click.IntRange(min=1), default=50, show_default=True, help="Names at most.")
@output_options
@global_options
@pass_session
def find_command(session: Session, pattern: str, address: str | None, limit: int, mode: str | None) -> int:
    """Find names by a few of their letters, best first.

    Words are all wanted, in a name or the folders above it; `a/b` wants `a` in the folders and `b` in the name. Small
    letters match capitals too. Exits with 1 when nothing matches. Without a terminal the columns are: address, type,
    displayname, score.
    """

    spaces = session.spaces
    language = session.settings.language
    place = spaces.load(session.address(address)).address if address else None
    with Progress("names looked at") as progress:
        found = find_names(spaces, pattern, place, limit=limit, progress=progress.update)

    def rows() -> Iterator[Row]:
        for hit in found.hits:
            parent = hit.address.parent
            item = spaces.load(hit.address) if parent is None else spaces.load_child(parent, hit.name, hit.flags)
            yield row(spaces, item, language) | {"score": hit.score}

    output = Output(session, mode)
    count = output.rows(rows(), _FOUND_COLUMNS if output.terminal else _FOUND_TABS)
    if found.total > count:
        session.say(f"the best {format_count(count)} of {format_count(found.total)}: see more with --limit")
    elif not count:
        session.say("no name matches")
    return 0 if count else 1
