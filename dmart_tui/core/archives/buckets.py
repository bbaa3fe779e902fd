"""Buckets of an object store: listed page by page, and written to in one request or in parts."""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode
from collections import deque
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import quote

from dmart_tui.core.archives.remote import Endpoint, check_key, endpoint, parse_uri, status_of
from dmart_tui.core.archives.s3 import S3Source, version_of
from dmart_tui.core.archives.source import Stamp
from dmart_tui.core.errors import Failed, NotFound, Refused, UsageFault
from dmart_tui.core.files import open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future
    from datetime import datetime

    from dmart_tui.core.archives.remote import Where
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.config import Settings

PAGE: Final = 1000
"""Objects and folders that a page has at most."""
PART: Final = 16 << 20
"""Bytes of a part; what is shorter than one goes in one request."""
MOST_PARTS: Final = 10_000
_PARTS_AT_ONCE: Final = 3
_GROW_EVERY: Final = 1000
_IDLE_PAGES: Final = 100
"""Pages in a row without a new name after which a listing is given up."""
_AFTER_FOLDER: Final = "\U0010ffff"
_PRINTABLE: Final = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object as a listing shows it.

    Args:
        modified: aware, none where the server does not say.
    """

    key: str
    stamp: Stamp
    modified: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a listing.

    Args:
        folders: prefixes below the one that was listed, ending in `/`.
        objects: in the order of the server, which is that of UTF-8.
    """

    folders: tuple[str, ...]
    objects: tuple[ListedObject, ...]


def bucket_names(server: Endpoint) -> Iterator[str]:
    """The buckets that these credentials may see, in pages of the server's own.

    Raises:
        Refused: they may not list buckets; one whose name is known can be opened all the same.
        Failed, UsageFault: as `Endpoint.ask`.
    """
    where = server.where("", permission="s3:ListAllMyBuckets")
    following: dict[str, str] = {}
    seen: set[str] = set()
    while True:
        reply = server.ask(partial(_list_buckets, following=following), where)
        names = [name for name in _strings(reply.get("Buckets"), "Name") if name not in seen]
        yield from names
        seen.update(names)
        if not names or not reply.get("ContinuationToken"):
            return
        following = {"ContinuationToken": reply["ContinuationToken"]}


class Bucket:
    """One bucket; safe to use from several threads.

    Args:
        server: where it is.
    """

    def __init__(self, server: Endpoint, name: str) -> None:
        self.name = name
        self._server = server

    def source(self, key: str) -> S3Source:
        """An object to read from; nothing is asked of the server yet."""
        return S3Source(self._server, self.name, key)

    def stamp(self, key: str) -> Stamp | None:
        """Which object has this key, None when there is none.

        Raises:
            Refused, Failed, UsageFault: as `Endpoint.ask`.
        """
        try:
            return self.source(key).stamp
        except NotFound:
            return None

    # -- listing ------------------------------------------------------------------------------------------------------

    def pages(self, prefix: str = "", *, flat: bool = False, cancel: CancelToken | None = None) -> Iterator[Page]:
        """List what begins with a prefix, a request a page, each when it is asked for.

        Args:
            prefix: all of a folder is below `folder/`.
            flat: every object below, without folders.

        Raises:
            Failed: the server goes round in circles.
            NotFound, Refused, UsageFault, Cancelled: as `Endpoint.ask`.
        """
        where = self._server.where(self.name, prefix, "s3:ListBucket")
        asked: dict[str, Any] = {"Bucket": self.name, "Prefix": prefix, "MaxKeys": PAGE}
        if not flat:
            asked["Delimiter"] = "/"
        following: dict[str, str] = {}
        tokens: set[str] = set()
        before: set[str] = set()
        idle = 0
        while True:
            reply = self._server.ask(partial(_list, asked=asked | following), where, cancel)
            folders = _strings(reply.get("CommonPrefixes"), "Prefix")
            objects = [_listed(item) for item in reply.get("Contents", []) if item.get("Key")]
            names = {*folders, *(item.key for item in objects)}
            # Some servers give the last names of a page again on the next.
            page = Page(
                tuple(name for name in folders if name not in before),
                tuple(item for item in objects if item.key not in before and item.key != prefix),
            )
            if page.folders or page.objects:
                yield page
            if not reply.get("IsTruncated"):
                return
            idle = idle + 1 if names <= before else 0
            token = str(reply.get("NextContinuationToken", ""))
            if idle < _IDLE_PAGES and token and token not in tokens:
                tokens.add(token)
                following = {"ContinuationToken": token}
            elif not idle and (last := max(names, default="")):
                following = {"StartAfter": last + _AFTER_FOLDER if last in folders else last}
            else:
                raise Failed("the server lists the same again and again", address=str(where))
            before = names

    # -- writing ------------------------------------------------------------------------------------------------------

    def put(
        self,
        content: str | Path | bytes | BinaryIO,
        key: str,
        *,
        metadata: Mapping[str, str] | None = None,
        replace: bool = True,
        moved: Callable[[int], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Stamp:
        """Store an object: in one request, or in parts sent at once where it is longer than `PART`.

        An error leaves no parts behind. Memory: four parts.

        Args:
            content: a path, the bytes themselves, or a stream, read from where it is to its end.
            metadata: of the object; what is not ASCII is percent-encoded, for headers hold nothing else.
            replace: whether an object of this key may be there.
            moved: told the bytes of each part when it has arrived.

        Returns:
            The stamp of the object.

        Raises:
            Refused: there is such an object and it may not be replaced, or the right is missing.
            NotFound, Failed, UsageFault, Cancelled: as `Endpoint.ask`; Failed also when a path cannot be read.
        """
        if not key:
            raise UsageFault("an object needs a key", address=str(self._where("")))
        check_key(key, key)
        if not replace and self.stamp(key) is not None:
            raise _taken(self._where(key))
        sending = _Sending(self._server, self._where(key), metadata or {}, replace, moved, cancel)
        with _opened(content) as stream:
            first = _filled(stream, PART)
            if len(first) < PART:
                return sending.whole(first)
            return sending.in_parts(chain((first,), _parts(stream)))

    def remove(self, key: str) -> None:
        """Remove an object; nothing happens when there is none. Raises as `Endpoint.ask`."""
        where = self._server.where(self.name, key, "s3:DeleteObject")
        self._server.ask(lambda client: client.delete_object(Bucket=self.name, Key=key), where)

    def _where(self, key: str) -> Where:
        return self._server.where(self.name, key, "s3:PutObject")


class _Sending:
    """One object on its way."""

    def __init__(
        self,
        server: Endpoint,
        where: Where,
        metadata: Mapping[str, str],
        replace: bool,
        moved: Callable[[int], None] | None,
        cancel: CancelToken | None,
    ) -> None:
        self._server = server
        self._where = where
        self._object = {"Bucket": where.bucket, "Key": where.key}
        self._metadata = {name: quote(value, safe=_PRINTABLE) for name, value in metadata.items()}
        self._new = {} if replace else {"IfNoneMatch": "*"}
        self._moved = moved or (lambda _bytes: None)
        self._cancel = cancel

    def whole(self, data: bytes) -> Stamp:
        options = {**self._object, **self._new, "Metadata": self._metadata, "ContentMD5": _md5(data)}
        reply = self._ask(lambda client: client.put_object(Body=data, **options))
        self._moved(len(data))
        return Stamp(len(data), version_of(reply))

    def in_parts(self, parts: Iterator[bytes]) -> Stamp:
        reply = self._ask(lambda client: client.create_multipart_upload(**self._object, Metadata=self._metadata))
        upload = {**self._object, "UploadId": reply["UploadId"]}
        running: deque[Future[tuple[dict[str, Any], int]]] = deque()
        try:
            done: list[dict[str, Any]] = []
            size = 0
            for number, data in enumerate(parts, 1):
                if number > MOST_PARTS:
                    raise Refused("is too long for an object", address=str(self._where))
                running.append(self._server.pool.submit(self._part, upload, number, data))
                size += len(data)
                if len(running) == _PARTS_AT_ONCE:
                    done.append(self._arrived(running))
            while running:
                done.append(self._arrived(running))
            self._ask(partial(_complete, upload=upload, parts=done, new=self._new))
        except BaseException:
            # A part that arrives after the end of its upload would stay, unseen and paid for.
            for future in running:
                future.cancel()
            wait(running)
            with suppress(Exception):
                self._server.ask(lambda client: client.abort_multipart_upload(**upload), self._where)
            raise
        stamp = S3Source(self._server, self._where.bucket, self._where.key).stamp
        if stamp.size != size:
            raise Failed(f"has {stamp.size:,} bytes of {size:,} after it was sent", address=str(self._where))
        return stamp

    def _part(self, upload: dict[str, Any], number: int, data: bytes) -> tuple[dict[str, Any], int]:
        options = {**upload, "PartNumber": number, "ContentMD5": _md5(data)}
        reply = self._ask(lambda client: client.upload_part(Body=data, **options))
        return {"PartNumber": number, "ETag": reply["ETag"]}, len(data)

    def _arrived(self, running: deque[Future[tuple[dict[str, Any], int]]]) -> dict[str, Any]:
        part, size = running[0].result()
        running.popleft()
        self._moved(size)
        return part

    def _ask(self, send: Callable[[Any], Any]) -> Any:
        def sent(client: Any) -> Any:
            try:
                return send(client)
            except Exception as error:
                if self._new and status_of(error) == 412:
                    raise _taken(self._where) from None
                raise

        return self._server.ask(sent, self._where, self._cancel)


def open_bucket(uri: str, settings: Settings | None = None) -> tuple[Bucket, str]:
    """A bucket by `s3://bucket/prefix` or `s3://profile@bucket/prefix`, and the prefix.

    Raises:
        UsageFault: it is no such URI, or its profile is not in the settings.
    """
    where = parse_uri(uri)
    return Bucket(endpoint(where.profile, settings), where.bucket), where.key


def _taken(where: Where) -> Refused:
    return Refused("there is such an object already", address=str(where), hint="it is not replaced")


def _list_buckets(client: Any, following: dict[str, str]) -> Any:
    return client.list_buckets(**following)


def _list(client: Any, asked: dict[str, Any]) -> Any:
    return client.list_objects_v2(**asked)


def _complete(client: Any, upload: dict[str, Any], parts: list[dict[str, Any]], new: dict[str, str]) -> Any:
    return client.complete_multipart_upload(**upload, **new, MultipartUpload={"Parts": parts})


def _listed(item: dict[str, Any]) -> ListedObject:
    return ListedObject(item["Key"], Stamp(int(item.get("Size", 0)), version_of(item)), item.get("LastModified"))


def _strings(items: Any, name: str) -> list[str]:
    """One field of each item, once."""
    return list(dict.fromkeys(item[name] for item in items or [] if item.get(name)))


@contextmanager
def _opened(content: str | Path | bytes | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(content, bytes):
        yield BytesIO(content)
    elif isinstance(content, str | Path):
        path = str(content)
        descriptor = open_regular(path, "/")
        with os.fdopen(descriptor, "rb") as file:
            yield file
    else:
        yield content


def _parts(stream: BinaryIO) -> Iterator[bytes]:
    """The rest of a stream; parts grow, for there may only be so many."""
    for number in count(1):
        data = _filled(stream, PART * (1 + number // _GROW_EVERY))
        if not data:
            return
        yield data


def _filled(stream: BinaryIO, size: int) -> bytes:
    """As many bytes as asked for, fewer only at the end."""
    data = stream.read(size)
    while 0 < len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data


def _md5(data: bytes) -> str:
    return b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
