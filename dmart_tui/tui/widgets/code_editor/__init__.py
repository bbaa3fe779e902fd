"""A text editor for JSON, Markdown, Python, HTML and plain text.

Our own view over our own lines, because Textual's TextArea cannot hide lines, writes mixed line ends as one kind and
splits lines at U+2028 and form feeds, and takes 126 ms a key at 119 KB of JSON.
"""

from __future__ import annotations

from dmart_tui.tui.widgets.code_editor.diagnostics import Diagnostic
from dmart_tui.tui.widgets.code_editor.editor import CodeEditor

__all__ = ["CodeEditor", "Diagnostic"]
