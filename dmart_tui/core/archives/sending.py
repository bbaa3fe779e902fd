"""Packing into a bucket: the archive is made here, read back, sent, and read back again from there."""

from __future__ import annotations

from hashlib import file_digest
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dmart_tui.core.archives.big_files import S3BigFiles
from dmart_tui.core.archives.buckets import open_bucket
from dmart_tui.core.archives.trees import Links, Packed, Root, digest_of, pack_files
from dmart_tui.core.errors import Failed, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.config import Settings


def pack_to_s3(
    uri: str,
    roots: Sequence[Root],
    settings: Settings | None = None,
    *,
    links: Links = "refuse",
    big_file_threshold: int | None = None,
    folder: str | None = None,
    cancel: CancelToken | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Packed:
    """Make an archive of files and folders as an object of S3; the object is there only when all went well.

    Args:
        uri: where nothing may be.
        big_file_threshold: bytes from which a file becomes an object of its own, where readers of the original look.
        folder: where the archive is made before it is sent; the system's place for such files otherwise.

    Raises:
        Refused: there is such an object already; what `pack_files` and `Bucket.put` raise.
        Failed: what the server holds is not what was sent; the object was removed again.
    """
    bucket, key = open_bucket(uri, settings)
    if bucket.stamp(key) is not None:
        raise Refused(
            "something is there already, and nothing is written over", address=uri, hint="choose another name"
        )
    big = S3BigFiles(bucket, key, cancel=cancel)
    sent = False
    try:
        with TemporaryDirectory(prefix="dmart-tui-", dir=folder) as here:
            path = f"{here}/archive.des"
            packed = pack_files(
                path,
                roots,
                links=links,
                big_file_threshold=big_file_threshold,
                big_files=big,
                mode=0o600,
                cancel=cancel,
                progress=progress,
            )
            bucket.put(path, key, replace=False, cancel=cancel)
            sent = True
            with open(path, "rb") as file, bucket.source(key) as source:
                if digest_of(source.stream(0, source.stamp.size)) != file_digest(file, "sha256").digest():
                    raise Failed("the server does not hold what was sent", address=uri)
    except BaseException:
        big.discard()
        if sent:
            bucket.remove(key)
        raise
    return packed
