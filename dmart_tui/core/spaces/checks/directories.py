"""What stands in one directory beside the entries: files nobody refers to, strays, symlinks, names that clash."""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core import disk
from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.files import inside, read_bounded
from dmart_tui.core.spaces import layout
from dmart_tui.core.spaces.checks.kinds import problem
from dmart_tui.core.spaces.jsonfile import read_json
from dmart_tui.core.spaces.model import Problem

if TYPE_CHECKING:
    from dmart_tui.core.spaces.model import Entry
    from dmart_tui.core.spaces.reading import Spaces

_LEFTOVERS: Final = (".old", ".bak", ".orig", ".tmp", ".swp", "~", ".rej")
_SUFFIXES: Final = (
    "json", "jsonl", "md", "txt", "html", "csv", "png", "jpeg", "jpg", "gif", "svg", "webp", "pdf", "mp3", "mp4", "py",
    "parquet", "sqlite", "duckdb",
)  # fmt: skip
_FOLDER_PAYLOAD_LIMIT: Final = 1_000_000
_LINK_LIMIT: Final = 1024
_OWN: Final = frozenset({layout.SPACE_META, layout.FOLDER_META, layout.BRANCH_META, layout.HISTORY, layout.EVENTS})


class Directory:
    """A space's or folder's directory while the walk is in it; keeps the names of files not referred to yet."""

    def __init__(self, spaces: Spaces, address: Address) -> None:
        self._spaces = spaces
        self.address = address
        place = layout.place(spaces.root, address)
        self.path = place.directory
        self.own_dm = place.own_dm
        self.unclaimed: set[str] = set()
        self.folders: set[str] = set()
        self.has_dm = False

    def look(self) -> Iterator[Problem]:
        """Read both directories and say what is odd about their names; two scandirs, a stat a symlink."""
        names: set[str] = set()
        for entry in _entries(self.path):
            if entry.name == META_FOLDER:
                self.has_dm = True
                continue
            if _is_dir(entry):
                self.folders.add(entry.name)
                names.add(entry.name)
            else:
                self.unclaimed.add(entry.name)
            if entry.is_symlink():
                yield from self._symlink(entry)
        if self.has_dm:
            for entry in _entries(self.own_dm):
                if entry.is_symlink():
                    yield from self._symlink(entry)
                if _is_dir(entry):
                    names.add(entry.name)
                elif entry.name not in _OWN and not entry.is_symlink():
                    yield self._stray(entry.name, self.own_dm)
        yield from clashes(self._spaces, self.address, self.path, names)

    def claim(self, path: str) -> None:
        """A payload is one of the files here."""
        folder, _, name = path.rpartition("/")
        if folder == self.path:
            self.unclaimed.discard(name)

    def claim_all(self, name: str) -> None:
        """Every file that may be the payload of an entry whose meta cannot be asked."""
        self.unclaimed.difference_update(f"{name}.{suffix}" for suffix in _SUFFIXES)

    def orphan(self, entry: Entry) -> Problem | None:
        """An entry's directory without any meta: an entry that lost it, or the side-car of a folder that is gone."""
        for suffix in _SUFFIXES:
            file = f"{entry.address.name}.{suffix}"
            if file in self.unclaimed and not (suffix == "json" and self._is_folder_payload(file)):
                self.unclaimed.discard(file)
                return problem(
                    "meta-missing",
                    str(entry.address),
                    self._spaces.relative(entry.path),
                    f"its payload {file} is there and its meta is not: restore the meta from a backup",
                )
        return None

    def leave(self) -> Iterator[Problem]:
        """What nothing referred to."""
        if not self.has_dm:
            return
        for name in sorted(self.unclaimed):
            if name.startswith("."):
                continue
            if name.endswith(_LEFTOVERS):
                yield self._stray(name, self.path)
            elif name.endswith(".json") and self._is_folder_payload(name):
                yield self._folder_payload(name)
            elif target := linked_text(self._spaces, f"{self.path}/{name}"):
                yield self._link_as_file(name, self.path, target)
            else:
                used = ", although D-MART uses the schema" if self.address.parts == ("schema",) else ""
                yield problem(
                    "orphan-payload",
                    str(self.address),
                    self._spaces.relative(f"{self.path}/{name}"),
                    f"no meta refers to this file{used}: create the meta or remove the file",
                )

    def _folder_payload(self, name: str) -> Problem:
        folder = name[:-5]
        if folder in self.folders:
            detail = f"the meta of the folder {folder} does not name it as its payload: add it or remove the file"
        else:
            detail = "it describes a folder that is not there: create the folder or remove the file"
        path = self._spaces.relative(f"{self.path}/{name}")
        return problem("orphan-folder-payload", str(self.address.child(folder)), path, detail)

    def _link_as_file(self, name: str, folder: str, target: str) -> Problem:
        return problem(
            "symlink-as-file",
            str(self.address),
            self._spaces.relative(f"{folder}/{name}"),
            f"the file holds the path {target}, as a checkout without symlinks leaves it: make it a symlink again",
        )

    def _is_folder_payload(self, name: str) -> bool:
        try:
            document = read_json(f"{self.path}/{name}", self._spaces.root, _FOLDER_PAYLOAD_LIMIT)
        except DmartTuiError:
            return False
        return isinstance(document, dict) and "index_attributes" in document

    def _symlink(self, entry: os.DirEntry[str]) -> Iterator[Problem]:
        """A symlink in place of a payload is told of the entry it belongs to."""
        name = entry.name if entry.name in self.folders else entry.name.partition(".")[0] or entry.name
        for found in symlink(self._spaces, entry, str(self.address.child(name))):
            self.unclaimed.discard(entry.name)
            yield found

    def _stray(self, name: str, folder: str) -> Problem:
        if target := linked_text(self._spaces, f"{folder}/{name}"):
            return self._link_as_file(name, folder, target)
        return stray(self._spaces, str(self.address), f"{folder}/{name}")


def stray(spaces: Spaces, address: str, path: str) -> Problem:
    """A file that D-MART does not look at."""
    if path.endswith("/meta.history.jsonl"):
        return problem(
            "old-history",
            address,
            spaces.relative(path),
            "a history from before 2022 that D-MART does not read: keep it",
        )
    return problem("stray-file", address, spaces.relative(path), "D-MART does not look at this file: move or remove it")


def linked_text(spaces: Spaces, path: str) -> str | None:
    """The relative path that a small file holds instead of being a symlink; None when it is no such file."""
    try:
        text = read_bounded(path, spaces.root, _LINK_LIMIT).decode().strip()
    except (DmartTuiError, UnicodeDecodeError):
        return None
    if not text.startswith("../") or "\n" in text or "\0" in text:
        return None
    real = os.path.realpath(f"{path.rpartition('/')[0]}/{text}")
    return text if inside(spaces.root, real) and disk.exists(real) else None


def symlink(spaces: Spaces, entry: os.DirEntry[str], address: str) -> Iterator[Problem]:
    """Where a symlink leads, when that is odd."""
    path = spaces.relative(entry.path)
    try:
        target = entry.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            yield problem("symlink-loop", address, path, "the symlink leads back to itself: remove it")
        elif error.errno in (errno.ENOENT, errno.ENOTDIR):
            yield problem("symlink-dangling", address, path, "the symlink leads to nothing: correct or remove it")
        else:
            yield problem("unreadable", address, path, f"the symlink cannot be followed: {error.strerror}")
        return
    if not inside(spaces.root, os.path.realpath(entry.path)):
        yield problem(
            "symlink-escapes", address, path, "the symlink leads out of the root and is not followed: copy the data in"
        )
    elif stat.S_ISDIR(target.st_mode):
        yield problem(
            "symlink-directory", address, path, "this directory is a symlink, what is in it counts where it stands"
        )


def clashes(spaces: Spaces, address: Address | None, path: str, names: Iterable[str]) -> Iterator[Problem]:
    """Names that are one on other file systems."""
    names = sorted(names)
    by_form = _together((name for name in names if not name.isascii()), _normal)
    by_case = _together(names, lambda name: _normal(name).casefold())
    for kind, groups, what in (
        ("name-clash-form", by_form, "the same text in two Unicode forms"),
        ("name-clash-case", by_case, "the same but for their case"),
    ):
        for group in groups:
            if kind == "name-clash-case" and len({_normal(name) for name in group}) < 2:
                continue
            where = address.child(group[0]) if address else Address(group[0])
            yield problem(
                kind,
                str(where),
                spaces.relative(f"{path}/{group[0]}"),
                f"{', '.join(group[:5])} are {what}: rename all but one",
            )


def _together(names: Iterable[str], key: Any) -> list[list[str]]:
    first: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for name in names:
        common = key(name)
        if common in first:
            groups.setdefault(common, [first[common]]).append(name)
        else:
            first[common] = name
    return list(groups.values())


def _normal(name: str) -> str:
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def _entries(path: str) -> Iterator[os.DirEntry[str]]:
    try:
        with disk.scandir(path) as found:
            yield from found
    except OSError:
        return


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
