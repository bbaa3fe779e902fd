"""What is sent to the terminal: the same screen as Textual's own output, in a fraction of the bytes."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from unicodedata import normalize
from unittest.mock import patch

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual import __version__ as textual_version
from textual.strip import Strip

from dmart_tui.tui import output, shadow
from dmart_tui.tui.shadow import ShadowScreen
from tests.support.terminal import Terminal, seen

ROOT = Path(__file__).parents[2]
CHUNK = 6
"""Paints begin and end at multiples of this, as a compositor paints whole pieces of widgets."""

texts = st.lists(
    st.sampled_from(
        [
            "a",
            "bc",
            " ",
            "  ",
            " " * 9,
            "é",
            "─┐",
            "漢",
            "字か",
            "한",
            "بيانات",
            "ڕۆ",
            "e\u0301",
            "न",
            "✓",
            "★",
            "x" * 7,
        ]
    ),
    max_size=8,
).map("".join)
styles = st.builds(
    Style,
    color=st.sampled_from([None, "red", "color(120)", "#102030"]),
    bgcolor=st.sampled_from([None, "blue", "color(200)", "#a0b0c0"]),
    bold=st.sampled_from([None, True]),
    dim=st.sampled_from([None, True]),
    underline=st.sampled_from([None, True]),
    reverse=st.sampled_from([None, True]),
)
segments = st.lists(st.tuples(texts, st.none() | styles).map(lambda pair: Segment(*pair)), max_size=5)
paints = st.tuples(st.just("paint"), st.integers(0, 7), st.integers(0, 5), st.integers(1, 6), segments)
resizes = st.tuples(st.just("resize"), st.integers(2, 6), st.integers(2, 8), st.just(0), segments)
overwrites = st.tuples(st.just("overwritten"), st.just(0), st.just(0), st.just(0), segments)
scrolls = st.tuples(st.just("scroll"), st.integers(1, 3), st.just(0), st.just(0), segments)
steps = st.lists(st.lists(paints, min_size=1, max_size=6) | st.tuples(resizes | overwrites | scrolls), max_size=12)


@dataclass
class Screens:
    """The same paints on two terminals: as Textual writes them, and through the shadow."""

    columns: int = 4 * CHUNK
    rows: int = 4
    console: Console = field(default_factory=lambda: Console(force_terminal=True, color_system="truecolor"))
    shadow: ShadowScreen = field(default_factory=ShadowScreen)

    def __post_init__(self) -> None:
        self.plain, self.thin = (pyte.Screen(self.columns, self.rows) for _ in range(2))
        self.streams = [pyte.Stream(screen) for screen in (self.plain, self.thin)]
        for stream in self.streams:
            stream.feed("\x1b[?7l")
        self.paint_all([])

    def paint(self, x: int, y: int, width: int, content: list[Segment]) -> None:
        x, y = x * CHUNK % self.columns, y % self.rows
        width = min(width * CHUNK, self.columns - x)
        self.shadow.fit(self.columns, self.rows)
        for strip in Strip(content).adjust_cell_length(width).divide(list(range(CHUNK, width + 1, CHUNK))):
            self.streams[0].feed(f"\x1b[{y + 1};{x + 1}H{strip.render(self.console)}")
            self.shadow.paint(x, y, [(text, output._look(style, ColorSystem.TRUECOLOR)) for text, style, _ in strip])
            x += CHUNK

    def paint_all(self, content: list[Segment]) -> None:
        for y in range(self.rows):
            self.paint(0, y, self.columns, content[y:])

    def flush(self) -> str:
        written = self.shadow.flush((0, 0))
        self.streams[1].feed(written)
        return written

    def step(self, kind: str, first: int, second: int, width: int, content: list[Segment]) -> None:
        if kind == "paint":
            self.paint(second, first, width, content)
        elif kind == "resize":
            self.columns, self.rows = first * CHUNK, second
            for screen in (self.plain, self.thin):
                screen.resize(self.rows, self.columns)
            self.paint_all(content)
        elif kind == "scroll":
            self.paint_all(content)
            self.flush()
            self.paint_all(content[first:])
        else:
            for stream in self.streams:
                stream.feed("\x1b[2;3H\x1b[31mfrom elsewhere 漢字\x1b[m")
            self.shadow.forget()
            self.paint_all(content)


def once(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """The cells, a mark counted once: plain output puts it on its letter again with every paint of what follows."""
    return [
        [(re.sub("(\u0301)+", "\u0301", normalize("NFD", str(char))), *looks) for char, *looks in row]
        for row in seen(screen)
    ]


@pytest.mark.parametrize("shift_from", [0, 1 << 30], ids=["rows may move", "rows stay"])
@settings(max_examples=150, deadline=None)
@given(script=steps)
def test_the_screen_is_what_plain_output_would_show(
    shift_from: int, script: list[list[tuple[str, int, int, int, list[Segment]]]]
) -> None:
    screens = Screens()
    screens.flush()
    with patch.object(shadow, "_SHIFT_FROM", shift_from):
        for updates in script:
            for update in updates:
                screens.step(*update)
            screens.flush()
            assert once(screens.thin) == once(screens.plain)


@given(segments)
def test_what_is_shown_already_is_not_sent_again(content: list[Segment]) -> None:
    screens = Screens()
    screens.paint_all(content)
    assert screens.flush()
    screens.paint_all(content)
    assert screens.flush() == ""


@pytest.mark.parametrize(
    ("before", "after", "written"),
    [
        ("the same line of text", "the some line of text", "\x1b[6Go\r"),
        ("one two and three", "one", "\x1b[5G\x1b[13X\r"),
        ("漢字", "漢か", "\x1b[3Gか\r"),
    ],
)
def test_a_changed_character_costs_a_move_and_itself(before: str, after: str, written: str) -> None:
    subject = ShadowScreen()
    subject.fit(30, 2)
    subject.paint(0, 0, [(before.ljust(30), "")])
    subject.flush((0, 0))
    subject.paint(0, 0, [(after.ljust(30), "")])
    assert subject.flush((0, 0)) == written


def test_half_of_a_wide_character_painted_over_leaves_a_blank() -> None:
    subject = ShadowScreen()
    subject.fit(6, 1)
    subject.paint(0, 0, [("漢字漢", "")])
    subject.flush((0, 0))
    subject.paint(1, 0, [("ab", "")])
    screen = pyte.Screen(6, 1)
    pyte.Stream(screen).feed("漢字漢\x1b[H" + subject.flush((0, 0)))
    assert screen.display == [" ab 漢"]


def test_joined_letters_are_sent_together() -> None:
    subject = ShadowScreen()
    subject.fit(20, 1)
    subject.paint(0, 0, [("left بيانات right  1", "")])
    subject.flush((0, 0))
    subject.paint(0, 0, [("left بيتنات right  2", "")])
    assert subject.flush((0, 0)) == "\x1b[6Gبيتنات\x1b[8C2\r"


def test_after_a_character_of_doubtful_width_the_row_is_sent_to_its_end() -> None:
    subject = ShadowScreen()
    subject.fit(20, 1)
    subject.paint(0, 0, [("left ☎ right", "")])
    subject.flush((0, 0))
    subject.paint(0, 0, [("left ⚙ right", "")])
    assert subject.flush((0, 0)) == "\x1b[6G⚙\x1b[7G right\r"


def test_what_looks_alike_is_sent_together() -> None:
    subject = ShadowScreen()
    subject.fit(12, 3)
    red, blue = "38;2;200;10;10", "38;2;10;10;200"
    for y in range(3):
        subject.paint(0, y, [("name", red), ("  ", ""), ("value", blue)])
    written = subject.flush((0, 0))
    assert written.count(red) == written.count(blue) == 1


@pytest.mark.parametrize(("before", "after", "by"), [(9, 0, "L"), (0, 9, "M")])
def test_rows_that_moved_are_moved_by_the_terminal(before: int, after: int, by: str) -> None:
    subject = ShadowScreen()
    subject.fit(80, 20)
    for top in (before, after):
        for y in range(20):
            subject.paint(0, y, [(f"{'│ aside':12}{str(top + y) * 12:68}", "")])
        written = subject.flush((0, 0))
    assert f"\x1b[1;20r\x1b[1H\x1b[9{by}\x1b[r" in written
    assert len(written) < 9 * 80


def test_gnu_screen_gets_spaces_instead_of_coloured_erasing() -> None:
    subject = ShadowScreen(erase_keeps_colour=False)
    subject.fit(30, 1)
    subject.paint(0, 0, [(" " * 30, "44")])
    assert " " * 30 in subject.flush((0, 0))


def test_no_escape_sequence_leaves_through_the_text() -> None:
    subject = ShadowScreen()
    subject.fit(20, 1)
    subject.paint(0, 0, [("a\x1b]0;title\x07b\x9b2J\udc80", "")])
    written = subject.flush((0, 0))
    assert not {"\x07", "\x9b", "\udc80"} & set(written)
    assert "\x1b]" not in written


def test_textual_is_the_one_the_shadow_was_written_for() -> None:
    assert textual_version.startswith("8.2.")
    assert output._known_textual()


def sample(kind: str, **env: str) -> Terminal:
    terminal = Terminal([sys.executable, "-m", "tests.support.sample_app", kind], env=env, cwd=ROOT)
    terminal.wait_for("alpha 0")
    terminal.settle(0.4)
    return terminal


LIST_KEYS = ("down", "down", "pagedown", "end", "up", "home")
WALK = (*LIST_KEYS, "tab", "right", "right", "tab", "a", "b", "f2", "backspace", "f3", "shift+tab", "left")


@cache
def walked(kind: str, *environment: str) -> list[list[tuple[object, ...]]]:
    with sample(kind, **dict(pair.split("=") for pair in environment)) as terminal:
        terminal.press(*WALK, quiet=0.08)
        terminal.press("f5", quiet=0.4)
        terminal.resize(90, 30)
        terminal.settle(0.3)
        terminal.press("tab", "z", quiet=0.1)
        terminal.wait_for("▊  z ")
        terminal.settle(0.3)
        return terminal.cells()


@pytest.mark.parametrize(
    ("thin", "plain"),
    [((), ()), (("DMART_TUI_PLAIN_OUTPUT=1",), ()), (("COLORTERM=",), ("COLORTERM=",))],
    ids=["true colour", "switched off", "256 colours"],
)
def test_a_real_app_looks_the_same_after_keys_resizing_and_suspending(
    thin: tuple[str, ...], plain: tuple[str, ...]
) -> None:
    assert walked("thin", *thin) == walked("plain", *plain)


def test_budgets_of_a_small_app() -> None:
    with sample("thin") as terminal:
        assert not terminal.modes & {1003, 1015}
        assert terminal.press("down") <= 1024
        assert terminal.press("down") <= 1024
        assert terminal.press("pagedown") <= 15 * 1024
        before = len(terminal.output)
        for column in range(60):
            terminal.move_mouse(column, 5)
            terminal.send(f"\x1b[<35;{column + 1};9M".encode())
        terminal.settle(0.3)
        assert len(terminal.output) == before
        terminal.press("tab", "tab")
        assert terminal.press("a") <= 1024
        assert terminal.listen(3) == 0


def test_the_mouse_still_clicks() -> None:
    with sample("thin") as terminal:
        terminal.click(5, 38)
        terminal.settle()
        terminal.press("q", "q")
        assert "qq" in terminal.screen()
