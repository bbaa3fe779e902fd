"""Masking: passwords, their hashes, tokens and keys never show unless a key is named to be revealed.

Which keys are secret is decided by their names, wherever they stand: the last name of a nested value or any part of a
flattened one. Password hashes and web tokens are masked in every text, whatever its key. `true`, `false`, null, empty
text and the "null" that D-MART writes for absence hide nothing and stay.
"""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
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
_MASKED: Final = (str, dict, list, tuple)
"""What may hold a secret under any key."""
_DEEPEST: Final = 200
"""Nesting beyond which a value is masked whole."""
_FEW: Final = 64
"""Keys of an object of which is remembered whether any is secret."""


@lru_cache(4096)
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
    """A JSON value with its secrets replaced by `MARK`; the value itself is never changed, and returned if it has none.

    Args:
        reveal: keys (plain or dotted names) that show.
    """
    return value if _is_open((value,), 0) else _mask(value, reveal, 0)


def _is_open(values: Iterable[Any], depth: int) -> bool:
    """Whether nothing in some values is to be masked; most hold no secret, and looking is cheaper than copying."""
    for value in values:
        if isinstance(value, str):
            if "$" in value or "eyJ" in value:
                return False
        elif isinstance(value, dict):
            has_secret = _has_secret if len(value) <= _FEW else _has_secret.__wrapped__
            if depth > _DEEPEST or has_secret(tuple(value)) or not _is_open(value.values(), depth + 1):
                return False
        elif isinstance(value, list | tuple) and (depth > _DEEPEST or not _is_open(value, depth + 1)):
            return False
    return True


@lru_cache(1024)
def _has_secret(keys: tuple[str, ...]) -> bool:
    """Whether one of the keys of an object is secret; most objects have the keys of another."""
    return any(map(is_secret, keys))


def _mask(value: Any, reveal: Collection[str], depth: int) -> Any:
    if isinstance(value, str):
        return _mask_text(value)
    if depth > _DEEPEST and isinstance(value, dict | list):
        return MARK
    if isinstance(value, dict):
        return {
            key: (_mask(inner, reveal, depth + 1) if isinstance(inner, _MASKED) else inner)
            if not is_secret(key)
            else _mask_under(key, inner, reveal, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)([_mask(inner, reveal, depth + 1) for inner in value])
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
_Fill = Callable[[str], str]


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
    return _mask_raw(raw, reveal, _marked)


def mask_bytes(raw: bytes) -> bytes:
    """Any bytes with the secrets of JSON in them masked one for one: every other byte stays where it was."""
    return _mask_raw(raw.decode("latin-1"), (), _starred).encode("latin-1")


def mask_leaves(raw: str) -> str:
    """A piece of JSON text from inside of a secret value: every string and number that is no key masked."""
    return _masked_leaves(raw, _marked)


def _marked(text: str) -> str:
    """What stands for the text of a secret, with its quotes where it has some."""
    if not text.startswith('"'):
        return f'"{MARK}"'
    return f'"{MARK}"' if text.endswith('"') and len(text) > 1 else f'"{MARK}'


def _starred(text: str) -> str:
    """As long as the text of the secret."""
    if not text.startswith('"'):
        return "*" * len(text)
    closed = text.endswith('"') and len(text) > 1
    return '"' + "*" * (len(text) - 1 - closed) + '"' * closed


def _mask_raw(raw: str, reveal: Collection[str], fill: _Fill) -> str:
    parts: list[str] = []
    done = at = 0
    while match := _RAW_KEY.search(raw, at):
        at = match.end()
        key = _plain(match)
        if is_secret(key):
            end, covered = _cover_raw(raw, at, fill)
            parts += (_mask_texts(raw[done:at], fill), raw[at:end] if _revealed(key, reveal) else covered)
            done = at = end
    parts.append(_mask_texts(raw[done:], fill))
    return "".join(parts)


def _mask_texts(raw: str, fill: _Fill) -> str:
    return _mask_text(raw) if fill is _marked else _SECRET_TEXT.sub(lambda match: fill(match[0]), raw)


def _plain(match: re.Match[str]) -> str:
    key = match[1] if match[1] is not None else match[2]
    if "\\" in key:
        try:
            return str(json.loads(f'"{key}"'))
        except ValueError:
            pass
    return key


def _cover_raw(raw: str, at: int, fill: _Fill) -> tuple[int, str]:
    """(end, masked text) of the value that starts at `at`."""
    head = raw[at : at + 1]
    if head == '"':
        match = _RAW_STRING.match(raw, at)
        assert match is not None
        return match.end(), _covered_string(match[0], fill)
    if head == "\\" and (match := _ESCAPED.match(raw, at)):
        return _cover_escaped(raw, match, fill)
    if head in ("{", "["):
        return _cover_nested(raw, at, fill)
    match = _RAW_SCALAR.match(raw, at)
    if match is None:
        return at, ""
    return match.end(), match[0] if match[0] in ("true", "false", "null") else fill(match[0])


def _covered_string(text: str, fill: _Fill) -> str:
    return text if text in ('""', '"null"') else fill(text)


def _cover_escaped(raw: str, opening: re.Match[str], fill: _Fill) -> tuple[int, str]:
    """A string inside a JSON text inside a string: it ends at the next quote with as many backslashes or fewer."""
    for closing in _CLOSING.finditer(raw, opening.end()):
        if len(closing[1]) <= len(opening[1]):
            inner = fill(f'"{raw[opening.end() : closing.start()]}"')[1:-1]
            return closing.end(), f"{opening[0]}{inner}{closing[0]}"
    return len(raw), opening[0] + fill(f'"{raw[opening.end() :]}"')[1:-1]


def _cover_nested(raw: str, at: int, fill: _Fill) -> tuple[int, str]:
    """An object or list with every leaf masked; all the rest of the text when it never closes."""
    try:
        value, end = _DECODER.raw_decode(raw, at)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict) and _is_schema(value):
        return end, raw[at:end]
    depth = 0
    for match in _RAW_TOKEN.finditer(raw, at):
        depth += (match[0] in ("{", "[")) - (match[0] in ("}", "]"))
        if not depth:
            return match.end(), _masked_leaves(raw[at : match.end()], fill)
    return len(raw), _masked_leaves(raw[at:], fill)


def _masked_leaves(raw: str, fill: _Fill) -> str:
    parts: list[str] = []
    done = 0
    for match in _RAW_TOKEN.finditer(raw):
        if match[0] in ("{", "[", "}", "]") or match["key"] is not None:
            continue
        masked = fill(match[0]) if match["text"] is None else _covered_string(match["text"], fill)
        parts += (raw[done : match.start()], masked)
        done = match.end()
    parts.append(raw[done:])
    return "".join(parts)


# -- text of any size, as it goes by --------------------------------------------------------------------------

_STEMS: Final = (
    b"passw", b"passphrase", b"passcode", b"token", b"key", b"auth", b"cookie", b"credential", b"secret", b"pwd",
    b"otp",
)  # fmt: skip
"""One of them is in every secret key; looking for each is ten times faster than looking at every key."""
_OPENINGS: Final = tuple((stem, re.compile(stem + rb'[^"\\\n]{0,256}"\s{0,200}:\s{0,200}[\[{]')) for stem in _STEMS)
_BEFORE: Final = 1024
"""Bytes kept before a place to be read on from: the longest key, and what may stand between it and its value."""
_STRUCTURE: Final = re.compile(rb'"(?:[^"\\\n]|\\.)*(?P<end>"?)|[{}\[\]]')
_REST: Final = re.compile(rb'(?:[^"\\\n]|\\.)*(?P<end>"?)')


class RunningMask:
    """Masks lines of a text whose bytes went by before: it knows of secret objects and lists of many lines.

    Memory: 16 bytes for each that takes `least` lines or more, under 1 KB of text. What never closes is secret to the
    end; in doubt it masks more.
    """

    def __init__(self, least: int) -> None:
        """Start at the beginning of a text.

        Args:
            least: what takes fewer lines is left to the context that lines to be covered come with.
        """
        self._least = least
        self._firsts = array("Q")
        self._lasts = array("Q")
        self._kept = b""
        self._at = 0
        self._line = 0
        self._depth = 0
        self._first = 0
        self._in_text = False

    def cover(self, first: int, lines: list[str]) -> list[str]:
        """Consecutive lines, the first of them number `first` of the text, masked."""
        covered: list[str] = []
        numbered = enumerate(lines, first)
        for inside, group in groupby(numbered, key=lambda pair: self._is_inside(pair[0])):
            text = "\n".join(line for _, line in group)
            covered += (mask_leaves(text) if inside else mask_raw(text)).split("\n")
        return covered

    def _is_inside(self, line: int) -> bool:
        """Whether a line begins in a secret value of many lines."""
        if self._depth and self._first < line:
            return True
        span = bisect_left(self._firsts, line) - 1
        return span >= 0 and self._lasts[span] >= line

    def feed(self, piece: bytes) -> None:
        """Take the next bytes."""
        data = self._kept + piece
        at = counted = self._at
        openings = iter(_openings(data, at))
        while at < len(data):
            if not self._depth:
                at = next((place for place in openings if place >= at), len(data))
                self._line += data.count(b"\n", counted, at)
                counted, self._first = at, self._line
            at = self._inside(data, at)
            self._line += data.count(b"\n", counted, at)
            counted = at
            if not self._depth and self._line - self._first >= self._least:
                self._firsts.append(self._first)
                self._lasts.append(self._line)
            if self._in_text:
                break
        keep = max(0, at - _BEFORE)
        self._kept, self._at = data[keep:], at - keep

    def _inside(self, data: bytes, at: int) -> int:
        """Read on in a secret value, from its bracket or where the last bytes ended, to its end or theirs."""
        while at < len(data):
            match = _REST.match(data, at) if self._in_text else _STRUCTURE.search(data, at)
            if match is None:
                return len(data)
            at = match.end()
            if match[0] in (b"{", b"["):
                self._depth += 1
            elif match[0] in (b"}", b"]"):
                self._depth -= 1
                if self._depth <= 0:
                    return at
            else:
                # Not closed where the bytes end: it goes on in the next ones, maybe with a backslash's partner.
                self._in_text = not match["end"] and at >= len(data) - 1 and data[at:] != b"\n"
                if self._in_text:
                    break
        return at


def _openings(data: bytes, start: int) -> list[int]:
    """Where, from `start` on, the brackets of secret objects and lists are."""
    low = data.lower()
    found: set[int] = set()
    for stem, pattern in _OPENINGS:
        if stem in low:
            found.update(match.end() - 1 for match in pattern.finditer(low) if match.end() > start)
    return sorted(place for place in found if _is_secret_before(data, place))


def _is_secret_before(data: bytes, place: int) -> bool:
    """Whether the key of the value at `place` is secret; JSON inside of a string takes one line, it is left out."""
    end = data.rindex(b'"', 0, place)
    start = data.rfind(b'"', 0, end)
    key = data[start + 1 : end]
    return not key.endswith(b"\\") and is_secret(key.decode("utf-8", "replace"))
