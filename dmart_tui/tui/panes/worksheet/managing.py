"""What is done with worksheets and their folders: made, named, moved, copied, trashed, brought in and given out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.sql.sheets.keep import TOP
from dmart_tui.core.sql.sheets.worksheets import checked_name
from dmart_tui.core.units import format_time
from dmart_tui.tui.archives import whole
from dmart_tui.tui.screens.dialog import Choice, Prompt, Row, confirm
from dmart_tui.tui.writing.picking import Pick

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.sql.sheets.files import Exchanged
    from dmart_tui.core.sql.sheets.worksheets import Sheet, Worksheets
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.panes.worksheet.side import SheetTree


async def new(app: DmartApp, tree: SheetTree) -> None:
    """Ask for a name, make a worksheet in the folder of the cursor, open it."""
    made = await _made(app, tree, "New worksheet", tree.bench.worksheets.new)
    if made is not None:
        tree.post_message(tree.Open(made))


async def new_folder(app: DmartApp, tree: SheetTree) -> None:
    """Ask for a name and make a folder."""
    await _made(app, tree, "New folder", tree.bench.worksheets.folder)


async def _made(app: DmartApp, tree: SheetTree, title: str, make: Callable[[int, str], Sheet]) -> Sheet | None:
    name = await app.ask(Prompt(title, words="Its name.", check=_check))
    if name is None:
        return None
    folder = tree.folder
    made = await background.run(make, folder, name)
    await tree.read()
    path = await background.run(_keys, tree.bench.worksheets, made)
    await tree.reveal(path)
    return made


async def rename(app: DmartApp, tree: SheetTree) -> None:
    """Ask for another name."""
    sheet = tree.sheet
    if sheet is not None:
        name = await app.ask(Prompt("Rename", words="Its new name.", text=sheet.name, check=_check))
        if name is not None:
            await background.run(tree.bench.worksheets.rename, sheet.id, name)
            await _changed(tree, sheet)


async def move(app: DmartApp, tree: SheetTree) -> None:
    """Choose another folder."""
    sheet = tree.sheet
    if sheet is not None:
        folder = await app.ask(
            Pick[int](f"Move {sheet.name} to", await background.run(_folders, tree.bench.worksheets))
        )
        if folder is not None:
            await background.run(tree.bench.worksheets.move, sheet.id, folder)
            await _changed(tree, sheet)


async def copy(app: DmartApp, tree: SheetTree) -> None:
    """Make a copy beside it."""
    sheet = tree.sheet
    if sheet is not None:
        await background.run(tree.bench.worksheets.copy, sheet.id, sheet.parent)
        await tree.read()


async def trash(app: DmartApp, tree: SheetTree) -> None:
    """Move it to the trash."""
    sheet = tree.sheet
    if sheet is not None:
        await background.run(tree.bench.worksheets.trash, sheet.id)
        app.notify(f"{sheet.name} is in the trash of worksheets; o lists it.")
        await _changed(tree, sheet)


async def look_into_trash(app: DmartApp, tree: SheetTree) -> None:
    """List what is in the trash; put one back, or delete one or all for good."""
    worksheets = tree.bench.worksheets
    trashed = await background.run(worksheets.trash_list)
    rows = [
        Row(sheet, sheet.name, about="folder" if sheet.is_folder else "", right=format_time(sheet.trashed))
        for sheet in trashed
        if sheet.trashed is not None
    ]
    if not rows:
        app.notify("The trash of worksheets is empty.")
        return
    sheet = await app.ask(Pick[Any]("Trash of worksheets", rows, words="enter · esc closes"))
    if sheet is None:
        return
    options = [("r", "Put it back", "back"), ("d", "Delete it for good", "one"), ("a", "Empty the trash", "all")]
    what = await app.ask(Choice(sheet.name, options))
    if what == "back":
        await background.run(worksheets.restore_from_trash, sheet.id)
    elif what is not None and await app.ask(confirm("Delete", "It cannot be brought back.", "Delete for good")):
        await background.run(worksheets.purge, sheet.id if what == "one" else None)
    await tree.read()


async def take_files(app: DmartApp, tree: SheetTree) -> None:
    """Take in the .sql files of a folder that is typed."""
    from dmart_tui.core.sql.sheets.files import import_files

    def check(typed: str) -> str | None:
        return None if typed.strip() and Path(whole(typed)).is_dir() else "there is no such folder"

    where = await app.ask(Prompt("Import files", words="A folder with .sql files.", text=str(Path.cwd()), check=check))
    if where is not None:
        done = await background.run(import_files, tree.bench.worksheets, Path(whole(where)), tree.folder)
        await tree.read()
        _told(app, done, "taken in")


async def give_files(app: DmartApp, tree: SheetTree) -> None:
    """Write what the cursor is on as .sql files below a folder that is typed."""
    from dmart_tui.core.sql.sheets.files import export_files
    from dmart_tui.tui.archives import why_not_filled

    words = "A folder for the .sql files; none that is there is overwritten."
    where = await app.ask(Prompt("Export files", words=words, check=lambda typed: why_not_filled(app, typed)))
    if where is not None:
        sheet = tree.sheet
        done = await background.run(
            export_files, tree.bench.worksheets, Path(whole(where)), sheet.id if sheet is not None else TOP
        )
        _told(app, done, "written")


def _told(app: DmartApp, done: Exchanged, what: str) -> None:
    left = [f"{path}: {why}" for path, why in done.left_out]
    same = f", {done.same} were the same" if done.same else ""
    app.notify(f"{done.new + done.replaced} {what}{same}." + (f" Left out: {'; '.join(left[:3])}" if left else ""))


async def _changed(tree: SheetTree, sheet: Sheet) -> None:
    await tree.read()
    tree.post_message(tree.Changed(None if sheet.is_folder else sheet.id))


def _check(name: str) -> str | None:
    try:
        checked_name(name)
    except DmartTuiError as error:
        return error.message
    return None


def _keys(worksheets: Worksheets, sheet: Sheet) -> tuple[str, ...]:
    """The way to a worksheet in the tree."""
    keys = [str(sheet.id)]
    while sheet.parent != TOP:
        sheet = worksheets.get(sheet.parent)
        keys.insert(0, str(sheet.id))
    return tuple(keys)


def _folders(worksheets: Worksheets) -> list[Row]:
    rows = [Row(TOP, "/", about="the top")]
    return rows + [Row(sheet.id, worksheets.path(sheet.id)) for _, sheet in worksheets.tree() if sheet.is_folder]
