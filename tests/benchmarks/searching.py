"""Searching while one types: each query as it stands after each letter, over the local index, beside ripgrep."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from dmart_tui.core.catalog import open_catalog
from dmart_tui.core.search import FACETS, LocalEngine, Request, parse
from dmart_tui.core.spaces import Spaces
from tests.benchmarks.lab import Lab, Row, median, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPED: Final = ("generator", "solar pump", "@type:ticket noor", '"smokes at"', "@state:closed -pump", "@tags:{new}")


def search(lab: Lab) -> Iterator[Row]:
    """Of 100,000 entries; the first page with its snippets."""
    spaces = Spaces(lab.large)
    catalog = open_catalog(spaces, lab.directory / "catalogs")
    catalog.update()
    engine = LocalEngine(catalog)

    def ask(text: str, facets: tuple[str, ...] = ()) -> None:
        engine.search(Request(parse(text).tree, facets=facets))

    ask("*")
    texts = [
        f"{text[:end]}*" if text[end - 1].isalnum() else text[:end] for text in TYPED for end in range(1, len(text) + 1)
    ]
    times = sorted(seconds(lambda text=text: ask(text)) for text in texts)  # type: ignore[misc]
    yield Row(
        "search while typing, of 100,000 entries, median", f"{times[len(times) // 2] * 1000:.0f} ms", budget="100 ms"
    )
    yield Row("the same, p95", f"{times[len(times) * 95 // 100] * 1000:.0f} ms")
    counted = median(lambda: seconds(lambda: ask("generator", FACETS)), lab.runs)
    yield Row("search of one word, with all facets", f"{counted * 1000:.0f} ms")
    alike = median(lambda: seconds(lambda: ask("%genertor%")), lab.runs)
    yield Row("search of a fuzzy word", f"{alike * 1000:.0f} ms")
    if ripgrep := shutil.which("rg"):
        command = [ripgrep, "--hidden", "--files-with-matches", "--ignore-case", "generator", str(lab.large)]
        found = median(lambda: seconds(lambda: subprocess.run(command, capture_output=True, check=False)), lab.runs)
        one = median(lambda: seconds(lambda: ask("generator")), lab.runs)
        yield Row("search of one word / ripgrep over the files", f"{one * 1000:.0f} ms", f"{found:.2f} s", one / found)
