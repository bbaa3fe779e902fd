"""Completion while one types: offered after a short rest, taken by tab, never in the way of any other key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core import background
from dmart_tui.tui.widgets.offers import Offered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.timer import Timer

    from dmart_tui.core.sql.editing.completing import Completions, Names
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.widgets.code_editor import CodeEditor
    from dmart_tui.tui.widgets.offers import Offers

REST: Final = 0.03
"""Seconds without a key before it is looked for."""
LEAST: Final = 2
"""Characters of a word before anything is offered by itself."""
_TYPING: Final = frozenset(("underscore", "full_stop", "backspace", "quotation_mark"))
"""Keys of more than a letter after which a word goes on."""
_SIGNS: Final = {
    "keyword": " ",
    "function": "ƒ",
    "database": "▣",
    "schema": "▢",
    "table": "▤",
    "view": "▥",
    "column": "·",
    "cte": "≡",
    "alias": "=",
}


class Helper:
    """Completion in one editor.

    Enter takes an offer only after a person stepped to it or asked for the list: else it begins a new line, as always.
    """

    def __init__(self, app: DmartApp, editor: CodeEditor, offers: Offers, names: Callable[[], Names]) -> None:
        self._app = app
        self._editor = editor
        self._offers = offers
        self._names = names
        self._asked = False
        self._taken = False
        """Whether the change to come is an offer that was taken: nothing more is offered then."""
        self._resting: Timer | None = None
        self._place = (0, 0)
        self._texts: Sequence[str] = ()
        editor.help_with(self.key)

    def typed(self) -> None:
        """The text changed: look for what the word may become once typing rests."""
        self._stop()
        if self._taken:
            self._taken = False
            return
        text, at = self._editor.text, self._editor.offset_in_text
        before = text[max(0, at - LEAST) : at]
        wordy = len(before) == LEAST and all(char.isalnum() or char in '_"' for char in before)
        if self._offers.shows or wordy or before.endswith("."):
            self._resting = self._editor.set_timer(REST, self._look)

    def ask(self) -> None:
        """Show what can stand here, whatever was typed."""
        self._asked = True
        self._look()

    def offer(self, start: int, end: int, texts: Sequence[str]) -> None:
        """Offer texts for a part of the text: what an error says may have been meant."""
        self._place, self._texts, self._asked = (start, end), texts, False
        self._offers.offer([Offered(text, sign="?") for text in texts], self._editor.place_on_screen(start))

    def key(self, key: str) -> bool:
        """Whether a key was for the list."""
        if not self._offers.shows:
            if len(key) > 1 and key not in _TYPING:
                self.leave()
            return False
        if key == "escape":
            self.leave()
        elif key in ("down", "up"):
            self._offers.step(1 if key == "down" else -1)
        elif key == "tab" or (key == "enter" and (self._asked or self._offers.moved)):
            self._take()
        else:
            if len(key) > 1 and key not in _TYPING:
                self.leave()
            return False
        return True

    def leave(self) -> None:
        """Take the list away, also one that is still looked for."""
        self._asked = False
        self._stop()
        self._app.tasks.stop_spawned("complete")
        self._offers.leave()

    def _stop(self) -> None:
        if self._resting is not None:
            self._resting.stop()
            self._resting = None

    def _look(self) -> None:
        self._resting = None
        self._app.tasks.spawn(self._find(), group="complete", exclusive=True)

    async def _find(self) -> None:
        editor = self._editor
        text, at = editor.text, editor.offset_in_text
        found = await background.run(self._complete, text, at)
        if not editor.is_attached or editor.offset_in_text != at or editor.text != text:
            return
        typed = text[found.start : found.end].lower()
        offers = [one for one in found.offers if self._asked or one.text.lower().rstrip("(") != typed]
        if not (typed or self._asked or text[at - 1 : at] == "."):
            offers = []
        self._place, self._texts = (found.start, found.end), [one.text for one in offers]
        rows = [Offered(one.text, one.detail, _SIGNS[one.kind]) for one in offers]
        self._offers.offer(rows, editor.place_on_screen(found.start))

    def _complete(self, text: str, at: int) -> Completions:
        from dmart_tui.core.sql.editing.completing import complete

        return complete(text, at, self._names())

    def _take(self) -> None:
        text = self._texts[self._offers.current]
        self.leave()
        self._taken = True
        self._editor.put(*self._place, text)
