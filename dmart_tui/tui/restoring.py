"""The state of the app as JSON, and back."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.tui.tools import bring_back_tool

if TYPE_CHECKING:
    from dmart_tui.tui.shell import Shell

MOST_DOCUMENTS = 20


def capture(app: Shell) -> dict[str, Any]:
    """What the session remembers of an app."""
    workspace = app.workspace
    current = workspace.current
    return {
        "theme": app.theme,
        "theme_setting": app.settings.theme,
        "display_names": app.display_names,
        "tree_width": app.tree_width,
        "tree": app.tree_pane.state(),
        "documents": [state for document in workspace.documents if (state := document.state()) is not None],
        "current": current.key if current is not None else None,
        "focus": "workspace" if workspace.has_focus_within else "tree",
    }


def saved_theme(saved: dict[str, Any], setting: str) -> str:
    """The theme chosen in the last session, unless the setting was changed since; empty: none."""
    theme = saved.get("theme")
    return theme if isinstance(theme, str) and saved.get("theme_setting") == setting else ""


async def restore(app: Shell, saved: dict[str, Any]) -> None:
    """Bring back what `capture` gave; what is gone from the disk is left out without a word."""
    if isinstance(width := saved.get("tree_width"), int):
        app.set_tree_width(width)
    if isinstance(names := saved.get("display_names"), bool) and names != app.display_names:
        app.display_names = names
        app.looks_changed.publish(None)
    if isinstance(tree := saved.get("tree"), dict):
        await app.tree_pane.restore(tree)
    documents = saved.get("documents")
    for state in documents[:MOST_DOCUMENTS] if isinstance(documents, list) else ():
        if not isinstance(state, dict):
            continue
        with suppress(DmartTuiError):
            if isinstance(text := state.get("address"), str):
                await app.workspace.bring_back(Address.parse(text), state)
            elif isinstance(key := state.get("tool"), str):
                await bring_back_tool(app, key, state.get("state"))
    await app.workspace.bring_up(saved.get("current"))
    if saved.get("focus") == "workspace" and app.workspace.current is not None and app.tree_pane.has_focus_within:
        app.workspace.current.take_focus()
