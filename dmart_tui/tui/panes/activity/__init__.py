"""When, where and by whom a root or a store was changed, as charts, and the changes behind each bar."""

from __future__ import annotations

from dmart_tui.tui.panes.activity.pane import ActivityPane

__all__ = ["ActivityPane"]
