"""Keeping an index fresh while files change."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

from dmart_tui.core.journal import STATE_FOLDER
from dmart_tui.core.spaces.watching import changes

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from dmart_tui.core.catalog.building import Outcome
    from dmart_tui.core.catalog.catalog import Catalog

_EVERY: Final = 300.0
"""Seconds until everything is compared again, for what was not told."""
_UNTOLD: Final = 10.0
"""Seconds until everything is compared again where the system has no watches left."""


def follow(catalog: Catalog, stop: threading.Event, told: Callable[[Outcome], None]) -> None:
    """Bring an index up to date, and keep it so until `stop` is set. Blocks.

    Args:
        told: called with what was read, after everything was compared and after each batch of changes.

    Raises:
        Failed: the disk would not take it.
    """
    root = catalog.spaces.root
    own = f"{root}/{STATE_FOLDER}"
    due = monotonic()
    try:
        for batch in changes([root], stop, recursive=True, idle=True):
            changed = [path for path in batch if path != own and not path.startswith(f"{own}/")]
            if monotonic() >= due:
                outcome = catalog.update()
                due = monotonic() + _EVERY
            elif changed:
                outcome = catalog.changed(changed)
            else:
                continue
            if outcome is not None:
                told(outcome)
    except OSError:
        while not stop.is_set():
            if (outcome := catalog.update()) is not None:
                told(outcome)
            stop.wait(_UNTOLD)
