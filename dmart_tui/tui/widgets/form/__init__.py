"""A keyboard-driven form over the fields of a schema and a value."""

from __future__ import annotations

from dmart_tui.tui.widgets.form.form import Form

__all__ = ["Form"]
