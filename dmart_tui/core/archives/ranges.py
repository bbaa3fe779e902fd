"""Which ranges are read together: a request costs a round trip, the bytes between two ranges cost time on the line."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

IN_FLIGHT: Final = 16
"""Requests at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a request costs.

    Args:
        latency: of one request, in seconds.
        bandwidth: of all requests together, in bytes a second.
        overhead: of one request, in seconds of a processor; nothing else runs meanwhile.
        in_flight: requests at once.
        cap: bytes at most in one request for more than one range.
        spare: bytes at most that are read though nobody wants them, beside as many as are wanted.
    """

    latency: float = 0.03
    bandwidth: float = 100e6
    overhead: float = 0.0015
    in_flight: int = IN_FLIGHT
    cap: int = 8 << 20
    spare: int = 2 << 20


@dataclass(frozen=True, slots=True)
class Span:
    """One request.

    Args:
        start: the first byte.
        end: the byte after the last.
        positions: the ranges that lie in it.
    """

    start: int
    end: int
    positions: tuple[int, ...]


def coalesce(ranges: Sequence[tuple[int, int]], line: Line) -> list[Span]:
    """The requests that read the ranges (start, length) soonest, in the order of the file.

    Every range lies whole in one span; a range of no bytes in none. Which gaps are read along is the optimum of
    `requests / in_flight * latency + requests * overhead + bytes / bandwidth`, where the smallest gaps go first. A span
    of several ranges is as long as `cap` or as its longest range. O(n log n).
    """
    order = sorted((place for place in range(len(ranges)) if ranges[place][1]), key=lambda place: ranges[place])
    widest = _widest_gap(_gaps(ranges, order), sum(ranges[place][1] for place in order), line)
    spans: list[Span] = []
    start = end = 0
    inside: list[int] = []
    for place in order:
        first, length = ranges[place]
        last = first + length
        joins = last <= end or (first - end <= widest and last - start <= line.cap)
        if inside and not joins:
            spans.append(Span(start, end, tuple(inside)))
            inside = []
        if not inside:
            start, end = first, last
        inside.append(place)
        end = max(end, last)
    if inside:
        spans.append(Span(start, end, tuple(inside)))
    return spans


def _gaps(ranges: Sequence[tuple[int, int]], order: list[int]) -> list[int]:
    """The lengths of what nobody wants between ranges, smallest first."""
    gaps: list[int] = []
    end = ranges[order[0]][0] if order else 0
    for place in order:
        first, length = ranges[place]
        if first > end:
            gaps.append(first - end)
        end = max(end, first + length)
    return sorted(gaps)


def _widest_gap(gaps: list[int], wanted: int, line: Line) -> int:
    """The widest gap to read along; all that are as wide or narrower fit what may be spared."""
    requests = len(gaps) + 1
    best, widest = _seconds(requests, 0, line), 0
    for bridged, extra in enumerate(accumulate(gaps), 1):
        if extra > wanted + line.spare:
            break
        gap = gaps[bridged - 1]
        if bridged < len(gaps) and gaps[bridged] == gap:
            continue
        seconds = _seconds(requests - bridged, extra, line)
        if seconds <= best:
            best, widest = seconds, gap
    return widest


def _seconds(requests: int, extra: int, line: Line) -> float:
    rounds = -(-requests // line.in_flight)
    return rounds * line.latency + requests * line.overhead + extra / line.bandwidth
