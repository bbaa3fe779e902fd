"""Searching while one types: each query as it stands after each letter, over the local index.

Beside it the same questions to a RediSearch of the same files, and a program that looks through the files: ripgrep
where there is one, else grep.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from dmart_tui.core.catalog import open_catalog
from dmart_tui.core.redisearch import Server, list_indexes
from dmart_tui.core.search import FACETS, Inexpressible, LocalEngine, Request, parse
from dmart_tui.core.search.remote import RedisEngine
from dmart_tui.core.spaces import Spaces
from tests.benchmarks.lab import Lab, Row, median, ms, seconds
from tests.support.redis_server import redis_server
from tests.support.redisearch import build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    yield Row("the same, p95", f"{times[len(times) * 95 // 100] * 1000:.0f} ms", budget="200 ms")
    counted = median(lambda: seconds(lambda: ask("generator", FACETS)), lab.runs)
    yield Row("search of one word, with all facets", f"{counted * 1000:.0f} ms")
    alike = median(lambda: seconds(lambda: ask("%genertor%")), lab.runs)
    yield Row("search of a fuzzy word", f"{alike * 1000:.0f} ms")
    one = median(lambda: seconds(lambda: ask("generator")), lab.runs)
    name, looking = _looking(lab.large)
    found = median(lambda: seconds(lambda: subprocess.run(looking, capture_output=True, check=False)), lab.runs)
    yield Row(f"search of one word / {name} over the files", f"{one * 1000:.0f} ms", f"{found:.2f} s", one / found)
    with redis_server(lab.directory) as url:
        yield from _beside_redis(Server(url, timeout=60), spaces, engine, texts)


def _beside_redis(server: Server, spaces: Spaces, local: LocalEngine, texts: list[str]) -> Iterator[Row]:
    """Of the questions that a RediSearch can be asked, in the spaces that D-MART indexes there."""
    built = seconds(lambda: build(server, spaces))
    remote = RedisEngine(server)
    documents = sum(index.documents for index in list_indexes(server))
    yield Row("build of D-MART's indexes on a Redis", f"{documents / built:,.0f} documents/s", f"{documents:,}")
    ours, theirs = [], []
    for text in texts:
        request = Request(parse(text).tree)
        try:
            theirs.append(seconds(lambda: remote.search(request)))  # noqa: B023
        except Inexpressible:
            continue
        ours.append(seconds(lambda: local.search(request)))  # noqa: B023
    one, other = sorted(ours)[len(ours) // 2], sorted(theirs)[len(theirs) // 2]
    yield Row(f"{len(ours)} of them / RediSearch, median", ms(one), ms(other), one / other, "100 ms")


def _looking(root: Path) -> tuple[str, list[str]]:
    """A program that names the files with a word in them."""
    if ripgrep := shutil.which("rg"):
        return "ripgrep", [ripgrep, "--hidden", "--files-with-matches", "--ignore-case", "generator", str(root)]
    return "grep", ["grep", "-rliF", "generator", str(root)]
