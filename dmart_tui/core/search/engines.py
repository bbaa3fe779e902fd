"""Which engine answers: RediSearch where it is set and can, else the local index; the answer says which, and why."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal, Protocol

from dmart_tui.core.catalog import open_catalog
from dmart_tui.core.errors import DmartTuiError, Failed, UsageFault
from dmart_tui.core.search.local import LocalEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.catalog import Catalog
    from dmart_tui.core.config import Settings
    from dmart_tui.core.search.results import Hit, Page, Request
    from dmart_tui.core.spaces import Spaces

Choice = Literal["auto", "local", "redis"]
CHOICES: Final[tuple[Choice, ...]] = ("auto", "local", "redis")
_REST: Final = 30.0
"""Seconds for which a server that did not answer is left alone."""


class Engine(Protocol):
    """What answers requests. Blocks."""

    name: str

    def search(self, request: Request) -> Page:
        """One page of an answer.

        Raises:
            DmartTuiError: it cannot, or cannot be asked that.
        """
        ...


class Search:
    """Searches one root. Everything blocks; any thread may ask, one at a time the server.

    Args:
        catalog: the local index, when the caller has it open.
        remote: in place of the server that the settings name.
    """

    def __init__(
        self, spaces: Spaces, settings: Settings, *, catalog: Catalog | None = None, remote: Engine | None = None
    ) -> None:
        self.catalog = catalog or open_catalog(spaces)
        self.local = LocalEngine(self.catalog, settings.language)
        self._url = settings.redis
        self._given = remote
        self._rests_until = float("-inf")
        self._why = ""

    @cached_property
    def remote(self) -> Engine | None:
        """The engine over the server of the settings; None when none is set.

        Raises:
            UsageFault: the setting is no URL.
        """
        if self._given is not None or not self._url:
            return self._given
        from dmart_tui.core.redisearch import Server
        from dmart_tui.core.search.remote import RedisEngine

        return RedisEngine(Server(self._url))

    def search(self, request: Request, engine: Choice = "auto", cancel: CancelToken | None = None) -> Page:
        """One page of an answer.

        Args:
            cancel: stops the local engine; a server answers within its own time or not at all.
            engine: `auto` asks the server when one is set, and the local index when the server cannot answer.

        Raises:
            DmartTuiError: what the engine asked for says; with `auto`, what the local one says.
        """
        if engine == "redis":
            if self.remote is None:
                raise UsageFault("no Redis is set", hint="set `redis` in the settings, or DMART_TUI_REDIS")
            return self.remote.search(request)
        why = ""
        if engine == "auto" and (self._url or self._given):
            page, why = self._from_server(request)
            if page is not None:
                return page
        page = self.local.search(request, cancel)
        return replace(page, notes=(*page.notes, why)) if why else page

    def stream(self, request: Request, cancel: CancelToken | None = None) -> Iterator[Hit]:
        """All hits of the local index from the request's offset on; raises as `LocalEngine.stream`."""
        return self.local.stream(request, cancel)

    def _from_server(self, request: Request) -> tuple[Page | None, str]:
        """An answer, or why there is none; a server that did not answer is left alone for a while."""
        if monotonic() < self._rests_until:
            return None, self._why
        try:
            return (self.remote.search(request), "") if self.remote else (None, "")
        except DmartTuiError as error:
            why = f"the local index answers: {error.message}"
            if isinstance(error, Failed):
                self._rests_until, self._why = monotonic() + _REST, why
            return None, why
