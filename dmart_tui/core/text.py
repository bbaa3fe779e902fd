"""Untrusted text made safe to show: nothing returned here can move a cursor, colour a cell or reorder a line."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_MARKS: Final = 6
"""Combining marks that one letter keeps: the deepest Tibetan and Hebrew stacks; more would pile over other rows."""

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
    0x034F: "CGJ",
    0x115F: "HCF",
    0x1160: "HJF",
    0x180E: "MVS",
    0x200B: "ZWSP",
    0x200C: "ZWNJ",
    0x200D: "ZWJ",
    0x2028: "LSEP",
    0x2029: "PSEP",
    0x2060: "WJ",
    0x2061: "FA",
    0x2062: "IT",
    0x2063: "IS",
    0x2064: "IP",
    0x3164: "HF",
    0xFEFF: "BOM",
    0xFFA0: "HHF",
    0xFFF9: "IAA",
    0xFFFA: "IAS",
    0xFFFB: "IAT",
}
_NAMED: Final = {chr(code): f"⟨{name}⟩" for code, name in (_BIDI | _INVISIBLE).items()}

# Unicode's Default_Ignorable_Code_Point whole (what may be drawn as nothing), separators, annotation and hieroglyph
# controls, noncharacters; joiners have a rule of their own.
_ALWAYS: Final = (
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Kurdish and Persian are misspelt without their joiners, and old Kurdish text ends words in HEH and ZWNJ; elsewhere a
# joiner only hides: it makes different names look alike and lets terminals disagree on widths.
_JOINERS: Final = "\u200c\u200d"
_ARABIC: Final = (
    "[\u0620-\u065f\u066e-\u06d3\u06d5\u06ee-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc]"
)
_UNSAFE: Final = f"[{_ALWAYS}{_JOINERS}]"
_UNSAFE_KEEPING_LINES: Final = _UNSAFE.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f")

# Wherever marks without a width are: blocks that have letters too, so a find is only a reason to look closer.
_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05cf\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711\u0730-\u074a\u07a6-\u07b0"
    "\u07eb-\u07fd\u0816-\u085b\u0897-\u089f\u08ca-\u08ff\u0900-\u109f\u1160-\u11ff\u135d-\u135f\u1700-\u17ff\u1885\u1886\u18a9"
    "\u1900-\u1cff\u1dc0-\u1dff\u20d0-\u20ff\u2cef-\u2cf1\u2d7f\u2de0-\u2dff\u302a-\u302f\u3099\u309a\ua66f-\ua6f1"
    "\ua800-\uabff\ud7b0-\ud7ff\ufb1e\ufe20-\ufe2f\U000101fd-\U00011fff\U00016af0-\U00016fff\U0001bc9d\U0001bc9e"
    "\U0001cf00-\U0001d244\U0001da00-\U0001e94a"
)
_PILE: Final = f"(?m)^[{_MARKS}]+|[{_MARKS}]{{{MOST_MARKS + 1},}}"

_pattern: Final = cache(re.compile)
"""Each takes up to a millisecond, and plain text needs none of them."""

_UNSEEN: Final = "\ufffd"


def _mark(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code in (0xFE0E, 0xFE0F):  # the glyph's width depends on the terminal; the plain form is one cell everywhere
        return ""
    if char in _JOINERS and _joins(match):
        return char
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, as os.fsdecode carries it
        return f"⟨{code - 0xDC00:02X}⟩"
    return _NAMED.get(char) or f"⟨U+{code:04X}⟩"


def _joins(match: re.Match[str]) -> bool:
    """Whether a joiner stands between Arabic letters, or ends a word of old Kurdish spelling."""
    before, after = match.string[max(0, match.start() - 1) : match.start()], match.string[match.end() : match.end() + 1]
    if not _pattern(_ARABIC).match(before):
        return False
    ends_a_word = before + match[0] == "\u0647\u200c" and after not in ("\u200c", "\u200d")
    return ends_a_word or _pattern(_ARABIC).match(after) is not None


def _level(match: re.Match[str], tell: Callable[[str], str]) -> str:
    """A run with at most `MOST_MARKS` marks on a letter, and what `tell` makes of the others."""
    from unicodedata import category

    kept: list[str] = []
    dropped: list[str] = []
    height = 0
    for char in match[0]:
        # The vowels and finals of Hangul letters combine too, and are no marks by name.
        if category(char) in ("Mn", "Me") or "\u1160" <= char <= "\u11ff" or "\ud7b0" <= char <= "\ud7ff":
            height += 1
            if height > MOST_MARKS:
                dropped.append(char)
                continue
        else:
            if dropped:
                kept.append(tell("".join(dropped)))
            height, dropped = 0, []
        kept.append(char)
    if dropped:
        kept.append(tell("".join(dropped)))
    return "".join(kept)


def _levelled(match: re.Match[str]) -> str:
    """For people: says how many were left out; marks without a letter, at the start of a line, stand on a ring."""
    from unicodedata import category

    start = match.start()
    alone = (not start or match.string[start - 1] == "\n") and category(match[0][0]) in ("Mn", "Me")
    return ("◌" if alone else "") + _level(match, lambda dropped: f"⟨{len(dropped)} marks⟩")


def _json_escaped(text: str) -> str:
    return "".join(f"\\u{unit:04x}" for unit in memoryview(text.encode("utf-16", "surrogatepass")).cast("H")[1:])


def _json_mark(match: re.Match[str]) -> str:
    return match[0] if match[0] in _JOINERS and _joins(match) else _json_escaped(match[0])


def safe(text: str, *, lines: bool = False) -> str:
    """Return `text` with every control, bidi and invisible character, and piles of marks, as a visible mark.

    Args:
        text: anything, lone surrogates included.
        lines: keep `\\n` (and drop the `\\r` of a `\\r\\n`) for text shown over several rows.

    Markup is not touched: show the result as plain text (`Text`, `Content`, `Segment`), never through markup.
    """
    if text.isascii() and text.isprintable():
        return text
    if lines:
        text = text.replace("\r\n", "\n")
    text = _pattern(_UNSAFE_KEEPING_LINES if lines else _UNSAFE).sub(_mark, text)
    return text if text.isascii() else _pattern(_PILE).sub(_levelled, text)


def safe_typed(text: str) -> str:
    """What `safe` would mark as one visible character each: for text that is edited, where positions must stay true."""
    if text.isascii() and text.isprintable():
        return text
    text = _pattern(_UNSAFE).sub(lambda match: mark if len(mark := _mark(match)) == 1 else _UNSEEN, text)
    return text if text.isascii() else _pattern(_PILE).sub(_thinned, text)


def _thinned(match: re.Match[str]) -> str:
    pile = _level(match, lambda dropped: _UNSEEN * len(dropped))
    return pile if match.start() else _UNSEEN + pile[1:]


def safe_json(text: str) -> str:
    """JSON that means the same, with what `safe` would mark written as `\\uXXXX` escapes; line ends are kept."""
    if text.isascii() and "\x7f" not in text:
        return text
    text = _pattern(_UNSAFE_KEEPING_LINES).sub(_json_mark, text)
    return text if text.isascii() else _pattern(_PILE).sub(lambda match: _level(match, _json_escaped), text)


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


def shorten(text: str, width: int) -> str:
    """Cut safe text to at most `width` cells by leaving out its middle: a condition tells as much at its end."""
    if cell_width(text) <= width:
        return text
    end, tail = "", (width - 1) // 2
    for char in reversed(text):
        if cell_width(char + end) > tail:
            break
        end = char + end
    return fit(text, width - cell_width(end)).rstrip() + end


def wrap(text: str, width: int) -> Iterator[str]:
    """Break safe text into lines of at most `width` cells, between words where it can."""
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            joined = f"{line} {word}" if line else word
            if cell_width(joined) <= width:
                line = joined
                continue
            if line:
                yield line
            while cell_width(word) > width:
                cut = _cut(word, width)
                yield word[:cut]
                word = word[cut:]
            line = word
        yield line


def _cut(word: str, width: int) -> int:
    """How many characters of a word fit; at least one, so that it ends."""
    cut = min(len(word), width)
    while cut > 1 and cell_width(word[:cut]) > width:
        cut -= 1
    return max(cut, 1)
