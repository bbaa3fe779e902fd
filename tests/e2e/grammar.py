"""What the program may send to a terminal, as a strict grammar of its own: anything else is a finding."""

from __future__ import annotations

import base64
import re
import unicodedata

from dmart_tui.core.text import MOST_MARKS

_TOKEN = re.compile(
    rb"""
    (?P<csi>\x1b\[(?P<private>[<=>?]?)(?P<numbers>[0-9;:]*)(?P<middle>[\x20-\x2f]*)(?P<final>[\x40-\x7e]))
  | (?P<osc>\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))
  | (?P<step>\x1b[DM]|\x08{1,3}(?!PWN))
  | (?P<control>[\x00-\x1f\x7f])
  | (?P<text>[^\x00-\x1f\x7f]+)
    """,
    re.VERBOSE,
)
MODES = {7, 25, 1000, 1002, 1004, 1006, 1016, 1049, 2004, 2026, 2048}
"""Autowrap, cursor, mouse clicks and drags, focus, alternate screen, paste, synchronised output, resize reports."""
_MOST = 4096
_DRAWING = {"m", "A", "B", "C", "D", "G", "H", "J", "K", "X", "r", "L", "M"}
"""Colours, moves, erasing, and rows moved within a region."""
_COPY = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/]*={0,2})\x07\Z")

# Unicode's Default_Ignorable_Code_Point without the joiners, and the separators: what can be there and not be seen.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\x80-\x9f]"
)
_JOINER = re.compile("[\u200c\u200d]")


def findings(output: bytes, *, full_screen: bool, copies: bool = False) -> list[tuple[int, str]]:
    """What in the bytes sent is not of the grammar: where, and a line that tells what stands round it.

    Args:
        full_screen: the interface may move the cursor and switch modes; a command may colour and end lines.
        copies: whether OSC 52 with base64 in it may occur.
    """
    found: list[tuple[int, str]] = []
    at = 0
    while at < len(output):
        token = _TOKEN.match(output, at)
        if token is None:
            found.append((at, _told("no sequence that is known", output, at)))
            at += 1
            continue
        if reason := _reason(token, full_screen=full_screen, copies=copies):
            found.append((at, _told(reason, output, at)))
        at = token.end()
    return found


def copied(output: bytes) -> list[str]:
    """The texts that were sent to the clipboard."""
    return [base64.b64decode(data).decode() for data in re.findall(rb"\x1b\]52;c;([^\x07\x1b]*)\x07", output)]


def _reason(token: re.Match[bytes], *, full_screen: bool, copies: bool) -> str:
    if token["text"] is not None:
        return _unseen(token["text"])
    if token["step"] is not None:  # a row down or up, some columns left: a hostile text has its marker after it
        return "" if full_screen else "a move of the cursor"
    if token["control"] is not None:
        allowed = b"\r\n" if full_screen else b"\r\n\t"
        return "" if token["control"] in allowed else "a control character"
    if token["osc"] is not None:
        return "" if copies and _COPY.match(token["osc"]) else "an OSC"
    if not full_screen:
        return "" if token["final"] == b"m" and not token["private"] + token["middle"] else "more than a colour"
    return _unknown_csi(token)


def _unknown_csi(token: re.Match[bytes]) -> str:
    private, middle, final = token["private"].decode(), token["middle"].decode(), token["final"].decode()
    numbers = [int(number) for number in token["numbers"].decode().split(";") if number.isdigit()]
    if ":" in token["numbers"].decode():
        return "a CSI with colons"
    match private, middle, final:
        case "", "", _ if final in _DRAWING:
            return "" if all(number <= _MOST for number in numbers) else "a CSI that goes far"
        case "?", "", "h" | "l":
            strange = set(numbers) - MODES
            return f"the modes {strange}" if strange else ""
        case "?", "$", "p":
            return "" if numbers in ([2026], [2048]) else "a question about a mode"
        case ">" | "<", "", "u":
            return ""  # kitty's keys are asked for, and given back
    return "a CSI that is not ours"


def _unseen(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return "not UTF-8"
    if _UNSEEN.search(text):
        return "a character that is not seen"
    for joiner in _JOINER.finditer(text):
        before = text[: joiner.start()][-1:]
        if "ARABIC" not in unicodedata.name(before, ""):
            return "a joiner outside an Arabic word"
    height = 0
    for char in text:
        height = height + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if height > MOST_MARKS:
            return "a pile of marks"
    return ""


def _told(reason: str, output: bytes, at: int) -> str:
    return f"{reason}: {output[max(0, at - 80) : at]!r} >>> {output[at : at + 60]!r}"
