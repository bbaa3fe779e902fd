"""What every measurement uses: the data, the program, a row of the table."""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dmart_tui.core.demo import make_demo, make_wide_folder
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PROJECT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "dmart_tui"]
FIRST_SPACE, WIDE_SPACE = "Attic", "wide"


@dataclass(frozen=True)
class Row:
    """One line of the table: what, ours, and what it is held against."""

    what: str
    ours: str
    beside: str = ""
    ratio: float | None = None
    budget: str = ""


@dataclass(frozen=True)
class Lab:
    """Where the data is; made when first asked for and kept as long as the directory."""

    directory: Path
    wide_entries: int
    runs: int
    peers: dict[str, list[str]]
    """Commands of other programs, by name."""
    documents: int = 1_000_000
    """Of the history store."""

    @property
    def small(self) -> Path:
        return make_demo(self.directory / "small").root

    @property
    def large(self) -> Path:
        return make_demo(self.directory / "large", scale="large").root

    @property
    def long(self) -> Path:
        """A folder long enough for many pages."""
        return self._folder(2000)

    @property
    def wide(self) -> Path:
        return self._folder(self.wide_entries)

    def _folder(self, entries: int) -> Path:
        root = self.directory / f"wide-{entries}"
        if not root.exists():
            making = root.with_suffix(".making")
            make_wide_folder(making, entries)
            making.rename(root)
        return root

    @contextmanager
    def open(self, root: Path, marker: str, *, columns: int = 120, rows: int = 40, **env: str) -> Iterator[Terminal]:
        """Our program on a root, once `marker` is on the screen and it is quiet."""
        argv = [*PROGRAM, "--root", str(root), "--fresh"]
        with self.running(argv, marker, columns=columns, rows=rows, **env) as terminal:
            yield terminal

    @contextmanager
    def running(
        self, argv: Sequence[str], marker: str = "", *, columns: int = 120, rows: int = 40, **env: str
    ) -> Iterator[Terminal]:
        """Any program, once `marker` is on the screen (without one: once it has begun) and it is quiet."""
        with Terminal(argv, columns=columns, rows=rows, env=env, home=self.directory / "home", cwd=PROJECT) as terminal:
            if marker:
                terminal.wait_for(marker)
            terminal.settle(0.5 if marker else 3)
            yield terminal


def median(measure: Callable[[], float], runs: int) -> float:
    """The median of so many measurements."""
    return statistics.median(measure() for _ in range(runs))


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def ms(value: float) -> str:
    """Seconds as milliseconds."""
    return f"{value * 1000:,.1f} ms"


def key_time(terminal: Terminal, key: str) -> float:
    """Seconds from a key to the last byte of its first frame."""
    before = len(terminal.chunks)
    start = time.perf_counter()
    terminal.press(key, quiet=0.05)
    return terminal.chunks[before][0] - start
