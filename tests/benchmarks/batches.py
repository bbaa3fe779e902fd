"""A change of many entries as one batch, and an import, beside the same one by one; everything is synced."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from unittest.mock import patch
from zipfile import ZipFile

from dmart_tui.core.address import Address
from dmart_tui.core.demo import make_wide_folder
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing import SetKeys, Store, grouping
from dmart_tui.core.writing.bulk import run
from dmart_tui.core.writing.interchange import import_zip, read_zip
from dmart_tui.core.writing.operations import jobs
from tests.benchmarks.lab import Lab, Row, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ENTRIES: Final = 2000


def batches(lab: Lab) -> Iterator[Row]:
    """2,000 entries that get a key, with their histories; and another 2,000 one after another."""
    root = lab.directory / "batches"
    make_wide_folder(root, 2 * _ENTRIES)
    os.sync()
    store = Store(Spaces(root), user="ann")
    operation = SetKeys([("slug", "new")])
    folder = Address("wide", ("everything",))
    addresses = [folder.child(f"entry_{number:07d}") for number in range(2 * _ENTRIES)]

    def singly() -> None:
        for job in jobs(store, addresses[_ENTRIES:], operation):
            store.change(job.plan)

    one = seconds(singly)
    many = seconds(lambda: run(store, operation.title, jobs(store, addresses[:_ENTRIES], operation)))
    beside = f"one by one {one / _ENTRIES * 1000:.1f} ms each"
    yield Row("set a key of 2,000 entries", f"{many / _ENTRIES * 1000:.1f} ms each", beside, many / one)
    yield _import(lab.directory / "imports")


def _import(directory: Path) -> Row:
    source, archive = directory / "source", directory / "in.zip"
    make_wide_folder(source, _ENTRIES)
    with ZipFile(archive, "w") as file:
        for path in source.rglob("*.json*"):
            file.write(path, path.relative_to(source))
    os.sync()

    def into(root: Path) -> float:
        root.mkdir()
        with read_zip(archive) as package:
            return seconds(lambda: import_zip(Store(Spaces(root), user="ann"), package))

    with patch.object(grouping, "MOST", 1):
        one = into(directory / "singly")
    many = into(directory / "together")
    beside = f"one by one {one / _ENTRIES * 1000:.1f} ms each"
    return Row("import a zip of 2,000 entries", f"{many / _ENTRIES * 1000:.1f} ms each", beside, many / one)
