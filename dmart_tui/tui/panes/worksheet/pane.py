"""SQL worksheets: texts in tabs, what they answer, and beside them the worksheets and databases there are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from textual import on
from textual.containers import Horizontal, Vertical

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.text import safe
from dmart_tui.tui.actions import bindings, of_context
from dmart_tui.tui.panes.worksheet.bench import Bench
from dmart_tui.tui.panes.worksheet.sheet import SheetView
from dmart_tui.tui.panes.worksheet.side import CatalogueTree, SheetTree, Side
from dmart_tui.tui.views import ToolView
from dmart_tui.tui.widgets.offers import Offers
from dmart_tui.tui.widgets.tab_strip import Tab, TabStrip

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dmart_tui.core.sql.sheets.worksheets import Sheet
    from dmart_tui.core.sql.tables import Asset

WIDE: Final = 100
"""Cells from which on the trees stand beside the text."""
ROOMY: Final = 100
"""Cells of a screen from which on the tree of the root may stay beside it while it is worked in."""
NEW: Final = "worksheet"
_AT_TEXT: Final = {f"worksheet.{verb}" for verb in ("run", "run-all", "run-together", "plan", "measure", "format")}


class WorksheetPane(ToolView):
    """All open worksheets of a root.

    Args:
        address: not used; worksheets are about the whole root.
        idle: of the last session: nothing is asked of the engine before something is done here.
        state: what the last session remembered of it, as `state` gave it.
    """

    CONTEXT = "worksheet"
    BINDINGS = bindings("worksheet")
    DEFAULT_CSS = """
    WorksheetPane { layout: vertical; height: 1fr; }
    WorksheetPane > TabStrip { margin-bottom: 0; }
    WorksheetPane > Horizontal { height: 1fr; }
    WorksheetPane Side { display: none; }
    WorksheetPane #open-sheets { width: 1fr; height: 1fr; }
    WorksheetPane.-wide Side, WorksheetPane.-side Side { display: block; }
    WorksheetPane.-side #open-sheets { display: none; }
    WorksheetPane.-side Side { width: 1fr; max-width: 100%; border-right: none; }
    """

    def __init__(self, address: object = None, *, idle: bool = False, state: object = None) -> None:
        super().__init__()
        self._idle = idle
        self._kept: dict[str, Any] = state if isinstance(state, dict) else {}
        self.tabs = TabStrip()
        self.offers = Offers()
        self.views: list[SheetView] = []
        self._number = 0
        self._listed = False
        self._wants_focus = False
        """Whether the focus is meant for it, and it stands nowhere yet."""

    def compose(self) -> ComposeResult:
        self.bench = Bench(self._app)
        self.side = Side(self.bench)
        yield self.tabs
        with Horizontal():
            yield self.side
            yield Vertical(id="open-sheets")
        yield self.offers

    async def on_mount(self) -> None:
        self._app.leaving.subscribe(self, lambda _: self.flush())
        kept = self._kept.get("sheets")
        for number in kept if isinstance(kept, list) else ():
            if isinstance(number, int) and (sheet := await self._sheet(number)) is not None:
                await self._open(sheet)
        if not self.views:
            await self._open(None)
        at = self._kept.get("current", 0)
        self._show(self.views[at if isinstance(at, int) and 0 <= at < len(self.views) else 0])
        if self._wants_focus:
            self._to_text()
        if self._idle:
            self.call_after_refresh(self._list_sheets)
        else:
            self._list()

    def _list_sheets(self) -> None:
        self._app.tasks.spawn(self.side.sheets.read(), group="sheets")

    def _list(self) -> None:
        """List what there is, once: the engine begins then."""
        if not self._listed:
            self._listed = True
            self._list_sheets()
            self._app.tasks.spawn(self.side.catalogue.read(), group="catalogue")

    async def _sheet(self, number: int) -> Sheet | None:
        try:
            sheet = await background.run(self.bench.worksheets.get, number)
        except DmartTuiError:
            return None
        return None if sheet.is_folder or sheet.trashed is not None else sheet

    def flush(self) -> None:
        """Save every text now: the program ends."""
        for view in self.views:
            view.flush()

    async def on_unmount(self) -> None:
        self.flush()
        for view in self.views:
            view.desk.interrupt()
        await background.run(self._close)

    def _close(self) -> None:
        for view in self.views:
            view.desk.close()
        self.bench.close()

    def state(self) -> dict[str, Any]:
        """What the session remembers: worksheets by their numbers, the one that shows."""
        if not self.views:
            return self._kept
        return {
            "sheets": [view.sheet_id for view in self.views if view.sheet_id is not None],
            "current": self.views.index(self.current),
        }

    async def may_close(self) -> bool:
        """Whether it may be closed; asks when transactions are open."""
        opened = [view for view in self.views if view.desk.transaction.state != "idle"]
        for view in opened:
            self._show(view)
            if not await self._settled(view):
                return False
        return True

    async def _settled(self, view: SheetView) -> bool:
        from dmart_tui.tui.screens.dialog import Choice

        transaction = view.desk.transaction
        if transaction.state == "idle":
            return True
        writes = f", which changed {transaction.writes}" if transaction.writes else ""
        options = [("c", "Commit it", "commit"), ("r", "Roll it back", "rollback"), ("k", "Stay here", "")]
        if transaction.state == "aborted":
            options = options[1:]
        words = f"{view.sheet_name} has an open transaction{writes}."
        answer = await self._app.ask(Choice("Open transaction", options, words=words, at=len(options) - 1))
        if not answer:
            return False
        await view.turn(answer)
        return view.desk.transaction.state == "idle"

    # -- tabs --------------------------------------------------------------------------------------------

    @property
    def current(self) -> SheetView:
        """The worksheet that shows."""
        key = self.tabs.current
        return next((view for view in self.views if view.id == key), self.views[0])

    async def _open(self, sheet: Sheet | None, *, text: str = "", name: str = NEW) -> SheetView:
        known = next((view for view in self.views if sheet is not None and view.sheet_id == sheet.id), None)
        if known is not None:
            self._show(known)
            return known
        view = SheetView(self.bench, self.offers, sheet, name=name, text=text)
        self._number += 1
        view.id = f"sheet-{self._number}"
        self.views.append(view)
        await self.query_one("#open-sheets").mount(view)
        self._entitle(str(view.id))
        self._show(view)
        return view

    def _entitle(self, current: str = "") -> None:
        self.tabs.set_tabs([Tab(str(view.id), safe(view.sheet_name)) for view in self.views], current)

    def _show(self, view: SheetView) -> None:
        focused = self.has_focus_within
        self.offers.leave()
        self.tabs.select_key(str(view.id))
        for other in self.views:
            other.display = other is view
        if focused:
            self._to_text()
        self._app.checkpoint()
        self.refresh_bindings()

    @on(TabStrip.Selected)
    def _selected(self, message: TabStrip.Selected) -> None:
        message.stop()
        self._show(self.current)

    def take_focus(self) -> None:
        """Begin in the text."""
        if self._listed:  # archives may have been opened meanwhile
            self._app.tasks.spawn(self.side.catalogue.do_read(), group="catalogue", exclusive=True)
        if self.views:
            self._to_text()
        else:
            self._wants_focus = True

    def _to_text(self) -> None:
        self.remove_class("-side")
        self.current.editor.focus()

    def _uncover(self) -> None:
        """Show the worksheet where a tree stands in its place."""
        if self.has_class("-side"):
            self._to_text()

    def on_resize(self) -> None:
        self.offers.leave()
        self.set_class(self.size.width >= WIDE, "-wide")
        if self.size.width >= WIDE:
            self.remove_class("-side")

    def on_descendant_focus(self) -> None:
        self._list()
        if self._app.size.width < ROOMY:
            self.screen.add_class("-alone-workspace")

    def on_descendant_blur(self) -> None:
        self.offers.leave()

    @on(SheetView.Told)
    def _told(self, message: SheetView.Told) -> None:
        message.stop()
        self._entitle()
        if message.catalogue:
            self._app.tasks.spawn(self.side.catalogue.read(), group="catalogue", exclusive=True)
        else:
            self._list_sheets()
        self._app.checkpoint()

    @on(SheetTree.Open)
    async def _open_sheet(self, message: SheetTree.Open) -> None:
        message.stop()
        sheet = await self._sheet(message.sheet.id)
        if sheet is not None:
            await self._open(sheet)
            self._to_text()

    @on(SheetTree.Changed)
    async def _sheet_changed(self, message: SheetTree.Changed) -> None:
        message.stop()
        for view in list(self.views):
            if view.sheet_id is not None and message.sheet in (None, view.sheet_id):
                sheet = await self._sheet(view.sheet_id)
                if sheet is None:
                    await self._remove(view)
                else:
                    view.sheet_name = sheet.name
        self._entitle()

    async def ask_for(self, asset: Asset) -> None:
        """Ask for data in a worksheet of its own."""
        if asset.alias:
            from dmart_tui.tui.panes.worksheet.attaching import attach_quietly

            await attach_quietly(self.bench, asset.path, asset.alias)
        view = await self._open(None, text=asset.statement, name=asset.path.stem[:60] or NEW)
        await view.run(view.statements())

    @on(CatalogueTree.Wanted)
    async def _wanted(self, message: CatalogueTree.Wanted) -> None:
        message.stop()
        if message.what == "insert":
            self.current.insert(message.item.name)
            self._to_text()
            return
        from dmart_tui.core.sql.editing.texts import parse

        name = message.item.name
        texts = {"preview": f"FROM {name} LIMIT 500", "describe": f"DESCRIBE {name}", "summarize": f"SUMMARIZE {name}"}
        self._uncover()
        await self.current.run([parse(texts[message.what])], quietly=True)

    @on(CatalogueTree.Take)
    async def _take(self, message: CatalogueTree.Take) -> None:
        message.stop()
        from dmart_tui.core.sql.editing.completing import name_parts
        from dmart_tui.core.sql.editing.texts import Statement
        from dmart_tui.core.sql.importing import load

        source, agreed = message.sniffed, message.agreed
        *above, table = name_parts(agreed.table)
        database, schema, *_ = (*above, "", "")
        by = partial(
            load,
            source=source,
            table=table,
            database=database,
            schema=schema,
            types=agreed.types,
            append=agreed.append,
        )
        self._uncover()
        text = f"-- {source.path}\nCREATE TABLE {agreed.table} AS SELECT * FROM {source.reader}"
        await self.current.run([Statement(text, verb="CREATE")], quietly=True, by=by)

    @on(CatalogueTree.Attached)
    def _attached(self, message: CatalogueTree.Attached) -> None:
        message.stop()
        for view in self.views:
            view.tell()

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if not self.views:
            return "It is being opened."
        view = self.current
        if action in _AT_TEXT:
            if view.running is not None:
                return "A statement runs: esc stops it."
            if not view.editor.text.strip():
                return "There is nothing to run."
        state = view.desk.transaction.state
        if action in ("worksheet.commit", "worksheet.rollback") and state == "idle":
            return "No transaction is open."
        if action == "worksheet.commit" and state == "aborted":
            return "A statement failed: the transaction can only be rolled back."
        if action.startswith("worksheet.begin") and state != "idle":
            return "A transaction is open."
        if action in ("worksheet.next", "worksheet.previous") and len(self.views) < 2:
            return "No other worksheet is open."
        if action == "worksheet.revisions" and view.sheet_id is None:
            return "It was not saved yet."
        if action == "worksheet.back" and not (
            view.running is not None or view.shows_plan or not view.editor.has_focus_within
        ):
            return "There is nothing to stop or to leave."
        return None

    async def _run(self, *, every: bool = False, together: bool = False) -> None:
        self._uncover()
        await self.current.run(self.current.statements(every=every), together=together)

    async def do_run(self) -> None:
        await self._run()

    async def do_run_all(self) -> None:
        await self._run(every=True)

    async def do_run_together(self) -> None:
        await self._run(every=True, together=True)

    def do_back(self) -> None:
        view = self.current
        if view.running is not None:
            self._app.tasks.stop(view.running)
        elif view.shows_plan:
            view.leave_plan()
        elif view.answer.leave():
            return
        else:
            self._to_text()

    async def do_menu(self) -> None:
        from dmart_tui.tui.screens.menu import menu

        actions = [action for action in of_context("worksheet") if action.method not in ("do_menu", "do_back")]
        if chosen := await self._app.ask(menu("Worksheet", actions, self._app.settings.keys, self.refusal)):
            self.action_act(chosen)

    def do_result(self) -> None:
        view = self.current
        if view.editor.has_focus_within:
            view.plan.focus() if view.shows_plan else view.answer.take_focus()
        else:
            self._to_text()

    def do_side(self) -> None:
        self._to_side(self.side.catalogue)

    async def do_sheets(self) -> None:
        self._to_side(self.side.sheets)
        await self.side.sheets.locate(self.current.sheet_id)

    def _to_side(self, tree: SheetTree | CatalogueTree) -> None:
        if tree.has_focus:
            self._to_text()
            return
        self.set_class(not self.has_class("-wide"), "-side")
        tree.focus()

    def do_complete(self) -> None:
        if self.current.helper is not None:
            self.current.helper.ask()

    def do_format(self) -> None:
        from dmart_tui.core.sql.editing.formatting import layout

        view = self.current
        text = layout(view.editor.text)
        if text == view.editor.text:
            self._app.notify("It stays as it is.")
        view.show_text(text)

    def do_comment(self) -> None:
        self.current.editor.comment()

    async def do_plan(self) -> None:
        self._uncover()
        await self.current.explain(analyze=False)

    async def do_measure(self) -> None:
        self._uncover()
        await self.current.explain(analyze=True)

    async def do_begin(self) -> None:
        await self.current.turn("begin")

    async def do_begin_reading(self) -> None:
        await self.current.turn("begin-reading")

    async def do_commit(self) -> None:
        await self.current.turn("commit")

    async def do_rollback(self) -> None:
        await self.current.turn("rollback")

    async def do_new(self) -> None:
        await self._open(None)
        self._to_text()

    async def do_close(self) -> None:
        view = self.current
        if await self._settled(view):
            await view.save()
            await self._remove(view)

    async def _remove(self, view: SheetView) -> None:
        at = self.views.index(view)
        self.views.remove(view)
        await background.run(view.desk.close)
        await view.remove()
        if not self.views:
            await self._open(None)
        other = self.views[max(0, at - 1)]
        self._entitle(str(other.id))
        self._show(other)

    def do_next(self) -> None:
        self.tabs.step(1)

    def do_previous(self) -> None:
        self.tabs.step(-1)

    async def do_save(self) -> None:
        await self.current.save()
        self._app.notify("Saved." if self.current.sheet_id is not None else "There is nothing to save.")

    async def do_revisions(self) -> None:
        from dmart_tui.tui.panes.worksheet.revisions import Revisions

        view = self.current
        await view.save()
        number = cast("int", view.sheet_id)
        found = await background.run(self.bench.worksheets.revisions, number)
        chosen = await self._app.ask(Revisions(self.bench.worksheets, found))
        if chosen is not None:
            view.show_text(await background.run(self.bench.worksheets.text, chosen.id))
            await view.save()

    async def do_past(self) -> None:
        from dmart_tui.core.sql.editing.texts import parse
        from dmart_tui.tui.panes.worksheet.past import PastDialog

        chosen = await self._app.ask(PastDialog(self.bench.past))
        if chosen is None:
            return
        if chosen.what == "run":
            await self.current.run([parse(chosen.ran.text)], quietly=True)
        else:
            self.current.add(chosen.ran.text)
            self._to_text()

    def do_larger(self) -> None:
        self.current.give(2)

    def do_smaller(self) -> None:
        self.current.give(-2)
