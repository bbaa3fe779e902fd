"""The local index: building it, finding that nothing changed, and one change that becomes visible."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from typing import TYPE_CHECKING

from dmart_tui.core.catalog import open_catalog
from dmart_tui.core.spaces import Spaces
from tests.benchmarks.core import bare_loop
from tests.benchmarks.lab import Lab, Row, median, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator


def index(lab: Lab) -> Iterator[Row]:
    """Of 100,000 entries."""
    root = lab.large
    cache = lab.directory / "catalogs"
    bare_loop(root)

    def build() -> float:
        shutil.rmtree(cache, ignore_errors=True)
        return seconds(open_catalog(Spaces(root), cache).update)

    # One after the other, three times: a machine is not equally busy for long.
    pairs = [(seconds(lambda: bare_loop(root)), build()) for _ in range(3)]
    bare, built = sorted(pairs, key=lambda pair: pair[1] / pair[0])[1]
    catalog = open_catalog(Spaces(root), cache)
    entries = catalog.state.entries
    yield Row("index build / bare loop", f"{entries / built:,.0f} entries/s", f"{bare:.2f} s", built / bare, "3")

    verified = median(lambda: seconds(catalog.update), lab.runs)
    yield Row("index build, nothing changed", f"{entries / verified:,.0f} entries/s", budget="100,000")

    with closing(catalog.connect()) as connection:
        space, subpath, name = connection.execute(
            "SELECT space, subpath, json_extract(meta, '$.payload.body') FROM resources"
            " WHERE kind = 'entry' AND payload IS NOT NULL AND json_type(meta, '$.payload.body') = 'text'"
            " GROUP BY space, subpath ORDER BY count(*) DESC"
        ).fetchone()
    file = root / space / subpath / name
    before = file.read_bytes()

    def changed(word: str) -> float:
        file.write_text(json.dumps({"title": word}))

        def until_found() -> None:
            catalog.changed([str(file)])
            with closing(catalog.connect()) as connection:
                assert connection.execute("SELECT count(*) FROM texts WHERE texts MATCH ?", (word,)).fetchone() == (1,)

        return seconds(until_found)

    try:
        words = iter(f"unheard{number}" for number in range(lab.runs))
        taken = median(lambda: changed(next(words)), lab.runs)
    finally:
        file.write_bytes(before)
    yield Row("one change found, once it is told", f"{taken * 1000:,.1f} ms", budget="1 s")
