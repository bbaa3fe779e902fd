"""One cell that tells the type of a thing: BMP characters every terminal draws one cell wide, or plain letters.

None has an emoji form: terminals disagree about the width of those.
"""

from __future__ import annotations

from typing import Final

UNICODE: Final = {
    "space": "◈",
    "folder": "□",
    "content": "≡",
    "schema": "◇",
    "ticket": "◆",
    "user": "☻",
    "role": "♖",
    "permission": "⊙",
    "group": "⁂",
    "media": "▣",
    "comment": "❝",
    "reply": "↳",
    "reaction": "♡",
    "share": "⇗",
    "alteration": "±",
    "relationship": "⇄",
    "lock": "⊘",
    "json": "⊞",
    "csv": "▦",
    "jsonl": "▦",
    "parquet": "▦",
    "sqlite": "◫",
    "duckdb": "◫",
    "notification": "♪",
    "post": "✎",
    "plugin_wrapper": "⊛",
    "log": "≣",
    "history": "↺",
    "link": "→",
    "broken": "✗",
}
ASCII: Final = {
    "space": "S",
    "folder": "/",
    "content": "c",
    "schema": "s",
    "ticket": "t",
    "user": "u",
    "role": "r",
    "permission": "p",
    "group": "g",
    "media": "m",
    "comment": '"',
    "reply": ">",
    "reaction": "+",
    "share": "^",
    "alteration": "~",
    "relationship": "=",
    "lock": "#",
    "json": "j",
    "csv": "v",
    "jsonl": "l",
    "parquet": "q",
    "sqlite": "d",
    "duckdb": "d",
    "notification": "n",
    "post": "w",
    "plugin_wrapper": "x",
    "log": "o",
    "history": "h",
    "link": ">",
    "broken": "!",
}
OTHER: Final = {"unicode": "·", "ascii": "."}


def icon(type_: str, style: str = "unicode") -> str:
    """The icon of a resource type, one cell wide; `·` (or `.`) for a type not known.

    Args:
        type_: a resource type, or `link`, `history`, `broken`.
        style: `unicode` or `ascii`, as the settings say.
    """
    return (ASCII if style == "ascii" else UNICODE).get(type_, OTHER[style])
