"""D-MART's interchange zip: the files of a spaces folder, metas without what their path tells already."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec

from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.errors import Damaged, DmartTuiError, Failed, Refused
from dmart_tui.core.files import open_regular, read_bounded, replacing
from dmart_tui.core.jsontext import rewrite
from dmart_tui.core.spaces import META_LIMIT, Kind, LineFile, decode, layout
from dmart_tui.core.writing.interchange.findings import Findings
from dmart_tui.core.writing.interchange.hiding import mentions_password, without_passwords
from dmart_tui.core.writing.interchange.members import Role, member_of

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Entry, Spaces

Progress = Callable[[int, int | None], None]
"""Called with how much is done, and of how much where that is known."""

DERIVED: Final = ("space_name", "subpath", "resource_type", "query_policies")
"""Keys of a meta that an import takes from its path, and that the interchange layout leaves out."""
PASSWORD: Final = "password"

_BLOCK: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"
_ANY_DAY: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that the same data gives the same bytes."""
_SURELY_SMALL: Final = 1 << 30


@dataclass(slots=True)
class Exported:
    """What an export wrote."""

    entries: int = 0
    """Spaces, folders and entries."""
    attachments: int = 0
    files: int = 0
    size: int = 0
    """Bytes before compression."""
    findings: Findings = field(default_factory=Findings)
    """What was left out or could not be read, and why."""


def export_zip(
    spaces: Spaces,
    addresses: Sequence[Address],
    target: Path | BinaryIO,
    *,
    include_self: bool = True,
    histories: bool = True,
    secrets: bool = False,
    indent: int = 2,
    cancel: CancelToken | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write D-MART's interchange zip of spaces, folders with all below them, and entries.

    Payloads, attachments and histories are the bytes on disk; metas are indented anew, with every key and value they
    have but `DERIVED`. The metas of the folders above come along, so that it can be imported into an empty root. What
    cannot be read is left out and told. The same data gives the same bytes.

    Args:
        addresses: none of them: the whole root.
        target: a path is written beside and renamed, so that a failed export leaves nothing.
        include_self: whether a folder's own meta, payload, attachments and history are in it, or only what is below.
        histories: whether histories and event logs are in it.
        secrets: whether password hashes are in it; else they are left out of metas and masked in histories.
        progress: gets the number of metas written.

    Raises:
        NotFound, Refused: an address that cannot be exported.
        Failed: the disk would not take it, or a file changed while it was read.
        Cancelled: the token said so.

    Memory: the zip's directory, some 500 bytes a file, and the names of one folder.
    """
    roots = exported_roots(spaces, addresses)
    with opened(target, 0o600 if secrets else 0o666) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        return _Export(spaces, archive, include_self, histories, secrets, indent, cancel, progress).run(roots)


def exported_roots(spaces: Spaces, addresses: Sequence[Address]) -> list[Address]:
    """The addresses (the spaces, when there are none) in order and none inside another one; reads each meta."""
    wanted = addresses or [Address(name) for name in spaces.space_names()]
    kinds = {entry.address: entry.kind for entry in map(spaces.load, wanted)}
    folders = {address for address, kind in kinds.items() if kind is not Kind.ENTRY}
    return [address for address in sorted(kinds) if folders.isdisjoint(_above(address))]


def _above(address: Address) -> Iterator[Address]:
    """The space and folders above, nearest first."""
    while (parent := address.parent) is not None:
        address = parent
        yield parent


@contextmanager
def opened(target: Path | BinaryIO, mode: int) -> Iterator[BinaryIO]:
    """A file to write to: one that takes the place of a path when all went well, or the one that is given."""
    if isinstance(target, Path):
        with replacing(target, mode=mode) as file:
            yield file
    else:
        yield target


class _Export:
    def __init__(
        self,
        spaces: Spaces,
        archive: ZipFile,
        include_self: bool,
        histories: bool,
        secrets: bool,
        indent: int,
        cancel: CancelToken | None,
        progress: Progress | None,
    ) -> None:
        self._spaces = spaces
        self._archive = archive
        self._include_self = include_self
        self._histories = histories
        self._secrets = secrets
        self._indent = indent
        self._cancel = cancel
        self._progress = progress
        self._done = Exported()
        self._left_out: set[Address] = set()
        """Folders of which only what is below is wanted."""

    def run(self, roots: list[Address]) -> Exported:
        for entry in map(self._spaces.load, roots):
            for address in reversed(list(_above(entry.address))):
                self._own(self._spaces.load(address))
            if entry.kind is Kind.ENTRY:
                self._entry(entry)
            else:
                self._folder(entry)
        return self._done

    # -- which files -------------------------------------------------------------------------------------------------

    def _own(self, entry: Entry) -> None:
        """The meta and payload of one of several metas of a directory, nothing else."""
        if entry.metas:
            self._file(entry.path)
        if entry.payload is not None and entry.payload.path is not None:
            self._file(entry.payload.path)

    def _folder(self, entry: Entry) -> None:
        place = layout.place(self._spaces.root, entry.address)
        if self._include_self:
            self._own(entry)
        else:
            self._left_out.add(entry.address)
        if entry.kind is Kind.FOLDER:
            self._tree(place.entry_folder)
            if len(entry.address.parts) > 1:
                self._tree(os.path.dirname(layout.attachment_history(self._spaces.root, entry.address)))  # noqa: PTH120
        self._tree(place.directory)

    def _entry(self, entry: Entry) -> None:
        self._tree(entry.folder)
        for meta in entry.metas:
            match = layout.META_FILE.match(meta)
            typed = f"{entry.address.name}.{match[1].lower()}" if match else entry.address.name
            self._own(self._spaces.load(Address(entry.address.space, (*entry.address.parts[:-1], typed))))
        history = layout.attachment_history(self._spaces.root, entry.address)
        if os.path.lexists(history):
            self._file(history)

    def _tree(self, directory: str, *, linked: bool = False) -> None:
        """All files below a directory: `.dm` first, then files, then directories, each by name."""
        try:
            with os.scandir(directory) as found:
                listed = sorted((_rank(item), item.name) for item in found)
        except FileNotFoundError:
            return
        except OSError as error:
            self._leave_out("unreadable", directory, f"the folder cannot be read: {error.strerror}")
            return
        for rank, name in listed:
            path = f"{directory}/{name}"
            if name.startswith(".") and name != META_FOLDER:
                self._leave_out("hidden", path, "its name begins with a dot, so D-MART does not see it", "note")
            elif rank == _FILE:
                self._file(path)
            elif rank != _LINK:
                self._tree(path, linked=linked)
            elif linked or META_FOLDER not in path[len(self._spaces.root) :].split("/"):
                self._leave_out("linked-folder", path, "is a link to a folder, which is not entered")
            else:
                self._linked_tree(path)

    def _linked_tree(self, path: str) -> None:
        try:
            layout.guarded(self._spaces.root, path)
        except Refused as error:
            self._leave_out("symlink-escapes", path, error.message)
            return
        self._tree(path, linked=True)

    # -- one file ----------------------------------------------------------------------------------------------------

    def _file(self, path: str) -> None:
        if self._cancel is not None:
            self._cancel.check()
        name = self._spaces.relative(path)
        if name in self._archive.NameToInfo:
            return
        member = member_of(name)
        if member is None:
            self._leave_out("no-place", path, "D-MART knows no file with this name in this place")
            return
        try:
            name.encode()
        except UnicodeEncodeError:
            self._leave_out("not-utf-8", path, "its name is not UTF-8, so no zip can hold it")
            return
        if member.role.is_lines and not self._histories:
            return
        if member.address in self._left_out and member.role is not Role.BESIDE:
            return
        try:
            if member.role.is_meta:
                self._meta(path, name, attached=member.role is Role.ATTACHED_META)
            elif member.role.is_lines and not self._secrets:
                self._lines(path, name)
            else:
                self._bytes(path, name, guarded=member.role is Role.STRAY)
        except DmartTuiError as error:
            if name in self._archive.NameToInfo:  # half of it is written already
                raise
            self._leave_out("unreadable", path, error.message)

    def _meta(self, path: str, name: str, *, attached: bool) -> None:
        raw = read_bounded(path, self._spaces.root, META_LIMIT)
        try:
            data = self._tidied(raw, path)
        except (Damaged, msgspec.DecodeError):
            if not self._secrets and mentions_password(raw):
                self._leave_out("secret", path, "is damaged and may hold a password hash")
                return
            self._leave_out("damaged", path, "is no JSON object and is exported as it is", "warning")
            data = raw
        self._write(name, data)
        if attached:
            self._done.attachments += 1
        else:
            self._done.entries += 1
        if self._progress is not None:
            self._progress(self._done.entries + self._done.attachments, None)

    def _tidied(self, raw: bytes, path: str) -> bytes:
        """A meta as the interchange layout has it; numbers, escapes and the order of keys stay as they were written."""
        meta = decode(raw)
        if not isinstance(meta, dict):
            raise Damaged("is no object")
        dropped = [key for key in DERIVED if key in meta]
        if not self._secrets and meta.get(PASSWORD):
            dropped.append(PASSWORD)
            self._leave_out("secret", path, "its password hash is left out", "note")
        if dropped:
            raw = rewrite(raw, {key: value for key, value in meta.items() if key not in dropped})
        return msgspec.json.format(raw.removeprefix(_BOM), indent=self._indent) + b"\n"

    def _lines(self, path: str, name: str) -> None:
        """A history or event log whose password hashes are masked."""
        lines = LineFile(path, self._spaces.root).forwards()
        first = list(islice(lines, 1))
        with self._archive.open(self._info(name), "w", force_zip64=True) as out:
            for line in chain(first, lines):
                data = line.raw
                if line.too_long or mentions_password(data):
                    hidden = None if line.too_long else without_passwords(data)
                    if hidden is None:
                        self._leave_out("secret", path, f"line {line.index + 1} cannot be cleared of password hashes")
                        continue
                    data = hidden
                out.write(data + b"\n")
                self._done.size += len(data) + 1
        self._done.files += 1

    def _bytes(self, path: str, name: str, *, guarded: bool) -> None:
        """A file as it is; a `guarded` one only when it is clear of password hashes."""
        descriptor = open_regular(path, self._spaces.root)
        try:
            size = os.fstat(descriptor).st_size
            if guarded and not self._secrets and self._hides_password(descriptor, size):
                self._leave_out("secret", path, "may hold a password hash")
                return
            info = self._info(name)
            info.file_size = size
            with self._archive.open(info, "w", force_zip64=size > _SURELY_SMALL) as out:
                while size and (block := os.read(descriptor, min(size, _BLOCK))):
                    if self._cancel is not None:
                        self._cancel.check()
                    out.write(block)
                    size -= len(block)
                    self._done.size += len(block)
        except OSError as error:
            raise Failed(f"cannot be read: {error.strerror}", address=path) from None
        finally:
            os.close(descriptor)
        if size:
            raise Failed("was cut while it was read", address=path, hint="export again")
        self._done.files += 1

    def _hides_password(self, descriptor: int, size: int) -> bool:
        return size > META_LIMIT or mentions_password(os.pread(descriptor, size, 0))

    def _write(self, name: str, data: bytes) -> None:
        self._archive.writestr(self._info(name), data)
        self._done.files += 1
        self._done.size += len(data)

    def _info(self, name: str) -> ZipInfo:
        info = ZipInfo(name, _ANY_DAY)
        info.compress_type = ZIP_DEFLATED
        info.create_system = 3
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        return info

    def _leave_out(self, kind: str, path: str, detail: str, severity: str = "warning") -> None:
        name = self._spaces.relative(path)
        member = member_of(name)
        address = str(member.address) if member else ""
        self._done.findings.add("note" if severity == "note" else "warning", kind, address, name, detail)


_FILE: Final = 1
_FOLDER: Final = 2
_LINK: Final = 3


def _rank(item: os.DirEntry[str]) -> int:
    """`.dm`, files, directories, and links to directories."""
    if item.is_dir(follow_symlinks=False):
        return 0 if item.name == META_FOLDER else _FOLDER
    try:
        return _LINK if item.is_dir() else _FILE
    except OSError:  # a link that leads to itself, which opening it will tell
        return _FILE
