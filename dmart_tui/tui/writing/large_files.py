"""Work that reads and copies files: of large ones how far it is shows, and a person can stop it at any piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from dmart_tui.core import background
from dmart_tui.core.background import CancelToken
from dmart_tui.tui.writing.working import watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.working import Progress

T = TypeVar("T")

LARGE: Final = 20_000_000
"""Bytes from which it is watched."""


class FileWork:
    """One piece of work after another over the same files.

    Args:
        size: of the files, in bytes.
    """

    def __init__(self, app: DmartApp, size: int) -> None:
        self._app = app
        self._size = size
        self.cancel = CancelToken()
        self._done = self._total = 0
        self._progress: Progress | None = None

    def check(self, size: int) -> None:
        """Take note of bytes that were read; raises `Cancelled` when a person stopped it. Called in threads."""
        self.cancel.check()
        self._done += size
        if self._progress is not None:
            self._progress(min(self._done, self._total), None)

    async def run(self, title: str, function: Callable[[], T], *, times: int) -> T | None:
        """Do blocking work that tells `check` of each byte so many times; None when it was stopped, or failed.

        What small work raises is raised; of watched work it is told.
        """
        if self._size < LARGE:
            return await background.run(function)

        self._done, self._total = 0, times * self._size

        def work(cancel: CancelToken, progress: Progress) -> T:
            self.cancel, self._progress = cancel, progress
            return function()

        return await watched(self._app, title, work, unit="bytes", total=self._total)
