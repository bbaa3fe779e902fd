"""Lines that are typed with help: paths, addresses, keys and tags that exist are listed below while one types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, cast

from textual.content import Content
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces import Kind
from dmart_tui.core.text import safe
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from dmart_tui.core.spaces import Entry
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk

    Offer = Callable[[str], Sequence[Row]]

R = TypeVar("R")

MOST: Final = 200
"""Rows that are offered."""


class Completing(Picker[R]):
    """A line to type over a list of what it may become; tab takes the row under the cursor into the line.

    Args:
        words: a sentence above the line.
        offer: rows for a text, whose values are the whole line then; blocks.
    """

    CONTEXT = "completing"
    BINDINGS = [*bindings("completing"), *bindings("dialog")]
    PLACEHOLDER = "Type it, or choose below"
    EMPTY = ""
    SHORT = True

    def __init__(self, title: str, *, words: str, offer: Offer, text: str = "") -> None:
        super().__init__(title, text=text)
        self._words = words
        self._offer = offer
        self._fault = Static("", classes="fault")
        self._given = Static("", classes="words")

    def inside(self) -> ComposeResult:
        yield Static(Content(safe(self._words, lines=True)), classes="words")
        yield self._given
        yield self.input
        yield self._fault
        yield self.list

    def begin(self) -> None:
        self._given.display = False
        self._tell("")
        super().begin()
        self.input.action_end()

    def narrow(self, text: str) -> None:
        cast("DmartApp", self.app).tasks.spawn(self._narrow(text), group="completing", exclusive=True)

    async def _narrow(self, text: str) -> None:
        rows = await background.run(self._offer, text)
        if self.is_attached and text == self.input.value:
            self.list.set_rows(rows[:MOST])

    def choose(self, row: Row) -> None:
        """Take a row into the line."""
        self._tell("")
        self.input.value = row.value
        self.input.action_end()
        self.input.focus()

    def why_not(self, action: str) -> str | None:
        if action == "completing.complete" and self.list.current is None:
            return "Nothing is known that it could become."
        return None

    def do_complete(self) -> None:
        self.list.action_activate()

    def _tell(self, fault: str) -> None:
        self._fault.update(Content(safe(f"✗ {fault}" if fault else "")))
        self._fault.display = bool(fault)


class Completed(Completing[str]):
    """One line.

    Args:
        check: returns a sentence when the line will not do; blocks.
    """

    def __init__(
        self, title: str, *, words: str, offer: Offer, text: str = "", check: Callable[[str], str | None]
    ) -> None:
        super().__init__(title, words=words, offer=offer, text=text)
        self._check = check

    def begin(self) -> None:
        super().begin()
        self.say("tab completes · enter takes it · esc closes")

    def accept(self) -> None:
        cast("DmartApp", self.app).tasks.spawn(self._accept(self.input.value), group="completed", exclusive=True)

    async def _accept(self, text: str) -> None:
        fault = await background.run(self._check, text)
        if not self.is_attached:
            return
        if fault is None:
            self.dismiss(text)
        else:
            self._tell(fault)


class Lines(Completing["list[str]"]):
    """Several lines, one after another; enter on an empty one takes them all.

    Args:
        check: returns a sentence when a line will not do.
    """

    CONTEXT = "lines"
    BINDINGS = [*bindings("lines"), *bindings("completing"), *bindings("dialog")]

    def __init__(self, title: str, *, words: str, offer: Offer, check: Callable[[str], str | None]) -> None:
        super().__init__(title, words=words, offer=offer)
        self._check = check
        self._lines: list[str] = []

    def begin(self) -> None:
        super().begin()
        self._show()

    def accept(self) -> None:
        text = self.input.value
        if not text.strip():
            if self._lines:
                self.dismiss(self._lines)
            return
        if fault := self._check(text):
            self._tell(fault)
            return
        self._tell("")
        self._lines.append(text)
        self.input.value = ""
        self._show()

    def why_not(self, action: str) -> str | None:
        if action == "lines.take-back" and not self._lines:
            return "No line is there yet."
        return super().why_not(action)

    def do_take_back(self) -> None:
        self.input.value = self._lines.pop()
        self.input.action_end()
        self._show()

    def _show(self) -> None:
        self._given.update(Content(safe("\n".join(f"✓ {line}" for line in self._lines[-3:]), lines=True)))
        self._given.display = bool(self._lines)
        more = f"{len(self._lines)} · enter on an empty line goes on" if self._lines else "enter adds it"
        self.say(f"tab completes · {more} · esc closes")


async def ask_folder(desk: Desk, title: str, *, words: str, text: str = "") -> Entry | None:
    """Ask for a folder that exists, or a space; None when that was given up."""
    from dmart_tui.core.writing.known import known_folders

    spaces = desk.store.spaces

    def loaded(text: str) -> Entry:
        return spaces.load(Address.parse(text.rstrip("/")))

    def fault(text: str) -> str | None:
        try:
            folder = loaded(text)
        except DmartTuiError as error:
            return error.message
        return "That is no folder." if folder.kind is Kind.ENTRY else None

    def offer(text: str) -> list[Row]:
        return [Row(f"{found}/", f"{found}/") for found in known_folders(spaces, text)]

    typed = await cast("DmartApp", desk.app).ask(Completed(title, words=words, offer=offer, text=text, check=fault))
    return None if typed is None else await background.run(loaded, typed)
