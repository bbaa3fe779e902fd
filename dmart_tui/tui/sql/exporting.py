"""Writing all rows of a result to a file: in which format, where to, and how much it was."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from dmart_tui.core.sql import Interrupted, SqlError
from dmart_tui.core.units import format_count, format_size
from dmart_tui.tui.screens.dialog import Choice
from dmart_tui.tui.sql.result_source import Stopping
from dmart_tui.tui.writing.exporting import ask_target
from dmart_tui.tui.writing.working import watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.sql import Result
    from dmart_tui.core.sql.exporting import Format
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.sql.asking import Question
    from dmart_tui.tui.writing.working import Progress

_FORMATS: Final[list[tuple[str, str, tuple[Format, str]]]] = [
    ("c", "CSV", ("csv", "csv")),
    ("j", "JSON: one array", ("json", "json")),
    ("n", "NDJSON: an object a line", ("jsonl", "ndjson")),
    ("p", "Parquet: for data tools", ("parquet", "parquet")),
    ("a", "Arrow stream", ("arrow", "arrow")),
    ("m", "Markdown table", ("markdown", "md")),
]


_KEPT: Final = ("arrow", "markdown")
"""Formats that need the rows more than once."""


async def export_result(app: DmartApp, result: Result, question: Question | None) -> None:
    """Ask for format and file, write as a task that can be stopped, and tell how much it was.

    A file that is there is replaced only after another question, and only when the new one is whole. A result that is
    still read goes on as it was: its statement is run once more for the file, beside it.
    """
    chosen = await app.ask(Choice("Export all rows as", _FORMATS))
    if chosen is None:
        return
    form, ending = chosen
    target = await ask_target(app, "Export all rows", f"result.{ending}")
    if target is None:
        return
    if question is None or result.done or question.in_transaction:
        await _write(app, target, form, result.interrupt, lambda: nullcontext(result))
        return
    text, parameters = question.nested()
    async with question.fork() as beside:

        def again() -> AbstractContextManager[Result]:
            try:
                return beside.run(text, parameters or None, keep=form in _KEPT)
            except Interrupted:
                raise
            except SqlError:  # it changes data, or names what only its own session knows
                return nullcontext(result)

        def stop() -> None:
            beside.interrupt()
            result.interrupt()

        await _write(app, target, form, stop, again, leave=False)


async def _write(
    app: DmartApp,
    target: Path,
    form: Format,
    stop: Callable[[], None],
    result: Callable[[], AbstractContextManager[Result]],
    *,
    leave: bool = True,
) -> None:
    from dmart_tui.core.sql.exporting import export

    def run(cancel: CancelToken, progress: Progress) -> tuple[int, int]:
        try:
            with result() as rows:
                count = export(rows, target, form, progress=lambda written: progress(written, None), cancel=cancel)
        except SqlError:
            cancel.check()
            raise
        return count, target.stat().st_size

    def tell(done: tuple[int, int]) -> None:
        app.notify(f"{format_count(done[0])} rows, {format_size(done[1])}, in {target}")

    done = await watched(app, "Exporting", run, unit="bytes", cancel=Stopping(stop), leave=tell if leave else None)
    if done is not None:
        tell(done)
