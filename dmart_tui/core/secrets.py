"""Masking: passwords, their hashes, tokens and keys never show unless a key is named to be revealed.

Which keys are secret is decided by their names, wherever they stand: the last name of a nested value or any part of a
flattened one. Password hashes and web tokens are masked in every text, whatever its key. `true`, `false`, null, empty
text and the "null" that D-MART writes for absence hide nothing and stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final, Protocol, TypeVar, overload

MARK: Final = "••••••"
"""Stands for a secret, whatever its length."""

_SECRET_KEY: Final = re.compile(
    r"passw(?:or)?ds?|passphrase|passcode|token|api[_\- ]?keys?|(?:access|private|secret|signing|encryption)[_\- ]?key"
    r"|authorization|cookie|credential|(?:^|[^a-z])(?:secrets?|pwd|otps?|x[_\-]auth|auth[_\-]?code)(?:[^a-z]|$)",
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET_TEXT: Final = re.compile(
    r"\$2[abxy]?\$\d\d\$[./\\A-Za-z0-9]{20,}"
    r"|\$argon2(?:id|i|d)\$[^\s\"'<>]{16,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
)
_JSON_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_SCHEMA_WORDS: Final = frozenset(
    (
        "type", "title", "description", "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "items",
        "properties", "required", "additionalProperties", "$ref", "readOnly", "writeOnly", "nullable", "uniqueItems",
    )
)  # fmt: skip
_DEEPEST: Final = 200
"""Nesting beyond which a value is masked whole."""


def is_secret(key: str) -> bool:
    """Whether values under a key (plain or dotted) are secret."""
    return _SECRET_KEY.search(_CAMEL.sub("_", key).lower()) is not None


def _revealed(key: str, reveal: Collection[str]) -> bool:
    return bool(reveal) and (key in reveal or key.rpartition(".")[2] in reveal)


def _is_schema(value: dict[str, Any]) -> bool:
    """Whether it describes a secret rather than is one: a JSON Schema of simple words."""
    kind = value.get("type")
    return isinstance(kind, str) and kind in _JSON_TYPES and value.keys() <= _SCHEMA_WORDS


def mask(value: Any, reveal: Collection[str] = ()) -> Any:
    """A JSON value with its secrets replaced by `MARK`; the value itself is never changed.

    Args:
        reveal: keys (plain or dotted names) that show.
    """
    return _mask(value, reveal, 0)


def _mask(value: Any, reveal: Collection[str], depth: int) -> Any:
    if isinstance(value, str):
        return _mask_text(value)
    if depth > _DEEPEST and isinstance(value, dict | list):
        return MARK
    if isinstance(value, dict):
        return {key: _mask_under(key, inner, reveal, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_mask(inner, reveal, depth + 1) for inner in value)
    return value


def _mask_text(text: str) -> str:
    return _SECRET_TEXT.sub(MARK, text) if "$" in text or "eyJ" in text else text


def _mask_under(key: str, value: Any, reveal: Collection[str], depth: int) -> Any:
    if not is_secret(key):
        return _mask(value, reveal, depth)
    if _revealed(key, reveal):
        return value
    if isinstance(value, dict) and _is_schema(value):
        return _mask(value, reveal, depth)
    return _cover(value, depth)


def _cover(value: Any, depth: int) -> Any:
    """The value with every leaf that could tell something masked."""
    if isinstance(value, str):
        return value if value in ("", "null") else MARK
    if isinstance(value, bool) or not isinstance(value, int | float | dict | list | tuple):
        return value
    if depth > _DEEPEST or isinstance(value, int | float):
        return MARK
    if isinstance(value, dict):
        return {key: _cover(inner, depth + 1) for key, inner in value.items()}
    return type(value)(_cover(inner, depth + 1) for inner in value)


def mask_value(key: str, value: Any, reveal: Collection[str] = ()) -> Any:
    """The value of one key, masked; the key may be dotted."""
    return _mask_under(key, value, reveal, 0)


class _Change(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def old(self) -> Any: ...
    @property
    def new(self) -> Any: ...
    @property
    def removed(self) -> tuple[Any, ...]: ...
    @property
    def added(self) -> tuple[Any, ...]: ...


C = TypeVar("C", bound=_Change)


def mask_change(change: C, reveal: Collection[str] = ()) -> C:
    """A change of a history (a dataclass) with its secrets masked on both sides."""
    sides = {side: mask_value(change.key, getattr(change, side), reveal) for side in ("old", "new", "removed", "added")}
    return replace(change, **sides)  # type: ignore[type-var]


# -- raw text -------------------------------------------------------------------------------------------------

_RAW_KEY: Final = re.compile(r'"((?:[^"\\\n]|\\.){0,256})"\s*:\s*|\\+"([^"\\\n]{1,256})\\+"\s*:\s*')
"""A key; the second form stands in JSON that is itself a JSON text. A match needs no right place to start from."""
_RAW_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\.)*("?)')
_RAW_SCALAR: Final = re.compile(r"-?[\w.+-]+")
_RAW_TOKEN: Final = re.compile(r'(?P<text>"(?:[^"\\\n]|\\.)*"?)(?P<key>\s*:)?|[{}\[\]]|-?\d[\w.+-]*')
_ESCAPED: Final = re.compile(r'(\\+)"')
_CLOSING: Final = re.compile(r'(\\*)"')
_DECODER: Final = json.JSONDecoder()


@overload
def mask_raw(raw: str, reveal: Collection[str] = ()) -> str: ...
@overload
def mask_raw(raw: bytes, reveal: Collection[str] = ()) -> bytes: ...
def mask_raw(raw: str | bytes, reveal: Collection[str] = ()) -> str | bytes:
    """JSON text, sound or damaged, with the secrets in it masked and every other character as it was.

    Works on whole documents and on any run of whole lines. A text cut in the middle of a secret keeps that tail, for
    nothing before it tells: cut at line ends. Linear in the text: one match a key.
    """
    if isinstance(raw, bytes):
        return mask_raw(raw.decode("utf-8", "surrogateescape"), reveal).encode("utf-8", "surrogateescape")
    parts: list[str] = []
    done = at = 0
    while match := _RAW_KEY.search(raw, at):
        at = match.end()
        key = _plain(match)
        if is_secret(key):
            end, covered = _cover_raw(raw, at)
            parts += (_mask_text(raw[done:at]), raw[at:end] if _revealed(key, reveal) else covered)
            done = at = end
    parts.append(_mask_text(raw[done:]))
    return "".join(parts)


def _plain(match: re.Match[str]) -> str:
    key = match[1] if match[1] is not None else match[2]
    if "\\" in key:
        try:
            return str(json.loads(f'"{key}"'))
        except ValueError:
            pass
    return key


def _cover_raw(raw: str, at: int) -> tuple[int, str]:
    """(end, masked text) of the value that starts at `at`."""
    head = raw[at : at + 1]
    if head == '"':
        match = _RAW_STRING.match(raw, at)
        assert match is not None
        return match.end(), _covered_string(match[0])
    if head == "\\" and (match := _ESCAPED.match(raw, at)):
        return _cover_escaped(raw, match)
    if head in ("{", "["):
        return _cover_nested(raw, at)
    match = _RAW_SCALAR.match(raw, at)
    if match is None:
        return at, ""
    return match.end(), match[0] if match[0] in ("true", "false", "null") else f'"{MARK}"'


def _covered_string(text: str) -> str:
    if text in ('""', '"null"'):
        return text
    return f'"{MARK}"' if text.endswith('"') and len(text) > 1 else f'"{MARK}'


def _cover_escaped(raw: str, opening: re.Match[str]) -> tuple[int, str]:
    """A string inside a JSON text inside a string: it ends at the next quote with as many backslashes or fewer."""
    for closing in _CLOSING.finditer(raw, opening.end()):
        if len(closing[1]) <= len(opening[1]):
            return closing.end(), f"{opening[0]}{MARK}{closing[0]}"
    return len(raw), f"{opening[0]}{MARK}"


def _cover_nested(raw: str, at: int) -> tuple[int, str]:
    """An object or list with every leaf masked; all the rest of the text when it never closes."""
    try:
        value, end = _DECODER.raw_decode(raw, at)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict) and _is_schema(value):
        return end, raw[at:end]
    parts: list[str] = []
    depth, done = 0, at
    for match in _RAW_TOKEN.finditer(raw, at):
        token = match[0]
        if token in ("{", "["):
            depth += 1
        elif token in ("}", "]"):
            depth -= 1
            if not depth:
                parts.append(raw[done : match.end()])
                return match.end(), "".join(parts)
        elif match["key"] is None:
            masked = f'"{MARK}"' if match["text"] is None else _covered_string(match["text"])
            parts += (raw[done : match.start()], masked)
            done = match.end()
    parts.append(raw[done:])
    return len(raw), "".join(parts)
