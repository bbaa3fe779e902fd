"""What is wrong with an entry by itself, as reading it for the index shows: a part of what `check` finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from dmart_tui.core.spaces import BadReference, Item, Problem, Spaces
from dmart_tui.core.spaces.checks.kinds import problem
from dmart_tui.core.spaces.checks.metas import meta_faults, name_faults

_BY_NEIGHBOURS: Final = frozenset(("folder-without-meta", "orphan-side-car"))
"""Right or wrong by what is around them, which only `check` looks at."""


def problem_rows(spaces: Spaces, item: Item, bad: Iterable[BadReference], unreadable: str) -> Iterator[tuple[str, ...]]:
    """The rows of `faults`, from `severity` on; nothing is opened or looked up.

    Args:
        bad: what it refers to that is nothing.
        unreadable: why its payload is not what it should be; empty when it is.
    """
    yield from (_row(one) for one in item.problems if one.kind not in _BY_NEIGHBOURS)
    if not item.meta:
        return
    faults = [*meta_faults(item), *name_faults(item)]
    faults += (("relation-malformed", f"{one.detail}: correct the meta") for one in bad)
    if unreadable:
        faults.append(("payload-unreadable", f"the payload {unreadable}: restore it from a backup"))
    if faults:
        address, path = str(item.address), spaces.relative(item.path)
        yield from (_row(problem(kind, address, path, detail)) for kind, detail in faults)


def _row(found: Problem) -> tuple[str, ...]:
    return found.severity, found.kind, found.address, found.path, found.detail
