"""An open archive: its members, their contents and metadata, read on demand and never believed unchecked."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from dmart_tui.core.archives import format as des
from dmart_tui.core.archives.contents import decoded, proven, ranged_file, streamed_file
from dmart_tui.core.archives.format import Finding, Format, Layout, read_layout
from dmart_tui.core.archives.index import Index, Member
from dmart_tui.core.archives.opening import Opening
from dmart_tui.core.archives.sidecar import tombstones
from dmart_tui.core.archives.source import Replaced
from dmart_tui.core.errors import Damaged, DmartTuiError, Failed, NotFound, Refused
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from dmart_tui.core.archives.opening import IndexCache
    from dmart_tui.core.archives.source import Source, Stamp
    from dmart_tui.core.background import CancelToken

TAIL: Final = 256 << 10
"""Bytes of the first read: footer, and all of the index and metadata of a small archive."""
MOST_AT_ONCE: Final = 256 << 20
"""Bytes of one content that are held in memory; larger ones are read in pieces."""
_METAS_AT_ONCE: Final = 32 << 20
_BATCH: Final = 20_000


class Archive:
    """What `open_archive` returns; safe to read from several threads. Closing it closes its source.

    Args:
        source: where its bytes are.
        stamp: which bytes they were when it was opened.
        layout: where its parts are, checked.
        tail: the last bytes of the file; what lies in them is not read again.
    """

    def __init__(self, source: Source, stamp: Stamp, layout: Layout, tail: bytes) -> None:
        self.source = source
        self.stamp = stamp
        self.layout = layout
        self.findings: list[Finding] = []
        """What is wrong with the archive itself, as far as opening it shows."""
        self.index = Index(layout, b"", "des1")
        self.tombstones: dict[bytes, str] = {}
        """Names of members that were deleted, and why they are not read any more, sentences of untrusted text."""
        self.reads_deleted = False
        """Set it to read them all the same."""
        self._tail = tail
        self._tail_start = stamp.size - len(tail)

    @property
    def format(self) -> Format:
        """Which of the two formats."""
        return self.layout.format

    @property
    def whole(self) -> bool:
        """Whether the first read brought all of the file."""
        return not self._tail_start

    @property
    def count(self) -> int:
        """Members that the archive promises; `len()` are known so far."""
        return len(self.index) if self.layout.count is None else self.layout.count

    def __len__(self) -> int:
        return len(self.index)

    def member(self, position: int) -> Member:
        """An entry of the index; raises IndexError."""
        return self.index[position]

    def name(self, position: int) -> str:
        """A member's name, untrusted text; raises IndexError."""
        return self.index.raw_name(position).decode("utf-8", "surrogateescape")

    def find(self, name: str) -> list[int]:
        """The positions of all members with this name; readers of the original know only the last."""
        return self.index.find(name.encode("utf-8", "surrogateescape"))

    def address(self, member: Member) -> str:
        """How a member is named to people: `ARCHIVE#NAME`, untrusted text."""
        return f"{self.source.label}#{member.name}"

    def meta(self, position: int) -> dict[str, Any]:
        """A member's metadata; empty when it has none.

        Raises:
            Damaged: it cannot be read, or is no JSON object.
            Replaced, Failed: as `Source.read`.
        """
        member = self.index[position]
        if member.meta_problem:
            raise Damaged(member.meta_problem, address=self.address(member))
        return self._parsed(member, self.read_bytes(member.meta_offset, member.meta_length))

    def metas(
        self, positions: Sequence[int], cancel: CancelToken | None = None
    ) -> Iterator[tuple[int, dict[str, Any] | DmartTuiError]]:
        """The metadata of many members, near ones read together, in whatever order they come.

        Raises:
            Cancelled, Replaced, Failed: as `Source.read_many`.
        """
        for some in batches(map(self.index.__getitem__, positions), lambda member: member.meta_length, _METAS_AT_ONCE):
            wanted: list[Member] = []
            for member in some:
                if member.meta_problem:
                    yield member.position, Damaged(member.meta_problem, address=self.address(member))
                else:
                    wanted.append(member)
            ranges = [(member.meta_offset, member.meta_length) for member in wanted]
            for at, raw in self._read_ranges(ranges, cancel):
                try:
                    yield wanted[at].position, self._parsed(wanted[at], raw)
                except Damaged as error:
                    yield wanted[at].position, error

    def pieces(self, position: int, digest: str | None = None) -> Iterator[bytes]:
        """A member's whole content, in pieces of at most a megabyte or so, checked against all that is known of it.

        Args:
            digest: the SHA-256 it must have, where the caller knows it better than the index.

        Raises:
            Damaged: it cannot be read, is longer or shorter than promised, or its SHA-256 differs; maybe after pieces.
            NotFound: it is a file of its own, which is not there.
            Replaced, Failed: as `Source.stream`.
        """
        member = self._sound(position)
        if not member.size and member.codec == "none":
            return
        address = self.address(member)
        digest = digest or member.digest
        if member.external:
            with self.external(member) as beside:
                pieces = decoded("none", beside.stream(0, member.size), member.size, address)
                yield from proven(pieces, digest, address) if digest else pieces
        else:
            pieces = decoded(member.codec, self._stream(member), member.size, address)
            yield from proven(pieces, digest, address) if digest else pieces

    def read(self, position: int, start: int = 0, length: int | None = None) -> bytes:
        """A member's content, or a part of it; a part is not proven by a digest.

        Raises:
            Refused: it is too large to be held at once, see `MOST_AT_ONCE`.
            Damaged, NotFound, Replaced, Failed: as `pieces`.
        """
        member = self._sound(position)
        start = min(start, member.size)
        length = member.size - start if length is None else min(length, member.size - start)
        if length > MOST_AT_ONCE:
            raise Refused(
                f"its content is {format_size(length)}, more than is read at once", address=self.address(member)
            )
        if length == member.size:
            return b"".join(self.pieces(position))
        if member.external or member.codec != "none":
            with self.open(position) as file:
                file.seek(start)
                return file.read(length)
        return self.read_bytes(member.offset + start, length)

    def open(self, position: int) -> BinaryIO:
        """A member's content as a file to seek and read in; what is compressed is made from the front to go back.

        Raises as `pieces`, when it is opened or read.
        """
        member = self._sound(position)
        if member.external:
            beside = self.external(member)
            return cast("BinaryIO", ranged_file(beside.read, member.size, beside.close))
        if member.codec == "none":
            return ranged_file(lambda start, length: self.read_bytes(member.offset + start, length), member.size)
        return streamed_file(lambda: self.pieces(position), member.size)

    def read_many(
        self, positions: Sequence[int], cancel: CancelToken | None = None
    ) -> Iterator[tuple[int, bytes | DmartTuiError]]:
        """The contents of many members, near ones read together, in whatever order they come; what fails is an error.

        Raises:
            Cancelled, Replaced, Failed: as `Source.read_many`.
        """
        alone: list[int] = []
        for some in batches(map(self.index.__getitem__, positions), lambda member: member.stored, MOST_AT_ONCE):
            together: list[Member] = []
            for member in some:
                if member.problem or self.is_buried(member) or not 0 < member.stored <= MOST_AT_ONCE:
                    alone.append(member.position)
                else:
                    together.append(member)
            ranges = [(member.offset, member.stored) for member in together]
            for at, stored in self._read_ranges(ranges, cancel):
                yield together[at].position, self._content(together[at], stored)
        for position in alone:
            if cancel is not None:
                cancel.check()
            try:
                yield position, self.read(position)
            except Replaced:
                raise
            except (Damaged, NotFound, Refused) as error:
                yield position, error

    def external(self, member: Member) -> Source:
        """Where the content of an external member is; the caller closes it.

        Of DES v1 these places are tried: the key in the member's metadata, `_bigFiles/` beside the archive, the same in
        a folder named as the archive, `/_bigFiles/` at the top. Only what has the right size is taken.

        Raises:
            NotFound: it is in none of them.
            Failed: the server failed.
        """
        for found in self._external_places(member):
            if found is not None:
                if found.stamp.size == member.size:
                    found.charge(self.source)
                    return found
                found.close()
        raise NotFound(
            f"its content is a file of its own of {member.size:,} bytes, which is not there",
            address=self.address(member),
            hint=f"it should be in {des.BIG_FILES}/ beside the archive",
        )

    def _external_places(self, member: Member) -> Iterator[Source | None]:
        if self.format == "des2":
            yield self.source.beside(f"{des.BIG_FILES}/{member.digest}")
            return
        name = f"{des.BIG_FILES}/{member.name}"
        try:
            key = self.meta(member.position).get("external_key")
        except Damaged:
            key = None
        if isinstance(key, str) and key.endswith(f"/{name}"):
            yield self.source.by_key(key)
        yield self.source.beside(name)
        yield self.source.beside(f"{PurePosixPath(self.source.label).stem}/{name}")
        yield self.source.by_key(f"/{name}")

    def read_bytes(self, start: int, length: int) -> bytes:
        """Bytes of the file as they stand; raises as `Source.read`."""
        if not length:
            return b""
        at = start - self._tail_start
        return self._tail[at : at + length] if at >= 0 else self.source.read(start, length)

    def close(self) -> None:
        """Close the source."""
        self.source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _sound(self, position: int) -> Member:
        member = self.index[position]
        if member.problem:
            raise Damaged(member.problem, address=self.address(member))
        if self.is_buried(member):
            hint = "it is still there, and read when asked for with --deleted"
            raise Refused(self.tombstones[member.raw_name], address=self.address(member), hint=hint)
        return member

    def is_buried(self, member: Member) -> bool:
        """Whether a member was deleted and is not read."""
        return member.raw_name in self.tombstones and not self.reads_deleted

    def _content(self, member: Member, stored: bytes) -> bytes | DmartTuiError:
        try:
            if member.size > MOST_AT_ONCE:
                raise Refused(
                    f"its content is {format_size(member.size)}, more than is read at once",
                    address=self.address(member),
                )
            return b"".join(decoded(member.codec, (stored,), member.size, self.address(member)))
        except (Damaged, Refused) as error:
            return error

    def _parsed(self, member: Member, raw: bytes) -> dict[str, Any]:
        if not raw:
            return {}
        try:
            parsed = json.loads(raw)
        except (ValueError, RecursionError):
            raise Damaged("its metadata is no JSON", address=self.address(member)) from None
        if not isinstance(parsed, dict):
            raise Damaged("its metadata is no JSON object", address=self.address(member))
        return parsed

    def _stream(self, member: Member) -> Iterator[bytes]:
        if not member.stored or member.offset >= self._tail_start:
            return iter((self.read_bytes(member.offset, member.stored),))
        return self.source.stream(member.offset, member.stored)

    def _read_ranges(self, ranges: list[tuple[int, int]], cancel: CancelToken | None) -> Iterator[tuple[int, bytes]]:
        """As `Source.read_many`, without asking for what is here already or is nothing."""
        far: list[int] = []
        for at, (start, length) in enumerate(ranges):
            if length and start < self._tail_start:
                far.append(at)
            else:
                yield at, self.read_bytes(start, length)
        for at, data in self.source.read_many([ranges[at] for at in far], cancel):
            yield far[at], data


def open_archive(
    source: Source,
    *,
    cache: IndexCache | None = None,
    on_rows: Callable[[Archive], None] | None = None,
    cancel: CancelToken | None = None,
    tolerant: bool = False,
) -> Archive:
    """Open an archive: one request, and a second one when its index is larger than `TAIL`.

    Of DES2 one more asks whether there is a file that says what was deleted, and one reads it.

    Args:
        source: closed by the archive; by the caller when this raises.
        on_rows: told the archive, in this thread, whenever more of its members are known (`len(archive)`); they are
            void when this raises after all.
        tolerant: open what has a footer, whatever its index is like; `findings` says what would have been raised.

    Raises:
        Damaged: it is no archive, or cannot be trusted as it is.
        Cancelled, Replaced, Failed: as `Source.stream`.
    """
    tail, stamp = source.tail(TAIL)
    archive = Archive(source, stamp, read_layout(tail, stamp.size, source.label), tail)

    def grown(index: Index) -> None:
        archive.index = index
        index.tombstones = archive.tombstones
        if on_rows is not None:
            on_rows(archive)

    opening = Opening(source, stamp.size, archive.layout, tail, grown, tolerant=tolerant)
    archive.findings = opening.findings
    if archive.format == "des2":
        try:
            archive.tombstones = tombstones(source)
        except (Damaged, Failed) as error:
            sentence = f"what was deleted is not known: {error.message}"
            archive.findings.append(Finding("sidecar", "warning", None, "", sentence))
    archive.index = opening.index(cache, cancel)
    archive.index.tombstones = archive.tombstones
    return archive


def batches(
    members: Iterable[Member], weight: Callable[[Member], int], most: int, count: int = _BATCH
) -> Iterator[list[Member]]:
    """Members in groups of so much weight, and of so many, that one read may hold."""
    batch: list[Member] = []
    total = 0
    for member in members:
        total += weight(member)
        if batch and (total > most or len(batch) >= count):
            yield batch
            batch, total = [], weight(member)
        batch.append(member)
    if batch:
        yield batch
