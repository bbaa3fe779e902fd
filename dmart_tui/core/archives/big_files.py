"""Where contents go that are too big for an archive: `_bigFiles/NAME` beside it, where readers of the original look.

All archives of a folder share `_bigFiles`, and only the name tells whose a file is. So nothing there is ever replaced:
the same bytes under the same name are shared, other bytes are refused.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from dmart_tui.core.archives.format import BIG_FILES
from dmart_tui.core.archives.staging import Staged, make_folders
from dmart_tui.core.errors import Failed, Refused

if TYPE_CHECKING:
    from dmart_tui.core.archives.buckets import Bucket
    from dmart_tui.core.background import CancelToken

_BLOCK: Final = 1 << 20


class BigFiles(Protocol):
    """A place for contents that are too big for an archive."""

    def put(self, name: str, content: BinaryIO, size: int) -> tuple[str, str]:
        """Store a content of `size` bytes.

        Returns:
            The key that the member's meta tells, empty for none, and the SHA-256 of the content, hexadecimal.

        Raises:
            Refused: another content has this name, or no file can have it.
            Failed: the disk or the server would not take it.
        """

    def discard(self) -> None:
        """Remove what `put` made, for the archive will not be."""


class LocalBigFiles:
    """Big files beside an archive on this disk.

    Args:
        archive: the path of the archive.
        mode: of the files, less what the umask forbids.
    """

    def __init__(self, archive: str, *, mode: int = 0o666) -> None:
        self.folder = os.path.join(os.path.dirname(archive), BIG_FILES)
        self._mode = mode
        self._made: list[str] = []

    def put(self, name: str, content: BinaryIO, size: int) -> tuple[str, str]:
        path = big_file_path(self.folder, name)
        try:
            make_folders(self.folder)
            staged = Staged(path, self._mode)
            try:
                digest = _copied(content, staged)
                if staged.size != size:
                    raise Failed(f"{name!r} changed while it was read", address=path)
                staged.sync()
                try:
                    staged.publish(replace=False)
                except FileExistsError:
                    _same(path, digest)
                else:
                    self._made.append(path)
            finally:
                staged.close()
        except OSError as error:
            raise Failed(f"cannot be written: {error.strerror}", address=path) from None
        return "", digest

    def discard(self) -> None:
        for path in self._made:
            os.unlink(path)
        self._made.clear()


class S3BigFiles:
    """Big files beside an archive in a bucket.

    Args:
        key: of the archive.
    """

    def __init__(self, bucket: Bucket, key: str, *, cancel: CancelToken | None = None) -> None:
        self._bucket = bucket
        self._folder = key.rpartition("/")[0]
        self._cancel = cancel
        self._made: list[str] = []

    def put(self, name: str, content: BinaryIO, size: int) -> tuple[str, str]:
        key = big_file_path(f"{self._folder}/{BIG_FILES}" if self._folder else BIG_FILES, name)
        digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
        content.seek(0)
        if self._bucket.stamp(key) is None:
            metadata = {"original_name": name, "size": str(size), "source": "des-writer"}
            self._bucket.put(content, key, metadata=metadata, replace=False, cancel=self._cancel)
            self._made.append(key)
        if self._held(key) != digest:
            raise Refused(
                "another archive of this folder keeps a different big file under this name",
                address=f"s3://{self._bucket.name}/{key}",
                hint="write to another folder, or with a higher threshold",
            )
        # The original tells no key where it has no folder to tell.
        return key if self._folder else "", digest

    def _held(self, key: str) -> str:
        digest = hashlib.sha256()
        with self._bucket.source(key) as source:
            for piece in source.stream(0, source.stamp.size):
                digest.update(piece)
        return digest.hexdigest()

    def discard(self) -> None:
        for key in self._made:
            self._bucket.remove(key)
        self._made.clear()


def big_file_path(folder: str, name: str) -> str:
    """Where a member of this name is in a folder of big files.

    Raises:
        Refused: the name would lead anywhere else, or no file can have it.
    """
    if name in (".", "..") or "/" in name or "\0" in name or not 0 < len(os.fsencode(name)) <= 250:
        raise Refused(f"{name!r} cannot be the name of a big file", hint="store it inside the archive")
    return f"{folder}/{name}"


def _copied(content: BinaryIO, staged: Staged) -> str:
    digest = hashlib.sha256()
    while piece := content.read(_BLOCK):
        digest.update(piece)
        staged.write(piece)
    return digest.hexdigest()


def _same(path: str, digest: str) -> None:
    """Raise Refused unless a file has these bytes."""
    with open(path, "rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            raise Refused(
                "another archive of this folder keeps a different big file under this name",
                address=path,
                hint="write to another folder, or with a higher threshold",
            )
