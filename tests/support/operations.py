"""Every operation that writes, for the tests that kill it, fill its disk and forbid it to write.

An operation added here is held to all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from dmart_tui.core.journal import Journal
from dmart_tui.core.steps import Append, Copy, Discard, Expect, MakeFolder, Move, RemoveFolder, Write, digest


@dataclass(frozen=True)
class Operation:
    """Something that a person does, on a folder made for it."""

    name: str
    make_root: Callable[[Path], None]
    run: Callable[[Path], None]
    quick: bool = False
    """Killed at every call in each run of the tests, not in the long ones only."""

    def __str__(self) -> str:
        return self.name


NOW: Final = datetime(2026, 5, 17, 12, 30, 15, 123456)
OPERATIONS: Final[list[Operation]] = []


def operation(
    make_root: Callable[[Path], None], *, quick: bool = False
) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """Register what a function does."""

    def register(run: Callable[[Path], None]) -> Callable[[Path], None]:
        OPERATIONS.append(Operation(run.__name__.strip("_"), make_root, run, quick))
        return run

    return register


def put(path: Path, data: object) -> None:
    """Write a file, JSON unless it is bytes, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())


def plain(root: Path) -> None:
    """Files that are no D-MART's: for the journal itself."""
    put(root / "a/meta", b"old meta")
    (root / "a/meta").chmod(0o640)
    put(root / "a/body", b"old body")
    put(root / "a/history", b'{"n": 1}\n')
    put(root / "a/events", b'{"n": 1}')
    put(root / "b/deep/one", b"1")
    put(root / "b/deep/two", b"2")
    (root / "b/link").symlink_to("../a/body")
    (root / "empty").mkdir(mode=0o750)


@operation(plain, quick=True)
def _save(root: Path) -> None:
    Journal(str(root)).apply(
        [
            Write(f"{root}/a/body", b"new body" * 1000),
            Write(f"{root}/a/meta", b"new meta"),
            Append(f"{root}/a/history", b'{"n": 2}'),
            Append(f"{root}/a/events", b'{"n": 2}', ended=False),
        ],
        title="save",
        expects=[Expect(f"{root}/a/meta", digest(b"old meta")), Expect(f"{root}/a/none", digest(None))],
    )


@operation(plain, quick=True)
def _everything(root: Path) -> None:
    """Steps that need what the steps before them did."""
    Journal(str(root)).apply(
        [
            MakeFolder(f"{root}/c/d"),
            Move(f"{root}/b/deep", f"{root}/c/d/deep"),
            Write(f"{root}/c/d/deep/one", b"changed on the way"),
            Copy(f"{root}/a/body", f"{root}/c/copied"),
            Move(f"{root}/a/body", f"{root}/c/body"),
            Write(f"{root}/a/body", b"another of this name"),
            Append(f"{root}/c/log", b"first"),
            Append(f"{root}/c/log", b"second"),
            Discard(f"{root}/b"),
            RemoveFolder(f"{root}/empty"),
        ],
        title="everything",
    )
