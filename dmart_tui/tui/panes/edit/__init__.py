"""Editing one entry, as a form and as text."""

from __future__ import annotations

from dmart_tui.tui.panes.edit.pane import EditPane

__all__ = ["EditPane"]
