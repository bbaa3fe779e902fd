"""Syntax colours for a window of lines, never for a whole file."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

TokenKind = Literal["", "comment", "keyword", "string", "number", "name", "punctuation", "error"]
Tokens = list[tuple[str, TokenKind]]

MAX_LINE_CHARS: Final = 10_000
MAX_WINDOW_CHARS: Final = 64 * 1024
CONTEXT_LINES: Final = 24


def highlight(lexer: str, lines: Sequence[str]) -> list[Tokens]:
    """Split each line into pieces with a kind; the pieces of a line joined are the line.

    Args:
        lexer: a pygments name; an unknown one colours nothing.
        lines: a window of consecutive lines (with some lines of context before it, or a string or comment that began
            earlier is not seen). A window with a line over 10,000 characters or over 64 KB in all is left plain.
    """
    plain: list[Tokens] = [[(line, "")] if line else [] for line in lines]
    if (
        not lexer
        or not lines
        or sum(map(len, lines)) > MAX_WINDOW_CHARS
        or any(len(line) > MAX_LINE_CHARS for line in lines)
    ):
        return plain
    found = _lexer(lexer)
    if found is None:
        return plain
    rows: list[Tokens] = [[]]
    for _, token, value in found.get_tokens_unprocessed("\n".join(lines)):
        kind = _kind(token)
        first, *rest = value.split("\n")
        if first:
            rows[-1].append((first, kind))
        rows.extend([(part, kind)] if part else [] for part in rest)
    return rows


@lru_cache(maxsize=16)
def _lexer(name: str) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(name)
    except ClassNotFound:
        return None


@lru_cache(maxsize=512)
def _kind(token: Any) -> TokenKind:
    from pygments.token import Token

    kinds: tuple[tuple[Any, TokenKind], ...] = (
        (Token.Comment, "comment"),
        (Token.Keyword, "keyword"),
        (Token.Operator.Word, "keyword"),
        (Token.Name.Tag, "name"),
        (Token.Name.Attribute, "name"),
        (Token.Name.Function, "name"),
        (Token.Name.Class, "name"),
        (Token.Name.Builtin, "name"),
        (Token.Name.Decorator, "name"),
        (Token.Literal.Number, "number"),
        (Token.Literal, "string"),
        (Token.Punctuation, "punctuation"),
        (Token.Operator, "punctuation"),
        (Token.Error, "error"),
    )
    return next((kind for parent, kind in kinds if token in parent), "")
