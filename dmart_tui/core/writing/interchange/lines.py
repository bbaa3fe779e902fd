"""Histories and event logs put together: lines that are missing come in, none comes in twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import Any, Final

import msgspec

from dmart_tui.core.files import read_bounded
from dmart_tui.core.spaces import PAYLOAD_LIMIT, LineFile
from dmart_tui.core.steps import Append, Expect, Step, Write, digest
from dmart_tui.core.units import parse_time
from dmart_tui.core.writing.interchange.hiding import mentions_password, without_passwords

_APPENDED: Final = 100
"""Lines that are appended one by one; more are written with the file."""


class _Known(msgspec.Struct):
    uuid: Any = None
    timestamp: Any = None


_decoder: Final = msgspec.json.Decoder(_Known)


def merged_lines(path: str, root: str, new: Iterable[bytes], *, ended: bool) -> tuple[list[Step], list[Expect]]:
    """The steps after which a file has the lines that it lacks, by the time they tell where that is needed.

    A line is known by its `uuid`, one without by what it says; a masked password makes it no other line.

    Args:
        ended: whether a line end follows the last line.

    Memory: what is added, and 32 bytes for each line that is there. Raises as `open_regular`.
    """
    known: set[str] = set()
    latest, whole = 0.0, True
    for line in LineFile(path, root).forwards():
        whole = whole and not line.too_long
        identity, when = _read(line.raw)
        known.add(identity)
        latest = max(latest, when)
    added: dict[str, tuple[float, bytes]] = {}
    for raw in new:
        identity, when = _read(raw)
        if raw.strip() and identity not in known:
            added.setdefault(identity, (when, raw))
    if not added:
        return [], []
    in_order = all(not when or when >= latest for when, _ in added.values())
    if not whole or (in_order and len(added) <= _APPENDED):
        return [Append(path, raw, ended) for _, raw in added.values()], []
    data = read_bounded(path, root, PAYLOAD_LIMIT)
    old = [raw for raw in data.split(b"\n") if raw.strip()]
    joined = b"\n".join(raw for _, raw in merge(_dated(old), _dated(raw for _, raw in added.values()), key=_when))
    return [Write(path, joined + (b"\n" if ended else b""))], [Expect(path, digest(data))]


def _read(raw: bytes) -> tuple[str, float]:
    """By what a line is known, and when it was written, 0 when it does not say."""
    try:
        found = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = _Known()
    when = parse_time(found.timestamp)
    if isinstance(found.uuid, str) and found.uuid:
        identity = found.uuid
    else:
        identity = digest(((without_passwords(raw) if mentions_password(raw) else None) or raw).strip())
    return identity, when.timestamp() if when else 0.0


def _dated(lines: Iterable[bytes]) -> Iterator[tuple[float, bytes]]:
    """Lines with a time that never goes back, so that they keep their order."""
    latest = 0.0
    for raw in lines:
        latest = max(latest, _read(raw)[1])
        yield latest, raw


def _when(dated: tuple[float, bytes]) -> float:
    return dated[0]
