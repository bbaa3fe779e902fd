"""Live refresh: which files changed in the folders somebody looks at, told in batches."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces import layout

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator

    from dmart_tui.core.address import Address

MOST_ENTRIES: Final = 1000
"""Entries of one folder whose own directories are watched; of larger folders only the names are."""
MOST: Final = 8000
"""Directories watched in all: systems allow some ten thousand a user, for all programs together."""
_AGAIN: Final = 1.0
"""Seconds from a change that could not be told until watching goes on."""


def directories(root: str, folders: Iterable[Address], entries: Iterable[Address] = ()) -> list[str]:
    """The directories to watch, at most `MOST`; a scandir a folder.

    Args:
        root: the real path of the root, watched itself.
        folders: open spaces and folders: their names, and the metas of their entries.
        entries: open entries: their histories and attachments too.
    """
    found = dict.fromkeys([root])
    for address in entries:
        with suppress(DmartTuiError):
            home = layout.place(root, address).entry_folder
            found.update(dict.fromkeys([home, *_below(home, MOST_ENTRIES)]))
    for address in folders:
        with suppress(DmartTuiError):
            place = layout.place(root, address)
            found.update(dict.fromkeys([place.directory, place.own_dm, *_below(place.own_dm, MOST_ENTRIES)]))
    return [path for path in found if _told_as_text(path) and os.path.isdir(path)][:MOST]  # noqa: PTH112 - text paths throughout


def _told_as_text(path: str) -> bool:
    """Whether the watcher can be told of a path: it takes UTF-8 alone, and one other name would end all watching."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _below(directory: str, most: int) -> list[str]:
    """The directories in one; none when they are more than `most`."""
    found: list[str] = []
    with suppress(OSError), os.scandir(directory) as listed:
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.path)
                if len(found) > most:
                    return []
    return found


def changes(
    paths: list[str], stop: threading.Event, *, recursive: bool = False, idle: bool = False
) -> Iterator[frozenset[str]]:
    """Paths that changed directly in some directories, a set a batch, until `stop` is set. Blocks; run it in a thread.

    Args:
        recursive: or anywhere below them, which takes a watch a directory.
        idle: also an empty set about every second without a change, the first once everything is watched.

    Raises:
        OSError: the system has no watches left.
    """
    from watchfiles import watch
    from watchfiles._rust_notify import WatchfilesRustInternalError

    while paths and not stop.is_set():
        try:
            for batch in watch(
                *paths,
                stop_event=stop,
                watch_filter=None,
                debounce=400,
                rust_timeout=1000,
                recursive=recursive,
                yield_on_timeout=idle,
            ):
                yield frozenset(path for _, path in batch)
        except WatchfilesRustInternalError:
            # A name that is no UTF-8 was touched, maybe by our own reading of it: telling of it could go on for ever.
            stop.wait(_AGAIN)
