"""A spaces folder opened for reading: listing, locating, loading and walking it.

Everything here blocks on the disk; from asyncio call it through `core.background`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dmart_tui.core import disk
from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.errors import Damaged, DmartTuiError, NotFound, Refused
from dmart_tui.core.files import read_bounded
from dmart_tui.core.spaces import layout
from dmart_tui.core.spaces.jsonfile import META_LIMIT, decode
from dmart_tui.core.spaces.model import RESOURCE_TYPES, Attachment, Entry, Item, Kind, Problem
from dmart_tui.core.spaces.payloads import find_payload

FOLDER: Final = 1
"""Flag of a listed name: a directory that may hold more."""
LINK: Final = 2
"""Flag of a listed name: reached through a symlink."""


@dataclass(slots=True)
class _Found:
    """What one scandir of an entry's directory (or a folder's side-car) shows."""

    metas: list[str]
    attachments: list[str]
    files: list[str]
    failed: str = ""
    """Why it could not be read."""


class Spaces:
    """A spaces folder. Cheap to make, keeps nothing open and caches nothing.

    Args:
        root: the folder that holds the spaces.

    Raises:
        NotFound: `root` is no directory.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = os.path.realpath(root)
        if not os.path.isdir(self.root):  # noqa: PTH112 - text paths throughout, see layout
            raise NotFound("there is no such folder", address=str(root), command="name a spaces folder with --root")

    def relative(self, path: str) -> str:
        """An absolute path below the root as the root sees it."""
        return path[len(self.root) + 1 :] if path.startswith(self.root + "/") else path

    # -- listing -----------------------------------------------------------------------------------------

    def space_names(self) -> list[str]:
        """The spaces, sorted; one scandir and a stat a directory.

        D-MART counts a directory as a space when it has `.dm/meta.space.json`.
        """
        names = []
        with _scandir(self.root) as found:
            for entry in found:
                if entry.name.startswith(".") or not _is_directory(entry):
                    continue
                if _inside_link(self.root, entry) and disk.lexists(f"{entry.path}/{META_FOLDER}/{layout.SPACE_META}"):
                    names.append(entry.name)
        return sorted(names)

    def scan(self, address: Address) -> Iterator[tuple[str, int]]:
        """The names below a space or folder with their flags, folders first, in the order the disk gives.

        Costs one scandir of the folder and one of its `.dm`; opens nothing. A name in `.dm` that is a
        folder too is that folder's side-car and is not listed again.

        Raises:
            NotFound: there is no such folder.
            Refused: a symlink on the way leads out of the root.
        """
        directory = self._folder(address)
        folders = set()
        with _scandir(directory) as found:
            for entry in found:
                if entry.name != META_FOLDER and _is_directory(entry):
                    folders.add(entry.name)
                    yield entry.name, FOLDER | (LINK if entry.is_symlink() else 0)
        try:
            inner = disk.scandir(f"{directory}/{META_FOLDER}")
        except OSError:
            return
        with inner as found:
            for entry in found:
                if entry.name not in folders and _is_directory(entry):
                    yield entry.name, LINK if entry.is_symlink() else 0

    def has_children(self, address: Address) -> bool:
        """Whether a folder holds anything; two scandirs at most, stopped at the first name."""
        try:
            return next(self.scan(address), None) is not None
        except DmartTuiError:
            return False

    # -- locating and loading ----------------------------------------------------------------------------

    def load(self, address: Address) -> Entry:
        """Read the meta at an address and find what belongs to it.

        What is broken is in the entry's `problems`; an unreadable meta leaves `meta` empty. A `.TYPE` suffix
        on the last name chooses among several metas where no such name exists literally.

        Raises:
            NotFound: nothing stands there.
            Refused: a symlink on the way leads out of the root.

        Costs about ten system calls: the symlink check of the path, one scandir, the meta's open and read.
        """
        if address.attachment is not None:
            address = Address(address.space, address.parts)
        located = self._locate(address)
        if located is None and address.parts and "." in address.name:
            name, _, wanted = address.name.rpartition(".")
            if wanted.lower() in RESOURCE_TYPES and name:
                located = self._locate(Address(address.space, (*address.parts[:-1], name)), wanted.lower())
        if located is None:
            raise NotFound("nothing stands at this address", address=str(address), command="see `ls` of its parent")
        return located

    def load_child(self, parent: Address, name: str, flags: int) -> Entry:
        """Read the meta of a name that `scan` listed; never raises for what is broken, for it is a row.

        Costs one scandir, an open, fstat, read and close, and one lstat when there is a payload file.
        """
        address = parent.child(name)
        place = layout.place(self.root, address)
        try:
            if flags & LINK:
                layout.guarded(self.root, place.directory if flags & FOLDER else place.entry_folder)
            if flags & FOLDER:
                return self._load_folder(address, place, link=bool(flags & LINK))
            found = _look(place.entry_folder)
            return self._load_entry(address, place, found, None, link=bool(flags & LINK))
        except DmartTuiError as error:
            kind = Kind.FOLDER if flags & FOLDER else Kind.ENTRY
            entry = Entry(address, kind, "folder" if flags & FOLDER else "", place.entry_folder, {}, b"", link=True)
            self._note(entry, "error", "symlink-escapes" if isinstance(error, Refused) else "unreadable", str(error))
            return entry

    def attachments(self, entry: Entry) -> Iterator[Attachment]:
        """The attachments of an entry, metas read; one scandir a directory and one read an attachment."""
        for folder, name in self.attachment_names(entry):
            yield self.load_attachment(entry, folder, name)

    def attachment_names(self, entry: Entry) -> Iterator[tuple[str, str]]:
        """(folder, name) of each attachment, sorted in its folder; one scandir a folder, no meta is opened.

        A folder that cannot be read is a problem of the entry.
        """
        for folder in entry.attachment_folders:
            try:
                with _scandir(f"{entry.folder}/{folder}") as found:
                    names = sorted(match[1] for item in found if (match := layout.ATTACHMENT_META.match(item.name)))
            except DmartTuiError as error:
                self._note(entry, "error", "unreadable", f"{folder}: {error.message}")
                continue
            for name in names:
                yield folder, name

    def load_attachment(self, entry: Entry, folder: str, name: str) -> Attachment:
        """Read the meta of an attachment that `attachment_names` listed; never raises for what is broken."""
        kind = layout.attachment_type(folder)
        siblings = [
            f"{entry.folder}/{other}"
            for other in entry.attachment_folders
            if other != folder and layout.attachment_type(other) == kind
        ]
        return self._load_attachment(entry, f"{entry.folder}/{folder}", layout.meta_file(name), name, kind, siblings)

    def attachment(self, address: Address) -> Attachment:
        """Read one attachment.

        Raises:
            NotFound: the entry or the attachment does not exist.
        """
        for attachment in self.attachments(self.load(address)):
            if attachment.address.attachment == address.attachment:
                return attachment
        raise NotFound("there is no such attachment", address=str(address))

    def payload_bytes(self, item: Item, limit: int) -> bytes:
        """The whole payload: the file's bytes, or the inline body (text as UTF-8, objects as JSON).

        Raises:
            NotFound: it has no payload, or its file is missing.
            Refused: it is larger than `limit`, or a symlink leads out of the root.
        """
        payload = item.payload
        if payload is None:
            raise NotFound("has no payload", address=str(item.address))
        if payload.path is not None:
            return read_bounded(payload.path, self.root, limit)
        if payload.inline:
            if isinstance(payload.body, str):
                try:
                    return payload.body.encode("utf-8", "surrogateescape")
                except UnicodeEncodeError:  # half of a pair, which stands for no byte
                    return payload.body.encode("utf-8", "backslashreplace")
            import json

            text = json.dumps(payload.body, ensure_ascii=False, separators=(",", ":"))
            return text.encode("utf-8", "backslashreplace")
        raise NotFound("its payload file is missing", address=str(item.address))

    # -- walking -----------------------------------------------------------------------------------------

    def walk(self, address: Address | None = None) -> Iterator[Entry]:
        """Every space, folder and entry below an address (the root when None), metas read, depth first.

        A directory is yielded before what is in it. Symlinked directories are yielded as links and not
        entered. An entry directory without any meta (an orphan side-car) is yielded with an empty type, and
        a name with several metas once a meta, the attachments and files with the first only. Memory does not
        grow with what was walked.
        """
        if address is None:
            for name in self.space_names():
                yield from self.walk(Address(name))
            return
        entry = self.load(address)
        yield entry
        if entry.kind is not Kind.ENTRY:
            yield from self._walk_below(entry.address)

    def _walk_below(self, address: Address) -> Iterator[Entry]:
        place = layout.place(self.root, address)
        folders: list[tuple[str, int]] = []
        try:
            for name, flags in self.scan(address):
                if flags & FOLDER:
                    folders.append((name, flags))
                else:
                    yield from self._walk_entry(address, name, flags)
        except DmartTuiError as error:
            broken = Entry(address, Kind.FOLDER, "folder", place.directory, {}, b"")
            self._note(broken, "error", "unreadable", str(error))
            yield broken
        for name, flags in sorted(folders):
            yield from self.child(address, name, flags)
            if not flags & LINK:
                yield from self._walk_below(address.child(name))

    def child(self, parent: Address, name: str, flags: int) -> Iterator[Entry]:
        """All that `walk` yields for a name that `scan` listed, without what is below it: an entry a meta."""
        if not flags & FOLDER:
            yield from self._walk_entry(parent, name, flags)
            return
        folder = self.load_child(parent, name, flags)
        yield folder
        side_car = layout.place(self.root, folder.address).entry_folder
        if folder.folder == side_car and any(map(layout.META_FILE.match, folder.files)):
            for shared in self._walk_entry(parent, name, 0):
                shared.attachment_folders = shared.files = ()
                yield shared

    def _walk_entry(self, parent: Address, name: str, flags: int) -> Iterator[Entry]:
        entry = self.load_child(parent, name, flags)
        yield entry
        for other in entry.metas[1:]:
            place = layout.place(self.root, entry.address)
            yield self._load_entry(entry.address, place, _Found([other], [], []), None, link=entry.link)

    # -- the parts ---------------------------------------------------------------------------------------

    def _folder(self, address: Address) -> str:
        """The directory of a space or folder, spelled as on disk, checked to be below the root."""
        place = layout.place(self.root, address)
        for directory in (place.directory, *self._respelled(address)):
            if disk.isdir(directory):
                layout.guarded(self.root, directory)
                return directory
        raise NotFound("there is no such folder", address=str(address))

    def _respelled(self, address: Address) -> Iterator[str]:
        for name in layout.spellings(address.name)[1:]:
            yield f"{layout.place(self.root, address).parent}/{name}"

    def _locate(self, address: Address, wanted: str | None = None) -> Entry | None:
        for name in layout.spellings(address.name):
            spelled = Address(address.space, (*address.parts[:-1], name)) if address.parts else Address(name)
            place = layout.place(self.root, spelled)
            if wanted in (None, "folder", "space") and disk.isdir(place.directory):
                layout.guarded(self.root, place.directory)
                return self._load_folder(spelled, place, link=disk.islink(place.directory))
            if spelled.parts and disk.isdir(place.entry_folder):
                layout.guarded(self.root, place.entry_folder)
                found = _look(place.entry_folder)
                if wanted is None or any(_type_of(meta) == wanted for meta in found.metas):
                    return self._load_entry(
                        spelled,
                        place,
                        found,
                        wanted,
                        link=disk.islink(place.entry_folder),
                    )
        return None

    def _load_folder(self, address: Address, place: layout.Place, *, link: bool) -> Entry:
        space = not address.parts
        meta_name = layout.SPACE_META if space else layout.FOLDER_META
        if not space and address.parts[:-1] == (layout.BRANCHES,):
            branch = f"{place.own_dm}/{layout.BRANCH_META}"
            meta_name = layout.BRANCH_META if disk.lexists(branch) else meta_name
        entry = Entry(
            address,
            Kind.SPACE if space else Kind.FOLDER,
            _type_of(meta_name),
            f"{place.own_dm}/{meta_name}",
            {},
            b"",
            folder=place.own_dm if space else place.entry_folder,
            link=link,
        )
        if space:  # its .dm holds every entry of its root: looked at for the logs only
            logs = (layout.EVENTS, layout.HISTORY)
            entry.files = tuple(name for name in logs if disk.lexists(f"{entry.folder}/{name}"))
        else:
            beside = _look(entry.folder)
            entry.attachment_folders = tuple(beside.attachments)
            entry.files = tuple(beside.metas + beside.files)
        entry.metas = (meta_name,)
        try:
            entry.raw = read_bounded(entry.path, self.root, META_LIMIT)
        except NotFound:
            entry.metas = ()
            self._note(
                entry, "warning", f"{entry.type}-without-meta",
                f"this directory has no {meta_name}, so D-MART does not list it: create the {entry.type} or remove it",
            )  # fmt: skip
            return entry
        except DmartTuiError as error:
            self._note(entry, "error", "meta-unreadable", f"{meta_name} {error.message}")
            return entry
        self._decode_meta(entry)
        entry.payload = find_payload(entry, (place.directory if space else place.parent,), self.relative(entry.path))
        return entry

    def _load_entry(
        self, address: Address, place: layout.Place, found: _Found, wanted: str | None, *, link: bool
    ) -> Entry:
        metas = sorted(found.metas)
        chosen = next((meta for meta in metas if wanted and _type_of(meta) == wanted), metas[0] if metas else None)
        entry = Entry(
            address,
            Kind.ENTRY,
            _type_of(chosen) if chosen else "",
            f"{place.entry_folder}/{chosen}" if chosen else place.entry_folder,
            {},
            b"",
            metas=tuple(metas),
            folder=place.entry_folder,
            attachment_folders=tuple(found.attachments),
            files=tuple(found.files),
            link=link,
        )
        if found.failed:
            self._note(entry, "error", "unreadable", f"its directory cannot be read: {found.failed}")
            return entry
        if chosen is None:
            self._note(
                entry, "note", "orphan-side-car",
                "no meta is in this directory and no folder has its name: a deleted or moved folder left it",
            )  # fmt: skip
            return entry
        if len(metas) > 1:
            self._note(
                entry, "error", "several-metas",
                f"{len(metas)} metas share one name ({', '.join(metas)}): keep one, open another as NAME.TYPE",
            )  # fmt: skip
        try:
            entry.raw = read_bounded(entry.path, self.root, META_LIMIT)
        except DmartTuiError as error:
            self._note(entry, "error", "meta-unreadable", f"{chosen} {error.message}: restore it from a backup")
            return entry
        self._decode_meta(entry)
        entry.payload = find_payload(entry, (place.parent,), self.relative(entry.path))
        return entry

    def _load_attachment(
        self, owner: Entry, directory: str, file: str, name: str, kind: str, siblings: list[str]
    ) -> Attachment:
        attachment = Attachment(
            owner.address.attached(kind, name),
            Kind.ATTACHMENT,
            kind,
            f"{directory}/{file}",
            {},
            b"",
            folder=directory,
        )
        try:
            attachment.raw = read_bounded(attachment.path, self.root, META_LIMIT)
        except DmartTuiError as error:
            self._note(attachment, "error", "meta-unreadable", f"{file} {error.message}")
            return attachment
        self._decode_meta(attachment)
        attachment.payload = find_payload(attachment, (directory, *siblings), self.relative(attachment.path))
        return attachment

    def _decode_meta(self, item: Item) -> None:
        try:
            value = decode(item.raw)
        except Damaged as error:
            self._note(item, "error", "meta-unreadable", f"the meta {error.message}: restore or correct it")
            return
        if isinstance(value, dict):
            item.meta = value
        else:
            self._note(item, "error", "meta-unreadable", "the meta is not an object: restore or correct it")

    def _note(self, item: Item, severity: Any, kind: str, detail: str) -> None:
        item.problems.append(Problem(severity, kind, str(item.address), self.relative(item.path), detail))


def _type_of(meta_file: str) -> str:
    match = layout.META_FILE.match(meta_file)
    return match[1].lower() if match else ""


def _scandir(path: str) -> Any:
    try:
        return disk.scandir(path)
    except FileNotFoundError:
        raise NotFound("there is no such folder", address=path) from None
    except OSError as error:
        raise Refused(f"the folder cannot be read: {error.strerror}", address=path) from None


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _inside_link(root: str, entry: os.DirEntry[str]) -> bool:
    if not entry.is_symlink():
        return True
    try:
        layout.guarded(root, entry.path)
    except Refused:
        return False
    return True


def _look(directory: str) -> _Found:
    found = _Found([], [], [])
    try:
        with disk.scandir(directory) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith("attachments") and layout.ATTACHMENT_FOLDER.match(name):
                    found.attachments.append(name)
                elif layout.META_FILE.match(name):
                    found.metas.append(name)
                else:
                    found.files.append(name)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        found.failed = error.strerror or "the system refused"
    found.attachments.sort()
    found.files.sort()
    return found


def root_named(name: str) -> str:
    """The path of a root as it is named, of the current directory when none is named and it holds spaces, else ""."""
    if name:
        return str(Path(name).expanduser())
    return str(Path.cwd()) if Spaces(Path.cwd()).space_names() else ""
