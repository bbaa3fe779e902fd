"""An open archive on the screen: its members, a million of them if need be, and beside them what one holds."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast

from textual import on
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.archives.archive import Archive, open_archive
from dmart_tui.core.archives.cache import cache_for
from dmart_tui.core.archives.source import Replaced, open_source
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Damaged, DmartTuiError
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import BY_NAME, keys_of, show_key
from dmart_tui.tui.panes.archive import arranging
from dmart_tui.tui.panes.archive.arranging import ORDERS, Arranged, Wanted, shown_name, time_of
from dmart_tui.tui.panes.archive.beside import Beside
from dmart_tui.tui.panes.archive.content import cost_of, fields_of, open_member
from dmart_tui.tui.panes.archive.rows import MemberRows
from dmart_tui.tui.panes.archive.times import Times
from dmart_tui.tui.widgets.typed_line import TypedLine
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult

    from dmart_tui.core.archives.format import Finding
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.tasks import Task

WIDE: Final = 110
"""Cells from which the content stands beside the list."""
_NARROW: Final = 60
"""Cells below which the format is left to the details."""
REST: Final = 0.12
"""Seconds the cursor must rest before the content is read."""
_COST: Final = 0.5
"""Seconds after which it is said what reading for a view has cost."""
_GROWN: Final = 0.15
"""Seconds between two looks at how many members are known while the index comes."""
_FINDINGS_KEPT: Final = 10_000
_SIGNS: Final = {"error": ("✗ ", "$text-error"), "warning": ("! ", "$text-warning"), "note": ("", "")}
_FORMATS: Final = {"des1": "DES v1", "des2": "DES2"}
_AT_CURSOR: Final = frozenset(f"archive.{verb}" for verb in ("open", "mark", "details", "copy-value"))
_LOADED: Final = frozenset(
    f"archive.{verb}" for verb in ("filter", "sort", "group", "odd", "extract", "check", "mount")
)


class ArchiveView(Widget):
    """An archive: members, the content or the details of one, and what reading cost.

    Args:
        place: a path or an `s3://` address.
        idle: of the last session: wait to be opened.
    """

    DEFAULT_CSS = """
    ArchiveView { layout: vertical; height: 1fr; }
    ArchiveView > #summary { height: auto; max-height: 3; padding: 0 1; color: $text-muted; }
    ArchiveView > #both { layout: vertical; height: 1fr; }
    ArchiveView #both > VirtualList { height: 1fr; width: 1fr; }
    ArchiveView Beside { height: 1fr; width: 1fr; border-top: solid $border-blurred; }
    ArchiveView.-wide > #both { layout: horizontal; }
    ArchiveView.-wide Beside { border-top: none; border-left: solid $border-blurred; }
    ArchiveView.-empty Beside { display: none; }
    """

    def __init__(self, place: str, *, idle: bool = False) -> None:
        super().__init__(classes="-empty")
        self.where = place
        self.archive: Archive | None = None
        self.loaded = False
        """Whether its whole index is here."""
        self.fault: DmartTuiError | None = None
        """Why it cannot be opened."""
        self.replaced = False
        self.packed = False
        """Whether it is a packed tree."""
        self.known = bytearray()
        self.findings: dict[int, list[str]] = {}
        """Sentences of the last check, by position."""
        self.general: list[Finding] = []
        """What the last check found that belongs to no member."""
        self.wanted = Wanted()
        self.ordered: array[int] | None = None
        """All positions in the wanted order; None: as they stand."""
        self.arranged = Arranged()
        self._idle = idle
        self._arranging = CancelToken()
        self._times: Times | None = None
        self._shown = -1
        self._telling = False
        self._few = False
        """Whether a filter is typed: each character brings other rows."""
        self._left: tuple[str, int | None] = ("", None)
        """What was filtered for, and where the cursor was, before that."""

    def compose(self) -> ComposeResult:
        self.rows = VirtualList(self._no_rows, empty="opening…")
        self.line = TypedLine(self.rows.focus, placeholder="words, or a pattern with * and ?")
        self.box = Beside()
        yield Static(id="summary")
        with Container(id="both"):
            yield self.rows
            yield self.box
        yield self.line

    @property
    def _no_rows(self) -> Any:
        from dmart_tui.tui.panes.archive.rows import NoRows

        return NoRows()

    def on_mount(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.app_.looks_changed.subscribe(self, lambda _: self._looks_changed())
        if self._idle:
            self.rows.empty = f"Not opened since the last session.{self._press('archive.again', 'opens it')}"
        else:
            self.do_again()

    def on_unmount(self) -> None:
        self._arranging.cancel()
        self.app_.tasks.stop_group(self._group)
        if self.archive is not None:
            self.archive.close()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
        self._share_room()
        self._sum_up()

    def _share_room(self) -> None:
        """Of two parts one below the other a short list leaves its room to the content."""
        lines = len(self.archive) if self.archive is not None and not self.wanted.group else 0
        short = not self.has_class("-wide") and 0 < lines < self.size.height // 2 - 1
        self.rows.styles.height = lines if short else "1fr"

    @property
    def app_(self) -> DmartApp:
        """The app."""
        return cast("DmartApp", self.app)

    @property
    def _group(self) -> str:
        return f"archive-{id(self)}"

    @property
    def name_(self) -> str:
        """What the archive is called, safe to show."""
        return safe(self.where.rstrip("/").rpartition("/")[2])

    def take_focus(self) -> None:
        """Focus the members."""
        self.rows.focus()

    def _press(self, action: str, does: str) -> str:
        keys = keys_of(BY_NAME[action], self.app_.settings.keys)
        return f" {show_key(keys[0])} {does}." if keys else ""

    # -- opening -----------------------------------------------------------------------------------------

    def do_again(self) -> None:
        """Open it, or open it again."""
        self._idle = False
        self.app_.tasks.start(f"Open {self.name_}", self._open, group=self._group)

    async def _open(self, task: Task) -> None:
        told = 0.0

        def grown(archive: Archive) -> None:
            nonlocal told
            if monotonic() - told >= _GROWN or not told:
                told = monotonic()
                self.tell_soon(partial(self._grew, archive, task))

        def opened() -> tuple[Archive, bool]:
            source = open_source(self.where, self.app_.settings)
            try:
                archive = open_archive(
                    source,
                    cache=cache_for(self.where, self.app_.settings),
                    on_rows=grown,
                    cancel=task.cancel,
                    tolerant=True,
                )
                return archive, arranging.is_tree(archive)
            except BaseException:
                source.close()
                raise

        self.loaded = False
        self.rows.empty = "opening…"
        self._sum_up()
        try:
            archive, tree = await background.run(opened)
        except DmartTuiError as error:
            await self._cannot(error)
            return
        except Cancelled:
            self.rows.empty = f"The opening was stopped.{self._press('archive.again', 'opens it')}"
            self._show_none()
            raise
        if not self.is_attached:
            archive.close()
            return
        await self._stand(archive, tree)

    def _grew(self, archive: Archive, task: Task) -> None:
        """More of the index is here: show that."""
        if not self.is_attached or task.state != "running" or self.loaded:
            return
        task.done, task.total, task.unit = len(archive), archive.count, "members"
        self.app_.tasks.tell(task)
        rows = self.rows.rows
        if isinstance(rows, MemberRows) and rows.archive is archive:
            self.rows.rows_grew()
        else:
            self.rows.set_rows(MemberRows(archive, Arranged(), more=True))
        self._sum_up(archive)

    async def _stand(self, archive: Archive, tree: bool) -> None:
        """The archive is open: show it, and look for names that come twice."""
        former, self.archive = self.archive, archive
        self.loaded, self.fault, self.replaced, self.packed = True, None, False, tree
        self.known = bytearray(len(archive))
        self.findings, self.general = {}, list(archive.findings)
        self.ordered, self.wanted = None, replace(self.wanted, order="index", odd=False)
        self._times = Times(archive, self._want_times)
        self._shown = -1
        self.set_class(not len(archive), "-empty")
        self.rows.empty = "The archive holds no member."
        self.rows.marks.clear()
        self.arranged = Arranged()
        self._show_rows()
        self._show_content()
        if former is not None:
            former.close()
        if self.wanted.needle or self.wanted.group:
            self.show_wanted()
        await self._find_repeated(archive)

    async def _find_repeated(self, archive: Archive) -> None:
        known = self.known
        if await background.run(arranging.repeated, archive, known) and self.is_attached and known is self.known:
            self.rows.looks_changed()
            self._sum_up()

    async def _cannot(self, error: DmartTuiError) -> None:
        """Say in place of the members why it cannot be opened."""
        if not self.is_attached:
            return
        self.fault = error
        repair = self._press("archive.repair", "copies what is sound into a new one") * isinstance(error, Damaged)
        self.rows.empty = f"It cannot be opened.{repair}{self._press('archive.again', 'tries again')}"
        if self.archive is not None:
            self.archive.close()
            self.archive = None
        self._show_none()
        self.refresh_bindings()

    def _show_none(self) -> None:
        self.add_class("-empty")
        self.rows.set_rows(self._no_rows)
        self._sum_up()

    def failed(self, error: DmartTuiError) -> None:
        """Take note of what went wrong while the archive was read."""
        if not self.is_attached:
            return
        if isinstance(error, Replaced):
            self.replaced = True
            self._sum_up()
            self.refresh_bindings()
        else:
            self.app_.notify(str(error), severity="error")

    def tell_soon(self, tell: Callable[[], object]) -> None:
        """Call something in the interface's own thread, from another one."""
        with suppress(RuntimeError):  # the loop is gone, and with it whoever would want to know
            self._loop.call_soon_threadsafe(tell)

    # -- what is shown -----------------------------------------------------------------------------------

    def show_wanted(self) -> None:
        """Find out in a thread what shows, as a person wants it now; what was still looked for is left."""
        self._arranging.cancel()
        self._arranging = CancelToken()
        self.app_.tasks.spawn(self._arrange(self.wanted, self._arranging), group=f"{self._group}-find", exclusive=True)

    async def _arrange(self, wanted: Wanted, token: CancelToken, narrowed: array[int] | None = None) -> None:
        if self.archive is None or not self.loaded:
            return
        self.arranged = await background.run(
            arranging.arranged, self.archive, wanted, self.packed, token, known=self.known, base=self.ordered
        )
        if self.is_attached and wanted == self.wanted:
            self._show_rows()

    def _show_rows(self) -> None:
        archive = cast("Archive", self.archive)
        if len(archive):
            nothing = "Nothing is wrong with any member." if self.wanted.odd else "Nothing matches."
            self.rows.empty = nothing + self._press("archive.back", "shows all")
        self.rows.set_rows(
            MemberRows(archive, self.arranged, tree=self.packed, known=self.known, time=self._times, few=self._few)
        )
        self._share_room()
        self._sum_up()

    def on_descendant_blur(self) -> None:
        self.on_descendant_focus()

    def on_descendant_focus(self) -> None:
        """Show few rows when a filter is going to be typed, and all again when it is left."""
        if self._few == self.line.has_focus or not self.loaded:
            return
        self._few = self.line.has_focus
        if self._few:
            self._left = (self.wanted.needle, self.at_cursor)
        self._show_rows()
        if not self._few:
            needle, position = self._left
            if needle == self.wanted.needle and position is not None:
                self.rows.cursor = self.rows.rows.index(str(position))
            self._show_content()

    def _sum_up(self, archive: Archive | None = None) -> None:
        """Say how many members show, what is special about them, and what reading has cost."""
        archive = archive or self.archive
        if archive is None:
            fault = f"\n✗ {self.fault.message}" if self.fault is not None else ""
            self.query_one("#summary", Static).update(
                Content.assemble((safe(self.where), ""), (safe(fault, lines=True), "$text-error"))
            )
            return
        parts: list[tuple[str, str]] = []
        if not self.loaded:
            parts.append((f"{format_count(len(archive))} of {format_count(archive.count)} members", ""))
        else:
            rows = self.rows.rows
            shown = rows.members if isinstance(rows, MemberRows) else 0
            of = "" if shown == len(archive) else f" of {format_count(len(archive))}"
            parts.append((f"{format_count(shown)}{of} member{'s' * (len(archive) != 1)}", ""))
        if self.wanted.order != "index":
            parts.append((ORDERS[self.wanted.order][1].lower(), ""))
        if self.rows.marks:
            parts.append((f"{format_count(len(self.rows.marks))} marked", ""))
        parts.append((cost_of(archive.source, archive.stamp.size), ""))
        if self.size.width >= _NARROW:
            parts.append((_FORMATS[archive.format] + (", packed tree" if self.packed else ""), ""))
        if self.replaced:
            again = self._press("archive.again", "opens the new one")
            parts.append((f"! was replaced while it was open.{again}", "$text-warning"))
        for finding in self.general[:2]:
            sign, style = _SIGNS[finding.severity]
            parts.append((f"{sign}{safe(finding.sentence)}", style))
        pieces: list[tuple[str, str]] = []
        for part in parts:
            pieces += [(" · ", ""), part] if pieces else [part]
        self.query_one("#summary", Static).update(Content.assemble(*pieces))

    def told_cost(self) -> None:
        """Something was read: say what it cost."""
        if self.is_attached and self.archive is not None:
            self._sum_up()

    def _cost_grows(self) -> None:
        """The same soon, for what reads much at once."""
        if not self._telling and self.is_attached:
            self._telling = True
            self.set_timer(_COST, self._tell_cost)

    def _tell_cost(self) -> None:
        self._telling = False
        self.told_cost()

    def _looks_changed(self) -> None:
        self._shown = -1
        self._show_content()

    # -- times, which may stand in the metadata ----------------------------------------------------------

    def _want_times(self) -> None:
        self.call_after_refresh(self._spawn_times, cast("Times", self._times))

    def _spawn_times(self, times: Times) -> None:
        self.app_.tasks.spawn(self._read_times(times), group=f"{self._group}-times")

    async def _read_times(self, times: Times) -> None:
        try:
            found = await background.run(times.read)
        except DmartTuiError as error:
            self.failed(error)
            return
        if found and times is self._times and self.is_attached:
            self.rows.looks_changed()

    # -- the content under the cursor --------------------------------------------------------------------

    @property
    def at_cursor(self) -> int | None:
        """The position of the member that the cursor is on."""
        rows = self.rows.rows
        if not isinstance(rows, MemberRows) or self.rows.cursor >= len(rows):
            return None
        found = rows.at(self.rows.cursor)
        return found if isinstance(found, int) else None

    @on(VirtualList.Highlighted)
    def _highlighted(self, message: VirtualList.Highlighted) -> None:
        message.stop()
        if not self._few:  # while a filter is typed its rows are enough to send
            self._show_content(REST)

    def _show_content(self, rest: float = 0) -> None:
        """Show what is under the cursor; what is being read for that already is not read twice."""
        if self.loaded and self.archive is not None and (self._shown < 0 or self.at_cursor != self._shown):
            self.app_.tasks.spawn(self._content(rest), group=f"{self._group}-content", exclusive=True)

    async def _content(self, rest: float = 0) -> None:
        """Show what the member under the cursor holds, or its details, once the cursor rests."""
        await asyncio.sleep(rest)
        archive, position = self.archive, self.at_cursor
        if archive is None or not self.loaded:
            return
        if position is None:
            self._shown = -1
            self.box.fields.set_fields(())
            await self.box.viewer.say("")
            return
        if position == self._shown:
            return
        self._shown = position
        try:
            await (self._details(archive, position) if self.box.details else self._preview(archive, position))
        except BaseException:
            self._shown = -1  # it is not: whoever took this one's turn must read it
            raise
        self.told_cost()

    async def _preview(self, archive: Archive, position: int) -> None:
        member = archive.member(position)
        name = shown_name(member.name, self.packed)
        name = name.rpartition("/")[2] if self.packed else name
        lead = [(text, "$text-error") for text in self.findings.get(position, ())[:2]]
        if self._known(position) & arranging.HIDDEN:
            lead.append(("! a later member has this name", "$text-warning"))
        self.box.viewer.lead = lead

        def failed(error: DmartTuiError) -> None:
            self.tell_soon(partial(self.failed, error))

        told = partial(self.tell_soon, self._cost_grows)
        secrets = self.app_.show_secrets
        opening = partial(open_member, archive, position, name, secrets=secrets, failed=failed, told=told)

        def opened() -> Any:
            try:
                return opening()
            except Replaced as error:
                failed(error)
                raise

        await self.box.viewer.read(opened)

    async def _details(self, archive: Archive, position: int) -> None:
        member = archive.member(position)
        try:
            meta: dict[str, Any] | DmartTuiError = await background.run(archive.meta, position)
        except DmartTuiError as error:
            if isinstance(error, Replaced):
                self.failed(error)
            meta = error
        when = time_of(member.name, meta if isinstance(meta, dict) else None)
        self.box.fields.set_fields(fields_of(member, meta, when, self.findings.get(position, [])))

    def _known(self, position: int) -> int:
        return self.known[position] if position < len(self.known) else 0


__all__ = ["ArchiveView"]
