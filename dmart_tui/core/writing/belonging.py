"""Which files belong to an entry, folder, space or attachment, and where they stand under another address."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.errors import NotFound, Refused
from dmart_tui.core.files import inside
from dmart_tui.core.journal import STATE_FOLDER
from dmart_tui.core.spaces import Attachment, Entry, Item, Kind
from dmart_tui.core.spaces.layout import (
    ATTACHMENT_FOLDER,
    ATTACHMENT_META,
    HISTORY,
    META_FILE,
    meta_file,
    place,
    same_name,
)

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Spaces


@dataclass(frozen=True, slots=True)
class Belongings:
    """The files of one thing; absolute paths, each None when there is no such."""

    item: Item
    directory: str | None = None
    """Of a folder or space: what is below it."""
    home: str | None = None
    """The directory of an entry's metas, history and attachments, or a folder's side-car."""
    meta: str | None = None
    """The meta file, when it goes alone: of an attachment, or of one of several that share a name."""
    payload: str | None = None
    """The file of the body."""
    shared: bool = False
    """Whether the body is something else's too."""
    logs: str | None = None
    """The directory of the histories of its attachments, where that is another one."""

    @property
    def parts(self) -> tuple[str, ...]:
        """What goes with it, metas first."""
        payload = None if self.shared else self.payload
        return tuple(path for path in (self.directory, self.home, self.meta, payload, self.logs) if path is not None)


def belongings(spaces: Spaces, address: Address) -> Belongings:
    """Find what belongs to something.

    Args:
        address: `NAME.TYPE` where several metas share a name; then only that meta and its body are meant.

    Raises:
        NotFound: nothing stands there.
        Refused: several metas share the name and the type is not said, or a symlink leads out of the root.
    """
    if address.space == STATE_FOLDER:
        raise NotFound("nothing stands at this address", address=str(address))
    if address.attachment is not None:
        item = spaces.attachment(address)
        return Belongings(item, meta=item.path, payload=_file(item), shared=_is_shared(spaces, item))
    entry = spaces.load(address)
    where = place(spaces.root, entry.address)
    if entry.kind is Kind.SPACE:
        return Belongings(entry, directory=where.directory)
    payload, shared = _file(entry), _is_shared(spaces, entry)
    logs = logs_folder(spaces.root, entry.address)
    held = logs if logs != where.entry_folder and os.path.isdir(logs) else None
    if entry.kind is Kind.FOLDER:
        own = os.path.isdir(entry.folder) and not any(map(META_FILE.match, entry.files))
        return Belongings(entry, where.directory, entry.folder if own else None, None, payload, shared, held)
    several = len(entry.metas) > 1
    if several and same_name(address.name, entry.address.name):
        types = ", ".join(f"{entry.address.name}.{meta.split('.')[1].lower()}" for meta in entry.metas)
        raise Refused("several metas share this name", address=str(address), hint=f"say which: {types}")
    if several or os.path.isdir(where.directory):
        return Belongings(entry, meta=entry.path, payload=payload, shared=shared)
    return Belongings(entry, home=where.entry_folder, payload=payload, shared=shared, logs=held)


def logs_folder(root: str, address: Address) -> str:
    """Where D-MART keeps the histories of attachments: of an entry, and of all entries below a folder."""
    return "/".join((root, address.space, META_FOLDER, *address.parts))


def is_logs(home: str, name: str) -> bool:
    """Whether a name in a side-car at the root of a space is a directory of histories of what is below the folder."""
    return not ATTACHMENT_FOLDER.match(name) and os.path.isdir(f"{home}/{name}")


@dataclass(frozen=True, slots=True)
class Route:
    """From one address to another, as paths."""

    root: str
    source: Address
    """Spelled as on disk."""
    target: Address
    kind: Kind
    attached: tuple[str, str] = ("", "")
    """Of an attachment: the directory that it is in, and the one that it goes to."""

    def payload(self, path: str) -> str:
        """Where the file of its body goes; its name follows when it is named after it."""
        name, before = os.path.basename(path), self.source.name
        if name == before or name.startswith(f"{before}."):
            name = self.target.name + name[len(before) :]
        if self.kind is Kind.ATTACHMENT:
            return f"{self.attached[1]}/{name}"
        return f"{place(self.root, self.target).parent}/{name}"

    def path(self, path: str) -> str:
        """Where another of its files goes; a path that is none of its own stays."""
        if self.kind is Kind.ATTACHMENT:
            before, after = (meta_file(address.name) for address in (self.source, self.target))
            return f"{self.attached[1]}/{after}" if path == f"{self.attached[0]}/{before}" else path
        source, target = place(self.root, self.source), place(self.root, self.target)
        if self.kind is not Kind.ENTRY and inside(source.directory, path):
            return target.directory + path[len(source.directory) :]
        logs = logs_folder(self.root, self.source)
        if inside(source.entry_folder, path):
            rest = path[len(source.entry_folder) :]
            first = rest.split("/")[1] if rest else HISTORY
            deeper = self.kind is Kind.FOLDER and first != HISTORY and not ATTACHMENT_FOLDER.match(first)
            if logs == source.entry_folder and deeper:
                return logs_folder(self.root, self.target) + rest
            return target.entry_folder + rest
        if inside(logs, path):
            return logs_folder(self.root, self.target) + path[len(logs) :]
        return path


def measured(paths: tuple[str, ...], cancel: CancelToken | None = None) -> tuple[int, int]:
    """(bytes, metas) of files and of directories with all in them; a stat a file."""
    size = metas = 0
    for path in chain.from_iterable(map(files_below, paths)):
        if cancel is not None:
            cancel.check()
        try:
            status = os.lstat(path)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            size += status.st_size
        folder, name = os.path.split(path)
        attached = ATTACHMENT_FOLDER.match(os.path.basename(folder))
        metas += bool((ATTACHMENT_META if attached else META_FILE).match(name))
    return size, metas


def files_below(path: str) -> Iterator[str]:
    """A file itself, or all files in a directory and those below it, by name; symlinks are not followed."""
    if not os.path.isdir(path) or os.path.islink(path):
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        yield from (f"{folder}/{name}" for name in sorted(names))


def _file(item: Item) -> str | None:
    return item.payload.path if item.payload is not None else None


def _is_shared(spaces: Spaces, item: Item) -> bool:
    """Whether another meta names the same file; reads the siblings only when the file is not named after the item."""
    path = _file(item)
    if path is None:
        return False
    if isinstance(item, Attachment):
        owner = spaces.load(item.address)
        return any(_file(other) == path for other in spaces.attachments(owner) if other.path != item.path)
    parent = item.address.parent
    assert isinstance(item, Entry)
    if parent is None:
        return False
    named = os.path.basename(path).startswith(f"{item.address.name}.")
    others = [item.address.name] if named else [name for name, _ in spaces.scan(parent)]
    return any(_file(other) == path for other in _named(spaces, parent, others) if other.path != item.path)


def _named(spaces: Spaces, parent: Address, names: list[str]) -> Iterator[Item]:
    """All folders and entries of these names: a folder and entries of several types may share one."""
    for name in names:
        where = place(spaces.root, parent.child(name))
        if os.path.isdir(where.directory):
            yield spaces.load(parent.child(name))
        if os.path.isdir(where.entry_folder):
            for meta in os.listdir(where.entry_folder):
                if found := META_FILE.match(meta):
                    try:
                        yield spaces.load(parent.child(f"{name}.{found[1].lower()}"))
                    except NotFound:  # a type that this program does not know
                        continue
