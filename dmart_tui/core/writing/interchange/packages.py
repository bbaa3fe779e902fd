"""An interchange zip opened for reading, whoever made it: nothing that it says of itself is believed."""

from __future__ import annotations

import os
import stat
import zlib
from collections import Counter
from collections.abc import Iterator
from lzma import LZMAError
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused
from dmart_tui.core.units import format_size
from dmart_tui.core.writing.interchange.findings import Findings
from dmart_tui.core.writing.interchange.members import Member, Role, member_of

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken

MEMBER_LIMIT: Final = 16_000_000_000
"""Bytes of one file that are unpacked."""
RATIO_LIMIT: Final = 250
"""How many times larger than its packed bytes a file may become, beyond the first `FREE` bytes."""
FREE: Final = 16_000_000
FREE_ALL: Final = 1_000_000_000
"""The same for all files of a zip together."""
_BLOCK: Final = 1 << 20
_ENCRYPTED: Final = 0x1
_UTF8: Final = 0x800
_BROKEN: Final = (BadZipFile, zlib.error, LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What reading a member raises when its bytes are not what a zip has: damage, encryption, an unknown compression."""


class Package:
    """The files of a zip by what they are for; made by `read_zip`, closed as a context."""

    def __init__(self, file: ZipFile, size: int) -> None:
        self.findings = Findings()
        """Members that are left out, and why."""
        self.bad: set[str] = set()
        """The names of what D-MART has a place for and that is left out all the same."""
        self.bad_of: dict[Address, str] = {}
        """The metas among them, by address."""
        self.of: dict[Address, list[str]] = {}
        """The names of the files of each address, but for those that stand beside."""
        self.beside: dict[str, None] = {}
        """The names of the files in folders: payloads of whatever meta names them."""
        self._file = file
        self._left = FREE_ALL + RATIO_LIMIT * size
        self._infos: dict[str, ZipInfo] = {}
        self._sort_in(file.infolist())

    def __enter__(self) -> Package:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def role(self, name: str) -> Role:
        """What a file of the package is."""
        member = member_of(name)
        return member.role if member is not None else Role.STRAY

    def size(self, name: str) -> int:
        """How many bytes a file says that it has."""
        return self._infos[name].file_size

    def blocks(self, name: str, limit: int = MEMBER_LIMIT, cancel: CancelToken | None = None) -> Iterator[bytes]:
        """The bytes of a file, checked when the last of them came.

        Raises:
            Damaged: they are not what was packed.
            Refused: they are more than `limit`, or so many more than were packed that it must be meant to fill disks.
        """
        info = self._infos[name]
        most = min(limit, FREE + RATIO_LIMIT * info.compress_size)
        size = 0
        try:
            with self._file.open(info) as file:
                while block := file.read(_BLOCK):
                    if cancel is not None:
                        cancel.check()
                    size += len(block)
                    self._left -= len(block)
                    if size > most or self._left < 0:
                        why = f"more than {format_size(limit)}" if size > limit else "a zip bomb"
                        raise Refused(f"unpacks to {why}", address=name)
                    yield block
        except _BROKEN as error:
            raise Damaged(f"cannot be unpacked: {error or 'it ends too early'}", address=name) from None

    def read(self, name: str, limit: int) -> bytes:
        """A whole file; raises as `blocks`."""
        return b"".join(self.blocks(name, limit))

    def extract(self, name: str, target: BinaryIO, cancel: CancelToken | None = None) -> None:
        """Unpack a file to another one; raises as `blocks`."""
        for block in self.blocks(name, cancel=cancel):
            target.write(block)

    # -- looking through the directory of the zip --------------------------------------------------------------------

    def _sort_in(self, infos: list[ZipInfo]) -> None:
        times = Counter(map(_name, infos))
        for info in infos:
            if info.is_dir():
                continue
            name = _name(info)
            member = member_of(name)
            if (why := _fault(info, member, times[name])) is not None:
                self._leave_out(name, member, *why)
            elif member is not None:
                self._infos[name] = info
                if member.role is Role.BESIDE:
                    self.beside[name] = None
                else:
                    self.of.setdefault(member.address, []).append(name)

    def _leave_out(self, name: str, member: Member | None, kind: str, detail: str) -> None:
        if member is not None:
            self.bad.add(name)
            if member.role is Role.META:
                self.bad_of.setdefault(member.address, name)
        self.findings.add("error", kind, str(member.address) if member else "", name, detail)


def _name(info: ZipInfo) -> str:
    """The whole name, as UTF-8 also where the zip forgot to say that it is."""
    name = info.orig_filename
    if info.flag_bits & _UTF8 or name.isascii():
        return name
    try:
        return name.encode("cp437").decode()
    except UnicodeError:
        return name


def _fault(info: ZipInfo, member: Member | None, times: int) -> tuple[str, str] | None:
    """Why a member is not even opened: (kind, sentence)."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if member is None:
        return "bad-name", "its name is no place for a file of D-MART: it is left out"
    if kind not in (0, stat.S_IFREG):
        return "no-file", "is a link or a device, not a file: it is left out"
    if times > 1:
        return "duplicate", f"stands {times} times in the zip, and nothing tells which is meant: none is taken"
    if info.flag_bits & _ENCRYPTED:
        return "encrypted", "is encrypted: unpack the zip with its password first"
    return None


def read_zip(path: Path) -> Package:
    """Open an interchange zip; its directory is read and judged, no file is unpacked.

    Raises:
        NotFound: there is no such file.
        Damaged: it is no zip, its directory is damaged, or nothing in it has a place in a spaces folder.
        Failed: the disk would not give it.

    Memory: some 700 bytes a file in it.
    """
    try:
        size = os.stat(path).st_size  # noqa: PTH116 - follows links as opening does
        archive = ZipFile(path)
    except FileNotFoundError:
        raise NotFound("no such file", address=str(path)) from None
    except OSError as error:
        raise Failed(f"cannot be read: {error.strerror}", address=str(path)) from None
    except _BROKEN as error:
        raise Damaged(f"is no zip that can be read: {error}", address=str(path)) from None
    package = Package(archive, size)
    if not package.of and not package.bad:
        archive.close()
        hint = "its root must hold spaces: SPACE/.dm/meta.space.json"
        raise Damaged("holds nothing in D-MART's layout", address=str(path), hint=hint)
    return package
