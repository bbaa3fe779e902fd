"""Markdown as styled lines of a given width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from dmart_tui.core.text import cell_width, fit, safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MarkdownStyle = Literal["", "heading", "strong", "emphasis", "code", "link", "quote", "rule", "muted"]

MAX_BYTES: Final = 256 * 1024
_MAX_COLUMN: Final = 40
_LEAST_WIDTH: Final = 16
_MAX_NESTING: Final = 60


class MarkdownSpan(NamedTuple):
    """A piece of a line, safe to show."""

    text: str
    style: MarkdownStyle


MarkdownLine = tuple[MarkdownSpan, ...]


def render_markdown(text: str, width: int) -> list[MarkdownLine]:
    """Lay out Markdown in lines of at most `width` cells (code and tables may be wider).

    Raw HTML is shown as text, an image as its words and address, the target of a link beside its words. Costs about
    1 s for 256 KB, 6 s if written to be slow: keep to `MAX_BYTES` and to a thread.
    """
    from markdown_it import MarkdownIt

    options = {"html": True, "maxNesting": _MAX_NESTING}
    tokens = MarkdownIt("commonmark", options).enable(["table", "strikethrough"]).parse(text)
    lines = _Layout(max(_LEAST_WIDTH, width)).run(tokens)
    if any(token.level >= _MAX_NESTING - 1 for token in tokens):
        lines.append((MarkdownSpan("… nested too deep: the rest is in the source", "muted"),))
    return lines


class _Layout:
    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[MarkdownLine] = []
        self.indents: list[MarkdownSpan] = []
        self.lists: list[int | None] = []
        self.bullet: MarkdownSpan | None = None
        self.table: list[list[list[MarkdownSpan]]] = []

    def run(self, tokens: Sequence[Any]) -> list[MarkdownLine]:
        heading = ""
        for token in tokens:
            kind = token.type
            if kind == "heading_open":
                self.gap()
                heading = "#" * int(token.tag[1:]) + " "
            elif kind == "heading_close":
                heading = ""
            elif kind == "paragraph_open" and not token.hidden:
                self.gap()
            elif kind == "inline":
                self.inline(token, heading)
            elif kind in ("fence", "code_block", "html_block"):
                self.gap()
                self.block(token)
            elif kind == "hr":
                self.gap()
                self.put([MarkdownSpan("─" * self.room(), "rule")])
            elif kind == "blockquote_open":
                self.gap()
                self.indents.append(MarkdownSpan("│ ", "quote"))
            elif kind in ("blockquote_close", "list_item_close"):
                self.flush_bullet()
                self.indents.pop()
            else:
                self.list_or_table(token)
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        return self.lines

    def list_or_table(self, token: Any) -> None:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            if not self.lists:
                self.gap()
            self.lists.append(int(token.attrs.get("start", 1)) if kind == "ordered_list_open" else None)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.lists.pop()
        elif kind == "list_item_open":
            number = self.lists[-1]
            sign = "• " if number is None else f"{number}. "
            if number is not None:
                self.lists[-1] = number + 1
            self.bullet = MarkdownSpan(sign, "muted")
            self.indents.append(MarkdownSpan(" " * len(sign), ""))
        elif kind == "table_open":
            self.gap()
            self.table = []
        elif kind == "tr_open":
            self.table.append([])
        elif kind in ("th_open", "td_open"):
            self.table[-1].append([])
        elif kind == "table_close":
            self.put_table()

    def inline(self, token: Any, heading: str) -> None:
        spans = list(_spans(token.children or [], "heading" if heading else ""))
        if self.table:
            self.table[-1][-1] = [span for line in spans for span in line]
            return
        for line in spans:
            if heading:
                line = [MarkdownSpan(heading, "muted"), *line]
                heading = ""
            for wrapped in _wrap(line, self.room()):
                self.put(wrapped)

    def block(self, token: Any) -> None:
        style: MarkdownStyle = "muted" if token.type == "html_block" else "code"
        text = token.content.removesuffix("\n").expandtabs(4)
        for line in text.split("\n"):
            self.put([MarkdownSpan("" if token.type == "html_block" else "  ", ""), MarkdownSpan(safe(line), style)])

    def put_table(self) -> None:
        rows, self.table = self.table, []
        columns = max(map(len, rows), default=0)
        widths = [
            min(_MAX_COLUMN, max((_width(row[at]) for row in rows if at < len(row)), default=0))
            for at in range(columns)
        ]
        for number, row in enumerate(rows):
            line: list[MarkdownSpan] = []
            for at, width in enumerate(widths):
                cell = row[at] if at < len(row) else []
                if at:
                    line.append(MarkdownSpan(" │ ", "muted"))
                line.extend(_fit(cell, width, "strong" if number == 0 else None))
            self.put(line)
            if number == 0:
                self.put([MarkdownSpan("─┼─".join("─" * width for width in widths), "muted")])

    def room(self) -> int:
        return max(_LEAST_WIDTH, self.width - sum(cell_width(span.text) for span in self.indents))

    def gap(self) -> None:
        if self.bullet is None and self.lines and any(span.style != "quote" for span in self.lines[-1]):
            self.lines.append(tuple(span for span in self.indents if span.style == "quote"))

    def put(self, spans: Iterable[MarkdownSpan]) -> None:
        lead = list(self.indents)
        if self.bullet is not None:
            lead[-1] = self.bullet
            self.bullet = None
        self.lines.append(tuple(span for span in (*lead, *spans) if span.text))

    def flush_bullet(self) -> None:
        if self.bullet is not None:
            self.put([])


def _spans(children: Sequence[Any], base: MarkdownStyle) -> Iterable[list[MarkdownSpan]]:
    """The lines of an inline token: hard breaks end one."""
    line: list[MarkdownSpan] = []
    styles: list[MarkdownStyle] = [base]
    targets: list[str] = []
    for child in children:
        kind = child.type
        if kind in ("text", "html_inline", "text_special"):
            line.append(MarkdownSpan(safe(child.content), "muted" if kind == "html_inline" else styles[-1]))
        elif kind == "code_inline":
            line.append(MarkdownSpan(safe(child.content), "code"))
        elif kind == "softbreak":
            line.append(MarkdownSpan(" ", styles[-1]))
        elif kind == "hardbreak":
            yield line
            line = []
        elif kind == "image":
            line.append(MarkdownSpan(f"[image: {safe(child.content)}] ({safe(child.attrs.get('src', ''))})", "muted"))
        elif kind == "link_open":
            targets.append(str(child.attrs.get("href", "")))
            styles.append("link")
        elif kind == "link_close":
            styles.pop()
            target = safe(targets.pop())
            if target and (not line or line[-1].text != target):
                line.append(MarkdownSpan(f" ({target})", "muted"))
        elif kind.endswith("_open"):
            styles.append({"strong_open": "strong", "em_open": "emphasis"}.get(kind, "muted"))  # type: ignore[arg-type]
        elif kind.endswith("_close"):
            styles.pop()
    yield line


def _wrap(spans: Sequence[MarkdownSpan], width: int) -> Iterable[list[MarkdownSpan]]:
    """Break a line at spaces; a word wider than the line is cut into pieces."""
    line: list[MarkdownSpan] = []
    used = 0
    for space, word in _words(spans):
        size = _width(word)
        if used and used + (space is not None) + size > width:
            yield line
            line, used = [], 0
        elif used and space is not None:
            line.append(space)
            used += 1
        for text, style in word:
            while text:
                piece = _take(text, width - used)
                if not piece:
                    yield line
                    line, used = [], 0
                    continue
                line.append(MarkdownSpan(piece, style))
                used += cell_width(piece)
                text = text[len(piece) :]
    yield line


def _words(spans: Iterable[MarkdownSpan]) -> Iterable[tuple[MarkdownSpan | None, list[MarkdownSpan]]]:
    """Words, which may change their style inside, each with the space before it."""
    space: MarkdownSpan | None = None
    word: list[MarkdownSpan] = []
    for text, style in spans:
        first, *rest = text.split(" ")
        if first:
            word.append(MarkdownSpan(first, style))
        for part in rest:
            if word:
                yield space, word
            space, word = MarkdownSpan(" ", style), [MarkdownSpan(part, style)] if part else []
    if word:
        yield space, word


def _take(word: str, width: int) -> str:
    """The longest beginning of a word that fits."""
    if word.isascii():
        return word[:width]
    used = 0
    for at, char in enumerate(word):
        used += cell_width(char)
        if used > width:
            return word[:at]
    return word


def _width(spans: Iterable[MarkdownSpan]) -> int:
    return sum(cell_width(span.text) for span in spans)


def _fit(spans: Sequence[MarkdownSpan], width: int, style: MarkdownStyle | None) -> Iterable[MarkdownSpan]:
    """Spans of a table cell in exactly `width` cells."""
    left = width
    for span in spans:
        size = cell_width(span.text)
        if size > left:
            yield MarkdownSpan(fit(span.text, left), style or span.style)
            return
        yield MarkdownSpan(span.text, style or span.style)
        left -= size
    yield MarkdownSpan(" " * left, "")
