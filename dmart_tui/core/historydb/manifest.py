"""The manifest of a store: what it is and which files are its own, replaced as a whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from dmart_tui.core.errors import Damaged, NotFound
from dmart_tui.core.files import write_atomic
from dmart_tui.core.historydb.frames import HEAD_SIZE, MANIFEST, NO_CODEC, checksum, frame, read_head
from dmart_tui.core.historydb.reading import size_of
from dmart_tui.core.historydb.values import UNREADABLE

if TYPE_CHECKING:
    from dmart_tui.core.historydb.reading import Read

NAME: Final = "STORE.msgpack"
SEGMENTS: Final = "seg"
PUT_ASIDE: Final = "damaged"
FORMAT: Final = "historydb"
VERSION: Final = 1
CODECS: Final = {"none": 0, "zstd": 1}
_LARGEST: Final = 64 << 20
_MOST: Final = 10**15
_LOG: Final = re.compile(r"\d{6,18}\.hlog")
_SEGMENT: Final = re.compile(r"\d{6,18}_-?\d{1,7}_-?\d{1,7}\.hseg")
_TOMBSTONES: Final = re.compile(r"\d{6,18}\.htomb")


class SegmentEntry(msgspec.Struct, frozen=True, array_like=True):
    """A sealed file.

    Args:
        size: in bytes.
    """

    name: str
    count: int
    day_min: int
    day_max: int
    size: int

    @property
    def sequence(self) -> int:
        """The higher, the later it was written."""
        return int(self.name.partition("_")[0])


class Manifest(msgspec.Struct, frozen=True):
    """What a store is.

    Args:
        uuid: 32 hexadecimal digits.
        days_per_segment: how many days a segment spans at most; 0 lets the number of documents decide.
        sequence: the highest that was given to a file.
        log: the file that is appended to.
        tombstones: the files that tell what was erased.
    """

    format: str
    version: int
    uuid: str
    date_field: str
    key_field: str
    codec: str
    days_per_segment: int
    sequence: int
    log: str
    segments: tuple[SegmentEntry, ...] = ()
    tombstones: tuple[str, ...] = ()


_decoder: Final = msgspec.msgpack.Decoder(Manifest)


def read_manifest(folder: str, read: Read) -> Manifest:
    """The manifest of a store; names in it lead nowhere else.

    Raises:
        NotFound: the folder is no store.
        Damaged: it cannot be understood.
    """
    path = f"{folder}/{NAME}"
    try:
        size = size_of(path)
        (data,) = read(path, [(0, min(size, _LARGEST))])
    except NotFound:
        raise NotFound("is no history store", address=folder, hint="make one with `historydb create`") from None
    head, payload = read_head(data), data[HEAD_SIZE:]
    if head is None or (head.kind, head.codec, head.size) != (MANIFEST, NO_CODEC, len(data)):
        raise Damaged("is no manifest of a store", address=path)
    if checksum(data[:HEAD_SIZE], payload) != head.crc:
        raise Damaged("is not what was written", address=path)
    try:
        manifest = _decoder.decode(payload)
    except UNREADABLE:
        raise Damaged("cannot be understood", address=path) from None
    if manifest.format != FORMAT or manifest.version != VERSION:
        raise Damaged(f"is version {manifest.version} of {manifest.format!r}, not known here", address=path)
    sound = (
        manifest.codec in CODECS
        and _LOG.fullmatch(manifest.log)
        and all(_SEGMENT.fullmatch(entry.name) and 0 < entry.size < _MOST for entry in manifest.segments)
        and 0 <= manifest.sequence < _MOST
        and 0 <= manifest.days_per_segment < _MOST
        and all(_TOMBSTONES.fullmatch(name) for name in manifest.tombstones)
    )
    if not sound:
        raise Damaged("tells what no store is", address=path)
    return manifest


def write_manifest(folder: str, manifest: Manifest) -> None:
    """Let the store be what the manifest says, at once and for good; raises Failed."""
    days = [day for entry in manifest.segments for day in (entry.day_min, entry.day_max)] or [0]
    count = sum(entry.count for entry in manifest.segments)
    payload = msgspec.msgpack.encode(manifest)
    data = frame(MANIFEST, count, (min(days), max(days)), NO_CODEC, len(payload), payload)
    write_atomic(Path(folder, NAME), data, mode=0o666)


def log_name(sequence: int) -> str:
    """The name of a log."""
    return f"{sequence:06}.hlog"


def tombstones_name(sequence: int) -> str:
    """The name of a file of tombstones."""
    return f"{sequence:06}.htomb"


def segment_name(sequence: int, day_min: int, day_max: int) -> str:
    """The name of a segment, which tells its days, so that a listing of the folder does."""
    return f"{sequence:06}_{day_min}_{day_max}.hseg"
