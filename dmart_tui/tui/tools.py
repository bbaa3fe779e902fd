"""Opening and bringing back documents that are no entry: the problems or the timeline of a branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.text import safe
from dmart_tui.tui.views import ARCHIVE_TOOLS, STORE_TOOLS, TOOLS

if TYPE_CHECKING:
    from dmart_tui.core.historydb import Query
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.tui.messages import StoreTool
    from dmart_tui.tui.panes.store import QueryPane
    from dmart_tui.tui.shell import Shell


async def open_tool(app: Shell, tool: str, address: Address | None = None) -> None:
    """Open a tool on a branch, on the whole root when there is no address."""
    await app.workspace.open_tool(*_document(tool, address), address=address)


async def open_archive_tool(app: Shell, tool: str, where: str) -> None:
    """Open an archive by its path or address (`archive`), or list the archives of a place (`archives`)."""
    await app.workspace.open_tool(*_about(tool, where), place=where)


async def open_store_tool(app: Shell, tool: StoreTool, where: str, query: Query | None = None) -> None:
    """Open the activity, a query or the parts of a history store; `query` is what is asked first."""
    pane = await app.workspace.open_tool(*_about(tool, where, _store_name(app, where)), place=where)
    if query is not None:
        cast("QueryPane", pane).put(query)


async def query_data(app: Shell, address: Address) -> None:
    """Open the data that stands at an address in a new worksheet, and ask for it.

    Raises:
        NotFound, Refused: there is none that the engine can read.
    """
    from dmart_tui.core.sql.tables import asset

    found = await background.run(asset, cast("Spaces", app.spaces), address)
    pane: Any = await app.workspace.open_tool(*_document("worksheet", None), address=None)
    await pane.ask_for(found)


async def bring_back_tool(app: Shell, key: str, state: object = None) -> None:
    """Open a tool of the last session by its document's key, not run yet; raises when its branch is gone.

    Args:
        state: what a tool kept that keeps one.
    """
    tool, _, text = key[1:].partition("/")
    kept: dict[str, Any] = {"state": state} if isinstance(state, dict) else {}
    if tool in ARCHIVE_TOOLS or tool in STORE_TOOLS:
        name = _store_name(app, text) if tool in STORE_TOOLS else ""
        await app.workspace.bring_back_tool(*_about(tool, text, name), place=text, idle=True, **kept)
        return
    address = Address.parse(text) if text else None
    if tool in TOOLS and app.spaces is not None:
        if address is not None:
            await background.run(app.spaces.load, address)
        await app.workspace.bring_back_tool(*_document(tool, address), address=address, idle=True, **kept)


def _document(tool: str, address: Address | None) -> tuple[str, str, str]:
    """Key, title and pane of a document that is no entry."""
    spec = TOOLS[tool]
    title = f"{spec.title}: {safe(address.name)}" if address is not None else spec.title
    return f"/{tool}/{address or ''}", title, spec.where


def _store_name(app: Shell, where: str) -> str:
    """The root's name for the store that is kept of it, which has none of its own."""
    if app.spaces is not None:
        from dmart_tui.core.changelog import store_of

        if where == str(store_of(app.spaces.root, app.paths.cache / "histories")):
            return app.spaces.root.rpartition("/")[2]
    return ""


def _about(tool: str, where: str, name: str = "") -> tuple[str, str, str]:
    """The same of a document about archives or history stores; `name` is what it is called, if not by its file."""
    spec = ARCHIVE_TOOLS.get(tool) or STORE_TOOLS[tool]
    if tool == "archives":  # one document goes from place to place
        return f"/{tool}/{where}", spec.title, spec.where
    name = safe(name or where.rstrip("/").rpartition("/")[2] or where)
    return f"/{tool}/{where}", f"{spec.title}: {name}" if tool in STORE_TOOLS else name, spec.where
