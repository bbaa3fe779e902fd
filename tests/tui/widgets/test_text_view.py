from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from textual.app import App

from dmart_tui.core.viewing import FileBytes, PagedText
from dmart_tui.tui.widgets import text_view
from dmart_tui.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.pilot import Pilot


class TextApp(App[None]):
    def __init__(self, view: TextView) -> None:
        super().__init__()
        self.view = view
        self.found: list[int | None] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_text_view_found(self, event: TextView.Found) -> None:
        self.found.append(event.row)


def screen(view: TextView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def settle(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def test_lines_have_numbers_and_are_safe() -> None:
    app = TextApp(TextView("one\n\ttwo\x1b[2J [red]\n\u202ethree"))
    async with app.run_test(size=(40, 5)):
        assert screen(app.view)[:3] == ["›  1  one", "   2      two␛[2J [red]", "   3  ⟨RLO⟩three"]
        assert app.view.summary == "3 lines"


async def test_long_lines_shift_under_their_numbers() -> None:
    app = TextApp(TextView("0123456789" * 20 + "\nshort"))
    async with app.run_test(size=(30, 4)) as pilot:
        assert screen(app.view)[0] == "›  1  0123456789012345678901…"
        await pilot.press("l")
        assert screen(app.view)[0] == "›  1  8901234567890123456789…"
        assert screen(app.view)[1] == "   2"
        await pilot.press("h", "h")
        assert screen(app.view)[0] == "›  1  0123456789012345678901…"


async def test_code_is_coloured_and_its_text_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "\n".join(f"def f{number}():  # why\n    return 'x'" for number in range(500))
    windows: list[int] = []
    real = text_view.highlight

    def counting(lexer: str, lines: list[str]) -> Any:
        windows.append(len(lines))
        return real(lexer, lines)

    monkeypatch.setattr(text_view, "highlight", counting)
    app = TextApp(TextView(source, lexer="python"))
    async with app.run_test(size=(60, 20)) as pilot:
        assert screen(app.view)[0] == "›   1  def f0():  # why"
        styles = {segment.text: segment.style for segment in app.view.render_line(0)}
        assert styles["def"] != styles["# why"]
        await pilot.press("G")
        assert screen(app.view)[-1] == "›1000      return 'x'"
        assert windows
        assert max(windows) <= 40 + 24
        assert len(windows) <= 4


async def test_find_marks_matches_and_wraps_around() -> None:
    text = "\n".join("needle here" if number in (300, 700) else f"line {number}" for number in range(1000))
    app = TextApp(TextView(text))
    async with app.run_test(size=(60, 10)) as pilot:
        for expected in (300, 700, 300):
            app.view.find("needle")
            await settle(pilot)
            assert app.view.cursor == expected
        app.view.find("needle", backwards=True)
        await settle(pilot)
        assert app.view.cursor == 700
        strip = app.view.render_line(app.view.cursor - app.view.scroll_offset.y)
        assert [segment.text for segment in strip if segment.style and segment.style.reverse] == ["needle"]
        app.view.find("absent")
        await settle(pilot)
        assert app.found == [300, 700, 300, 700, None]
        assert app.view.cursor == 700


async def test_a_match_far_to_the_right_comes_into_view() -> None:
    app = TextApp(TextView("first\n" + "x" * 500 + "needle" + "y" * 500))
    async with app.run_test(size=(60, 10)) as pilot:
        app.view.find("needle")
        await settle(pilot)
        assert "needle" in screen(app.view)[1]


async def test_a_long_file_is_indexed_as_far_as_needed_and_to_its_end_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "long one.log"
    path.write_text("".join(f"line {number:07}\n" for number in range(3_000_000)))
    text = PagedText.open(path)
    app = TextApp(TextView(text))
    async with app.run_test(size=(60, 10)) as pilot:
        await settle(pilot)
        assert text.indexed_bytes <= 2 * 1024 * 1024
        assert app.view.summary.startswith("over ")
        await pilot.press("j")
        await settle(pilot)
        assert text.indexed_bytes <= 2 * 1024 * 1024
        await pilot.press("G")
        await settle(pilot)
        assert app.view.cursor == 2_999_999
        assert "line 2999999" in screen(app.view)[-1]
        assert app.view.summary == "3,000,000 lines"
    text.close()


async def test_a_sparse_gigabyte_shows_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    path.write_bytes(b"top\n")
    os.truncate(path, 1 << 30)
    looked_at = threading.Event()

    class SlowEnd(FileBytes):
        """Only its beginning can be read before the screen was looked at; its last byte tells how it ends."""

        def read(self, offset: int, length: int) -> bytes:
            if 64_000_000 < offset < self.size - 1:
                looked_at.wait(30)
            return super().read(offset, length)

    text = PagedText(SlowEnd(path))
    app = TextApp(TextView(text))
    async with app.run_test(size=(60, 10)) as pilot:
        try:
            assert screen(app.view)[0] == "›  1  top"
            await pilot.press("j")
            assert screen(app.view)[1].startswith("›  2  ␀␀␀")
            assert not text.complete
        finally:
            looked_at.set()
    text.close()


async def test_a_move_draws_two_rows() -> None:
    app = TextApp(TextView("\n".join(map(str, range(1000)))))
    async with app.run_test(size=(60, 20)) as pilot:
        drawn: list[int] = []
        draw = app.view.draw

        def counting(row: int, line: int, width: int) -> Any:
            drawn.append(row)
            return draw(row, line, width)

        app.view.draw = counting  # type: ignore[method-assign]
        await pilot.press("j")
        assert sorted(set(drawn)) == [0, 1]


async def test_no_text_says_so() -> None:
    app = TextApp(TextView(""))
    async with app.run_test(size=(30, 4)) as pilot:
        assert screen(app.view)[0].strip() == "no text"
        await pilot.press("j", "G", "n", "l", "pagedown")
        assert app.view.copy_text() == ""


async def test_long_lines_wrap_under_their_numbers_and_run_on_again() -> None:
    app = TextApp(TextView("one two three four five six seven\nshort", wrap=True))
    async with app.run_test(size=(22, 6)) as pilot:
        assert screen(app.view)[:4] == ["›  1  one two three", "      four five six", "      seven", "   2  short"]
        await pilot.press("l")
        assert screen(app.view)[0] == "›  1  one two three"
        await pilot.press("j")
        assert screen(app.view)[3] == "›  2  short"
        await pilot.resize_terminal(40, 6)
        await pilot.pause()
        assert screen(app.view)[:2] == ["   1  one two three four five six seven", "›  2  short"]
        app.view.set_wrap(False)
        await pilot.resize_terminal(22, 6)
        await pilot.pause()
        assert screen(app.view)[:2] == ["   1  one two three …", "›  2  short"]


async def test_a_line_taller_than_the_view_is_read_row_by_row_and_page_by_page() -> None:
    text = "first\n" + " ".join(f"word{number:03}" for number in range(200)) + "\nlast"
    app = TextApp(TextView(text, wrap=True))
    async with app.run_test(size=(30, 8)) as pilot:
        seen: set[str] = set()
        for _ in range(220):
            seen.update(word for line in screen(app.view) for word in line.split())
            await pilot.press("j")
        assert {f"word{number:03}" for number in range(200)} <= seen
        assert app.view.cursor == 2
        pages = []
        for _ in range(40):
            await pilot.press("pageup")
            pages.append(app.view.scroll_offset.y)
        assert pages == sorted(pages, reverse=True)
        assert app.view.cursor == 0
        for _ in range(40):
            await pilot.press("pagedown")
        assert app.view.cursor == 2
        assert "last" in screen(app.view)[-1]


async def test_a_match_in_a_wrapped_line_comes_into_view() -> None:
    app = TextApp(TextView("first\n" + "x " * 500 + "needle" + " y" * 500, wrap=True))
    async with app.run_test(size=(40, 8)) as pilot:
        app.view.find("needle")
        await settle(pilot)
        assert app.view.cursor == 1
        assert any("needle" in line for line in screen(app.view))


async def test_a_large_text_wraps_in_a_thread_and_a_huge_one_says_why_not() -> None:
    app = TextApp(TextView("word " * 60 * 1000, wrap=True))
    async with app.run_test(size=(40, 8)) as pilot:
        await settle(pilot)
        assert app.view.line_count() > 200
        assert app.view.why_not_wrapped() is None
    assert TextView("word\n" * 30_000).why_not_wrapped() is not None


async def test_a_wrapped_file_that_lost_its_text_draws_blank(tmp_path: Path) -> None:
    path = tmp_path / "shrinking"
    path.write_text("word " * 2000)
    text = PagedText.open(path)
    app = TextApp(TextView(text, wrap=True))
    async with app.run_test(size=(40, 8)) as pilot:
        await pilot.press("pagedown")
        text.close()
        text._pages.clear()
        app.view.looks_changed()
        assert screen(app.view) == [""] * 8
