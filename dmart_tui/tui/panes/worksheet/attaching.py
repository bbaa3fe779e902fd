"""Databases attached, made and let go, and files taken into tables, by dialogs."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core import background
from dmart_tui.core.sql.errors import LockHeld
from dmart_tui.tui.archives import whole, why_not_filled
from dmart_tui.tui.screens.dialog import Choice, Prompt, confirm

if TYPE_CHECKING:
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.panes.worksheet.bench import Bench
    from dmart_tui.tui.panes.worksheet.side import CatalogueTree

_NO_WORD: Final = re.compile(r"\W+")


async def attach(app: DmartApp, tree: CatalogueTree) -> None:
    """Choose a file and a name, for reading or for writing; of one that is held by another program offer a copy."""
    path = await _file(app, "Attach a database", tree.bench.root)
    if path is None:
        return
    alias = await app.ask(Prompt("Attach", words=f"What {path.name} is called here.", text=alias_of(path)))
    if not alias:
        return
    ways = [("r", "For reading", "read"), ("w", "For writing: the engine starts anew", "write")]
    way = "read" if app.settings.read_only else await app.ask(Choice("Attach", ways))
    if way is not None:
        await _attach(app, tree, path, alias, write=way == "write")


async def _attach(app: DmartApp, tree: CatalogueTree, path: Path, alias: str, *, write: bool) -> None:
    session = tree.bench.session
    try:
        await background.run(partial(session.attach, path, alias, write=write))
    except LockHeld as error:
        words = f"{path.name} {error.message}."
        options = [("c", "Attach a copy of it, for reading", "copy"), ("a", "Try again", "again"), ("n", "No", "")]
        answer = await app.ask(Choice("Held by another program", options, words=words))
        if answer == "copy":
            await background.run(session.attach_copy, path, alias)
        elif answer == "again":
            await _attach(app, tree, path, alias, write=write)
            return
        else:
            return
    await _changed(tree)


async def create(app: DmartApp, tree: CatalogueTree) -> None:
    """Ask where, make a database file there and attach it for writing."""

    def check(typed: str) -> str | None:
        target = Path(whole(typed))
        if not typed.strip() or target.exists():
            return "there is a file already: choose another name" if typed.strip() else "type the path of a file"
        return why_not_filled(app, str(target.parent))

    text = str(Path(tree.bench.root).parent / "work.duckdb")
    where = await app.ask(Prompt("New database", words="The path of its file.", text=text, check=check))
    if where is not None:
        path = Path(whole(where))
        await background.run(tree.bench.session.create, path, alias_of(path))
        await _changed(tree)


async def detach(app: DmartApp, tree: CatalogueTree) -> None:
    """Detach the database of the cursor."""
    item = tree.item
    if item is not None and await app.ask(confirm("Detach", f"{item.key} stays on the disk.", "Detach")):
        await background.run(tree.bench.session.detach, item.key)
        await _changed(tree)


async def take_file(app: DmartApp, tree: CatalogueTree) -> None:
    """Choose a file, show what it holds, and let a worksheet load it into a table."""
    from dmart_tui.core.sql.importing import sniff
    from dmart_tui.tui.panes.worksheet.taking import Taking

    path = await _file(app, "Import a file: CSV, JSON, Parquet", tree.bench.root)
    if path is None:
        return
    sniffed = await background.run(sniff, tree.bench.session, path)
    names = await background.run(tree.bench.names)
    item = tree.item
    known = {one.name for one in await background.run(tree.bench.session.databases) if one.path and not one.read_only}
    into = f"{names.quoted(item.key)}." if item is not None and item.kind == "database" and item.key in known else ""
    tables = [table.shortest for table in names.tables if table.kind == "table"]
    agreed = await app.ask(Taking(sniffed, into + names.quoted(alias_of(path)), tables))
    if agreed is not None:
        tree.post_message(tree.Take(sniffed, agreed))


async def attach_quietly(bench: Bench, path: Path, alias: str) -> None:
    """Attach a file for reading unless it is; one that another program holds as a copy."""
    known = {one.name for one in await background.run(bench.session.databases)}
    if alias not in known:
        try:
            await background.run(bench.session.attach, path, alias)
        except LockHeld:
            await background.run(bench.session.attach_copy, path, alias)
        bench.forget_names()


async def _file(app: DmartApp, title: str, folder: str) -> Path | None:
    from dmart_tui.tui.writing.file_picker import FilePicker

    desk = app.desk
    chosen: Any = await app.ask(
        FilePicker(title, (desk.files_from if desk else "") or folder or str(Path.cwd()), several=False)
    )
    return Path(chosen[0]) if chosen else None


def alias_of(path: Path) -> str:
    """A name for SQL, from that of a file."""
    word = _NO_WORD.sub("_", path.stem.lower()).strip("_") or "data"
    return f"data_{word}" if word[0].isdigit() else word


async def _changed(tree: CatalogueTree) -> None:
    await background.run(tree.bench.databases_changed)
    await tree.read()
    tree.post_message(tree.Attached())
