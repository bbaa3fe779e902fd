from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.app import App

from dmart_tui.core.viewing import MAX_MARKDOWN_BYTES
from dmart_tui.tui.widgets.markdown_view import MarkdownView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.pilot import Pilot


class MarkdownApp(App[None]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.view = MarkdownView(text)

    def compose(self) -> ComposeResult:
        yield self.view


async def settle(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def screen(view: MarkdownView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def test_a_text_is_laid_out_again_for_another_width() -> None:
    app = MarkdownApp("# Head\n\n" + "word " * 30 + "[link](https://x.example/)\x1b[2J, end")
    async with app.run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        assert screen(app.view)[0] == "› # Head"
        rows = app.view.row_count()
        assert "link (https://x.example/)␛[2J, end" in " ".join(line.strip() for line in screen(app.view))
        await pilot.resize_terminal(80, 12)
        await settle(pilot)
        assert app.view.row_count() < rows


async def test_headings_and_links_are_styled_and_links_are_not_live() -> None:
    app = MarkdownApp("## Head\n\n[here](https://x.example/)")
    async with app.run_test(size=(60, 8)) as pilot:
        await settle(pilot)
        (heading,) = [segment for segment in app.view.render_line(0) if segment.text == "Head"]
        (link,) = [segment for segment in app.view.render_line(2) if segment.text == "here"]
        assert heading.style is not None
        assert heading.style.bold
        assert link.style is not None
        assert link.style.underline
        assert link.style.link is None


async def test_nothing_and_too_much() -> None:
    app = MarkdownApp("  \n")
    async with app.run_test(size=(60, 8)) as pilot:
        await settle(pilot)
        await pilot.press("j", "G")
        assert screen(app.view)[0].strip() == "no text"
        assert app.view.copy_text() == ""
    with pytest.raises(ValueError, match="source"):
        MarkdownView("x" * (MAX_MARKDOWN_BYTES + 1))
