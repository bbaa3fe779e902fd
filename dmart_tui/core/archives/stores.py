"""Stores: one folder a day, one archive a shard in it, so that a name tells where it is.

`YYYY-MM-DD/<hex>.des` as the original keeps them on a disk, `YYYY-MM-DD/shard_<decimal>.des` as it keeps them on S3.
Readers of the original know exactly one archive a shard. So nothing is ever put into a second one: a shard that grows
is written anew beside itself and takes its own place, whole; who has the old one open goes on reading that.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import file_digest
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.big_files import LocalBigFiles
from dmart_tui.core.archives.cache import cache_for
from dmart_tui.core.archives.naming import SHARD_BITS, day_of, shard_of
from dmart_tui.core.archives.source import LocalSource, open_source
from dmart_tui.core.archives.trees import digest_of, member_name, walk
from dmart_tui.core.archives.writer import Writer, checked_name
from dmart_tui.core.errors import Damaged, NotFound, Refused, UsageFault
from dmart_tui.core.files import open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.trees import Root
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.config import Settings

Layout = Literal["hex", "shard"]

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something to add to a store."""

    name: str
    open: Callable[[], BinaryIO]
    """Opens its content, from the beginning each time."""
    meta: Mapping[str, object]


def files_of(roots: Iterable[Root]) -> Iterator[Incoming]:
    """Files and all below folders as members that `des unpack` puts back: named by their paths, with modes and times.

    Raises:
        Refused: a link, or something that is neither file nor folder; a store has no place for what is no file.
    """
    for root in roots:
        for path, status, _empty in walk(root):
            if stat.S_ISREG(status.st_mode):
                meta = {"path": path, "mode": stat.S_IMODE(status.st_mode), "mtime_ns": status.st_mtime_ns}
                yield Incoming(member_name(path), partial(_opened, f"{root.base}/{path}", root.base), meta)
            elif not stat.S_ISDIR(status.st_mode):
                raise Refused("is no file, and a store keeps nothing else", address=f"{root.base}/{path}")


def _opened(path: str, base: str) -> BinaryIO:
    return open(open_regular(path, base), "rb")


@dataclass(slots=True)
class Appended:
    """What came of adding."""

    added: int = 0
    same: int = 0
    """Members that were there already, byte for byte."""
    shards: int = 0
    """Archives that were written."""


class Store:
    """A day/shard store.

    Args:
        base: a folder, or `s3://bucket/prefix` to look names up.
        bits: of a shard's number, 1 to 32; the same for all time, for nothing in the store tells it.
        layout: how archives are called.

    Raises:
        UsageFault: no such number of bits.
    """

    def __init__(self, base: str, *, bits: int = SHARD_BITS, layout: Layout = "hex") -> None:
        shard_of("", bits)
        self.base = base.rstrip("/") or "/"
        self.bits = bits
        self.layout = layout

    def path(self, day: date, shard: int) -> str:
        """Where a shard of a day is, whether it is there or not."""
        name = f"{shard:0{-(-self.bits // 4)}x}" if self.layout == "hex" else f"shard_{shard:02d}"
        return f"{self.base}/{day.isoformat()}/{name}.des"

    def place(self, name: str, day: date | None = None) -> str:
        """Where a name belongs; nothing is listed or asked for.

        Args:
            day: when the name does not tell it.

        Raises:
            UsageFault: no day is given and the name tells none.
        """
        told = day or day_of(name)
        if told is None:
            raise UsageFault(f"{name!r} tells no day", hint="say the day")
        return self.path(told, shard_of(name, self.bits))

    def find(self, name: str, day: date | None = None, settings: Settings | None = None) -> tuple[Archive, int]:
        """The archive with a name, open, and the member's position in it; the last of several, as the original reads.

        Raises:
            NotFound: there is no such member, or no such shard.
            UsageFault: as `place`; Damaged, Failed: as `open_archive`.
        """
        path = self.place(name, day)
        source = open_source(path, settings)
        try:
            archive = open_archive(source, cache=cache_for(path, settings))
            if positions := archive.find(name):
                return archive, positions[-1]
        except BaseException:
            source.close()
            raise
        archive.close()
        raise NotFound("there is no such member", address=f"{path}#{name}")

    def days(self) -> list[date]:
        """The days of a store on this disk, in order; one listing."""
        found = []
        for name in _listed(self.base):
            if _DAY.fullmatch(name):
                try:
                    found.append(date.fromisoformat(name))
                except ValueError:
                    continue
        return sorted(found)

    def shards(self, day: date) -> list[tuple[int, str]]:
        """(shard, path) of a day of a store on this disk, in order; one listing. Other files are passed over."""
        found = []
        pattern = re.compile(r"([0-9a-f]+)\.des" if self.layout == "hex" else r"shard_([0-9]+)\.des")
        for name in _listed(f"{self.base}/{day.isoformat()}"):
            match = pattern.fullmatch(name)
            shard = int(match[1], 16 if self.layout == "hex" else 10) if match else -1
            if match and shard < 1 << self.bits and self.path(day, shard).endswith(f"/{name}"):
                found.append((shard, self.path(day, shard)))
        return sorted(found)

    def members(self, day: date) -> Iterator[tuple[Archive, int]]:
        """All members of a day, shard by shard; an archive is open until the next one."""
        for _, path in self.shards(day):
            with open_archive(LocalSource(path)) as archive:
                for position in range(len(archive)):
                    yield archive, position

    def append(
        self,
        day: date,
        items: Iterable[Incoming],
        *,
        big_file_threshold: int | None = None,
        mode: int = 0o666,
        cancel: CancelToken | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Appended:
        """Add to a day. Each shard is written whole, read back, and only then takes its name.

        What is there already with the same content is passed over, so that what was interrupted can be run again.

        Args:
            big_file_threshold: bytes from which a content goes to `_bigFiles/` of the day; None: all are inside.
            progress: told how many are done.

        Raises:
            Refused: a name comes twice, is there with another content, or the original would not take it; its shard and
                the ones after it are then as they were.
            Damaged: the disk did not keep what was written, or the archive that is there is damaged.
            Failed, Cancelled: as `Writer`.

        Memory: the items. Costs a copy of each shard that grows.
        """
        shards: dict[int, dict[str, Incoming]] = {}
        for item in items:
            checked_name(item.name)
            names = shards.setdefault(shard_of(item.name, self.bits), {})
            if item.name in names:
                raise Refused("a name comes twice", address=item.name)
            names[item.name] = item
        done = Appended()
        for shard in sorted(shards):
            path = self.path(day, shard)
            big = None if big_file_threshold is None else LocalBigFiles(path, mode=mode)
            with Writer(
                path, extend=True, big_file_threshold=big_file_threshold or 0, big_files=big, mode=mode
            ) as writer:
                before = writer.count
                former = open_archive(LocalSource(path)) if before else None
                try:
                    for item in shards[shard].values():
                        if cancel is not None:
                            cancel.check()
                        done.same += not _added(writer, former, item)
                        if progress is not None:
                            progress(done.added + done.same + writer.count - before)
                    if writer.count == before:
                        writer.abandon()
                        continue
                    writer.finish()
                    _verify(writer.staged, former, writer.count)
                finally:
                    if former is not None:
                        former.close()
            done.added += writer.count - before
            done.shards += 1
        return done


def _added(writer: Writer, former: Archive | None, item: Incoming) -> bool:
    """Add a member unless it is there; raises Refused where another content has its name."""
    with item.open() as content:
        there = former.find(item.name) if former is not None else []
        if not there or former is None:
            writer.add(item.name, content, item.meta)
            return True
        if digest_of(former.pieces(there[-1])) != file_digest(content, "sha256").digest():  # type: ignore[arg-type]
            raise Refused(
                "another content has this name",
                address=f"{writer.path}#{item.name}",
                command="`des name` makes names that are new",
            )
        return False


def _verify(path: str, former: Archive | None, count: int) -> None:
    """Read an archive back: what was copied is as it was, what is new has its SHA-256.

    Raises:
        Damaged: it is not.
    """
    kept = 0 if former is None else len(former)
    with open_archive(LocalSource(path)) as archive:
        sound = len(archive) == count
        if former is not None and sound:
            length = former.layout.data_end - former.layout.data_start
            start = former.layout.data_start
            streams = (archive.source.stream(start, length), former.source.stream(start, length))
            sound = all(one == other for one, other in zip(*streams, strict=True)) and all(
                archive.member(position)[1:5] == former.member(position)[1:5]
                and archive.meta(position) == former.meta(position)
                for position in range(kept)
            )
        for position in range(kept, count if sound else kept):
            sound = sound and digest_of(archive.pieces(position)).hex() == archive.meta(position).get("sha256")
        if not sound:
            raise Damaged("the disk did not keep what was written", address=path)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
