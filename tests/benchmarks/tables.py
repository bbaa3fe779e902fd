"""Filling the tables of SQL: what is in 100,000 entries, beside the plain reading of the same rows from the index."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from dmart_tui.core.catalog import open_catalog
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.sql import Options, Session, Tables
from tests.benchmarks.lab import Lab, Row, median, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN: Final = "SELECT * FROM resources WHERE attachment_parent IS NULL"
_ASKED: Final = {
    "spaces.entries": "SELECT count(*) FROM spaces.entries",
    "spaces.relationships": "SELECT count(*) FROM spaces.relationships",
    "a typed table": "SELECT count(*) FROM operations.parcel",
    "spaces.history": "SELECT count(*) FROM spaces.history",
}


def tables(lab: Lab) -> Iterator[Row]:
    """Filled when they are first named, the index being up to date; asked again, and looked for changes again."""
    spaces = Spaces(lab.large)
    catalog = open_catalog(spaces, lab.directory / "catalogs")
    catalog.update()

    def plain() -> None:
        with closing(catalog.connect()) as connection:
            connection.text_factory = str
            connection.execute(_PLAIN).fetchall()

    bare = median(lambda: seconds(plain), 3)
    made = Tables(spaces, catalog=catalog)
    options = Options(state=lab.directory / "state", roots=(lab.large,))
    with closing(made), Session(options, (made.filesystem,), before_run=made) as session:

        def ask(text: str) -> None:
            with session.run(text) as result:
                result.rows(0, 1)

        yield Row("tables declared", f"{seconds(lambda: made.declare(session)):.2f} s")
        for name, text in _ASKED.items():
            took = seconds(lambda text=text: ask(text))  # type: ignore[misc]
            snapshots = made.snapshots()
            filled = snapshots.get(name) or snapshots["operations.parcel"]
            ratio = filled.seconds / bare if name == "spaces.entries" else None
            beside = f"{bare:.2f} s" if ratio else ""
            yield Row(f"{name} filled, {filled.rows:,} rows", f"{filled.seconds:.2f} s", beside, ratio)
            yield Row("the same, with looking for changes", f"{took:.2f} s")
            again = median(lambda text=text: seconds(lambda: ask(text)), 3)  # type: ignore[misc]
            yield Row("the same, asked again", f"{again * 1000:.0f} ms")
