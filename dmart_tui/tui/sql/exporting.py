"""Writing all rows of a result to a file: in which format, where to, and how much it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core.units import format_count, format_size
from dmart_tui.tui.screens.dialog import Choice
from dmart_tui.tui.sql.result_source import Stopping
from dmart_tui.tui.writing.exporting import ask_target
from dmart_tui.tui.writing.working import watched

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.sql import Result
    from dmart_tui.core.sql.exporting import Format
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.working import Progress

_FORMATS: Final[list[tuple[str, str, tuple[Format, str]]]] = [
    ("c", "CSV", ("csv", "csv")),
    ("j", "JSON: one array", ("json", "json")),
    ("n", "NDJSON: an object a line", ("jsonl", "ndjson")),
    ("p", "Parquet: for data tools", ("parquet", "parquet")),
    ("a", "Arrow stream", ("arrow", "arrow")),
    ("m", "Markdown table", ("markdown", "md")),
]


async def export_result(app: DmartApp, result: Result) -> None:
    """Ask for format and file, write as a task that can be stopped, and tell how much it was.

    A file that is there is replaced only after another question, and only when the new one is whole.
    """
    from dmart_tui.core.sql.exporting import export

    chosen = await app.ask(Choice("Export all rows as", _FORMATS))
    if chosen is None:
        return
    form, ending = chosen
    target = await ask_target(app, "Export all rows", f"result.{ending}")
    if target is None:
        return

    def run(cancel: CancelToken, progress: Progress) -> tuple[int, int]:
        rows = export(result, target, form, progress=lambda written: progress(written, None), cancel=cancel)
        return rows, target.stat().st_size

    def tell(done: tuple[int, int]) -> None:
        app.notify(f"{format_count(done[0])} rows, {format_size(done[1])}, in {target}")

    done = await watched(app, "Exporting", run, unit="bytes", cancel=Stopping(result.interrupt), leave=tell)
    if done is not None:
        tell(done)
