"""Markdown to read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment

from dmart_tui.core.viewing import MAX_MARKDOWN_BYTES, render_markdown
from dmart_tui.tui.widgets.content import ContentView
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from dmart_tui.core.viewing import MarkdownLine

_WIDEST = 100


class MarkdownView(ContentView):
    """Markdown laid out in lines of the view's width, 100 cells at most, in a thread; again when the width changes.

    Takes up to `MAX_MARKDOWN_BYTES`: for more, show the source in a `TextView`. Memory: the lines laid out.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "markdown--heading",
        "markdown--strong",
        "markdown--emphasis",
        "markdown--code",
        "markdown--link",
        "markdown--quote",
        "markdown--rule",
        "markdown--muted",
    }
    DEFAULT_CSS = """
    MarkdownView {
        & > .markdown--heading { color: $foreground; text-style: bold; }
        & > .markdown--strong { color: $foreground; text-style: bold; }
        & > .markdown--emphasis { color: $foreground; text-style: italic; }
        & > .markdown--code { color: $text-secondary; }
        & > .markdown--link { color: $foreground; text-style: underline; }
        & > .markdown--quote { color: $text-muted; }
        & > .markdown--rule { color: $text-muted; }
        & > .markdown--muted { color: $text-muted; }
    }
    """

    class Rendered(LineView.RowMessage):
        """The text has been laid out."""

    def __init__(
        self,
        text: str,
        *,
        empty: str = "no text",
        id: str | None = None,  # noqa: A002 - as in Textual
        classes: str | None = None,
    ) -> None:
        """Make a view.

        Raises:
            ValueError: the text is over `MAX_MARKDOWN_BYTES`.
        """
        if len(text.encode("utf-8", "surrogatepass")) > MAX_MARKDOWN_BYTES:
            raise ValueError("too long to lay out: show its source")
        super().__init__(empty="" if text.strip() else empty, id=id, classes=classes)
        self._text = text
        self._lines: list[MarkdownLine] = []
        self._laid_out = 0

    def on_resize(self) -> None:
        width = min(_WIDEST, self.content_size.width - 3)
        if width != self._laid_out:
            self._laid_out = width
            self.run_worker(self._lay_out(width), group="markdown", exclusive=True)

    async def _lay_out(self, width: int) -> None:
        share = self.cursor / max(1, len(self._lines))
        self._lines = await asyncio.to_thread(render_markdown, self._text, width)
        self.rows_changed()
        self.cursor = int(share * len(self._lines))
        self.post_message(self.Rendered(self))

    def copy_text(self) -> str:
        """The cursor's line as it shows."""
        return "".join(text for text, _ in self._lines[self.cursor]).rstrip() if self._lines else ""

    def row_count(self) -> int:
        return len(self._lines)

    def lead(self, row: int, line: int) -> list[Segment]:
        return [self.sign(row), Segment(" ", self.style_of(""))]

    def body(self, row: int, line: int, width: int) -> list[Segment]:
        return [
            Segment(text, self.get_component_rich_style(f"markdown--{style}") if style else self.style_of(""))
            for text, style in self._lines[row]
        ]
