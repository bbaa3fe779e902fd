"""Files of a packed tree put back: below one folder, never outside of it, never over what is there."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.archives.mounted import listing
from dmart_tui.core.archives.staging import make_folders
from dmart_tui.core.archives.trees import LISTING, digest_of, encoded, is_plain, true_path
from dmart_tui.core.durable import rename_new
from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.trees import Links
    from dmart_tui.core.background import CancelToken

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
_LISTED: Final = 1000


@dataclass(slots=True)
class Unpacked:
    """What came of unpacking."""

    files: int = 0
    size: int = 0
    same: int = 0
    """Files and links that were there already, byte for byte."""
    links: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    """(path or member, why it was not unpacked); the first thousand."""
    left_count: int = 0


def unpack(
    archive: Archive,
    target: str,
    *,
    links: Links = "refuse",
    wanted: Callable[[str], bool] | None = None,
    cancel: CancelToken | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Unpacked:
    """Put the files of a packed tree below a folder, with their modes and times; what cannot be is left out and told.

    A second run goes on where one was stopped: what is there and the same stays. Files have their names only when they
    are whole.

    Args:
        links: keep: links that lead out of the target are left out all the same.
        wanted: whether the file at a relative path is wanted; all are otherwise.

    Raises:
        Refused: the target is no folder, or a link.
        Failed: the disk would not take it, or the archive cannot be read any more.
        Cancelled: `cancel` was.

    Memory: a path for each folder that is made.
    """
    return _Unpacking(archive, target, links, wanted, cancel, progress).run()


class _Unpacking:
    def __init__(
        self,
        archive: Archive,
        target: str,
        links: Links,
        wanted: Callable[[str], bool] | None,
        cancel: CancelToken | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._archive = archive
        self._target = os.path.abspath(target)
        self._links = links
        self._wanted = wanted
        self._cancel = cancel
        self._progress = progress
        self._done = Unpacked()
        self._made: set[str] = set()
        self._entered = ""

    def run(self) -> Unpacked:
        try:
            make_folders(self._target)
            if not stat.S_ISDIR(os.stat(self._target).st_mode):
                raise Refused("is no folder", address=self._target)
            for position, meta in self._archive.metas(range(len(self._archive)), self._cancel):
                if self._cancel is not None:
                    self._cancel.check()
                self._member(position, meta if isinstance(meta, dict) else {})
            for kind in ("folder", "link", "mode"):
                self._listed(kind)
            os.sync()
        except OSError as error:
            raise Failed(f"cannot be unpacked: {error.strerror}", address=str(error.filename or self._target)) from None
        return self._done

    # -- files -----------------------------------------------------------------------------------------------

    def _member(self, position: int, meta: dict[str, Any]) -> None:
        name = self._archive.name(position)
        if name == LISTING:
            return
        path = true_path(name)
        if path is None:
            self._leave(name, "its name is that of no packed file")
        elif self._wanted is None or self._wanted(path):
            try:
                self._file(position, path, meta)
            except (Damaged, NotFound, Refused) as error:
                self._leave(path, error.message)

    def _file(self, position: int, path: str, meta: dict[str, Any]) -> None:
        final = f"{self._target}/{path}"
        self._enter(path.rpartition("/")[0])
        if os.path.lexists(final):
            self._compare(position, final)
            return
        staged = f"{os.path.dirname(final)}/.{position}.des-part"
        digest = sha256()
        size = 0
        try:
            with open(os.open(staged, _NEW, 0o600), "wb", buffering=0) as file:
                for piece in self._archive.pieces(position):
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
                if meta.get("sha256", digest.hexdigest()) != digest.hexdigest():
                    raise Damaged("its content is not the one that was packed: the SHA-256 differs")
                os.fchmod(file.fileno(), _mode(meta, 0o644))
            _set_time(staged, meta)
            rename_new(staged, final)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(staged)
            raise
        self._done.files += 1
        self._done.size += size
        if self._progress is not None:
            self._progress(self._done.files, self._done.size)

    def _compare(self, position: int, path: str) -> None:
        """Count a file that is there already; raises Refused when it is another."""
        if stat.S_ISREG(os.lstat(path).st_mode):
            with open(path, "rb") as file:
                if file_digest(file, "sha256").digest() == digest_of(self._archive.pieces(position)):
                    self._done.same += 1
                    return
        raise Refused("something else is there, and nothing is written over", address=path)

    def _enter(self, folder: str) -> None:
        """Make a folder, and those above it; raises Refused where a link stands on the way."""
        if folder == self._entered:
            return
        path = self._target
        for name in folder.split("/") if folder else ():
            path = f"{path}/{name}"
            try:
                os.mkdir(path, 0o777)
                self._made.add(path)
            except FileExistsError:
                if not stat.S_ISDIR(os.lstat(path).st_mode):
                    raise Refused("a link or a file stands where a folder should be", address=path) from None
        self._entered = folder

    # -- folders and links -----------------------------------------------------------------------------------

    def _listed(self, kind: str) -> None:
        """Go through the listing once: make empty folders, make links, or set what folders were."""
        for line in listing(self._archive):
            path = line.get("link" if kind == "link" else "folder")
            if not isinstance(path, str) or (self._wanted is not None and not self._wanted(path)):
                continue
            try:
                if not is_plain(path):
                    raise Refused("its path leads elsewhere")
                if kind == "folder":
                    self._enter(path)
                elif kind == "link":
                    self._link(path, line.get("to"))
                elif f"{self._target}/{path}" in self._made:
                    os.chmod(f"{self._target}/{path}", _mode(line, 0o755))
                    _set_time(f"{self._target}/{path}", line)
            except Refused as error:
                self._leave(path, error.message)

    def _link(self, path: str, to: object) -> None:
        final = f"{self._target}/{path}"
        above = path.rpartition("/")[0]
        if self._links == "refuse":
            raise Refused("is a link: `--links keep` unpacks links")
        if not isinstance(to, str) or not encoded(to) or to.startswith("/"):
            raise Refused("its target is no relative path")
        parts = to.split("/")
        leading = list(takewhile(lambda part: part in (".", ".."), parts))
        # A `..` after a name leads to wherever that name is a link to.
        if ".." in parts[len(leading) :] or leading.count("..") > len(above.split("/") if above else ()):
            raise Refused("it leads out of the folder, or may")
        self._enter(above)
        if os.path.lexists(final):
            if not os.path.islink(final) or os.readlink(final) != to:
                raise Refused("something else is there, and nothing is written over")
            self._done.same += 1
            return
        os.symlink(to, final)
        self._done.links += 1

    def _leave(self, path: str, why: str) -> None:
        self._done.left_count += 1
        if len(self._done.left) < _LISTED:
            self._done.left.append((path, why))


def _mode(meta: dict[str, Any], usual: int) -> int:
    """Permissions that a meta tells, never more than those."""
    mode = meta.get("mode")
    return mode & 0o777 if isinstance(mode, int) else usual


def _set_time(path: str, meta: dict[str, Any]) -> None:
    when = meta.get("mtime_ns")
    if isinstance(when, int) and abs(when) < 1 << 63:
        with suppress(OverflowError):
            os.utime(path, ns=(when, when), follow_symlinks=False)
