"""The bytes of an object of S3, whatever server holds it: every reply is judged, none is believed."""

from __future__ import annotations

import re
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.archives.ranges import IN_FLIGHT, coalesce
from dmart_tui.core.archives.remote import (
    NOT_THE_RANGE,
    Cut,
    code_of,
    endpoint,
    explained,
    parse_uri,
    passes,
    status_of,
)
from dmart_tui.core.archives.source import Replaced, Source, Stamp
from dmart_tui.core.background import CancelToken
from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused, UsageFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dmart_tui.core.archives.ranges import Line, Span
    from dmart_tui.core.archives.remote import Endpoint
    from dmart_tui.core.config import Settings

_PIECE: Final = 1 << 18
_SMALL: Final = 1 << 20
"""Bytes of a whole object that are read where a range was asked for."""
_STALLS: Final = 3
"""Replies in a row without a byte after which a stream is given up."""
_NO_SUFFIX: Final = {400, 416, 501}
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")


class S3Source(Source):
    """An object of S3.

    Args:
        server: where it is.
        line: what a request costs; none: as the end point learns.

    Raises:
        NotFound, Refused, Failed, UsageFault: from every method that asks the server, with bucket, key and permission.
    """

    def __init__(
        self, server: Endpoint, bucket: str, key: str, *, stamp: Stamp | None = None, line: Line | None = None
    ) -> None:
        self._server = server
        self._bucket = bucket
        self._key = key
        self._where = server.where(bucket, key)
        self._stamp = stamp
        self._line = line
        self._closed = CancelToken()
        super().__init__(str(self._where))

    @property
    def stamp(self) -> Stamp:
        if self._stamp is None:
            self._stamp = self._head()
        return self._stamp

    @property
    def cache_key(self) -> str:
        """What the original's index caches call this object: bucket, key and ETag."""
        return f"{self._bucket}/{self._key}/{self.stamp.version}"

    def tail(self, wanted: int) -> tuple[bytes, Stamp]:
        if self._stamp is None and wanted > 0 and self._server.has_suffix_ranges and (found := self._suffix(wanted)):
            data, self._stamp = found
            self.count(0, 0, len(data))
            return data, self._stamp
        stamp = self.stamp
        length = min(wanted, stamp.size)
        return self.read(stamp.size - length, length), stamp

    def read(self, start: int, length: int) -> bytes:
        data = self._range(start, start + length, None)
        self.count(0, 0, length)
        return data

    def stream(self, start: int, length: int) -> Iterator[bytes]:
        at, end = start, start + length
        stalls = 0
        while at < end:
            body = self._server.ask(partial(self._open, start=at, end=end), self._where)
            begun = at
            with closing(body):
                pieces = self._pieces(body, end - at)
                while True:
                    try:
                        piece = next(pieces, b"")
                    except Exception as error:
                        stalls = 0 if at > begun else stalls + 1
                        if stalls == _STALLS or not passes(error):
                            raise explained(error, self._where) from None
                        break
                    if not piece:
                        break
                    at += len(piece)
                    self.count(0, 0, len(piece))
                    yield piece

    def read_many(
        self, ranges: Sequence[tuple[int, int]], cancel: CancelToken | None = None
    ) -> Iterator[tuple[int, bytes]]:
        for position, (_start, length) in enumerate(ranges):
            if not length:
                yield position, b""
        spans = iter(coalesce(ranges, self._line or self._server.line))
        stop = CancelToken()
        running: dict[Future[bytes], Span] = {}
        try:
            while True:
                while len(running) < IN_FLIGHT and (span := next(spans, None)):
                    running[self._server.pool.submit(self._range, span.start, span.end, stop)] = span
                if not running:
                    return
                done, _ = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                if cancel is not None:
                    cancel.check()
                for future in done:
                    span, data = running.pop(future), future.result()
                    for position in span.positions:
                        start, length = ranges[position]
                        self.count(0, 0, length)
                        yield position, data[start - span.start : start - span.start + length]
        finally:
            stop.cancel()
            for future in running:
                future.cancel()

    def beside(self, name: str) -> Source | None:
        if any(part in ("", ".", "..") for part in name.split("/")):
            return None
        folder, slash, _name = self._key.rpartition("/")
        return self.by_key(f"{folder}{slash}{name}")

    def by_key(self, key: str) -> Source | None:
        other = S3Source(self._server, self._bucket, key, line=self._line)
        try:
            _ = other.stamp
        except (NotFound, Refused, UsageFault):
            return None
        return other

    def close(self) -> None:
        self._closed.cancel()

    # -- requests -----------------------------------------------------------------------------------------------------

    def _head(self) -> Stamp:
        def send(client: Any) -> Stamp:
            self.count(1, 0, 0)
            reply = client.head_object(Bucket=self._bucket, Key=self._key)
            return Stamp(reply["ContentLength"], version_of(reply))

        return self._server.ask(send, self._where)

    def _suffix(self, wanted: int) -> tuple[bytes, Stamp] | None:
        """The last bytes by a suffix range, None where the server does not answer such a one rightly."""

        def send(client: Any) -> tuple[bytes, Stamp] | None:
            self.count(1, 0, 0)
            try:
                reply = self._get(client, f"bytes=-{wanted}")
            except Exception as error:
                if status_of(error) in _NO_SUFFIX and code_of(error) not in NOT_THE_RANGE:
                    refused.append(status_of(error))
                    return None
                raise
            with closing(reply["Body"]) as body:
                span = _content_range(reply)
                length = reply.get("ContentLength", -1)
                # Without one it is the whole object: it was asked for more, or ranges are not known here.
                start, end, size = span or (0, length, length)
                if end != size or size < 0 or start != max(0, size - wanted):
                    refused.append(0)
                    return None
                return self._exactly(body, end - start), Stamp(size, version_of(reply))

        refused: list[int] = []
        found = self._server.ask(send, self._where)
        if found is None:
            size = self.stamp.size
            # An object shorter than the suffix is refused by servers that know suffixes well.
            if refused[-1] != 416 or size >= wanted:
                self._server.has_suffix_ranges = False
        return found

    def _range(self, start: int, end: int, cancel: CancelToken | None) -> bytes:
        if start == end:
            return b""
        if self._closed.cancelled:
            raise Failed("is closed", address=self.label)
        if not 0 <= start < end <= self.stamp.size:
            raise Damaged("a read goes beyond its end", address=self.label)

        def send(client: Any) -> bytes:
            sent = perf_counter()
            with closing(self._open(client, start, end)) as body:
                came = perf_counter()
                data = self._exactly(body, end - start, cancel)
            self._server.learn(came - sent, len(data), perf_counter() - came)
            return data

        return self._server.ask(send, self._where, cancel)

    def _open(self, client: Any, start: int, end: int) -> Any:
        """The body of a reply that holds exactly these bytes of the object that the stamp is of."""
        self.count(1, 0, 0)
        stamp = self.stamp
        match = {"IfMatch": f'"{stamp.version}"'} if stamp.version else {}
        try:
            reply = self._get(client, f"bytes={start}-{end - 1}", **match)
        except Exception as error:
            if status_of(error) in (412, 416):
                raise self._replaced() from None
            raise
        body = reply["Body"]
        try:
            span = _content_range(reply)
            whole = span is None
            length = reply.get("ContentLength", -1)
            first, last, size = span or (0, length, length)
            if size != stamp.size or version_of(reply) != stamp.version:
                raise self._replaced()
            if whole and start <= _SMALL and end <= size:
                self._skip(body, start)
                return body
            if (first, last) != (start, end):
                raise Failed("the server does not send the range it was asked for", address=self.label)
        except BaseException:
            body.close()
            raise
        return body

    def _get(self, client: Any, span: str, **match: str) -> Any:
        return client.get_object(Bucket=self._bucket, Key=self._key, Range=span, **match)

    def _pieces(self, body: Any, length: int, cancel: CancelToken | None = None) -> Iterator[bytes]:
        """Exactly `length` bytes of a body; the rest of it is left."""
        while length:
            if cancel is not None:
                cancel.check()
            piece = body.read(min(_PIECE, length))
            if not piece:
                raise Cut
            self.count(0, len(piece), 0)
            length -= len(piece)
            yield piece

    def _exactly(self, body: Any, length: int, cancel: CancelToken | None = None) -> bytes:
        return b"".join(self._pieces(body, length, cancel))

    def _skip(self, body: Any, length: int) -> None:
        for _piece in self._pieces(body, length):
            pass

    def _replaced(self) -> Replaced:
        return Replaced("was replaced while it was read", address=self.label, hint="open it again")


def open_s3(uri: str, settings: Settings | None = None) -> S3Source:
    """An object by its URI; nothing is asked of the server yet.

    Raises:
        UsageFault: the URI names no object, or its profile is not in the settings.
    """
    where = parse_uri(uri)
    if not where.key:
        raise UsageFault("names no object", address=uri, hint="s3://bucket/key")
    return S3Source(endpoint(where.profile, settings), where.bucket, where.key)


def version_of(reply: Any) -> str:
    """The ETag without quotes; stores disagree about those."""
    return str(reply.get("ETag", "")).removeprefix("W/").strip('"')


def _content_range(reply: Any) -> tuple[int, int, int] | None:
    """(first byte, byte after the last, size), None where the reply says none."""
    match = _CONTENT_RANGE.fullmatch(reply.get("ContentRange", "").strip())
    return (int(match[1]), int(match[2]) + 1, int(match[3])) if match else None
