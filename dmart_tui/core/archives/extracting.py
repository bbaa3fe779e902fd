"""Members as files of one folder: never outside of it, never in the place of another file unless told to."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from hashlib import file_digest, sha256
from itertools import count
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from dmart_tui.core.archives.source import Replaced
from dmart_tui.core.durable import rename_new, write_all
from dmart_tui.core.errors import Damaged, DmartTuiError, Failed, NotFound, Refused
from dmart_tui.core.files import open_regular
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.index import Member
    from dmart_tui.core.background import CancelToken

Outcome = Literal["written", "exists", "older", "deleted", "failed"]

_RESERVED: Final = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')
"""What no writer lets into a name, and what no file should be called by."""
_LONGEST: Final = 255
_TOGETHER: Final = 2000
_SMALL: Final = 1 << 20


class Extracted(NamedTuple):
    """What became of one member.

    Args:
        name: of the member, untrusted text.
        file: the name of the file in the folder; another than `name` where that is not safe.
        sentence: why it was not written, untrusted text.
    """

    position: int
    name: str
    file: str
    outcome: Outcome
    size: int
    sentence: str = ""


def file_name(raw_name: bytes) -> str:
    """What a member is called as a file: its name, or one with `%XX` in the place of what is not safe in it."""
    name = raw_name.decode("utf-8", "surrogateescape")
    if name in ("", ".", ".."):
        return "%2E" * len(name) or "%"
    if _RESERVED.search(name) or safe(name) != name:
        name = "".join(_escaped(char) if _RESERVED.match(char) or char not in safe(char) else char for char in name)
    encoded = name.encode()
    if len(encoded) <= _LONGEST:
        return name
    digest = sha256(raw_name).hexdigest()[:16]
    return f"{encoded[: _LONGEST - 1 - len(digest)].decode(errors='ignore')}%{digest}"


def _escaped(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))


def extract(
    archive: Archive,
    positions: Sequence[int],
    folder: str,
    *,
    overwrite: bool = False,
    overlapping: bool = False,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[Extracted]:
    """Write members into a folder, which is made when it is not there; a file appears whole or not at all.

    Of members with one name the last is written, as readers of the original do. To go on with what was interrupted, do
    it again: what is there is left alone.

    Args:
        overwrite: take the place of files that are there; never of one that was written by this call.
        overlapping: members may share bytes, and together be larger than the archive.
        progress: told the members done, of how many.

    Raises:
        Refused: members share bytes.
        Cancelled: `cancel` was.
        Replaced, Failed: the archive changed, a server or the disk failed.
    """
    hidden = {position for group in archive.index.repeated() for position in group[:-1]}
    chosen: list[int] = []
    for position in positions:
        member = archive.member(position)
        if position in hidden:
            yield Extracted(position, member.name, "", "older", member.size, "a later member has the same name")
        elif member.deleted and not archive.reads_deleted:
            yield Extracted(position, member.name, "", "deleted", member.size, "is marked as deleted")
        else:
            chosen.append(position)
    if not overlapping:
        refuse_overlaps(archive, map(archive.member, chosen))
    try:
        os.makedirs(folder, exist_ok=True)
        target = _Target(folder, overwrite)
        for start in range(0, len(chosen), _TOGETHER):
            some = chosen[start : start + _TOGETHER]
            yield from _some(archive, some, target, cancel)
            if progress is not None:
                progress(start + len(some), len(chosen))
    except OSError as error:
        where = str(error.filename or folder)
        raise Failed(f"cannot be written: {error.strerror}", address=where) from None


def refuse_overlaps(archive: Archive, members: Iterable[Member]) -> None:
    """Raise Refused when members are larger than all data of their archive: a small one would fill a disk."""
    total = sum(member.stored for member in members if not member.problem)
    room = archive.layout.data_end - archive.layout.data_start
    if total > room:
        raise Refused(
            f"its members share bytes: {format_size(total)} would come out of {format_size(room)}",
            address=archive.source.label,
            hint="take fewer of them",
            command="or allow it with `des get --overlapping`",
        )


def is_same(archive: Archive, position: int, path: str, cancel: CancelToken | None = None) -> bool:
    """Whether a file on the disk has a member's bytes; the member is read only when no SHA-256 of it is known.

    Raises:
        Replaced, Failed: as `Archive.pieces`.
        Cancelled: `cancel` was.
    """
    member = archive.member(position)
    try:
        with open(open_regular(path, "/"), "rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size != member.size:
                return False
            meta = archive.meta(position)
            told = member.digest or meta.get("sha256")
            if isinstance(told, str):
                return file_digest(file, "sha256").hexdigest() == told
            for piece in archive.pieces(position):
                if cancel is not None:
                    cancel.check()
                if file.read(len(piece)) != piece:
                    return False
    except Replaced:
        raise
    except (Damaged, NotFound, Refused, OSError):
        return False
    return True


class _Target:
    """The folder, and what was written into it."""

    def __init__(self, folder: str, overwrite: bool) -> None:
        self._folder = folder
        self._overwrite = overwrite
        self._written: set[str] = set()
        self._numbers = count()

    def holds(self, file: str) -> bool:
        """Whether a file is there that is to stay."""
        path = os.path.join(self._folder, file)
        return file in self._written or (not self._overwrite and os.path.lexists(path))

    def write(self, file: str, pieces: Iterable[bytes], cancel: CancelToken | None) -> bool:
        """Write a file; False when one that is to stay appeared meanwhile."""
        path = os.path.join(self._folder, file)
        beside = os.path.join(self._folder, f".des-{os.getpid()}-{next(self._numbers)}.part")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        try:
            try:
                for piece in pieces:
                    write_all(descriptor, piece)
                    if cancel is not None:
                        cancel.check()
            finally:
                os.close(descriptor)
            if self._overwrite:
                os.replace(beside, path)
            else:
                rename_new(beside, path)
        except BaseException as error:
            with suppress(FileNotFoundError):
                os.unlink(beside)
            if isinstance(error, FileExistsError):
                return False
            raise
        if self._overwrite:
            self._written.add(file)
        return True


def _some(archive: Archive, positions: list[int], target: _Target, cancel: CancelToken | None) -> Iterator[Extracted]:
    files = {position: file_name(archive.index.raw_name(position)) for position in positions}
    wanted = [position for position in positions if not target.holds(files[position])]
    for position in set(positions).difference(wanted):
        yield _outcome(archive, position, files[position], "exists")
    small = [position for position in wanted if archive.member(position).size <= _SMALL]
    for position, content in archive.read_many(small, cancel):
        file = files[position]
        if isinstance(content, DmartTuiError):
            yield _outcome(archive, position, file, "failed", content.message)
        else:
            done = not target.holds(file) and target.write(file, (content,), cancel)
            yield _outcome(archive, position, file, "written" if done else "exists")
    for position in wanted:
        if archive.member(position).size > _SMALL:
            file = files[position]
            try:
                done = not target.holds(file) and target.write(file, archive.pieces(position), cancel)
            except Replaced:
                raise
            except (Damaged, NotFound, Refused) as error:
                yield _outcome(archive, position, file, "failed", error.message)
            else:
                yield _outcome(archive, position, file, "written" if done else "exists")


def _outcome(archive: Archive, position: int, file: str, outcome: Outcome, sentence: str = "") -> Extracted:
    member = archive.member(position)
    if outcome == "exists":
        sentence = "a file of this name is there"
    return Extracted(position, member.name, file, outcome, member.size, sentence)
