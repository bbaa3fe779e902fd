"""Files and folders as members of an archive: packed with their paths, modes and times, and found again.

A member is named by the path of its file, in which what no member may be named by is written as `%XX`. Its meta has the
path as it is, the mode and the time of the last change. What is no file (folders, links) stands in one more member, the
listing, whose name no path can have.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal
from urllib.parse import unquote_to_bytes

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.big_files import BigFiles, LocalBigFiles
from dmart_tui.core.archives.source import open_source
from dmart_tui.core.archives.staging import Spool
from dmart_tui.core.archives.writer import Writer
from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused
from dmart_tui.core.files import inside, open_regular

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.background import CancelToken

Links = Literal["refuse", "keep"]
LISTING: Final = "%listing.ndjson"
"""The member that tells folders and links; a `%` in a path is written `%25`, so that no path is written like this."""
_ESCAPED: Final = re.compile('[%/\\\\:*?"<>|\\x00-\\x1f\\x7f\udc80-\udcff]')
_RARE: Final = re.compile(_ESCAPED.pattern.replace("/", ""))
_ELSEWHERE: Final = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)")
"""A part that is no name."""
_SMALL: Final = 1 << 20
_KEPT: Final = 1 << 20
_MOST_UNLIKE: Final = 1000


@dataclass(frozen=True, slots=True)
class Root:
    """A file, or a folder with all below it.

    Args:
        base: an absolute path.
        path: relative to it; what members and unpacked files are named by.
    """

    base: str
    path: str


@dataclass(slots=True)
class Packed:
    """What was packed."""

    files: int = 0
    folders: int = 0
    links: int = 0
    size: int = 0
    """Bytes of all files."""


def member_name(path: str) -> str:
    """The name of the member that keeps the file at a relative path; two paths never share one."""
    return _ESCAPED.sub(lambda match: f"%{ord(match[0]) & 0xFF:02X}", path)


def true_path(name: str) -> str | None:
    """The relative path that a member is named by; None when no path is written like this, or it leads elsewhere."""
    if "/" in name:
        return None
    path = name.replace("%2F", "/")
    if _RARE.search(path):  # else nothing but slashes was written in another way
        path = os.fsdecode(unquote_to_bytes(name.encode("utf-8", "surrogateescape")))
        if member_name(path) != name:
            return None
    return path if is_plain(path) else None


def is_plain(path: str) -> bool:
    """Whether a relative path, which data may have chosen, can be one of a file below a folder and nowhere else."""
    return not _ELSEWHERE.search(path) and bool(encoded(path))


def encoded(path: str) -> bytes:
    """The bytes of a path that data may have chosen; none for what no disk can hold."""
    try:
        raw = os.fsencode(path)
    except UnicodeEncodeError:  # a lone surrogate
        return b""
    return b"" if b"\0" in raw else raw


def roots_of(paths: Iterable[str]) -> list[Root]:
    """What paths named by a person are packed as: each under its own name, as tar does without the folders above.

    Raises:
        NotFound: nothing is there.
        Refused: two have the same name, or one is `/`.
    """
    found: dict[str, Root] = {}
    for given in paths:
        path = os.path.abspath(given)
        base, name = os.path.split(path)
        if not os.path.lexists(path):
            raise NotFound("there is nothing to pack", address=given)
        if not name or (name in found and found[name].base != base):
            raise Refused(f"{name or '/'!r} cannot be a name of its own", address=given, hint="pack a folder above it")
        found[name] = Root(base, name)
    return list(found.values())


def pack(
    writer: Writer,
    roots: Sequence[Root],
    *,
    links: Links = "refuse",
    cancel: CancelToken | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Packed:
    """Add files and folders to an archive, in the order of their paths.

    Args:
        progress: told the files and the bytes that are done.

    Raises:
        Refused: a link, unless they are kept, or something that is neither file nor folder.
        NotFound, Failed: a file vanished, changed meanwhile, or cannot be read.
        Cancelled: `cancel` was.
    """
    packed = Packed()
    spool = Spool(f"{writer.staged}-listing", _KEPT)
    try:
        spool.write(_line({"listing": 1, "roots": [root.path for root in roots]}))
        for root in roots:
            for path, status, empty in walk(root):
                if cancel is not None:
                    cancel.check()
                if stat.S_ISREG(status.st_mode):
                    packed.size += _pack_file(writer, root.base, path)
                    packed.files += 1
                    if progress is not None:
                        progress(packed.files, packed.size)
                elif stat.S_ISDIR(status.st_mode):
                    mode = stat.S_IMODE(status.st_mode)
                    line = {"folder": path, "mode": mode, "mtime_ns": status.st_mtime_ns}
                    spool.write(_line({**line, "empty": True} if empty else line))
                    packed.folders += 1
                elif stat.S_ISLNK(status.st_mode) and links == "keep":
                    spool.write(_line({"link": path, "to": os.readlink(f"{root.base}/{path}")}))
                    packed.links += 1
                else:
                    _refuse(f"{root.base}/{path}", status)
        writer.add(LISTING, b"".join(spool.pieces()))
    except OSError as error:
        raise Failed(f"cannot be packed: {error.strerror}", address=str(error.filename or writer.path)) from None
    finally:
        spool.close()
    return packed


def unlike(archive: Archive, roots: Iterable[Root], cancel: CancelToken | None = None) -> list[str]:
    """The relative paths of files on the disk that the archive does not hold with the same bytes, at most a thousand.

    Raises:
        Damaged, NotFound, Failed: a member cannot be read.
        Cancelled: `cancel` was.

    Reads all files and all their members. Memory: the path of each file.
    """
    roots = list(roots)
    found: list[str] = []
    held: set[str] = set()
    for position in range(len(archive)):
        if cancel is not None:
            cancel.check()
        name = archive.name(position)
        path = true_path(name)
        root = next((root for root in roots if path is not None and inside(root.path, path)), None)
        if root is None or path is None or not os.path.isfile(f"{root.base}/{path}"):
            continue
        held.add(path)
        with open(open_regular(f"{root.base}/{path}", root.base), "rb", buffering=0) as file:
            if digest_of(archive.pieces(position)) != file_digest(file, "sha256").digest():
                found.append(path)
    for root in roots:
        for path, status, _ in walk(root):
            if stat.S_ISREG(status.st_mode) and path not in held:
                found.append(path)
    return found[:_MOST_UNLIKE]


def digest_of(pieces: Iterable[bytes]) -> bytes:
    """The SHA-256 of a content in pieces."""
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def walk(root: Root) -> Iterator[tuple[str, os.stat_result, bool]]:
    """(relative path, lstat, whether it is an empty folder) of a file, or of a folder and what is below it after it."""
    waiting = [root.path]
    while waiting:
        path = waiting.pop()
        status = os.lstat(f"{root.base}/{path}")
        folder = stat.S_ISDIR(status.st_mode)
        names = sorted(os.listdir(f"{root.base}/{path}"), reverse=True) if folder else []
        yield path, status, folder and not names
        waiting += [f"{path}/{name}" for name in names]


def _pack_file(writer: Writer, base: str, path: str) -> int:
    """Add a file; its size."""
    where = f"{base}/{path}"
    descriptor = open_regular(where, base)
    with open(descriptor, "rb", buffering=0) as file:
        before = os.fstat(descriptor)
        mode = stat.S_IMODE(before.st_mode)
        content: bytes | BinaryIO = file
        if before.st_size <= _SMALL:
            content = file.read(before.st_size + 1)
        writer.add(member_name(path), content, {"path": path, "mode": mode, "mtime_ns": before.st_mtime_ns})
        after = os.fstat(descriptor)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise Failed("changed while it was packed", address=where, hint="try again when nobody writes there")
        return before.st_size


def _refuse(path: str, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise Refused("is a symlink", address=path, command="`--links keep` packs links as links")
    raise Refused("is neither file nor folder and cannot be packed", address=path)


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def checked(archive: Archive, packed: Packed, cancel: CancelToken | None = None, *, outside: bool = True) -> None:
    """Read every member back and hold it to the SHA-256 that was taken when its file was read.

    Args:
        outside: also those that are not in the archive itself.

    Raises:
        Damaged: one is not what was written.
    """
    if archive.count != packed.files + 1:
        raise Damaged(f"holds {archive.count:,} members instead of {packed.files + 1:,}", address=archive.source.label)
    for position, meta in archive.metas(range(archive.count), cancel):
        if cancel is not None:
            cancel.check()
        if archive.member(position).external and not outside:
            continue
        if not isinstance(meta, dict) or digest_of(archive.pieces(position)).hex() != meta.get("sha256"):
            raise Damaged("was not written as it was read", address=archive.address(archive.member(position)))


def pack_files(
    path: str,
    roots: Iterable[Root],
    *,
    links: Links = "refuse",
    big_file_threshold: int | None = None,
    big_files: BigFiles | None = None,
    mode: int = 0o666,
    cancel: CancelToken | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Packed:
    """Make an archive of files and folders; it has its name only after all of it was read back from the disk.

    Args:
        big_file_threshold: bytes from which a file goes to `_bigFiles/` beside the archive; None: all are inside.
        big_files: where such files go instead.
        mode: of the archive, less what the umask forbids.

    Raises:
        Refused, NotFound, Failed, Cancelled: as `pack` and `Writer`.
        Damaged: the disk did not keep what was written.
    """
    roots = list(roots)
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    if any(inside(os.path.realpath(f"{root.base}/{root.path}"), folder) for root in roots):
        raise Refused("an archive cannot be inside of what it packs", address=path, hint="write it elsewhere")
    big = None if big_file_threshold is None else big_files or LocalBigFiles(path, mode=mode)
    with Writer(path, big_file_threshold=big_file_threshold or 0, big_files=big, mode=mode) as writer:
        packed = pack(writer, roots, links=links, cancel=cancel, progress=progress)
        writer.finish()
        with open_archive(open_source(writer.staged)) as archive:
            checked(archive, packed, cancel, outside=big_files is None)
    return packed
