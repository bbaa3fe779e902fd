"""A small app with nothing but the text editor, for tests of its looks and of what it sends.

`python -m tests.support.sample_editor FILE LANGUAGE [THEME]` runs it in the terminal.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on

from dmart_tui.tui import themes
from dmart_tui.tui.output import ThinOutput
from dmart_tui.tui.widgets.code_editor import CodeEditor, Diagnostic

if TYPE_CHECKING:
    from textual.app import ComposeResult


class EditorApp(ThinOutput):
    """Keeps what the editor told."""

    def __init__(
        self, text: str = "", language: str = "json", theme: str = "night", *, read_only: bool = False
    ) -> None:
        super().__init__()
        self._theme_name = theme
        self.editor = CodeEditor(text, language=language, read_only=read_only)
        self.copied: list[str] = []
        self.changes = 0

    def compose(self) -> ComposeResult:
        yield self.editor

    def on_mount(self) -> None:
        self.register_theme(themes.load(self._theme_name, Path("nowhere")))
        self.theme = self._theme_name
        self.editor.focus()

    @on(CodeEditor.Changed)
    def _changed(self) -> None:
        self.changes += 1

    @on(CodeEditor.CopyRequested)
    def _copy(self, event: CodeEditor.CopyRequested) -> None:
        self.copied.append(event.text)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        app = EditorApp(file.read(), *sys.argv[2:])
    app.editor.set_diagnostics([Diagnostic(2, 4, 6, "This is not what the schema wants.")])
    app.run()
