"""Everything that can be wrong with an archive, looked for: structure, names, metadata and, on request, contents."""

from __future__ import annotations

from array import array
from hashlib import sha256
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.archives import format as des
from dmart_tui.core.archives.extracting import file_name
from dmart_tui.core.archives.format import Finding, check_header
from dmart_tui.core.archives.sidecar import checked, checksums
from dmart_tui.core.archives.source import Replaced
from dmart_tui.core.errors import Damaged, DmartTuiError, NotFound, Refused
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.format import Severity
    from dmart_tui.core.archives.index import Member
    from dmart_tui.core.background import CancelToken

_TOGETHER: Final = 2000
"""Members whose metadata and contents are read together."""
_SMALL: Final = 1 << 20


def verify(
    archive: Archive,
    *,
    contents: bool = False,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[Finding]:
    """Look for all that is wrong: some 20 us a member, and 100 bytes of memory for a while.

    Args:
        contents: read every member too; what has a SHA-256, in its metadata or in the `.meta` beside a DES2 archive, is
            proven by it.
        progress: told the members done, of how many.

    Raises:
        Cancelled: `cancel` was.
        Replaced, Failed: as `Source.read_many`; what comes of one member is a finding.
    """
    yield from archive.findings
    yield from _frame(archive)
    yield from _duplicates(archive)
    yield from _places(archive, cancel)
    sidecar = checksums(archive.source) if contents and archive.format == "des2" else {}
    for start in range(0, len(archive), _TOGETHER):
        members = [archive.member(position) for position in range(start, min(start + _TOGETHER, len(archive)))]
        if cancel is not None:
            cancel.check()
        for member in members:
            yield from _entry(archive, member, contents)
        digests = {member.position: sidecar.get(member.name) for member in members} if contents else {}
        for position, meta in archive.metas([member.position for member in members], cancel):
            member = members[position - start]
            if isinstance(meta, DmartTuiError):
                yield _found("meta", "error", member, meta.message)
            else:
                yield from _meta(archive, member, meta)
                if contents and (digest := known_digest(meta)):
                    digests[position] = digest
        if contents:
            yield from _contents(archive, members, digests, cancel)
        if progress is not None:
            progress(start + len(members), len(archive))


def _found(kind: str, severity: Severity, member: Member | None, sentence: str) -> Finding:
    return Finding(kind, severity, member.position if member else None, member.name if member else "", sentence)


def _frame(archive: Archive) -> Iterator[Finding]:
    """What opening did not need to know: the header of a large archive, unused bytes between its parts."""
    layout = archive.layout
    if not archive.whole and not layout.slack:
        yield from check_header(archive.read_bytes(0, des.HEADER.size), layout.format)
    if layout.format == "des1":
        between = layout.meta_start - layout.data_end + layout.index_start - layout.meta_end
        between += layout.data_start - des.HEADER.size
        if between:
            yield _found("gap", "note", None, f"{between:,} bytes between its parts belong to none of them")


def _duplicates(archive: Archive) -> Iterator[Finding]:
    """Names that several members have, and names that differ in case only."""
    for group in archive.index.repeated():
        last = archive.member(group[-1])
        sentence = f"{len(group):,} members have this name; readers of the original know only the last"
        yield _found("duplicate", "warning", last, sentence)
    for group in archive.index.repeated(_folded):
        if len({archive.index.raw_name(position) for position in group}) > 1:
            sentence = f"{len(group):,} members have names that differ in case only"
            yield _found("duplicate-case", "warning", archive.member(group[0]), sentence)


def _folded(name: bytes) -> bytes:
    if name.isascii():
        return name.lower()
    return name.decode("utf-8", "surrogateescape").casefold().encode("utf-8", "surrogateescape")


def _places(archive: Archive, cancel: CancelToken | None) -> Iterator[Finding]:
    """Members that share bytes, and bytes that no member has."""
    starts, ends, positions = array("Q"), array("Q"), array("I")
    for member in archive.index:
        if cancel is not None:
            cancel.check()
        if member.stored and not member.problem:
            starts.append(member.offset)
            ends.append(member.offset + member.stored)
            positions.append(member.position)
    reached, covered, before = archive.layout.data_start, 0, 0
    for at in sorted(range(len(starts)), key=starts.__getitem__):
        if starts[at] < reached:
            sentence = f"shares bytes of its content with #{positions[before]:,}"
            yield _found("overlap", "warning", archive.member(positions[at]), sentence)
        if ends[at] > reached:
            covered += ends[at] - max(starts[at], reached)
            reached, before = ends[at], at
    unused = archive.layout.data_end - archive.layout.data_start - covered
    if unused:
        yield _found("unused", "note", None, f"{format_size(unused)} of its data belong to no member")


def _entry(archive: Archive, member: Member, contents: bool) -> Iterator[Finding]:
    if member.problem:
        yield _found("unreadable", "error", member, member.problem)
    elif member.external and not contents:
        try:
            archive.external(member).close()
        except (NotFound, Refused) as error:
            yield _found("external", "error", member, error.message)
    if member.oddity:
        yield _found("odd", "warning", member, member.oddity)
    if member.deleted:
        sentence = archive.tombstones.get(member.raw_name, "is marked as deleted")
        yield _found("deleted", "note", member, sentence)
    try:
        member.raw_name.decode()
    except UnicodeDecodeError:
        yield _found("name-encoding", "warning", member, "its name is not UTF-8")
    else:
        if file_name(member.raw_name) != member.name:
            yield _found("name", "warning", member, "its name is not safe as the name of a file")


def _meta(archive: Archive, member: Member, meta: dict[str, Any]) -> Iterator[Finding]:
    if _is_infinite(meta):
        yield _found("meta-number", "warning", member, "its metadata holds NaN or an infinity, which JSON has not")
    size = meta.get("size")
    if archive.format == "des1" and isinstance(size, int) and size != member.size:
        sentence = f"its metadata says {size:,} bytes, the index {member.size:,}"
        yield _found("meta-size", "warning", member, sentence)


def _is_infinite(meta: dict[str, Any]) -> bool:
    waiting: list[Iterator[Any]] = [iter(meta.values())]
    while waiting:
        for value in waiting[-1]:
            if isinstance(value, dict | list):
                waiting.append(iter(value.values() if isinstance(value, dict) else value))
                break
            if isinstance(value, float) and not isfinite(value):
                return True
        else:
            waiting.pop()
    return False


def _contents(
    archive: Archive, members: list[Member], digests: dict[int, str | None], cancel: CancelToken | None
) -> Iterator[Finding]:
    small = [member.position for member in members if not member.problem and member.size <= _SMALL]
    for position, content in archive.read_many(small, cancel):
        if isinstance(content, DmartTuiError):
            yield from _unproven(archive, archive.member(position), content)
        elif (digest := digests[position]) and sha256(content).hexdigest() != digest:
            sentence = "its content is not the one that was stored: the SHA-256 differs"
            yield _found("content", "error", archive.member(position), sentence)
    for member in members:
        if not member.problem and member.size > _SMALL:
            try:
                for _piece in archive.pieces(member.position, digests[member.position]):
                    if cancel is not None:
                        cancel.check()
            except Replaced:
                raise
            except (Damaged, NotFound, Refused) as error:
                yield from _unproven(archive, member, error)


def _unproven(archive: Archive, member: Member, error: DmartTuiError) -> Iterator[Finding]:
    if not archive.is_buried(member):
        yield _found("external" if isinstance(error, NotFound | Refused) else "content", "error", member, error.message)


def known_digest(meta: dict[str, Any]) -> str | None:
    """The SHA-256 that our own writer puts into a member's metadata."""
    return checked(meta.get("sha256"))
