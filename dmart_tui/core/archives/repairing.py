"""What is sound of a damaged archive, copied into a new one, and what is lost, told."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from dmart_tui.core.archives import format as des
from dmart_tui.core.archives.archive import Archive, batches, open_archive
from dmart_tui.core.archives.contents import Pipe, proven
from dmart_tui.core.archives.extracting import file_name, refuse_overlaps
from dmart_tui.core.archives.format import Finding, Layout, read_layout
from dmart_tui.core.archives.index import Index
from dmart_tui.core.archives.source import Replaced
from dmart_tui.core.archives.verifying import known_digest
from dmart_tui.core.archives.windows import Window
from dmart_tui.core.archives.writer import Writer, checked_name
from dmart_tui.core.errors import Damaged, DmartTuiError, NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dmart_tui.core.archives.index import Member
    from dmart_tui.core.archives.source import Source, Stamp
    from dmart_tui.core.background import CancelToken

SEARCHED: Final = 64 << 20
"""Bytes at the end of a file in which a lost footer, index or metadata is looked for."""
_TOGETHER: Final = 1 << 20
_MEMBERS: Final = 500
"""At most so much of what is small, and so many members, are held at once."""
_PARSED: Final = 20
"""Bytes that a byte of JSON becomes at most, or nearly so."""
_SMALL: Final = 1 << 20
_STEPS: Final = 256 << 20
"""How long is looked: entries and bytes of JSON understood."""
_FOOTERS: Final = 64
"""Places looked at that begin like a footer; more are no accident."""
_OWN_KEYS: Final = ("size", "is_external", "external_key", "sha256")


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that is not as it was.

    Args:
        name: of the member, untrusted text.
        sentence: what happened to it.
        whole: the member itself is lost, not only its name or its metadata.
    """

    name: str
    sentence: str
    whole: bool = True


@dataclass(slots=True)
class Report:
    """What became of a damaged archive.

    Args:
        how: by which of its parts the members were found, a sentence.
        kept: members in the new archive.
        lost: what is not there, or not as it was.
    """

    how: str = ""
    kept: int = 0
    lost: list[Loss] = field(default_factory=list)


def repair(
    source: Source,
    target: str,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelToken | None = None,
) -> Report:
    """Copy what is sound of an archive of either format into a new one of DES v1.

    Tried in this order: its footer, even when its index breaks off; a footer before what was appended; one whose
    offsets are shifted by what was put before the header; an index without a footer; metadata without an index, which
    divide the data when their sizes add up to it (the names are lost then).

    Args:
        target: where nothing may be.

    Raises:
        Damaged: nothing can be saved with certainty.
        Refused: its members share bytes, or something is at the target.
        Failed: the target cannot be written.
        Cancelled, Replaced: nothing was written then either.
    """
    tail = cache(partial(source.tail, SEARCHED))
    for how, archive in _archives(source, tail):
        if len(archive) or not any(finding.severity == "error" for finding in archive.findings):
            refuse_overlaps(archive, archive.index)
            report = Report(how)
            with Writer(target) as writer:
                _copy(archive, writer, report, progress, cancel)
            return report
    divided = _divided(*tail())
    if divided is not None:
        report = Report("by its metadata: the names are lost")
        with Writer(target) as writer:
            _copy_divided(source, divided, writer, report, progress, cancel)
        return report
    raise Damaged("nothing of it can be saved with certainty", address=source.label)


def _archives(source: Source, read_tail: Callable[[], tuple[bytes, Stamp]]) -> Iterator[tuple[str, Archive]]:
    with suppress(Damaged):
        yield "by its footer", open_archive(source, tolerant=True)
    tail, stamp = read_tail()
    base = stamp.size - len(tail)
    for stop in _footers(tail):
        with suppress(Damaged):
            yield "by a footer that is not at its end", open_archive(Window(source, 0, base + stop), tolerant=True)
        start = _shift(tail, stop, base)
        if start > 0 and source.read(start, des.HEADER.size).startswith(des.HEADER_MAGIC):
            with suppress(Damaged):
                window = Window(source, start, base + stop)
                yield "by its footer, without what stands before its header", open_archive(window, tolerant=True)
    found = _index_without_footer(tail, base)
    if found is not None:
        raw, layout, missing = found
        archive = Archive(source, stamp, layout, b"")
        if missing:
            sentence = f"its index is cut: {missing:,} bytes of metadata belong to members that are lost"
            archive.findings.append(Finding("index", "error", None, "", sentence))
        archive.index = Index(layout, raw, "des1")
        archive.index.walk()
        yield "by its index, without a footer", archive


def _footers(tail: bytes) -> Iterator[int]:
    """Where in the tail footers end, the last one first."""
    for magic, size in ((des.FOOTER_MAGIC, des.FOOTER.size), (des.FOOTER2_MAGIC, des.FOOTER2.size)):
        at = len(tail)
        for _ in range(_FOOTERS):
            at = tail.rfind(magic, 0, at + len(magic) - 1)
            if at < 0:
                break
            if at + size <= len(tail):
                yield at + size


def _shift(tail: bytes, stop: int, base: int) -> int:
    """By how much a footer's offsets are too small; the index ends where the footer begins."""
    at = stop - des.FOOTER.size
    if at < 0 or not tail.startswith(des.FOOTER_MAGIC, at):
        return 0
    fields = des.FOOTER.unpack_from(tail, at)
    return base + at - int(fields[7]) - int(fields[8])


def _index_without_footer(tail: bytes, base: int) -> tuple[bytes, Layout, int] | None:
    """The index of DES v1 that ends the file, or is cut by its end: it follows the last `}` of the metadata.

    That is the right `}` when the first content is where data begin, and the metadata of the entries lie one after the
    other, up to it where the index is not cut. Returns its bytes, the layout, and the bytes of metadata that no entry
    names.
    """
    steps = _STEPS
    at = len(tail)
    while steps > 0 and (at := tail.rfind(b"}", 0, at)) >= 0:
        start = here = at + 1
        first = reached = begin = -1
        count = 0
        while here + 2 <= len(tail):
            after = here + 2 + (tail[here] | tail[here + 1] << 8) + des.ENTRY.size
            steps -= 1
            if after > len(tail):
                break
            offset, length, meta, meta_length, flags = des.ENTRY.unpack_from(tail, after - des.ENTRY.size)
            if not count:
                first = reached = begin = meta
            if begin == first and not flags & des.EXTERNAL:
                begin = offset
            if meta != reached or not meta_length or offset + length > max(first, length):
                count = 0
                break
            here, reached, count = after, meta + meta_length, count + 1
            if reached >= base + start:
                break
        missing = base + start - reached
        if count and begin == des.HEADER.size and (not missing or (missing > 0 and after > len(tail))):
            layout = Layout("des1", begin, first, first, base + start, base + start, here - start, count)
            return tail[start:here], layout, missing
        steps -= 1
    return None


def _divided(tail: bytes, stamp: Stamp) -> _Divided | None:
    """Where each content is, from metadata that end the file or where the footer says they do.

    They begin where the data end, so the sizes in them must add up to the place where they begin: else nothing is
    certain.
    """
    text = tail.decode("latin-1")
    decode = json.JSONDecoder().raw_decode
    base = stamp.size - len(tail)
    ends = {len(tail)}
    with suppress(Damaged):
        ends.add(read_layout(tail, stamp.size, "").meta_end - base)
    del tail
    found = _Divided(text, ends, stamp.size)
    steps = _STEPS
    at = len(text)
    while steps > 0 and (at := text.rfind('{"', 0, at)) >= 0:
        try:
            meta, stop = decode(text, at)
        except (ValueError, RecursionError) as error:
            steps -= 1 + getattr(error, "pos", at) - at
            continue
        steps -= 1 + stop - at
        size = meta.get("size")
        if type(size) is not int or not 0 <= size <= stamp.size:
            continue
        if found.add(at, stop, 0 if meta.get("is_external") is True else size) == base + at - des.HEADER.size:
            return found
    return None


class _Divided:
    """Documents that follow one another up to an end, known from the last to the first; 32 bytes each.

    Args:
        text: what they are in, a letter a byte.
        ends: where the last of them may end.
        most: bytes that may be stored altogether.
    """

    def __init__(self, text: str, ends: set[int], most: int) -> None:
        self._text = text
        self._ends = ends
        self._most = most
        self._begins = array("q")
        """Where documents begin, with the sign turned so that they rise."""
        self._stops = array("q")
        self._stored = array("q")
        self._sums = array("q")

    def __len__(self) -> int:
        return sum(1 for _ in self._rows())

    def add(self, begin: int, stop: int, stored: int) -> int | None:
        """Take a document that another one or an end follows; the bytes stored from it on, None for any other."""
        total = stored
        if stop not in self._ends:
            row = self._row(stop)
            if row < 0 or total + self._sums[row] > self._most:
                return None
            total += self._sums[row]
        self._begins.append(-begin)
        self._stops.append(stop)
        self._stored.append(stored)
        self._sums.append(total)
        return total

    def contents(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Where each content is, and its metadata, from the document that was taken last."""
        place = des.HEADER.size
        for row in self._rows():
            yield place, json.loads(self._text[-self._begins[row] : self._stops[row]].encode("latin-1"))
            place += self._stored[row]

    def _rows(self) -> Iterator[int]:
        row = len(self._begins) - 1
        while row >= 0:
            yield row
            row = self._row(self._stops[row])

    def _row(self, begin: int) -> int:
        row = bisect_left(self._begins, -begin)
        return row if row < len(self._begins) and self._begins[row] == -begin else -1


def _copy(
    archive: Archive,
    writer: Writer,
    report: Report,
    progress: Callable[[int, int], None] | None,
    cancel: CancelToken | None,
) -> None:
    for members in batches(archive.index, _weight, _TOGETHER, _MEMBERS):
        metas = dict(archive.metas([member.position for member in members], cancel))
        small = [member.position for member in members if _is_small(member)]
        contents = dict(archive.read_many(small, cancel))
        for member in members:
            if cancel is not None:
                cancel.check()
            meta = metas[member.position]
            if isinstance(meta, DmartTuiError):
                report.lost.append(Loss(member.name, meta.message, whole=False))
                meta = {}
            content = contents.get(member.position)
            try:
                if isinstance(content, DmartTuiError):
                    raise content
                if member.deleted:
                    raise Refused("was marked as deleted")
                if content is None:
                    _add(
                        writer,
                        report,
                        member.raw_name,
                        _file(archive.pieces(member.position, known_digest(meta))),
                        meta,
                    )
                else:
                    _add(writer, report, member.raw_name, _proven(content, known_digest(meta)), meta)
            except Replaced:
                raise
            except (Damaged, NotFound, Refused) as error:
                report.lost.append(Loss(member.name, error.message))
        if progress is not None:
            progress(members[-1].position + 1, len(archive))
    report.lost += [Loss("", finding.sentence) for finding in archive.findings if finding.kind == "index"]


def _is_small(member: Member) -> bool:
    return member.stored <= _SMALL and member.size <= _SMALL


def _weight(member: Member) -> int:
    """What is held of a member."""
    return _PARSED * member.meta_length + (max(member.stored, member.size) if _is_small(member) else 0)


def _copy_divided(
    source: Source,
    divided: _Divided,
    writer: Writer,
    report: Report,
    progress: Callable[[int, int], None] | None,
    cancel: CancelToken | None,
) -> None:
    total = len(divided)
    for number, (place, meta) in enumerate(divided.contents(), 1):
        if cancel is not None:
            cancel.check()
        name = f"member_{number:08d}"
        if meta.get("is_external") is True:
            report.lost.append(Loss(name, "its content is a file of its own, whose name is lost"))
            continue
        pieces = source.stream(place, meta["size"]) if meta["size"] else iter(())
        digest = known_digest(meta)
        try:
            _add(writer, report, name.encode(), _file(proven(pieces, digest, name) if digest else pieces), meta)
        except Replaced:
            raise
        except (Damaged, Refused) as error:
            report.lost.append(Loss(name, error.message))
        if progress is not None:
            progress(number, total)


def _add(writer: Writer, report: Report, raw_name: bytes, content: bytes | BinaryIO, meta: Mapping[str, Any]) -> None:
    """Add under the member's name, or under one that can be written."""
    name = raw_name.decode("utf-8", "surrogateescape")
    try:
        checked_name(name)
    except Refused:
        name = file_name(raw_name)
    others = {key: value for key, value in meta.items() if key not in _OWN_KEYS}
    try:
        writer.add(name, content, others)
    except Refused as error:  # metadata that no writer takes: NaN, too much of it
        if not isinstance(content, bytes):
            raise
        writer.add(name, content)
        report.lost.append(Loss(name, error.message, whole=False))
    report.kept += 1
    if name.encode("utf-8", "surrogateescape") != raw_name:
        report.lost.append(Loss(raw_name.decode("utf-8", "surrogateescape"), f"is called {name} now", whole=False))


def _proven(content: bytes, digest: str | None) -> bytes:
    return b"".join(proven((content,), digest, "")) if digest else content


def _file(pieces: Iterator[bytes]) -> BinaryIO:
    return cast("BinaryIO", BufferedReader(Pipe(pieces)))
