"""Keeping the documents on a Redis as the files are, for as long as one likes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dmart_tui.core.errors import Failed
from dmart_tui.core.journal import STATE_FOLDER
from dmart_tui.core.redisearch.drift import Drift, find_drift, repair
from dmart_tui.core.redisearch.updating import update
from dmart_tui.core.spaces.watching import changes

if TYPE_CHECKING:
    import threading

    from dmart_tui.core.redisearch.connecting import Server
    from dmart_tui.core.spaces import Spaces


@dataclass(frozen=True, slots=True)
class Kept:
    """What was done, or why nothing can be."""

    written: int = 0
    removed: int = 0
    first: bool = False
    """Whether that was what had been missing or stale before."""
    waiting: str = ""
    """Why the server did not answer; it is asked again."""


def keep(server: Server, spaces: Spaces, stop: threading.Event) -> Iterator[Kept]:
    """Make and write what is missing or stale, then what changes, until `stop` is set; one about every second.

    Documents of nothing stay until their files are seen to go. A server that goes away is waited for.

    Raises:
        Failed: it did not answer at all.
        OSError: the system has no watches left.
    """
    own = f"{spaces.root}/{STATE_FOLDER}"
    reached = compared = False
    for batch in changes([spaces.root], stop, recursive=True, idle=True):
        try:
            if not compared:  # everything is watched from here on, so nothing is missed between
                found = (one for one in find_drift(server, spaces) if isinstance(one, Drift))
                lacking = (one for one in found if one.kind in ("no-index", "missing", "stale"))
                repaired = repair(server, spaces, lacking)
                yield Kept(repaired["missing"] + repaired["stale"], first=True)
                reached = compared = True
            elif paths := [path for path in batch if not f"{path}/".startswith(f"{own}/")]:
                done = update(server, spaces, paths)
                yield Kept(done.written, done.removed)
            else:
                yield Kept()
        except Failed as error:
            if not reached:
                raise
            if compared:
                yield Kept(waiting=str(error))
            compared = False
