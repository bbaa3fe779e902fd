"""A line of typed text that shows what is in it, whatever it is: names that strangers chose are edited in it, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.highlighter import Highlighter
from rich.text import Text
from textual.suggester import Suggester
from textual.widgets import Input

from dmart_tui.core import background
from dmart_tui.core.text import safe_typed

if TYPE_CHECKING:
    from collections.abc import Callable


class Completion(Suggester):
    """Asks what a text may become: the whole text, beginning with it; None when nothing is known. Blocks."""

    def __init__(self, complete: Callable[[str], str | None]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return await background.run(self._complete, value)


class _Safe(Highlighter):
    """Textual draws the value as it is; its length must stay, for the cursor is counted in it."""

    def __call__(self, text: str | Text) -> Text:
        plain = text.plain if isinstance(text, Text) else text
        return Text(safe_typed(plain), no_wrap=True, overflow="ignore", end="")

    def highlight(self, text: Text) -> None:
        """Nothing: the text is made anew."""


class LineInput(Input):
    """One row without a border, whose cursor does not blink: sends what one character changes."""

    def __init__(self, value: str = "", **options: Any) -> None:
        super().__init__(value, compact=True, highlighter=_Safe(), **options)
        self.cursor_blink = False
