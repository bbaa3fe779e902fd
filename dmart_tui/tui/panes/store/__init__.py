"""A history store: what it is made of, and questions to it."""

from __future__ import annotations

from dmart_tui.tui.panes.store.pane import StorePane
from dmart_tui.tui.panes.store.query_pane import QueryPane

__all__ = ["QueryPane", "StorePane"]
