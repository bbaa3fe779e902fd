"""What the panes share that show lines of histories and event logs."""

from dmart_tui.tui.changes.browser import LogBrowser
from dmart_tui.tui.changes.filtering import Filter
from dmart_tui.tui.changes.reading import Reading
from dmart_tui.tui.changes.words import describe, short_key, value_text

__all__ = ["Filter", "LogBrowser", "Reading", "describe", "short_key", "value_text"]
