"""Archives: opening, listing and reading them, beside zipfile, tarfile and the figures of the original's reader.

Times are of the processor, so that what else a machine does counts little; all of it is work of one thread on files
that the system has in memory.
"""

from __future__ import annotations

import io
import random
import struct
import tarfile
import zipfile
from contextlib import redirect_stdout
from functools import partial
from importlib.util import find_spec
from time import process_time
from typing import TYPE_CHECKING, NamedTuple

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.source import LocalSource
from dmart_tui.core.archives.verifying import verify
from dmart_tui.core.units import format_size
from tests.benchmarks.lab import Lab, Row, median, ms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dmart_tui.core.archives.archive import Archive

    Peer = tuple[Callable[[Path], None], Path]

ORIGINAL = {1000: 0.0033, 100_000: 0.254, 1_000_000: 3.08}
"""Seconds in which the original's reader opens and lists so many members, measured once on a machine like this."""
PEERS_UP_TO = 100_000
"""A million members take zipfile and tarfile minutes and gigabytes to make."""
CONTENT = b"0123456789 a small file"


def names(count: int, *, numbered: bool) -> Iterator[bytes]:
    """Names as the original's packer gives them, all of one length; or names of any length."""
    chance = random.Random(count)
    for i in range(count):
        yield b"DES_20261121_(%012X_5F).bin" % i if numbered else b"file %d %s.txt" % (i, b"x" * chance.randrange(40))


def make(path: Path, count: int, *, numbered: bool) -> Path:
    """An archive of small files; written without our writer, which does more and takes longer."""
    if path.exists():
        return path
    size, meta = len(CONTENT), b'{"size":%d}' % len(CONTENT)
    meta_start = 16 + count * size
    index_start = index_end = meta_start + count * len(meta)
    making = path.with_suffix(".making")
    with making.open("wb") as file:
        file.write(b"DESHEAD1\x01" + bytes(7))
        file.writelines(CONTENT for _ in range(count))
        file.writelines(meta for _ in range(count))
        for i, name in enumerate(names(count, numbered=numbered)):
            places = (16 + i * size, size, meta_start + i * len(meta), len(meta), 0)
            index_end += file.write(struct.pack("<H", len(name)) + name + struct.pack("<QQQQI", *places))
        regions = (16, count * size, meta_start, count * len(meta), index_start, index_end - index_start, count)
        file.write(struct.pack("<8sB7s7Q", b"DESFOOT1", 1, b"", *regions))
    return making.rename(path)


def make_zip(path: Path, count: int) -> Path:
    if not path.exists():
        with zipfile.ZipFile(path, "w") as archive:
            for name in names(count, numbered=False):
                archive.writestr(zipfile.ZipInfo(name.decode()), CONTENT)
    return path


def make_tar(path: Path, count: int) -> Path:
    if not path.exists():
        with tarfile.open(path, "w") as archive:
            for name in names(count, numbered=False):
                info = tarfile.TarInfo(name.decode())
                info.size = len(CONTENT)
                archive.addfile(info, io.BytesIO(CONTENT))
    return path


def seconds(call: Callable[[], object]) -> float:
    """How long the processor works for a call."""
    start = process_time()
    call()
    return process_time() - start


def first_rows(path: Path) -> float:
    """Seconds until fifty rows can be shown, whether or not the rest has come."""
    start = process_time()
    shown: list[float] = []

    def on_rows(archive: Archive) -> None:
        if len(archive) >= 50 and not shown:
            shown.append(process_time() - start)

    with open_archive(LocalSource(str(path)), on_rows=on_rows) as archive:
        on_rows(archive)
    return shown[0]


def list_all(path: Path) -> None:
    with open_archive(LocalSource(str(path))) as archive:
        for _name in archive.index.texts():
            pass


class Entry(NamedTuple):
    offset: int
    length: int
    meta_offset: int
    meta_length: int
    flags: int


def list_plainly(path: Path) -> None:
    """What a reader does that makes an object of each entry, as the original's does."""
    with path.open("rb") as file:
        file.seek(-24, 2)
        start, length, _count = struct.unpack("<3Q", file.read())
        file.seek(start)
        file.seek(start)
        entries = {}
        while file.tell() < start + length:
            (size,) = struct.unpack("<H", file.read(2))
            name = file.read(size).decode()
            entries[name] = Entry(*struct.unpack("<QQQQI", file.read(36)))


def list_zip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        archive.namelist()


def list_tar(path: Path) -> None:
    with tarfile.open(path) as archive:
        archive.getnames()


def list_ratarmount(path: Path) -> None:
    """As a mount lists it, without the mount: the index it keeps beside the archive is made when there is none."""
    from ratarmountcore.mountsource.factory import open_mount_source

    with redirect_stdout(None), open_mount_source(str(path), printDebug=0) as source:
        list(source.list("/"))


def ratarmount(path: Path) -> dict[str, Peer]:
    """ratarmount with and without its index, where the bench extra is installed."""
    if find_spec("ratarmountcore") is None:
        return {}
    index = path.with_name(f"{path.name}.index.sqlite")

    def first(path: Path) -> None:
        index.unlink(missing_ok=True)
        list_ratarmount(path)

    return {"ratarmount first": (first, path), "ratarmount": (list_ratarmount, path)}


def archives(lab: Lab) -> Iterator[Row]:
    """Open, list, read some, verify."""
    lab.directory.mkdir(parents=True, exist_ok=True)
    for count in ORIGINAL:
        peers: dict[str, Peer] = {}
        if count <= PEERS_UP_TO:
            peers["zipfile"] = (list_zip, make_zip(lab.directory / f"{count}.zip", count))
            tar = make_tar(lab.directory / f"{count}.tar", count)
            peers |= {"tarfile": (list_tar, tar)} | ratarmount(tar)
        taken = {name: seconds(partial(read, path)) for name, (read, path) in peers.items()}
        for numbered in (True, False):
            path = make(lab.directory / f"{count}-{numbered}.des", count, numbered=numbered)
            yield from _listing(lab, path, count, "numbered" if numbered else "any", taken)
    yield from _reading(make(lab.directory / f"{100_000}-False.des", 100_000, numbered=False))


def _listing(lab: Lab, path: Path, count: int, kind: str, peers: dict[str, float]) -> Iterator[Row]:
    plain = median(lambda: seconds(lambda: list_plainly(path)), 3)
    beside = ", ".join(f"{name} {ms(taken)}" for name, taken in {"plain": plain, **peers}.items())
    rows = median(lambda: first_rows(path), lab.runs)
    yield Row(f"{count:,} members, {kind} names: first rows", ms(rows), f"original {ms(ORIGINAL[count])} (all rows)")
    with open_archive(LocalSource(str(path))) as archive:
        taken = archive.index.nbytes / count
    opened = median(lambda: seconds(lambda: open_archive(LocalSource(str(path))).close()), lab.runs)
    yield Row("  opened, every row known / plain reader", ms(opened), beside, opened / plain, "0.10")
    listed = median(lambda: seconds(lambda: list_all(path)), lab.runs)
    yield Row("  and every name as text / plain reader", ms(listed), beside, listed / plain)
    yield Row("  memory a member beside the index itself", f"{taken:.1f} B", budget="16 B")


def _reading(path: Path) -> Iterator[Row]:
    with open_archive(LocalSource(str(path))) as archive:
        chosen = random.Random(1).sample(range(len(archive)), 100)
        before = archive.source.cost.moved
        taken = seconds(lambda: dict(archive.read_many(chosen)))
        moved = archive.source.cost.moved - before
        yield Row("100 random members of 100,000", ms(taken), f"{format_size(moved)} read; original 26 MB")
        checked = seconds(lambda: list(verify(archive, contents=True)))
        yield Row("verify 100,000 members with contents", f"{checked:.2f} s")
