"""Untrusted text made safe to show: nothing returned here can move a cursor, colour a cell or reorder a line."""

from __future__ import annotations

import re
from typing import Final

_BIDI: Final = {
    0x061C: "ALM",
    0x200E: "LRM",
    0x200F: "RLM",
    0x202A: "LRE",
    0x202B: "RLE",
    0x202C: "PDF",
    0x202D: "LRO",
    0x202E: "RLO",
    0x2066: "LRI",
    0x2067: "RLI",
    0x2068: "FSI",
    0x2069: "PDI",
}
_INVISIBLE: Final = {
    0x00AD: "SHY",
    0x180E: "MVS",
    0x200B: "ZWSP",
    0x2028: "LSEP",
    0x2029: "PSEP",
    0x2060: "WJ",
    0x2061: "FA",
    0x2062: "IT",
    0x2063: "IS",
    0x2064: "IP",
    0xFEFF: "BOM",
    0xFFF9: "IAA",
    0xFFFA: "IAS",
    0xFFFB: "IAT",
}
_NAMED: Final = {chr(code): f"⟨{name}⟩" for code, name in (_BIDI | _INVISIBLE).items()}
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufe0e\ufe0f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_UNSAFE_KEEPING_LINES: Final = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))


def _mark(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code in (0xFE0E, 0xFE0F):  # the glyph's width depends on the terminal; the plain form is one cell everywhere
        return ""
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, as os.fsdecode carries it
        return f"⟨{code - 0xDC00:02X}⟩"
    return _NAMED.get(char) or f"⟨U+{code:04X}⟩"


def safe(text: str, *, lines: bool = False) -> str:
    """Return `text` with every control, bidi and invisible character replaced by a visible mark.

    Args:
        text: anything, lone surrogates included.
        lines: keep `\\n` (and drop the `\\r` of a `\\r\\n`) for text shown over several rows.

    Markup is not touched: show the result as plain text (`Text`, `Content`, `Segment`), never through markup.
    """
    if text.isascii() and text.isprintable():
        return text
    if lines:
        return _UNSAFE_KEEPING_LINES.sub(_mark, text.replace("\r\n", "\n"))
    return _UNSAFE.sub(_mark, text)


def cell_width(text: str) -> int:
    """Terminal cells that `text` (already safe) takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Cut safe text to exactly `width` cells with an ellipsis, or pad it (on the left when `right`)."""
    if width <= 0:
        return ""
    used = cell_width(text)
    if used > width:
        from rich.cells import set_cell_size

        text = set_cell_size(text, width - 1).rstrip() + "…"
        used = cell_width(text)
    pad = " " * (width - used)
    return pad + text if right else text + pad
