"""What a history store is made of, and its upkeep: sealing, compacting, checking."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from textual import on
from textual.containers import Vertical

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.files import inside
from dmart_tui.core.historydb import Info, Store, day_text
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count, format_size
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.messages import OpenStore
from dmart_tui.tui.widgets.field_list import Field, FieldList
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from dmart_tui.core.historydb import Finding, Rewritten
    from dmart_tui.tui.tasks import Task

_TOLD: Final = 0.5
"""Seconds between two tellings of the progress."""
_FINDINGS: Final = 200
_SEGMENTS: Final = 500
_WRITING: Final = frozenset({"store.seal", "store.compact"})


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of a store."""

    info: Info | None
    error: str = ""


def look(path: str) -> Looked:
    """Read the footers of a store; blocks."""
    try:
        with Store.open(path) as store:
            return Looked(store.info())
    except DmartTuiError as error:
        return Looked(None, str(error))


class StorePane(Acting, Vertical):
    """Segments, days, sizes, compression and what was erased.

    Args:
        place: the folder of the store.
        idle: of the last session; reading footers costs little, so nothing waits.
    """

    CONTEXT = "store"
    BINDINGS = bindings("store")
    DEFAULT_CSS = """
    StorePane { height: 1fr; }
    """

    def __init__(self, place: str, *, idle: bool = False) -> None:
        super().__init__()
        self.place = place
        self.looked: Looked | None = None
        self.findings: list[Finding] | None = None

    def compose(self) -> ComposeResult:
        self.fields = FieldList()
        yield self.fields

    def on_mount(self) -> None:
        self._look()

    @property
    def _group(self) -> str:
        return f"store {self.place}"

    def _look(self) -> None:
        self._app.tasks.spawn(self._show(), group=f"store-look {id(self)}", exclusive=True)

    async def _show(self) -> None:
        self.looked = await background.run(look, self.place)
        self.fields.set_fields(self._fields(self.looked))
        self.refresh_bindings()

    def _fields(self, looked: Looked) -> list[Field]:
        if looked.info is None:
            return [Field("store", self.place), Field("✗", looked.error, "error")]
        info = looked.info
        fields = [Field("store", self.place), *facts(info), *self._found()]
        many = len(info.segments)
        fields.append(Field(f"{format_count(many)} segment{'s' * (many != 1)}", heading=True))
        for segment in info.segments[-_SEGMENTS:]:
            size = f"{format_size(segment.size)}, {segment.size / max(1, segment.count):.1f} B a document"
            days = f"{day_text(segment.day_min)} … {day_text(segment.day_max)}"
            fields.append(Field(segment.name[:6], f"{days}  {format_count(segment.count)} documents  {size}"))
        fields.append(Field("Fields", heading=True))
        fields += [Field(name, ", ".join(kinds)) for name, kinds in sorted(info.fields.items())]
        return fields

    def _found(self) -> list[Field]:
        if self.findings is None:
            return []
        if not self.findings:
            return [Field("check", "✓ nothing is wrong", "success")]
        found = [Field("What the check found", heading=True)]
        for finding in self.findings[:_FINDINGS]:
            where = f"{finding.path.rpartition('/')[2]}, byte {finding.offset:,}"
            tone = finding.severity if finding.severity in ("error", "warning") else "muted"
            found.append(Field(finding.kind, f"{where}: {finding.sentence}", tone))
        return found

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if action in ("store.read", "store.back"):
            return None
        if self.looked is None or self.looked.info is None:
            return "The store cannot be read."
        if action in _WRITING and self._app.settings.read_only and not inside(str(self._app.paths.cache), self.place):
            return "The program was started read-only."
        if action == "store.seal" and not (self.looked.info.logged or self.looked.info.gaps):
            return "All documents are sealed."
        if action == "store.copy-value" and self.fields.current is None:
            return "Nothing is here."
        return None

    def do_activity(self) -> None:
        self.post_message(OpenStore(self.place))

    def do_query(self) -> None:
        self.post_message(OpenStore(self.place, "store-query"))

    def do_seal(self) -> None:
        self._rewrite("Seal", lambda store, told, task: store.seal(told, task.cancel))

    def do_compact(self) -> None:
        self._rewrite("Compact", lambda store, told, task: store.compact(told, task.cancel))

    def _rewrite(self, verb: str, change: Callable[[Store, Any, Task], Rewritten]) -> None:
        def work(task: Task) -> Rewritten:
            with Store.open(self.place, write=True) as store:
                return change(store, partial(_tell, task), task)

        self._app.tasks.start(f"{verb} {self.store_name}", partial(self._rewriting, verb, work), group=self._group)

    async def _rewriting(self, verb: str, work: Callable[[Task], Rewritten], task: Task) -> None:
        before = self.looked.info if self.looked is not None else None
        done: Rewritten = await self._working(work, task)
        await self._show()
        after = self.looked.info if self.looked is not None else None
        sizes = [info.sealed_bytes + info.log_bytes for info in (before, after) if info is not None]
        told = f"{format_count(done.documents)} documents in {format_count(done.segments)} new segments"
        removed = f", {format_count(done.removed)} erased ones removed" if done.removed else ""
        self._app.notify(f"{verb}: {told}{removed}; {' → '.join(map(format_size, sizes))}")

    def do_verify(self) -> None:
        def work(task: Task) -> list[Finding]:
            with Store.open(self.place) as store:
                return list(store.verify(partial(_tell, task), task.cancel))

        async def verifying(task: Task) -> None:
            self.findings = await self._working(work, task)
            await self._show()
            count = len(self.findings)
            self._app.notify(f"Check of {self.store_name}: {f'{count:,} found' if count else 'nothing is wrong'}")

        self._app.tasks.start(f"Check {self.store_name}", verifying, group=self._group)

    async def _working(self, work: Callable[[Task], Any], task: Task) -> Any:
        """Run in a thread and let the list of tasks know how far it is."""
        task.unit = "documents"
        running = asyncio.ensure_future(background.run(work, task))
        try:
            while not (await asyncio.wait({running}, timeout=_TOLD))[0]:
                self._app.tasks.tell(task)
        finally:
            task.cancel.cancel() if not running.done() else None
        return running.result()

    @property
    def store_name(self) -> str:
        return safe(Path(self.place).name)

    def do_read(self) -> None:
        self.findings = None
        self._look()

    def do_copy_value(self) -> None:
        self._app.copy_text(cast("Field", self.fields.current).value)

    def do_back(self) -> None:
        self._app.tasks.stop_group(self._group)

    @on(LineView.RowMessage)
    def _no_row(self, message: LineView.RowMessage) -> None:
        message.stop()


def _tell(task: Task, done: int, total: int) -> None:
    task.done, task.total = done, total


def facts(info: Info) -> list[Field]:
    """A store in few lines."""
    days = f"{format_count(info.days)}"
    if info.first_day is not None and info.last_day is not None:
        days += f", {day_text(info.first_day)} … {day_text(info.last_day)}"
    size = info.sealed_bytes + info.log_bytes
    ratio = f", {info.raw_bytes / size:.1f} times smaller than {format_size(info.raw_bytes)}" if size else ""
    spread = format_count(info.days_per_segment) if info.days_per_segment else "as many as make a good size"
    fields = [
        Field("documents", format_count(info.documents)),
        Field("days", days),
        Field("size", f"{format_size(size)} ({info.codec}{ratio})"),
        Field("not sealed", f"{format_count(info.logged)} documents, {format_size(info.log_bytes)}"),
        Field("date, key", f"{info.date_field}, {info.key_field}"),
        Field("days a segment", spread),
        Field("blocks", format_count(info.blocks)),
    ]
    if info.erased:
        fields.append(
            Field("erased", f"{format_count(info.erased)} documents, hidden until it is compacted", "warning")
        )
    if info.torn:
        fields.append(
            Field("torn", f"{format_size(info.torn)} at the end of the log were not written whole", "warning")
        )
    if info.gaps:
        fields.append(Field("gaps", f"{format_count(info.gaps)} pieces of the log cannot be read", "error"))
    if info.unused:
        fields.append(Field("unused", f"{format_count(info.unused)} files wait to be removed", "muted"))
    return fields
