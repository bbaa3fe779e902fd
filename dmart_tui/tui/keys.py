"""Keys as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN_KEYS: Final = {
    "question_mark": "?",
    "colon": ":",
    "semicolon": ";",
    "slash": "/",
    "backslash": "\\",
    "underscore": "_",
    "full_stop": ".",
    "comma": ",",
    "circumflex_accent": "^",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "exclamation_mark": "!",
    "apostrophe": "'",
    "quotation_mark": '"',
    "asterisk": "*",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "number_sign": "#",
    "dollar_sign": "$",
    "percent_sign": "%",
    "grave_accent": "`",
    "tilde": "~",
    "at": "@",
    "ampersand": "&",
    "vertical_line": "|",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "escape": "esc",
    "delete": "del",
    "pagedown": "pgdn",
    "pageup": "pgup",
}
_SENT_AS: Final = {"ctrl+space": "ctrl+@"}
"""Keys that terminals send under the name of another one."""
_SHOWN_AS: Final = {sent: key for key, sent in _SENT_AS.items()}


def show_key(key: str) -> str:
    """A key as people write it: `?`, `^p`, `^pgdn`, `alt+←`, `f5`."""
    key = _SHOWN_AS.get(key, key)
    *modifiers, name = key.split("+")
    shown = "+".join((*modifiers, _SHOWN_KEYS.get(name, name)))
    return f"^{shown[5:]}" if shown.startswith("ctrl+") else shown


def read_key(text: str) -> str:
    """The Textual name of a key a person wrote: `?`, `^p`, `ctrl+p`, `^pgdn` (the reverse of `show_key`)."""
    text = text.strip()
    if len(text) > 1 and text[0] == "^":
        text = f"ctrl+{text[1:]}"
    if len(text) == 1:
        head, name = "", text
    else:
        head, plus, name = text.rpartition("+")
        head += plus
    key = head + _NAMED_KEYS.get(name, name)
    return _SENT_AS.get(key, key)


_NAMED_KEYS: Final = {shown: name for name, shown in _SHOWN_KEYS.items()}


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the known word nearest to `word`, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""
