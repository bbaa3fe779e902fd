"""Following the files of what is open: a pane hears that one changed below the root."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from dmart_tui.core import background

if TYPE_CHECKING:
    from textual.timer import Timer

    from dmart_tui.tui.shell import Shell

SOON = 1.0
"""Seconds from opening a folder until its files are watched: walking by starts nothing."""


class Following:
    """Watches the folders that an app has open, and tells its panes what changed."""

    def __init__(self, app: Shell) -> None:
        self._app = app
        self._timer: Timer | None = None
        self._stop = threading.Event()

    def soon(self) -> None:
        """Follow, in a moment, what is open then."""
        if self._app.settings.watch and self._app.spaces is not None and self._timer is None:
            self._timer = self._app.set_timer(SOON, self._begin)

    def stop(self) -> None:
        """Follow nothing any more."""
        self._stop.set()
        self._stop = threading.Event()

    def _begin(self) -> None:
        self._timer = None
        self.stop()
        if self._app.spaces is not None:
            self._app.tasks.watch(self._follow(self._app.spaces.root, self._stop))

    async def _follow(self, root: str, stop: threading.Event) -> None:
        from dmart_tui.core.spaces.watching import changes, directories

        app = self._app
        entries = [document.address for document in app.workspace.documents if document.address is not None]
        paths = await background.run(directories, root, app.tree_pane.opened(), entries)
        try:
            async for batches in background.stream(changes, paths, stop, batch=1):
                changed = frozenset().union(*batches)
                app.files_changed.publish(changed)
                await app.workspace.files_changed(changed)
        except OSError as error:
            app.notify(f"Changes of files are not followed: {error.strerror or error}", severity="warning")
