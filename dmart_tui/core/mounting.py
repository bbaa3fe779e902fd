"""Packed trees and stores mounted in a spaces folder: browsed, read and searched where their files were, read-only.

Which archives are mounted is kept in the root's own state, so that whoever opens the root sees the same. A root may
come from a stranger: what it names is opened when it lies in the root itself, else only when this user mounted it.
"""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from dmart_tui.core import disk
from dmart_tui.core.archives.naming import SHARD_BITS
from dmart_tui.core.config import paths
from dmart_tui.core.errors import Damaged, DmartTuiError, NotFound, Refused
from dmart_tui.core.files import inside, read_bounded, write_atomic
from dmart_tui.core.journal import STATE_FOLDER, Journal

if TYPE_CHECKING:
    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.config import Settings
    from dmart_tui.core.disk import Kept

_LIMIT: Final = 1_000_000
_COVERS: Final = 1000
"""Paths that a store may keep; each question compares with all of them."""


class _Mounted(msgspec.Struct, omit_defaults=True):
    archive: str
    """A path, relative to the root when it is in the root; or an `s3://` URI."""
    covers: dict[str, bool]
    layout: Literal["", "hex", "shard"] = ""
    """How the archives of a store are called; empty for an archive."""
    bits: int = 0
    """Of the numbers of a store's shards."""


class _Own(msgspec.Struct):
    archives: list[str]


class _Document(msgspec.Struct):
    mounts: list[_Mounted]
    format: int = 1


@dataclass(frozen=True, slots=True)
class MountedArchive:
    """An archive or store that is mounted."""

    archive: str
    """As it is opened: an absolute path or an `s3://` URI."""
    covers: tuple[str, ...]
    """The paths that it keeps, relative to the root, with all below them."""
    refused: str = ""
    """Why it is not followed, a sentence; empty when it is."""
    is_store: bool = False
    """Whether it is a folder of archives."""

    @property
    def note(self) -> str:
        """What is to be said of one that is not followed."""
        return f"not followed: {self.archive}, {self.refused}"


def attach(root: str, settings: Settings | None = None) -> list[MountedArchive]:
    """Let what is mounted in a root be seen by this process, instead of what was seen before; opens no archive yet.

    A list of mounts that cannot be read mounts nothing; `mounted` says why.

    Args:
        root: a real path.

    Returns:
        What is not followed.
    """
    disk.unmount(root)
    left = []
    with suppress(DmartTuiError):
        for one in _read(root):
            if why := _refused(root, one):
                left.append(_told(root, one, why))
            else:
                _attach(root, one, settings)
    return left


def mounted(root: str) -> list[MountedArchive]:
    """The archives that are mounted in a root.

    Raises:
        Damaged: the list of them cannot be read.
    """
    return [_told(root, one, _refused(root, one)) for one in _read(root)]


def mount(
    root: str,
    archive: str,
    settings: Settings | None = None,
    *,
    bits: int = SHARD_BITS,
    layout: Literal["hex", "shard"] = "hex",
) -> MountedArchive:
    """Mount a packed tree or a store where its files were, for this process and all that open the root from now on.

    Others follow one that is not in the root only after they have mounted it too.

    Args:
        root: a real path.
        archive: a path or an `s3://` URI; a folder is a store. Of what a store keeps nothing tells what was put into it
            as a whole, so it keeps the topmost folders and files that the root does not have.
        bits, layout: of a store.

    Raises:
        Refused: something stands where it would be, or it is no packed tree.
        NotFound, Damaged, Failed: as `open_archive` and `open_source`.
    """
    where = archive if archive.startswith("s3://") else os.path.realpath(archive)
    is_store = os.path.isdir(where)
    covers = _covers_of_store(root, where, bits, layout) if is_store else _covers(where, settings)
    for path in covers:
        if os.path.lexists(f"{root}/{path}"):
            hint = "remove it first: `rm ADDRESS --packed-in ARCHIVE`"
            raise Refused("stands where the archive would be mounted", address=path, hint=hint)
    for path in (where, *covers):
        if not path.isascii() and path.encode("utf-8", "replace").decode() != path:
            raise Refused("has a name that is no UTF-8", address=path, hint="rename it")
    relative = where[len(root) + 1 :] if inside(root, where) else where
    one = _Mounted(relative, covers, layout, bits) if is_store else _Mounted(relative, covers)
    with Journal(root).hold():
        former = _read(root)
        same = [other for other in former if _where(root, other.archive) == where]
        if any(not _refused(root, other) for other in same):
            raise Refused("is mounted here already", address=archive)
        former = [other for other in former if other not in same]
        if any(_overlap(covers, other.covers) for other in former):
            raise Refused("another archive is mounted there", address=archive, command="`des mounts` lists what is")
        if relative == where:
            _remember(root, _own(root) | {where})
        _write(root, [*former, one])
    _attach(root, one, settings)
    return _told(root, one)


def unmount(root: str, archive: str) -> MountedArchive:
    """Let an archive be seen no more in a root; the archive stays.

    Raises:
        NotFound: it is not mounted.
        Damaged: the list of mounts cannot be read.
    """
    where = archive if archive.startswith("s3://") else os.path.realpath(archive)
    with Journal(root).hold():
        former = _read(root)
        found = next((one for one in former if _where(root, one.archive) == where), None)
        if found is None:
            raise NotFound("is not mounted here", address=archive, command="`des mounts` lists what is")
        _write(root, [one for one in former if one is not found])
        if where in (own := _own(root)):
            _remember(root, own - {where})
    disk.unmount(root, where)
    return _told(root, found)


def _told(root: str, one: _Mounted, refused: str = "") -> MountedArchive:
    return MountedArchive(_where(root, one.archive), tuple(one.covers), refused, bool(one.layout))


# -- the parts --------------------------------------------------------------------------------------------------------


def _covers(archive: str, settings: Settings | None) -> dict[str, bool]:
    """The roots of a packed tree, and whether each is a folder."""
    from dmart_tui.core.archives.mounted import PackedTree, listing
    from dmart_tui.core.archives.trees import is_plain

    with _open(archive, "/", settings) as opened:
        told = next(listing(opened), {}).get("roots")
        roots = [path for path in told if isinstance(path, str) and is_plain(path)] if isinstance(told, list) else []
        tree = PackedTree(opened)
        kinds = {path: tree.kind(path) for path in roots}
    covers = {path: kind == "folder" for path, kind in kinds.items() if kind is not None}
    if not covers or any(inside(STATE_FOLDER, path) for path in covers):
        raise Refused("is no packed tree", address=archive, command="`des pack` makes them")
    return covers


def _covers_of_store(root: str, where: str, bits: int, layout: Literal["hex", "shard"]) -> dict[str, bool]:
    """The topmost paths of a store that the root does not have, and whether each is a folder."""
    from dmart_tui.core.archives.mounted_stores import PackedStore
    from dmart_tui.core.archives.stores import Store

    covers: dict[str, bool] = {}
    there: set[str] = set()
    last = ""
    with closing(PackedStore(Store(where, bits=bits, layout=layout))) as store:
        for path in store.paths():
            if last and path.startswith(f"{last}/"):
                continue
            if "/" not in path or inside(STATE_FOLDER, path):
                raise Refused(
                    "is no file of a space", address=f"{where}#{path}", command="`des append-day BASE ADDRESS`"
                )
            parts = path.split("/")
            for count in range(1, len(parts) + 1):
                last = "/".join(parts[:count])
                if last not in there:
                    if not os.path.lexists(f"{root}/{last}"):
                        break
                    there.add(last)
            else:
                raise Refused("stands where the store would be mounted", address=path, hint="remove it first")
            covers[last] = count < len(parts)
            if len(covers) > _COVERS:
                hint = "remove the folder that they are in, which is in the store then"
                raise Refused(f"keeps more than {_COVERS} things apart from one another", address=where, hint=hint)
    if not covers:
        raise Refused("keeps no files of spaces", address=where, command="`des append-day BASE ADDRESS`")
    return covers


def _attach(root: str, one: _Mounted, settings: Settings | None) -> None:
    where = _where(root, one.archive)

    def opened() -> Kept:
        from dmart_tui.core.archives.mounted import PackedTree

        try:
            if why := _refused(root, one):  # a link that has changed since
                raise Refused(why, address=where)
            if one.layout:
                from dmart_tui.core.archives.mounted_stores import PackedStore
                from dmart_tui.core.archives.stores import Store

                folders = [path for path, is_folder in one.covers.items() if is_folder]
                store = Store(where, bits=one.bits, layout=one.layout)
                return PackedStore(store, root if inside(root, where) else "/", folders)
            archive = _open(where, root if inside(root, where) else "/", settings)
            with ExitStack() as stack:
                stack.enter_context(archive)
                tree = PackedTree(archive)
                if lost := next((path for path in one.covers if tree.kind(path) is None), None):
                    raise Refused(
                        f"does not keep {lost}", address=where, command="`des unmount` lets it be seen no more"
                    )
                stack.pop_all()
        except DmartTuiError as error:
            raise OSError(errno.EIO, str(error)) from None
        return tree

    disk.mount(disk.Mount(root, one.covers, where, opened))


def _open(where: str, root: str, settings: Settings | None) -> Archive:
    """Open an archive; a file below `root` only, whatever symlink it is."""
    from dmart_tui.core.archives.archive import open_archive
    from dmart_tui.core.archives.cache import cache_for
    from dmart_tui.core.archives.source import LocalSource, open_source

    source = open_source(where, settings) if where.startswith("s3://") else LocalSource(where, root)
    try:
        return open_archive(source, cache=cache_for(where, settings))
    except BaseException:
        source.close()
        raise


def _overlap(one: dict[str, bool], other: dict[str, bool]) -> bool:
    return any(inside(first, second) or inside(second, first) for first in one for second in other)


def _where(root: str, archive: str) -> str:
    """What a list of mounts calls an archive, as it is opened: a real path or an `s3://` URI."""
    from dmart_tui.core.archives.trees import encoded

    if archive.startswith("s3://") or not encoded(archive):
        return archive
    return os.path.realpath(os.path.join(root, archive))


def _refused(root: str, one: _Mounted) -> str:
    """Why a list of mounts, which anybody may have written, is not followed in this; empty when it is."""
    from dmart_tui.core.archives.trees import is_plain

    if not one.covers or not all(is_plain(path) and not inside(STATE_FOLDER, path) for path in one.covers):
        return "whose list of paths cannot be"
    where = _where(root, one.archive)
    if (where.startswith("/") and inside(root, where)) or where in _own(root):
        return ""
    return "which is not in the root and was mounted by another; `des mount` follows it"


def _own(root: str) -> frozenset[str]:
    """The archives outside of a root that this user has mounted in it."""
    file = _memory(root)
    try:
        return frozenset(msgspec.json.decode(read_bounded(str(file), str(file.parent), _LIMIT), type=_Own).archives)
    except (NotFound, msgspec.DecodeError, UnicodeDecodeError):
        return frozenset()


def _remember(root: str, archives: frozenset[str]) -> None:
    write_atomic(_memory(root), msgspec.json.encode(_Own(sorted(archives))))


def _memory(root: str) -> Path:
    return paths().state / "mounts" / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}.json"


def _read(root: str) -> list[_Mounted]:
    path = f"{root}/{disk.MOUNTS}"
    try:
        found = msgspec.json.decode(read_bounded(path, root, _LIMIT), type=_Document)
    except NotFound:
        return []
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Damaged(f"the list of mounts cannot be read: {error}", address=path) from None
    return found.mounts


def _write(root: str, found: list[_Mounted]) -> None:
    path = Path(root, disk.MOUNTS)
    write_atomic(path, msgspec.json.format(msgspec.json.encode(_Document(found))) + b"\n", mode=0o666)
