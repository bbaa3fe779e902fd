"""A long text of a form, edited in a box of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on

from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Dialog
from dmart_tui.tui.widgets.code_editor import CodeEditor

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dmart_tui.tui.app import DmartApp


class LongText(Dialog[str]):
    """Answers with the text as edited."""

    CONTEXT = "long-text"
    BINDINGS = [*bindings("long-text"), *bindings("dialog")]
    DEFAULT_CSS = """
    LongText > #box { max-width: 120; padding: 0; }
    """

    def __init__(self, title: str, text: str, *, language: str = "text") -> None:
        super().__init__(title)
        self._editor = CodeEditor(text, language=language)

    def inside(self) -> ComposeResult:
        yield self._editor

    def on_mount(self) -> None:
        self._editor.focus()
        self.say("f2 takes it · esc leaves it as it was")

    def do_take(self) -> None:
        self.dismiss(self._editor.text)

    @on(CodeEditor.CopyRequested)
    def _copy(self, message: CodeEditor.CopyRequested) -> None:
        message.stop()
        cast("DmartApp", self.app).copy_text(message.text)
