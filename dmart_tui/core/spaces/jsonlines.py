"""Files of JSON lines that strangers appended to: read in blocks from either end, decoded with tolerance."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecoder
from typing import Any, Final, NamedTuple

import msgspec

from dmart_tui.core.errors import Failed
from dmart_tui.core.files import open_regular
from dmart_tui.core.spaces.model import Severity
from dmart_tui.core.units import format_size

LINE_LIMIT: Final = 8_000_000
"""Bytes of a line that are read; a longer one is reported and skipped."""
BLOCK: Final = 65_536
"""Bytes read at once."""

_RESYNCS: Final = 64
_RECORD_START: Final = re.compile(r'\{\s*"(?:uuid|timestamp|resource|shortname|owner_shortname|user_shortname|diff)"')
_BLANK: Final = " \t\r\n\0\ufeff"
_JSON: Final = JSONDecoder()


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands in the file, without its end."""

    raw: bytes
    """Empty when it is longer than the limit."""
    index: int
    """From 0 forwards; from -1 backwards, as Python counts."""
    start: int
    """Offset of its first byte."""
    end: int
    """Offset after its last byte, the line end not counted."""

    @property
    def too_long(self) -> bool:
        """Whether its bytes were left out."""
        return self.end - self.start != len(self.raw)


class LineFile:
    """A file of lines, as long as it was when first read; opened for each block, so that many cost no descriptors.

    Args:
        path: absolute.
        root: the real path of the folder that reads may not leave.
        block: bytes read at once.

    `size` and `written` (seconds since the epoch) are known after the first read.
    Everything that reads raises what `open_regular` raises, and Failed when the file was replaced or cut meanwhile.
    """

    __slots__ = ("_identity", "_total", "block", "path", "root", "size", "written")

    def __init__(self, path: str, root: str, *, block: int = BLOCK) -> None:
        self.path, self.root, self.block = path, root, block
        self.size = -1
        self._identity = (0, 0)
        self._total = -1
        self.written = 0.0

    def _read(self, position: int, size: int, *, back: bool = False) -> tuple[int, bytes]:
        """(start, bytes): `size` bytes from `position`, or when `back` up to it (-1 for the end)."""
        descriptor = open_regular(self.path, self.root)
        try:
            status = os.fstat(descriptor)
            if self.size < 0:
                self.size, self.written = status.st_size, status.st_mtime
                self._identity = (status.st_dev, status.st_ino)
            elif self._identity != (status.st_dev, status.st_ino) or status.st_size < self.size:
                raise Failed("was replaced while it was read", address=self.path, hint="read it again")
            end = self.size if position < 0 else position
            start = max(0, end - size) if back else end
            wanted = min(size, self.size - start, end - start if back else size)
            data = os.pread(descriptor, wanted, start)
            while len(data) < wanted and (more := os.pread(descriptor, wanted - len(data), start + len(data))):
                data += more
            return start, data
        except OSError as error:
            raise Failed(f"cannot be read: {error.strerror}", address=self.path) from None
        finally:
            os.close(descriptor)

    def backwards(self, end: int = -1, index: int = -1) -> Iterator[Line]:
        """The lines, last first.

        Args:
            end: where to go on: the `end` of a line got before; -1 for the end of the file.
            index: that line's index.

        Memory: a block, and at most `LINE_LIMIT` of the line that is put together.
        """
        position, data = self._read(end, self.block, back=True)
        if end < 0:
            end = self.size
            if not end:
                self._total = 0
                return
            if not position:
                self._total = data.count(b"\n") + (data[-1:] != b"\n")
            if data[-1:] == b"\n":
                data = data[:-1]
                end -= 1
        pieces: list[bytes] = []
        held = length = 0
        while True:
            first, *whole = data.split(b"\n")
            for chunk in reversed(whole):
                pieces.append(chunk)
                length += len(chunk)
                yield Line(_joined(pieces, length), index, end - length, end)
                end -= length + 1
                index -= 1
                pieces, held, length = [], 0, 0
            length += len(first)
            held += len(first)
            pieces.append(first)
            if held > LINE_LIMIT:
                pieces, held = [], 0
            if not position:
                yield Line(_joined(pieces, length), index, 0, end)
                return
            position, data = self._read(position, self.block, back=True)

    def forwards(self, start: int = 0) -> Iterator[Line]:
        """The lines, first first; memory as `backwards`.

        Args:
            start: the offset of a line's first byte; indexes count from there.
        """
        position, data = self._read(start, self.block)
        pieces: list[bytes] = []
        length = held = index = 0
        while data:
            position += len(data)
            *whole, last = data.split(b"\n")
            for chunk in whole:
                pieces.insert(0, chunk)
                length += len(chunk)
                yield Line(_joined(pieces, length), index, start, start + length)
                start += length + 1
                index += 1
                pieces, held, length = [], 0, 0
            length += len(last)
            held += len(last)
            pieces.insert(0, last)
            if held > LINE_LIMIT:
                pieces, held = [], 0
            _, data = self._read(position, self.block)
        if length:
            yield Line(_joined(pieces, length), index, start, start + length)

    def objects(self, *, forwards: bool = False, start: int = 0) -> Iterator[tuple[Line, Parsed]]:
        """What `parse` finds in each line, last first unless `forwards`; objects glued on a line turn with it.

        Args:
            start: where to begin forwards, as in `forwards`.
        """
        for line in self.forwards(start) if forwards else self.backwards():
            parts = parse(line)
            for parsed in parts if forwards else reversed(parts):
                yield line, parsed

    @property
    def lines(self) -> int:
        """How many lines stand in it, a last one without an end counted; reads once what is larger than a block."""
        if self._total < 0:
            position, total, last = 0, 0, b""
            while self.size < 0 or position < self.size:
                _, data = self._read(position, max(self.block, BLOCK))
                if not data:
                    break
                total += data.count(b"\n")
                position += len(data)
                last = data[-1:]
            self._total = total + (last not in (b"", b"\n"))
        return self._total

    def number(self, index: int) -> int:
        """The 1-based number of a line's index; costs what `lines` costs for an index from the end."""
        return index + 1 if index >= 0 else self.lines + index + 1


def _joined(pieces: list[bytes], length: int) -> bytes:
    """The line that pieces, last first, make; nothing when some were dropped or it is too long."""
    line = pieces[0] if len(pieces) == 1 else b"".join(reversed(pieces))
    return line if len(line) == length <= LINE_LIMIT else b""


class Damage(NamedTuple):
    """What is wrong with a line."""

    severity: Severity
    kind: str
    detail: str


class Parsed(NamedTuple):
    """An object found in a line, or a stretch of it that holds none."""

    value: dict[str, Any] | None
    damage: tuple[Damage, ...] = ()


def parse(line: Line) -> list[Parsed]:
    """The objects of a line in their order; never empty and never an exception.

    A sound line costs one msgspec decode. Else everything that can be saved is: objects glued together, and records
    after a torn one.
    """
    try:
        value = msgspec.json.decode(line.raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _parse_slowly(line)
    if isinstance(value, dict):
        return [Parsed(value)]
    return [_lost("line-not-object", "holds no object: remove it")]


def _lost(kind: str, detail: str, severity: Severity = "error") -> Parsed:
    return Parsed(None, (Damage(severity, kind, detail),))


def _parse_slowly(line: Line) -> list[Parsed]:
    if line.too_long:
        size, limit = format_size(line.end - line.start), format_size(LINE_LIMIT)
        return [_lost("line-too-long", f"is {size}, more than the {limit} read of one line, and is skipped")]
    text = line.raw.decode("utf-8", "replace")
    damage: list[Damage] = []
    if "\ufffd" in text:
        damage.append(Damage("warning", "line-encoding", "is not UTF-8: what was not is shown as \ufffd"))
    text = text.strip(_BLANK)
    if not text:
        return [_lost("line-blank", "is blank: it may be removed", "note")]
    parts = _objects(text)
    if len(parts) == 1 and parts[0].value is not None and not parts[0].damage and not damage:
        damage.append(Damage("warning", "line-lax", "is not strict JSON (NaN, a byte order mark or half a character)"))
    if damage:
        parts[0] = Parsed(parts[0].value, (*damage, *parts[0].damage))
    return parts


def _objects(text: str) -> list[Parsed]:
    parts: list[Parsed] = []
    at, resyncs = 0, 0
    while at < len(text):
        try:
            value, at = _JSON.raw_decode(text, at)
        except (ValueError, RecursionError):
            start = at
            at, resyncs = _next_record(text, at + 1, resyncs)
            _note_garbage(parts, start, at, len(text))
            continue
        if not isinstance(value, dict):
            parts.append(_lost("line-not-object", "holds something that is no object: remove it"))
        elif parts:
            glued = Damage("warning", "line-glued", "holds several objects: break it into one a line")
            parts.append(Parsed(value, (glued,)))
        else:
            parts.append(Parsed(value))
        while at < len(text) and text[at] in _BLANK:
            at += 1
    return parts


def _next_record(text: str, at: int, resyncs: int) -> tuple[int, int]:
    """Where the next object that looks like a record starts (the end when none does), and how often was tried."""
    while resyncs < _RESYNCS and (match := _RECORD_START.search(text, at)):
        resyncs += 1
        try:
            value, _ = _JSON.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and "timestamp" in value:
            return match.start(), resyncs
        at = match.start() + 1
    return len(text), resyncs


def _note_garbage(parts: list[Parsed], start: int, end: int, whole: int) -> None:
    if parts and parts[-1].value is not None and end == whole:
        garbage = Damage("warning", "line-garbage", f"has {end - start} characters after its record that are no JSON")
        parts[-1] = Parsed(parts[-1].value, (*parts[-1].damage, garbage))
    else:
        parts.append(_lost("line-unreadable", "is cut short or is no JSON: correct or remove it"))
