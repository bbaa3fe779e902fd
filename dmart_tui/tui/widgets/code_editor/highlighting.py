"""Colours by syntax: a tree-sitter tree that follows the changes, asked for the lines that are seen; SQL by words."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tree_sitter import Language, Node, Parser, Query, Tree

    from dmart_tui.tui.widgets.code_editor.buffer import Change, TextBuffer

MOST_BYTES: Final = 64 * 1024
MOST_LINE: Final = 8 * 1024
"""Characters of a line: colours are asked for by lines."""

Span = tuple[int, int, str]
"""Columns from and to, and one of `KINDS`."""

KINDS: Final = ("comment", "string", "number", "keyword", "name", "punctuation")
_KIND_OF: Final = {
    "comment": "comment",
    "string": "string",
    "escape": "string",
    "string.special.key": "name",
    "number": "number",
    "constant.builtin": "keyword",
    "keyword": "keyword",
    "function": "name",
    "function.method": "name",
    "constructor": "name",
    "tag": "name",
    "attribute": "keyword",
    "text.title": "name",
    "text.literal": "string",
    "text.uri": "string",
    "text.reference": "string",
    "punctuation.special": "punctuation",
    "punctuation.bracket": "punctuation",
    "punctuation.delimiter": "punctuation",
}
_WEIGHTS: Final = {kind: weight for weight, kind in enumerate(KINDS)}
LANGUAGES: Final = ("html", "json", "markdown", "python", "sql")
_KIND_OF_TOKEN: Final = {
    "keyword": "keyword",
    "string": "string",
    "number": "number",
    "operator": "punctuation",
    "comment": "comment",
}
_MARKDOWN: Final = """
[(atx_heading) (setext_heading)] @text.title
[(indented_code_block) (code_fence_content)] @text.literal
[(link_destination)] @text.uri
[(link_label)] @text.reference
[(fenced_code_block_delimiter) (info_string) (thematic_break) (block_quote_marker) (list_marker_plus)
 (list_marker_minus) (list_marker_star) (list_marker_dot) (list_marker_parenthesis)] @punctuation.special
"""
"""The grammar's package has no query of its own."""


@cache
def _grammar(language: str) -> tuple[Language, Query]:
    from tree_sitter import Language, Query

    module = import_module(f"tree_sitter_{language}")
    grammar = Language(module.language())
    return grammar, Query(grammar, module.HIGHLIGHTS_QUERY or _MARKDOWN)


class Highlighter:
    """The colours of a buffer's lines; a change costs about a millisecond at 64 KB."""

    def __init__(self, buffer: TextBuffer, language: str) -> None:
        self._buffer = buffer
        self._language = language
        self._tree: Tree | None = None
        self._spans: dict[int, list[Span]] = {}
        self._longest = 0
        self.load()

    def why_plain(self) -> str | None:
        """The reason why there are no colours, in a few words; None when there are, or are none to expect."""
        if self._language not in LANGUAGES:
            return None
        if self._buffer.size > MOST_BYTES:
            return "no colours above 64 KB"
        return "no colours: a very long line" if self._longest > MOST_LINE else None

    @property
    def _on(self) -> bool:
        return self._language in LANGUAGES and self.why_plain() is None

    def load(self) -> None:
        """Begin anew with all of the buffer's text; it is parsed when it is first seen."""
        self._tree = None
        self._spans = {}
        self._longest = max(map(len, self._buffer.lines))

    def follow(self, changes: Sequence[Change]) -> None:
        """Take note of changes just made."""
        lines = self._buffer.lines
        self._spans = {}
        if len(changes) > 1 or self._longest > MOST_LINE:
            self._longest = max(map(len, lines))
        else:
            touched = lines[changes[0].start[0] : changes[0].after[0] + 1]
            self._longest = max(self._longest, *map(len, touched))
        if len(changes) > 1 or not self._on or self._language == "sql":
            self._tree = None
        elif self._tree is not None:
            self._edit(self._tree, changes[0])
            self._tree = self._parser().parse(_bytes(self._buffer.text), self._tree)

    @property
    def known(self) -> Mapping[int, list[Span]]:
        """The colours worked out since the last change; not touched by the next one."""
        return self._spans

    def spans(self, row: int, last: int) -> list[Span]:
        """The colours of a line, apart and in order; lines up to `last` are worked out with it."""
        if row not in self._spans:
            if not self._on:
                return []
            if self._language == "sql":
                self._spans = sql_spans(self._buffer.text)
                return self._spans[row]
            if self._tree is None:
                self._tree = self._parser().parse(_bytes(self._buffer.text))
            self._spans |= self._ask(self._tree, row, last + 1)
        return self._spans[row]

    def _parser(self) -> Parser:
        from tree_sitter import Parser

        return Parser(_grammar(self._language)[0])

    def _edit(self, tree: Tree, change: Change) -> None:
        lines = self._buffer.lines
        row, column = change.start
        before = len(_bytes(lines[row][:column]))
        start = len(_bytes("\n".join(lines[:row]))) + (row > 0) + before
        removed, inserted = _bytes(change.removed), _bytes(change.inserted)
        tree.edit(
            start_byte=start,
            old_end_byte=start + len(removed),
            new_end_byte=start + len(inserted),
            start_point=(row, before),
            old_end_point=(change.end[0], _end_column(before, removed)),
            new_end_point=(change.after[0], _end_column(before, inserted)),
        )

    def _ask(self, tree: Tree, first: int, end: int) -> dict[int, list[Span]]:
        from tree_sitter import QueryCursor

        cursor = QueryCursor(_grammar(self._language)[1])
        cursor.set_point_range((first, 0), (end, 0))
        found: list[tuple[Node, str]] = []
        for name, nodes in cursor.captures(tree.root_node).items():
            if kind := _KIND_OF.get(name):
                found += ((node, kind) for node in nodes)
        # What is inside is painted over what is around it; of two kinds of the same place the more telling one.
        found.sort(key=lambda one: (one[0].start_byte, -one[0].end_byte, _WEIGHTS[one[1]]))
        lines = self._buffer.lines[first:end]
        painted: list[list[str]] = [[""] * len(line) for line in lines]
        for node, kind in found:
            top, bottom = node.start_point.row, node.end_point.row
            for row in range(max(top, first), min(bottom + 1, end)):
                line = lines[row - first]
                left = _column(line, node.start_point.column) if row == top else 0
                right = _column(line, node.end_point.column) if row == bottom else len(line)
                painted[row - first][left:right] = [kind] * (right - left)
        return {row: _runs(kinds) for row, kinds in enumerate(painted, first)}


def sql_spans(text: str) -> dict[int, list[Span]]:
    """The colours of every line of SQL, right or wrong; 2 ms at 64 KB."""
    from dmart_tui.core.sql.editing.texts import tokens

    starts = [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]
    spans: dict[int, list[Span]] = {row: [] for row in range(len(starts))}
    row = 0
    for start, end, token in tokens(text):
        called = token == "identifier" and text.startswith("(", end)
        if (kind := "name" if called else _KIND_OF_TOKEN.get(token)) is None:
            continue
        while row + 1 < len(starts) and starts[row + 1] <= start:
            row += 1
        for offset, piece in enumerate(text[start:end].split("\n")):
            left = start - starts[row] if not offset else 0
            if piece:
                spans[row + offset].append((left, left + len(piece), kind))
    return spans


def _runs(kinds: list[str]) -> list[Span]:
    spans: list[Span] = []
    start = 0
    for column in range(1, len(kinds) + 1):
        if column == len(kinds) or kinds[column] != kinds[start]:
            if kinds[start]:
                spans.append((start, column, kinds[start]))
            start = column
    return spans


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _column(line: str, byte: int) -> int:
    return byte if line.isascii() else len(_bytes(line)[:byte].decode("utf-8", "ignore"))


def _end_column(before: int, text: bytes) -> int:
    newline = text.rfind(b"\n")
    return before + len(text) if newline < 0 else len(text) - newline - 1
