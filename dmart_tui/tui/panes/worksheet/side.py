"""What stands beside a worksheet: the tree of worksheets, and what the databases hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from textual.containers import Vertical
from textual.message import Message

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.sql.sheets.keep import TOP
from dmart_tui.core.text import safe
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.widgets.lines import spread
from dmart_tui.tui.widgets.virtual_tree import VirtualTree

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from rich.style import Style
    from textual.app import ComposeResult

    from dmart_tui.core.sql.catalogue import Table
    from dmart_tui.core.sql.importing import Sniffed
    from dmart_tui.core.sql.sheets.worksheets import Sheet
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.panes.worksheet.bench import Bench
    from dmart_tui.tui.panes.worksheet.taking import Agreed
    from dmart_tui.tui.widgets.tree_rows import Path, TreeRow


class Sheets:
    """The worksheets of a folder, as a tree shows them; keys are their numbers."""

    def __init__(self, sheets: Sequence[Sheet] = ()) -> None:
        self.sheets = sheets
        self._at = {str(sheet.id): at for at, sheet in enumerate(sheets)}

    def __len__(self) -> int:
        return len(self.sheets)

    def key(self, index: int, /) -> str:
        return str(self.sheets[index].id)

    def expandable(self, index: int, /) -> bool:
        return self.sheets[index].is_folder

    def index(self, key: str, /) -> int:
        return self._at.get(key, -1)


class SheetTree(Acting, VirtualTree):
    """Folders and worksheets; what is done with them is done by `managing`."""

    CONTEXT = "sheets"
    BINDINGS = bindings("sheets")

    class Open(Message):
        """A worksheet is wanted in a tab."""

        def __init__(self, sheet: Sheet) -> None:
            super().__init__()
            self.sheet = sheet

    class Changed(Message):
        """A worksheet has another name, is another text, or is gone (None: any may be)."""

        def __init__(self, sheet: int | None = None) -> None:
            super().__init__()
            self.sheet = sheet

    def __init__(self, bench: Bench) -> None:
        super().__init__(self._load_folder, _draw_sheet, Sheets(), empty="No worksheet yet. a makes one.", id="sheets")
        self.bench = bench
        self.border_title = "Worksheets"

    async def _load_folder(self, path: Path) -> AsyncIterator[Sheets]:
        yield Sheets(await background.run(self.bench.worksheets.children, int(path[-1])))

    async def read(self) -> None:
        """Read all that is open again."""
        try:
            self.replace((), Sheets(await background.run(self.bench.worksheets.children)))
        except DmartTuiError as error:
            cast("DmartApp", self.app).report(error)
            return
        for path in list(self.rows.open_paths()):
            self.reload(path)

    async def locate(self, sheet: int | None) -> None:
        """Put the cursor on a worksheet, unfolding what is above it."""
        path: list[str] = []
        while sheet not in (None, TOP):
            path.insert(0, str(sheet))
            sheet = (await background.run(self.bench.worksheets.get, sheet)).parent
        await self.reveal(tuple(path))

    @property
    def sheet(self) -> Sheet | None:
        """What the cursor is on."""
        row = self.row_info(self.cursor) if len(self.rows) else None
        return cast("Sheets", row.children).sheets[row.index] if row is not None and row.children is not None else None

    @property
    def folder(self) -> int:
        """The folder that something new goes to: that of the cursor, or the one it is in."""
        sheet = self.sheet
        if sheet is None:
            return TOP
        return sheet.id if sheet.is_folder else sheet.parent

    def why_not(self, action: str) -> str | None:
        if action in ("sheets.rename", "sheets.move", "sheets.copy", "sheets.trash", "sheets.open") and not self.sheet:
            return "The cursor is on no worksheet."
        return None

    def do_open(self) -> None:
        sheet = self.sheet
        if sheet is None:
            return
        if sheet.is_folder:
            self.action_fold()
        else:
            self.post_message(self.Open(sheet))

    def action_activate(self) -> None:
        self.do_open()

    async def _manage(self, what: str) -> None:
        from dmart_tui.tui.panes.worksheet import managing

        await getattr(managing, what)(cast("DmartApp", self.app), self)

    async def do_new(self) -> None:
        await self._manage("new")

    async def do_folder(self) -> None:
        await self._manage("new_folder")

    async def do_rename(self) -> None:
        await self._manage("rename")

    async def do_move(self) -> None:
        await self._manage("move")

    async def do_copy(self) -> None:
        await self._manage("copy")

    async def do_trash(self) -> None:
        await self._manage("trash")

    async def do_restore(self) -> None:
        await self._manage("look_into_trash")

    async def do_import(self) -> None:
        await self._manage("take_files")

    async def do_export(self) -> None:
        await self._manage("give_files")


def _draw_sheet(row: TreeRow, width: int, style: Callable[[str], Style], /) -> list[Segment]:
    sheet = cast("Sheets", row.children).sheets[row.index]
    return [Segment(safe(sheet.name), style("strong" if sheet.is_folder else ""))]


class Item:
    """A row of the catalogue."""

    __slots__ = ("about", "key", "kind", "name", "right", "table")

    def __init__(
        self, key: str, kind: str, *, about: str = "", right: str = "", name: str = "", table: Table | None = None
    ) -> None:
        self.key = key
        self.kind = kind
        self.about = about
        self.right = right
        self.name = name
        """As it stands in a statement."""
        self.table = table


class Items:
    """What is in a database, a schema or a table."""

    def __init__(self, items: Sequence[Item] = ()) -> None:
        self.items = items
        self._at = {item.key: at for at, item in enumerate(items)}

    def __len__(self) -> int:
        return len(self.items)

    def key(self, index: int, /) -> str:
        return self.items[index].key

    def expandable(self, index: int, /) -> bool:
        return self.items[index].kind != "column"

    def index(self, key: str, /) -> int:
        return self._at.get(key, -1)


class CatalogueTree(Acting, VirtualTree):
    """Databases, schemas, tables and views, columns; read when they are unfolded."""

    CONTEXT = "catalogue"
    BINDINGS = bindings("catalogue")

    class Wanted(Message):
        """Something is wanted of what the cursor is on: `insert`, `preview`, `describe`, `summarize`."""

        def __init__(self, what: str, item: Item) -> None:
            super().__init__()
            self.what = what
            self.item = item

    class Attached(Message):
        """Databases came or went."""

    class Take(Message):
        """A file was agreed to be loaded into a table: by a worksheet, as any statement."""

        def __init__(self, sniffed: Sniffed, agreed: Agreed) -> None:
            super().__init__()
            self.sniffed = sniffed
            self.agreed = agreed

    def __init__(self, bench: Bench) -> None:
        super().__init__(self._load_item, _draw_item, Items(), empty="reading…", id="catalogue")
        self.bench = bench
        self.border_title = "Databases"

    async def _load_item(self, path: Path) -> AsyncIterator[Items]:
        from dmart_tui.tui.panes.worksheet.listing import below

        yield await background.run(below, self.bench, path)

    async def read(self) -> None:
        """Ask the engine again for all that is open."""
        from dmart_tui.tui.panes.worksheet.listing import databases

        try:
            self.replace((), await background.run(databases, self.bench))
        except DmartTuiError as error:
            cast("DmartApp", self.app).report(error)
            return
        for path in list(self.rows.open_paths()):
            self.reload(path)

    @property
    def item(self) -> Item | None:
        """What the cursor is on."""
        row = self.row_info(self.cursor) if len(self.rows) else None
        return cast("Items", row.children).items[row.index] if row is not None and row.children is not None else None

    def why_not(self, action: str) -> str | None:
        item = self.item
        if action in ("catalogue.open", "catalogue.copy-value") and item is None:
            return "The cursor is on nothing that has a name."
        if action in ("catalogue.preview", "catalogue.describe", "catalogue.summarize") and (
            item is None or item.table is None
        ):
            return "The cursor is on no table."
        if action == "catalogue.create" and cast("DmartApp", self.app).settings.read_only:
            return "The program is read-only."
        if action == "catalogue.detach" and (item is None or item.kind != "database"):
            return "The cursor is on no database."
        return None

    def action_activate(self) -> None:
        self.do_open()

    def _want(self, what: str) -> None:
        if self.item is not None:
            self.post_message(self.Wanted(what, self.item))

    def do_open(self) -> None:
        self._want("insert")

    def do_preview(self) -> None:
        self._want("preview")

    def do_describe(self) -> None:
        self._want("describe")

    def do_summarize(self) -> None:
        self._want("summarize")

    def do_copy_value(self) -> None:
        if self.item is not None:
            cast("DmartApp", self.app).copy_text(self.item.name)

    async def do_read(self) -> None:
        await background.run(self.bench.databases_changed)
        await self.read()

    async def _databases(self, what: str) -> None:
        from dmart_tui.tui.panes.worksheet import attaching

        await getattr(attaching, what)(cast("DmartApp", self.app), self)

    async def do_attach(self) -> None:
        await self._databases("attach")

    async def do_create(self) -> None:
        await self._databases("create")

    async def do_detach(self) -> None:
        await self._databases("detach")

    async def do_import(self) -> None:
        await self._databases("take_file")


def _draw_item(row: TreeRow, width: int, style: Callable[[str], Style], /) -> list[Segment]:
    item = cast("Items", row.children).items[row.index]
    left = [Segment(safe(item.key), style("strong" if item.kind == "database" else ""))]
    if item.about:
        left.append(Segment(f"  {safe(item.about)}", style("muted")))
    return spread(
        left, [Segment(f"{safe(item.right)} ", style("muted"))] if item.right else [], width, least=width // 2
    )


class Side(Vertical):
    """Both trees, one above the other."""

    DEFAULT_CSS = """
    Side { width: 34%; max-width: 46; height: 1fr; border-right: solid $foreground 22%; }
    Side > #sheets { height: 1fr; }
    Side > #catalogue { height: 2fr; }
    Side > * {
        border-top: solid $foreground 22%; border-title-color: $text-muted;
        &:focus { border-title-color: $accent; border-title-style: bold; }
    }
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.sheets = SheetTree(bench)
        self.catalogue = CatalogueTree(bench)

    def compose(self) -> ComposeResult:
        yield self.sheets
        yield self.catalogue
