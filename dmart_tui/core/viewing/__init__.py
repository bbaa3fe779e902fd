"""Viewing content of any size and kind in bounded memory: what the viewer widgets show, without a screen."""

from __future__ import annotations

from dmart_tui.core.viewing.bytesource import ByteSource, FileBytes, MemoryBytes
from dmart_tui.core.viewing.folding import (
    Annotations,
    JsonRow,
    JsonRows,
    container_text,
    format_path,
    kind_of,
    parse_path,
    preview_text,
    scalar_text,
)
from dmart_tui.core.viewing.hexdump import HexDump, HexRow
from dmart_tui.core.viewing.highlight import CONTEXT_LINES, TokenKind, Tokens, highlight
from dmart_tui.core.viewing.images import Picture, Pixels, load_picture, read_header
from dmart_tui.core.viewing.lines import PAGE_LINES, Line, PagedText
from dmart_tui.core.viewing.markdown import MAX_BYTES as MAX_MARKDOWN_BYTES
from dmart_tui.core.viewing.markdown import MarkdownLine, MarkdownSpan, render_markdown
from dmart_tui.core.viewing.masked import MaskedBytes
from dmart_tui.core.viewing.sniff import SNIFF_BYTES, Sniffed, ViewKind, is_text, sniff
from dmart_tui.core.viewing.tables import TableFormat, TablePreview, preview_table
from dmart_tui.core.viewing.wrapping import Wrapped, breaks, why_not_wrapped

__all__ = [
    "CONTEXT_LINES",
    "MAX_MARKDOWN_BYTES",
    "PAGE_LINES",
    "SNIFF_BYTES",
    "Annotations",
    "ByteSource",
    "FileBytes",
    "HexDump",
    "HexRow",
    "JsonRow",
    "JsonRows",
    "Line",
    "MarkdownLine",
    "MarkdownSpan",
    "MaskedBytes",
    "MemoryBytes",
    "PagedText",
    "Picture",
    "Pixels",
    "Sniffed",
    "TableFormat",
    "TablePreview",
    "TokenKind",
    "Tokens",
    "ViewKind",
    "Wrapped",
    "breaks",
    "container_text",
    "format_path",
    "highlight",
    "is_text",
    "kind_of",
    "load_picture",
    "parse_path",
    "preview_table",
    "preview_text",
    "read_header",
    "render_markdown",
    "scalar_text",
    "sniff",
    "why_not_wrapped",
]
