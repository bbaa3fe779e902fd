"""A small app of stock widgets, run plain or thin: what the tests and benchmarks of the output compare.

`python -m tests.support.sample_app thin|plain` runs it in the terminal.
"""

from __future__ import annotations

import sys

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Footer, Input, OptionList, Static, TabbedContent, TabPane

from dmart_tui.tui.output import ThinOutput

WORDS = ("alpha", "بيانات", "漢字かな", "cafe\u0301", "Größe", "ڕۆژ", "한국어", "x" * 20)


KEYS = [("f2", "redraw", "Redraw"), ("f3", "change_theme", "Theme"), ("f5", "run_shell", "Shell")]


class _Body:
    CSS = "OptionList { width: 1fr; } TabbedContent { width: 2fr; } Input { dock: bottom; }"

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield OptionList(*(f"{WORDS[n % len(WORDS)]} {n:,} {WORDS[n * 5 % len(WORDS)]}" for n in range(500)))
            with TabbedContent():
                for name in WORDS[:4]:
                    with TabPane(name):
                        yield Static("\n".join(f"[b]{name}[/b] line {n} [reverse]{WORDS[n % 8]}[/]" for n in range(30)))
        yield Input(placeholder="type here")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()  # type: ignore[attr-defined]

    def action_change_theme(self) -> None:
        self.theme = "nord"

    def action_run_shell(self) -> None:
        """Hand the terminal to something else, which leaves other text on it."""
        with self.suspend():  # type: ignore[attr-defined]
            print("\x1b[2J\x1b[Hanother program was here")


class Plain(_Body, App[None]):
    """Textual as it is, but without animation and blinking, so that its last screen can be compared."""

    BINDINGS = KEYS

    def on_mount(self) -> None:
        super().on_mount()
        self.animation_level = "none"
        self.query_one(Input).cursor_blink = False

    def action_redraw(self) -> None:
        self.refresh()


class Thin(_Body, ThinOutput):
    """The same through ThinOutput."""

    BINDINGS = KEYS

    def action_redraw(self) -> None:
        self.redraw_all()


if __name__ == "__main__":
    (Thin if sys.argv[1] == "thin" else Plain)().run()
