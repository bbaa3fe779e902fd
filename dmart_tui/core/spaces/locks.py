"""Locks as far as the disk tells: D-MART keeps them in Redis, histories only record taking and giving back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from dmart_tui.core.spaces.layout import HISTORY
from dmart_tui.core.spaces.model import Entry
from dmart_tui.core.spaces.reading import Spaces

_LOOKED_AT: Final = 8
"""Newest lines looked at: an entry that is locked is rarely changed."""


@dataclass(frozen=True, slots=True)
class RecordedLock:
    """A lock that was taken and, as far as the newest lines tell, not given back; it may have run out since."""

    owner: str
    since: datetime | None


def recorded_lock(spaces: Spaces, entry: Entry) -> RecordedLock | None:
    """The lock the newest history lines record; costs one open and one read when there is a history, else nothing."""
    if HISTORY not in entry.files:
        return None
    from dmart_tui.core.spaces.histories import history_places, read_history

    for place in history_places(spaces, entry, attachments=False):
        for record in islice(read_history(spaces, place), _LOOKED_AT):
            for change in record.changes:
                if change.key == "lock_type":
                    taken = change.new in ("lock", "extend")
                    return RecordedLock(record.owner, record.when) if taken else None
    return None
