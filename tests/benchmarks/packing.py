"""Packing many small files, and what they cost afterwards, beside zipfile and tarfile on the same files."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
from typing import TYPE_CHECKING, Final

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.mounted import PackedTree
from dmart_tui.core.archives.source import open_source
from dmart_tui.core.archives.trees import Root, pack, pack_files
from dmart_tui.core.archives.unpacking import unpack
from dmart_tui.core.archives.writer import Writer
from tests.benchmarks.lab import Lab, Row, median, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FILES: Final = 20_000


def packing(lab: Lab) -> Iterator[Row]:
    """20,000 files of 600 bytes in 20 folders; all that is written is synced, as ours is."""
    work = lab.directory / "packing"
    for number in range(_FILES):
        folder = work / "files" / f"f{number % 20}"
        if number < 20:
            folder.mkdir(parents=True, exist_ok=True)
        (folder / f"m{number}.json").write_bytes(b'{"n": %06d}' % number * 50)
    roots = [Root(str(work), "files")]

    def written() -> None:
        with Writer(str(work / "a.des")) as writer:
            pack(writer, roots)

    def proven() -> None:
        pack_files(str(work / "a.des"), roots)

    def zipped() -> None:
        with zipfile.ZipFile(work / "a.zip", "w") as archive:
            for path in (work / "files").rglob("*"):
                archive.write(path, path.relative_to(work))
        _sync(work / "a.zip")

    def tarred() -> None:
        with tarfile.open(work / "a.tar", "w") as archive:
            archive.add(work / "files", "files")
        _sync(work / "a.tar")

    def unpacked() -> None:
        with open_archive(open_source(str(work / "a.des"))) as archive:
            unpack(archive, str(work / "out"))

    def untarred() -> None:
        with tarfile.open(work / "a.tar") as archive:
            archive.extractall(work / "out", filter="data")
        os.sync()

    def asked() -> None:
        with open_archive(open_source(str(work / "a.des"))) as archive:
            PackedTree(archive).kind("files/f7/m7.json")

    def timed(function: Callable[[], None]) -> float:
        return median(lambda: _afresh(work, function), 3)

    zip_, tar = timed(zipped), timed(tarred)
    for what, function in {"pack 20,000 files": written, "the same, read back and hashed": proven}.items():
        ours = timed(function)
        beside = f"zip {zip_:.2f} s, tar {tar:.2f} s"
        yield Row(f"{what} / zipfile", f"{_FILES / ours:,.0f} files/s", beside, ours / zip_)
    tarred()
    ours, theirs = (
        median(lambda function=function: _afresh(work, function, "out"), 3) for function in (unpacked, untarred)
    )
    yield Row("unpack 20,000 files / tarfile", f"{_FILES / ours:,.0f} files/s", f"tar {theirs:.2f} s", ours / theirs)
    first = median(lambda: seconds(asked), 3)
    yield Row("open, mount, first answer", f"{first * 1000:.0f} ms", "", None)
    shutil.rmtree(work)


def _afresh(work: Path, function: Callable[[], None], *before: str) -> float:
    """The seconds of a call that finds nothing of what it makes; `before` names that where it is not an archive."""
    for name in before or ("a.des", "a.zip", "a.tar"):
        if (work / name).is_dir():
            shutil.rmtree(work / name)
        else:
            (work / name).unlink(missing_ok=True)
    return seconds(function)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
