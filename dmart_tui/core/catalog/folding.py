"""Words as the index holds them: one form for what Arabic and Kurdish keyboards write in several."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_MARKS: Final = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
"""Vowel signs, the stretching tatweel, and signs that steer writing: left out."""
_LETTERS: Final = {
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا",
    "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ھ": "ه",
    **{chr(start + digit): str(digit) for start in (0x660, 0x6F0) for digit in range(10)},
}  # fmt: skip
_ANY: Final = re.compile(f"[{_MARKS}{''.join(_LETTERS)}]")


def folded(text: str) -> str:
    """A text as the index holds it; do the same to what is looked for.

    Small and capital letters and the accents of Latin ones are left to the tokenizer. Of Arabic script the vowel signs
    and the tatweel go, alefs with hamza become alef, the Arabic and the Persian yeh and kaf become one, as do alef
    maksura and yeh, teh marbuta and heh; its digits become 0-9.
    """
    if text.isascii():
        return text
    return _ANY.sub(_plain, unicodedata.normalize("NFC", text))


def _plain(match: re.Match[str]) -> str:
    return _LETTERS.get(match[0], "")


def normal(name: str) -> str:
    """A name or address in the one normal form that places have."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)
