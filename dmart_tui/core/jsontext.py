"""Edits of JSON documents that leave every byte alone which did not have to change."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.diffing import digest, opcodes
from dmart_tui.core.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Path = tuple[str | int, ...]

DEEPEST: Final = 500
"""Objects and lists inside each other that are read or written."""
SHORT: Final = 80
"""Characters up to which a list keeps to one line where other lists do."""

_BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_LINE_END: Final = re.compile(r"\r\n?|\n")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ESCAPED: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u(?!00[0-7])")
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_TOO_DEEP: Final = f"nested over {DEEPEST} levels"
_CLOSING: Final = {"{": "}", "[": "]"}
_SCALARS: Final = json.JSONDecoder()
_RAW: Final = json.JSONEncoder(ensure_ascii=False)
_ESCAPING: Final = json.JSONEncoder()


def rewrite(data: bytes, new: Any) -> bytes:
    """The smallest edit of a JSON document after which it decodes to `new`.

    Key order, unknown keys, number literals, escapes, white space, BOM and line ends of what stays are kept. A new key
    goes after the last one, in the style of its siblings. Of a key that stands twice the last is edited. About a second
    a megabyte, whatever changes.

    Raises:
        Damaged: `data` is not JSON (the message says where), or it or `new` is nested over 500 levels. Empty data is
            no damage: it gives `encode(new)`.
    """
    if not data.removeprefix(_BOM).strip(b" \t\r\n"):
        return encode(new)
    bom, text = _text(data)
    root = _parse(text)
    edits = _Edits(text, _style(text, root))
    edits.collect(root, new)
    return bom + edits.applied().encode()


def encode(value: Any, *, like: bytes | None = None, indent: int | str | None = None) -> bytes:
    """A new document: in the style of another one, else compact UTF-8 as D-MART writes it.

    Args:
        value: JSON values only.
        like: a document whose indentation, separators, escaping and final line end are taken; ignored when no JSON.
        indent: spaces, or the text itself, that a level is indented by, whatever `like` does.

    Raises:
        Damaged: it is nested over 500 levels.
    """
    style, end = _Style(), ""
    if like is not None:
        try:
            _, text = _text(like)
            root = _parse(text)
        except Damaged:
            pass
        else:
            style = _style(text, root)
            end = style.line_end if _LINE_END.search(text, root.end) else ""
            if root.members and not _over_lines(text, root):
                style = replace(style, unit=None)
    if indent is not None:
        unit = " " * indent if isinstance(indent, int) else indent
        style = replace(style, unit=unit, colon=": ") if style.unit is None else replace(style, unit=unit)
    return (_written(value, style, None if style.unit is None else "") + end).encode()


def spread_out(text: str, indent: str = "  ") -> str:
    """A document laid out over lines, one a member; values stay as they are written, letters in place of their escapes.

    Raises:
        Damaged: it is not JSON.
    """
    _parse(text)
    out: list[str] = []
    level, before = 0, ""
    for token in _TOKEN.findall(text):
        closing = token in "}]"
        level -= closing
        starts_line = before not in ("{", "[") if closing else before in ("{", "[", ",")
        if starts_line:
            out.append("\n" + indent * level)
        out.append(": " if token == ":" else _readable(token) if "\\u" in token else token)
        level += token in "{["
        before = token
    return "".join(out)


def _readable(text: str) -> str:
    readable = _RAW.encode(json.loads(text, strict=False))
    return text if _SURROGATE.search(readable) else readable


def places(text: str, paths: Iterable[Path]) -> dict[Path, tuple[int, int, int]]:
    """(line, column, length) of the value at each path, all from 0; of the nearest one above where there is none.

    Raises:
        Damaged: it is not JSON; the message says where.
    """
    root = _parse(text.replace("\ufeff", " ", 1) if text.startswith("\ufeff") else text)
    found: dict[Path, tuple[int, int, int]] = {}
    for path in paths:
        node = root
        for part in path:
            known = [one for at, one in enumerate(node.members) if part in (one.key, at)]
            if not known:
                break
            node = known[-1]
        line = text.count("\n", 0, node.start)
        end = text.find("\n", node.start, node.end)
        length = (node.end if end < 0 else end) - node.start
        found[path] = (line, node.start - text.rfind("\n", 0, node.start) - 1, length)
    return found


# -- reading ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Node:
    """A value and where it stands; a member of an object stands from its key on."""

    at: int
    key: str | None
    key_end: int
    start: int
    end: int
    value: Any
    members: list[_Node] = field(default_factory=list)


def _text(data: bytes) -> tuple[bytes, str]:
    bom = _BOM if data.startswith(_BOM) else b""
    try:
        return bom, data[len(bom) :].decode()
    except UnicodeDecodeError as error:
        raise Damaged(f"is not UTF-8 at byte {len(bom) + error.start}") from None


def _parse(text: str) -> _Node:
    try:
        return _nodes(text)
    except JSONDecodeError as error:
        reason = error.msg.removesuffix(" at")
        raise Damaged(f"is not JSON: {reason} at line {error.lineno}, column {error.colno}") from None
    except ValueError:
        raise Damaged("holds a number too long to read") from None


def _nodes(text: str) -> _Node:
    """The tree of a document. Not recursive."""
    top: list[_Node] = []
    parents: list[_Node] = []
    pos = _past_space(text, 0)
    while True:
        node = _member(text, pos, keyed=bool(parents) and isinstance(parents[-1].value, dict))
        siblings = parents[-1].members if parents else top
        siblings.append(node)
        if parents:
            holder = parents[-1].value
            if node.key is None:
                holder.append(node.value)
            else:
                holder[node.key] = node.value
        pos = node.end
        if pos == node.start:  # an object or a list: its end is not known yet
            if len(parents) >= DEEPEST:
                raise JSONDecodeError(_TOO_DEEP, text, pos)
            parents.append(node)
            pos = _past_space(text, pos + 1)
            if not text.startswith(_CLOSING[text[node.start]], pos):
                continue
        while parents:
            pos = _past_space(text, pos)
            holder = parents[-1]
            closing = _CLOSING[text[holder.start]]
            if text.startswith(closing, pos):
                pos = holder.end = pos + 1
                parents.pop()
            elif text.startswith(",", pos):
                pos = _past_space(text, pos + 1)
                break
            else:
                raise JSONDecodeError(f"Expecting ',' or '{closing}'", text, pos)
        if not parents:
            break
    pos = _past_space(text, pos)
    if pos < len(text):
        raise JSONDecodeError("Extra data", text, pos)
    return top[0]


def _member(text: str, pos: int, *, keyed: bool) -> _Node:
    at, key, key_end = pos, None, pos
    if keyed:
        if not text.startswith('"', pos):
            raise JSONDecodeError("Expecting a key in double quotes", text, pos)
        key, key_end = _SCALARS.raw_decode(text, pos)
        pos = _past_space(text, key_end)
        if not text.startswith(":", pos):
            raise JSONDecodeError("Expecting ':'", text, pos)
        pos = _past_space(text, pos + 1)
    if text.startswith("{", pos):
        return _Node(at, key, key_end, pos, pos, {})
    if text.startswith("[", pos):
        return _Node(at, key, key_end, pos, pos, [])
    value, end = _SCALARS.raw_decode(text, pos)
    return _Node(at, key, key_end, pos, end, value)


def _past_space(text: str, pos: int) -> int:
    found = _SPACE.match(text, pos)
    return found.end() if found else pos


# -- style ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Style:
    unit: str | None = None
    """What a level is indented by; None: all on one line."""
    line_end: str = "\n"
    comma: str = ","
    """Between members on one line."""
    colon: str = ":"
    padding: str = ""
    """Inside the braces of an object on one line."""
    escaped: bool = False
    short_lists: bool = False
    """Lists of scalars stand on one line though objects do not."""


def _style(text: str, root: _Node) -> _Style:
    """How a document is laid out, by the first place that shows it."""
    unit = comma = colon = padding = None
    one_line = over_lines = 0
    waiting = [root]
    while waiting:
        node = waiting.pop()
        members = node.members
        if not members:
            continue
        first = members[0]
        if colon is None and first.key is not None:
            between = text[first.key_end : first.start]
            colon = None if _LINE_END.search(between) else between
        if _over_lines(text, node):
            if unit is None:
                outer, inner = _margin(text, node.at), _margin(text, first.at)
                unit = inner[len(outer) :] if inner.startswith(outer) else "  "
        else:
            if padding is None and first.key is not None:
                padding = text[node.start + 1 : first.at]
            if comma is None and len(members) > 1:
                between = text[first.end : members[1].at]
                comma = None if _LINE_END.search(between) else between
        if isinstance(node.value, list) and not any(isinstance(member.value, dict | list) for member in members):
            over_lines += _over_lines(text, node)
            one_line += not _over_lines(text, node)
        waiting.extend(reversed(members))
    line_end = _LINE_END.search(text)
    return _Style(
        unit,
        line_end[0] if line_end else "\n",
        comma or (", " if colon == ": " else ","),
        colon or (": " if comma == ", " else ":"),
        padding or "",
        text.isascii() and bool(_ESCAPED.search(text)),
        one_line > over_lines,
    )


def _over_lines(text: str, node: _Node) -> bool:
    """Whether the members of an object or list, if any, begin on a line of their own."""
    return bool(node.members) and bool(_LINE_END.search(text, node.start, node.members[0].at))


def _margin(text: str, pos: int) -> str:
    """The indentation of the line that a place is on."""
    start = text.rfind("\n", 0, pos) + 1
    start = max(start, text.rfind("\r", start, pos) + 1)
    end = _past_space(text, start)
    return text[start : min(end, pos)]


# -- writing ----------------------------------------------------------------------------------------------------------


def _written(value: Any, style: _Style, margin: str | None, level: int = 0) -> str:
    """A value as text; `margin` is the indentation of the line it begins on, None keeps it on that line."""
    out: list[str] = []
    _write(value, style, margin, level, out)
    return "".join(out)


def _write(value: Any, style: _Style, margin: str | None, level: int, out: list[str]) -> None:
    if not isinstance(value, dict | list):
        out.append(_scalar(value, style))
        return
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    if level >= DEEPEST:
        raise Damaged(f"is {_TOO_DEEP}")
    if margin is not None and style.short_lists and isinstance(value, list) and _is_short(value, style):
        margin = None
    inner = None if margin is None or style.unit is None else margin + style.unit
    lead, between, end = "", style.comma, ""
    if inner is not None:
        lead, end = style.line_end + inner, f"{style.line_end}{margin}"
        between = "," + lead
    elif isinstance(value, dict):
        lead = end = style.padding
    out.append(opening)
    ahead = lead
    for member in value:
        out.append(ahead)
        ahead = between
        if isinstance(value, dict):
            out.append(_scalar(member, style) + style.colon)
            member = value[member]
        _write(member, style, inner, level + 1, out)
    if value:
        out.append(end)
    out.append(closing)


def _is_short(members: list[Any], style: _Style) -> bool:
    if len(members) > SHORT or any(isinstance(member, dict | list) for member in members):
        return False
    return len(style.comma.join(_scalar(member, style) for member in members)) <= SHORT


def _scalar(value: Any, style: _Style) -> str:
    text = (_ESCAPING if style.escaped else _RAW).encode(value)
    return text if text.isascii() else _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


# -- editing ----------------------------------------------------------------------------------------------------------


class _Edits:
    """Replacements of pieces of a text, none of which overlap."""

    def __init__(self, text: str, style: _Style) -> None:
        self._text = text
        self._style = style
        self._edits: list[tuple[int, int, str]] = []
        self._manners: dict[tuple[int, type], tuple[_Style, str | None]] = {}

    def applied(self) -> str:
        out: list[str] = []
        done = 0
        for start, end, new in sorted(self._edits):
            out += self._text[done:start], new
            done = end
        return "".join(out) + self._text[done:]

    def collect(self, root: _Node, new: Any) -> None:
        known: dict[int, int] = {}
        waiting: list[tuple[_Node, Any, _Node | None, int]] = [(root, new, None, 0)]
        while waiting:
            node, value, parent, level = waiting.pop()
            if digest(node.value, known, limit=None) == digest(value, known, limit=None):
                continue
            kept: Iterable[tuple[_Node, Any]]
            if isinstance(node.value, dict) and isinstance(value, dict) and node.members:
                kept = self._object(node, value, level)
            elif isinstance(node.value, list) and isinstance(value, list) and node.members:
                kept = self._list(node, value, level, known)
            else:
                self._edits.append((node.start, node.end, self._laid_out(value, parent, level)))
                continue
            waiting.extend((member, inner, node, level + 1) for member, inner in kept)

    def _object(self, node: _Node, new: dict[str, Any], level: int) -> list[tuple[_Node, Any]]:
        """Add and remove keys; gives the members that stay and what they are to be."""
        plan: list[int | str] = [at for at, member in enumerate(node.members) if member.key in new]
        last = node.members[-1]
        colon = self._text[last.key_end : last.start]
        if _LINE_END.search(colon):
            colon = self._style.colon
        for key, value in new.items():
            if key not in node.value:
                plan.append(_scalar(key, self._style) + colon + self._laid_out(value, node, level + 1))
        self._splice(node, plan)
        truth = {member.key: member for member in node.members}
        return [(member, new[key]) for key, member in truth.items() if key in new and key is not None]

    def _list(self, node: _Node, new: list[Any], level: int, known: dict[int, int]) -> list[tuple[_Node, Any]]:
        """Add and remove members; gives those that stay and what they are to be."""
        members = node.members
        left = [digest(member.value, known, limit=None) for member in members]
        right = [digest(value, known, limit=None) for value in new]
        steps = opcodes(left, right)
        if len(left) == len(right) and all(isinstance(value, dict) for value in (*node.value, *new)):
            steps = [("replace", 0, len(left), 0, len(right))]
        plan: list[int | str] = []
        kept: list[tuple[_Node, Any]] = []
        for _, i1, i2, j1, j2 in steps:
            pairs = min(i2 - i1, j2 - j1)
            plan.extend(range(i1, i1 + pairs))
            kept.extend(zip(members[i1 : i1 + pairs], new[j1 : j1 + pairs], strict=True))
            plan.extend(self._laid_out(value, node, level + 1) for value in new[j1 + pairs : j2])
        self._splice(node, plan)
        return kept

    def _splice(self, node: _Node, plan: Sequence[int | str]) -> None:
        """Make the members of an object or list those of a plan: numbers of members that stay, and new text."""
        members = node.members
        separator = self._separator(node)
        before = -1
        fresh: list[str] = []
        for step in (*plan, len(members)):
            if isinstance(step, str):
                fresh.append(step)
                continue
            added = separator.join(fresh)
            if before >= 0:
                if fresh or step > before + 1:
                    new = separator + added if fresh else ""
                    self._edits.append((members[before].end, members[step - 1].end, new))
            elif step < len(members):
                if fresh or step:
                    new = added + separator if fresh else ""
                    self._edits.append((members[0].at, members[step].at, new))
            elif fresh:
                self._edits.append((members[0].at, members[-1].end, added))
            else:
                self._edits.append((node.start + 1, node.end - 1, ""))
            before, fresh = step, []

    def _separator(self, node: _Node) -> str:
        members = node.members
        if len(members) > 1:
            return self._text[members[-2].end : members[-1].at]
        if _over_lines(self._text, node):
            return "," + self._style.line_end + _margin(self._text, members[0].at)
        return self._style.comma

    def _laid_out(self, value: Any, parent: _Node | None, level: int) -> str:
        """A new value among the members of `parent`, the way its siblings are."""
        if not isinstance(value, dict | list) or self._style.unit is None or parent is None:
            return _written(value, self._style, None, level)
        kind = dict if isinstance(value, dict) else list
        key = id(parent), kind
        if (manner := self._manners.get(key)) is None:
            manner = self._manners[key] = self._manner(parent, kind)
        return _written(value, *manner, level)

    def _manner(self, parent: _Node, kind: type) -> tuple[_Style, str | None]:
        """The style and margin of a new object, or list, among the members of `parent`."""
        style, last = self._style, parent.members[-1]
        if not _over_lines(self._text, parent):
            return style, None
        alike = next((m for m in reversed(parent.members) if m.members and isinstance(m.value, kind)), None)
        if alike is not None:
            one_line = not _over_lines(self._text, alike)
            if kind is dict and one_line:
                return style, None
            style = replace(style, short_lists=one_line)
        return style, _margin(self._text, last.at)
