"""What all worksheets of a root share: the session of SQL, what can be named in it, and what a person keeps."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from dmart_tui.core.background import Cancelled
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.sql.errors import Interrupted, SqlError
from dmart_tui.core.sql.sandbox import SCRATCH
from dmart_tui.core.sql.sheets.keep import TOP, keep_file
from dmart_tui.core.sql.sheets.parameters import Parameters
from dmart_tui.core.sql.sheets.past import Past
from dmart_tui.core.sql.sheets.worksheets import Worksheets
from dmart_tui.core.sql.transactions import IDLE
from dmart_tui.core.sql.values import string

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dmart_tui.core.sql.editing.completing import Names
    from dmart_tui.core.sql.editing.texts import Statement
    from dmart_tui.core.sql.results import Result
    from dmart_tui.core.sql.session import Session
    from dmart_tui.core.sql.sheets.worksheets import Sheet
    from dmart_tui.core.sql.tables import Tables
    from dmart_tui.core.sql.transactions import Transaction
    from dmart_tui.tui.app import DmartApp


@dataclass(slots=True)
class Outcome:
    """How a statement ended."""

    statement: Statement
    seconds: float = 0.0
    result: Result | None = None
    error: DmartTuiError | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    snapshot: datetime | None = None
    """When the tables of the root that it names were last found to be as the files are."""


class Desk:
    """One worksheet's place to run statements: a session of its own on the databases of all."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.database = SCRATCH
        """What names without a database mean."""
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The session, made when first used; blocks."""
        if self._session is None:
            self._session = self.bench.session.fork()
        return self._session

    @property
    def transaction(self) -> Transaction:
        return self._session.transaction if self._session is not None else IDLE

    def run(
        self, statement: Statement, parameters: Mapping[str, object], by: Callable[[Session], Result] | None = None
    ) -> Outcome:
        """Run a statement (`by` this, or simply) to its first rows and note it in the history; blocks."""
        started = datetime.now(UTC)
        self.bench.doing = ""
        outcome = Outcome(statement, parameters=parameters)
        try:
            outcome.result = by(self.session) if by else self.session.run(statement, parameters or None)
            if statement.verb == "USE":
                with self.session.run("SELECT current_database()") as told:
                    self.database = str(told.rows(0, 1)[0][0])
        except DmartTuiError as error:
            outcome.error = error
        except Cancelled:
            outcome.error = Interrupted("was stopped", timed_out=False)
        outcome.seconds = (datetime.now(UTC) - started).total_seconds()
        outcome.snapshot = self.bench.snapshot_of(statement.text)
        self.bench.note(outcome, started, self.database)
        return outcome

    def interrupt(self) -> None:
        """Stop what runs; from any thread, at once."""
        if self._session is not None:
            self._session.interrupt()
            self.bench.stop_reading()

    def close(self) -> None:
        """End the session: what an open transaction changed is taken back."""
        if self._session is not None:
            self._session.close()
            self._session = None


class Bench:
    """The first session is made when something is first run or listed; calls block, for threads."""

    def __init__(self, app: DmartApp) -> None:
        self._app = app
        self.root = app.spaces.root if app.spaces is not None else ""
        self.exports = app.paths.state / "sql" / "exports"
        """The one folder that COPY may write to."""
        file = keep_file(self.root, app.paths.state)
        self.worksheets = Worksheets(file)
        self.past = Past(file)
        self.remembered = Parameters(file)
        self.doing = ""
        """What is read just now to be asked, in words."""
        self._making = Lock()
        self._session: Session | None = None
        self._tables: Tables | None = None
        self._names: Names | None = None

    @property
    def session(self) -> Session:
        """The session that looks around and attaches; the first time it takes some tenths of a second."""
        with self._making:
            if self._session is None:
                self._session = self._make()
            return self._session

    def _make(self) -> Session:
        from dmart_tui.core.catalog import open_catalog
        from dmart_tui.core.sql.options import Options
        from dmart_tui.core.sql.session import Session
        from dmart_tui.core.sql.tables import Tables

        spaces, settings = self._app.spaces, self._app.settings
        exports = None if settings.read_only else self.exports
        if exports is not None:
            exports.mkdir(mode=0o700, parents=True, exist_ok=True)
        root = Path(self.root) if self.root else None
        options = Options(
            state=self.exports.parent,
            roots=(root,) if root else (),
            spaces=root,
            exports=exports,
            read_only=settings.read_only,
        )
        if spaces is None:
            return Session(options)
        catalog = open_catalog(spaces, self._app.paths.cache / "catalogs")
        self._tables = Tables(spaces, self._archives(), catalog=catalog, told=self._tell)
        session = Session(options, filesystems=(self._tables.filesystem,), before_run=self._tables)
        self._tables.declare(session)
        return session

    def _archives(self) -> list[str]:
        """The archives that are open in this program."""
        return [document.archive for document in self._app.workspace.documents if document.archive]

    def make(self, name: str, text: str) -> Sheet:
        """Make a worksheet at the top under a free name."""
        taken = {sheet.name for sheet in self.worksheets.children()}
        free = next(one for one in chain([name], (f"{name} {number}" for number in count(2))) if one not in taken)
        return self.worksheets.new(TOP, free, text)

    def _tell(self, words: str) -> None:
        self.doing = words

    def stop_reading(self) -> None:
        """Stop what is read to be asked; from any thread."""
        if self._tables is not None:
            self._tables.cancel()

    def snapshot_of(self, text: str) -> datetime | None:
        """How old the oldest of the root's tables is that a statement names; None: it names none."""
        tables = self._tables.snapshots() if self._tables is not None else {}
        words = text.casefold()
        return min((one.time for name, one in tables.items() if name.casefold() in words), default=None)

    def names(self) -> Names:
        """What can be named, as last read."""
        if self._names is None:
            from dmart_tui.core.sql.editing.naming import read_names

            self._names = read_names(self.session)
        return self._names

    def forget_names(self) -> None:
        """Read them again when they are next needed: something was made, attached or dropped."""
        self._names = None

    def databases_changed(self) -> None:
        """Declare tables again where the engine started anew, and those of archives opened since."""
        self._names = None
        if self._tables is not None:
            session = self.session
            self._tables(session, ())
            for archive in self._archives():
                self._tables.add(session, archive)

    def note(self, outcome: Outcome, started: datetime, database: str) -> None:
        """Keep a run in the history; a disk that will not take it is no reason to fail."""
        error, result = outcome.error, outcome.result
        stopped = isinstance(error, Interrupted)
        with suppress(DmartTuiError):
            self.past.add(
                outcome.statement.text,
                started=started,
                seconds=outcome.seconds,
                status="cancelled" if stopped else "failed" if error is not None else "done",
                rows=None if result is None else result.changed if result.changed is not None else result.known,
                error=str(error) if error is not None else "",
                databases=[database],
                parameters=list(outcome.parameters),
            )

    def value(self, typed: str, kind: str) -> object:
        """A typed text as a value of a type of the engine.

        Raises:
            SqlError: it is none.
        """
        if kind == "VARCHAR":
            return typed
        with self.session.run(f"SELECT CAST({string(typed)} AS {kind})") as result:
            return result.rows(0, 1)[0][0]

    def close(self) -> None:
        """End the session and let the files go."""
        if self._session is not None:
            self._session.close()
        if self._tables is not None:
            self._tables.close()
        for kept in (self.worksheets, self.past, self.remembered):
            kept.close()


def words_of(error: DmartTuiError) -> str:
    """An error and what can be done about it, in a sentence or two."""
    told = [error.message.split("\n")[0]]
    if isinstance(error, SqlError) and error.candidates:
        told.append(f"perhaps {', '.join(error.candidates[:3])}")
    if error.hint:
        told.append(error.hint)
    return " · ".join(told)
