"""Forms for JSON values: the fields a schema and a value make together, and what a typed text means for one."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any, Final, Literal

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.merging import ABSENT
from dmart_tui.core.secrets import is_secret
from dmart_tui.core.subschemas import (
    SHAPE,
    Node,
    Subschemas,
    blank,
    choices,
    choose,
    extra,
    is_type,
    item,
    mapping,
    one_of,
    strings,
    type_of,
)
from dmart_tui.core.text import safe, safe_json
from dmart_tui.core.units import parse_time

Path = tuple[str | int, ...]
Kind = Literal[
    "text", "long", "number", "integer", "boolean", "choice", "date", "datetime",
    "list", "object", "choices", "translation", "null", "raw",
]  # fmt: skip
"""`choices` is a list of distinct members of an enumeration; `raw` is edited as JSON."""

LONG: Final = 200
"""Characters up to which a text is edited on one line."""
MOST_MEMBERS: Final = 500
"""Members of a list or an object that are shown one by one; one with more is `raw`."""
_DEEPEST: Final = 32
_TITLE: Final = 32
_LANGUAGES: Final = frozenset({"en", "ar", "ku", "kd", "fr", "tr", "fa"})
_LONG_FORMATS: Final = frozenset({"textarea", "markdown", "html", "multiline"})
_BY_FORMAT: Final[dict[str, Kind]] = {"date": "date", "date-time": "datetime"}
_FREE: Final[tuple[Node, ...]] = tuple({"type": name} for name in ("string", "number", "boolean", "object", "array"))
_WORDS: Final = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false",
                 "object": "object", "array": "list"}  # fmt: skip
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\Z")
_WHOLE: Final = re.compile(r"[+-]?\d{1,4000}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """One row of a form."""

    path: Path
    title: str
    kind: Kind
    value: Any
    """ABSENT when it is not set."""
    required: bool = False
    help: str = ""
    choices: tuple[Any, ...] = ()
    depth: int = 0
    secret: bool = False
    read_only: bool = False
    default: Any = ABSENT
    nullable: bool = False
    format: str = ""
    """The schema's `format`: `email`, `uri`, ..."""
    open: bool = False
    """Whether the members of an object or a list follow."""
    parts: tuple[Field, ...] = ()
    """The languages of a translation."""
    shapes: tuple[Field, ...] = ()
    """What an unset field can become, one for each type it may have; their values are what it starts with."""
    adds: tuple[Field, ...] = ()
    """What a new member can be; the last part of their paths is where it would go, "" for a key to be named."""
    beside: tuple[Field, ...] = ()
    """What a new sibling can be."""

    @property
    def can_add(self) -> bool:
        """Whether a member can be added."""
        return bool(self.adds) and not self.read_only

    @property
    def can_remove(self) -> bool:
        """Whether there is something to take away."""
        return self.value is not ABSENT and not self.read_only and bool(self.path)

    @property
    def folds(self) -> bool:
        """Whether there are members to show or hide."""
        return self.kind in ("object", "list") and isinstance(self.value, dict | list)


def fields(schema: Mapping[str, Any] | None, value: Any, *, open: Callable[[Path], bool]) -> list[Field]:  # noqa: A002
    """The rows of a form in order: the keys a schema knows, set or not, and those only the value has.

    Without a schema the value says what it is. Costs what is shown; never raises, whatever the schema or the value.

    Args:
        schema: a JSON Schema document; references inside it are followed.
        value: a decoded JSON value, or ABSENT.
        open: whether the members of the object or list at a path are shown; the document's own always are.
    """
    reading = _Reading(schema, open)
    reading.add((), "", schema, value, _Around())
    return reading.rows


@dataclass(frozen=True, slots=True)
class _Around:
    """What a field has from where it stands."""

    depth: int = 0
    required: bool = False
    secret: bool = False
    read_only: bool = False
    beside: tuple[Field, ...] = ()


class _Reading:
    def __init__(self, schema: Any, is_open: Callable[[Path], bool]) -> None:
        self.rows: list[Field] = []
        self._schemas = Subschemas(schema)
        self._open = is_open

    def add(self, path: Path, key: str, schema: Any, value: Any, around: _Around) -> None:
        """The field at a path, and those below it that are shown."""
        field, node = self._field(path, key, schema, value, around)
        if not path and field.kind == "object":
            self._members(field, node)
            if not self.rows:
                self.rows.append(field)
            return
        self.rows.append(field)
        if field.open:
            self._members(replace(field, depth=field.depth + 1), node)

    def _members(self, field: Field, node: Node) -> None:
        inside = _Around(field.depth, False, field.secret, field.read_only, field.adds)
        if isinstance(field.value, list):
            for index, member in enumerate(field.value):
                self.add((*field.path, index), str(index), item(node, index), member, inside)
            return
        value = field.value if isinstance(field.value, dict) else {}
        required = set(strings(node.get("required")))
        for key, inner in _keys(node, value).items():
            self.add((*field.path, key), key, inner, value.get(key, ABSENT), replace(inside, required=key in required))

    def _field(self, path: Path, key: str, schema: Any, value: Any, around: _Around) -> tuple[Field, Node]:
        ways = self._schemas.alternatives(schema)
        nullable = any(way.get("type") == "null" for way in ways)
        ways = [way for way in ways if way.get("type") != "null"] or [{"type": "null"}]
        if value is ABSENT or (value is None and nullable):
            node = ways[0] if len(ways) == 1 else _common(ways)
        else:
            node = choose(ways, value)
        field = _plain(path, key, node, value)
        kind = field.kind
        if field.kind in ("object", "list") and len(path) >= _DEEPEST:
            kind = "raw"
        read_only = around.read_only or node.get("readOnly") is True
        secret = around.secret or (kind != "boolean" and _is_secret(key, node))
        field = replace(
            field,
            kind=kind,
            depth=around.depth,
            required=around.required,
            secret=secret,
            read_only=read_only,
            nullable=nullable,
            beside=() if around.read_only else around.beside,
        )
        if read_only:
            return self._whole(field, node), node
        if value is ABSENT or value is None:
            field = replace(field, shapes=self._prototypes(path, key, ways))
        return self._whole(field, node), node

    def _whole(self, field: Field, node: Node) -> Field:
        """The field with what hangs on it: members to add, languages, whether it is open."""
        adds: tuple[Field, ...] = ()
        if field.kind == "translation":
            value = field.value if isinstance(field.value, dict) else {}
            if not field.read_only:
                adds = self._members_of((*field.path, ""), _language(node))
            around = _Around(field.depth + 1, False, field.secret, field.read_only, adds)
            parts = tuple(
                self._field((*field.path, code), code, inner, value.get(code, ABSENT), around)[0]
                for code, inner in _languages(node, value).items()
            )
            return replace(field, parts=parts, adds=adds)
        if not field.folds and field.path:
            return field
        if field.kind == "list" and isinstance(field.value, list) and not field.read_only:
            place = (*field.path, len(field.value))
            adds = self._members_of(place, item(node, len(field.value)))
        elif field.kind == "object" and not field.read_only:
            more = extra(node)
            adds = () if more is False else self._members_of((*field.path, ""), more)
        return replace(field, adds=adds, open=field.folds and (not field.path or self._open(field.path)))

    def _members_of(self, path: Path, schema: Any) -> tuple[Field, ...]:
        ways = [way for way in self._schemas.alternatives(schema) if way.get("type") != "null"]
        return self._prototypes(path, "", ways)

    def _prototypes(self, path: Path, key: str, ways: list[Node]) -> tuple[Field, ...]:
        made = []
        for way in ways:
            free = not any(word in way for word in ("type", "properties", "items", "enum", "const"))
            for node in [{**way, **shape} for shape in _FREE] if free else [way]:
                field = _plain(path, key, node, ABSENT)
                name = node.get(SHAPE) or _WORDS.get(str(node.get("type")), field.kind)
                made.append(replace(field, title=name if len(ways) > 1 or free else field.title, value=blank(node)))
        return tuple(made)


def _plain(path: Path, key: str, node: Node, value: Any) -> Field:
    """A field by itself, without what it has from where it stands."""
    title, form, kind = node.get("title"), node.get("format"), _kind(node, value)
    member = bool(path) and isinstance(path[-1], int)
    return Field(
        path,
        title if isinstance(title, str) and 0 < len(title) <= _TITLE and not member else key,
        kind,
        value,
        help=_help(node),
        choices=choices(node["items"] if kind == "choices" else node),
        default=node.get("default", ABSENT),
        format=form if isinstance(form, str) else "",
    )


def _kind(node: Node, value: Any) -> Kind:
    unset = value is ABSENT or value is None
    name = type_of(node)
    if name is None and value is None:
        return "null"
    if name is None and not unset and not choices(node):
        node = {**node, "type": _type_of(value)}
        name = node["type"]
    container = isinstance(value, dict | list)
    if not unset and (container or name in ("object", "array")) and not (container and is_type(value, str(name))):
        return "raw"
    if container and len(value) > MOST_MEMBERS:
        return "raw"
    if choices(node) and not container:
        return "choice"
    match name:
        case "object":
            return "translation" if _is_translation(node, {} if unset else value) else "object"
        case "array":
            return "choices" if _is_set(node, [] if unset else value) else "list"
        case "string":
            return _text_kind(node, value)
        case "number" | "integer" | "boolean" | "null":
            return "raw" if isinstance(value, str) and safe(value) != value else name
    return "raw"


def _text_kind(node: Node, value: Any) -> Kind:
    if isinstance(value, str):
        if "\n" in value or len(value) > LONG:
            return "long"
        if safe(value) != value:  # what a line of text cannot show is written as escapes
            return "raw"
    form = node.get("format")
    if isinstance(form, str):
        if form in _LONG_FORMATS:
            return "long"
        return _BY_FORMAT.get(form, "text")
    return "text"


def _type_of(value: Any) -> str:
    return next(name for name in ("null", "boolean", "number", "string", "array", "object") if is_type(value, name))


def _is_set(node: Node, value: list[Any]) -> bool:
    member = node.get("items")
    options = choices(member) if isinstance(member, dict) else ()
    distinct = all(not one_of(value[:index], member) for index, member in enumerate(islice(value, 50)))
    return bool(options) and len(value) <= 50 and distinct and all(one_of(options, member) for member in value)


def _is_translation(node: Node, value: Any) -> bool:
    if node.get("format") == "translation":
        return True
    known = mapping(node, "properties")
    if len(known.keys() | value.keys()) > len(_LANGUAGES) or not value.keys() <= _LANGUAGES:
        return False
    if known:
        return len(known) > 1 and known.keys() <= _LANGUAGES
    return bool(value) and all(text is None or isinstance(text, str) for text in value.values())


def _languages(node: Node, value: dict[str, Any]) -> Node:
    codes = dict(islice(mapping(node, "properties").items(), MOST_MEMBERS))
    if "kd" in value and "ku" not in value:  # the older name of the same language
        codes = {"kd" if code == "ku" else code: inner for code, inner in codes.items()}
    return {**codes, **{code: _language(node) for code in value if code not in codes}}


def _language(node: Node) -> Any:
    """The schema of a language that the schema does not name."""
    return extra(node) or {"type": "string"}


def _common(ways: list[Node]) -> Node:
    """What can be said of a value before it is known which of several it is."""
    first = ways[0]
    agreed = [key for key in ("title", "description") if all(way.get(key) == first.get(key) for way in ways)]
    return {key: first[key] for key in agreed if key in first}


def _keys(node: Node, value: dict[str, Any]) -> Node:
    """The keys of an object with their schemas: those of the schema, then those only the value has."""
    known = dict(islice(mapping(node, "properties").items(), MOST_MEMBERS))
    return {**known, **{key: extra(node) for key in value if key not in known}}


def _is_secret(key: str, node: Node) -> bool:
    return is_secret(key) or node.get("writeOnly") is True or node.get("format") == "password"


def _help(node: Node) -> str:
    description = node.get("description")
    words = [description.strip().rstrip(".")] if isinstance(description, str) and description.strip() else []
    match node.get("format"):
        case "date":
            words.append("as 2026-11-21")
        case "date-time":
            words.append("as 2026-11-21T09:45:00")
    words += _span(node, "minLength", "maxLength", " characters")
    words += _span(node, "minItems", "maxItems", " members")
    words += _span(node, "minimum", "maximum", "")
    if isinstance(node.get("pattern"), str):
        words.append(f"matches {node['pattern']:.60}")
    default = node.get("default")
    if isinstance(default, str | int | float) and default != "":
        words.append(f"default {default if isinstance(default, str) else _json(default):.40}")
    return "; ".join(words)


def _span(node: Node, least: str, most: str, unit: str) -> list[str]:
    low, high = (node[key] if is_type(node.get(key), "number") else None for key in (least, most))
    if low is None and high is None:
        return []
    unit = unit.removesuffix("s") if (low if high is None else high) == 1 else unit
    if high is None:
        return [f"at least {_json(low)}{unit}"]
    return [f"at most {_json(high)}{unit}" if low is None else f"{_json(low)} to {_json(high)}{unit}"]


def label(choice: Any) -> str:
    """A choice as text."""
    return choice if isinstance(choice, str) else _json(choice)


def _json(value: Any) -> str:
    try:
        return safe_json(json.dumps(value, ensure_ascii=False))
    except (ValueError, RecursionError):  # a number of thousands of digits, a value nested that deep
        return "…"


def show(field: Field) -> str:
    """The text to edit; empty for what is unset or null, and for secrets."""
    value = field.value
    if value is ABSENT or field.secret or (value is None and field.kind != "raw"):
        return ""
    return value if isinstance(value, str) and field.kind != "raw" else _json(value)


def parse(field: Field, text: str) -> Any:
    """What a typed text means for a field; ABSENT or None for no text where a text is not what it holds.

    Raises:
        UsageFault: it means nothing there; the message is a sentence.
    """
    if field.kind in ("text", "long"):
        if field.format == "email" and text and not _EMAIL.match(text):
            raise UsageFault("an e-mail address has the form name@host")
        return text
    typed = text.strip()
    if not typed and field.kind != "raw":
        member = bool(field.path) and isinstance(field.path[-1], int)
        if member and not field.nullable:
            raise UsageFault("a value is needed here; remove the member instead")
        return None if field.nullable and (member or field.required) else ABSENT
    match field.kind:
        case "integer" | "number":
            return _number(typed, whole=field.kind == "integer")
        case "boolean":
            if typed.lower() not in ("true", "false"):
                raise UsageFault("this is true or false")
            return typed.lower() == "true"
        case "choice":
            for choice in field.choices:
                if label(choice) == typed:
                    return choice
            raise UsageFault("this is none of the choices")
        case "date":
            return _date(typed)
        case "datetime":
            if len(typed) < 11 or parse_time(typed) is None:
                raise UsageFault("a time is written as 2026-11-21T09:45:00")
            return typed
        case "null":
            try:
                return _decode(typed)
            except UsageFault:
                return text
    return _decoded_as(field, typed)


def _decoded_as(field: Field, typed: str) -> Any:
    value = _decode(typed)
    wanted = {"list": list, "choices": list, "object": dict, "translation": dict}.get(field.kind)
    if wanted is not None and not isinstance(value, wanted):
        raise UsageFault(f"this is {'a list' if wanted is list else 'an object'}")
    if field.kind == "choices" and not all(one_of(field.choices, member) for member in value):
        raise UsageFault("not all of these are among the choices")
    return value


def _number(typed: str, *, whole: bool) -> int | float:
    if _WHOLE.match(typed):
        return int(typed)
    if whole:
        raise UsageFault("this is a whole number, such as 12")
    try:
        number = float(typed)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in typed:
        raise UsageFault("this is a number, such as 12 or 0.5")
    return number


def _date(typed: str) -> str:
    try:
        if len(typed) == 10:
            date.fromisoformat(typed)
            return typed
    except ValueError:
        pass
    raise UsageFault("a date is written as 2026-11-21, and has to be one")


def _decode(typed: str) -> Any:
    try:
        return json.loads(typed, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise UsageFault(f"this is no JSON: {error.msg}, at character {error.pos + 1}") from error
    except (ValueError, RecursionError) as error:
        raise UsageFault("this is no JSON that can be kept") from error


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def with_field(document: Any, path: Path, value: Any) -> Any:
    """A copy with one value set, or taken away when it is ABSENT; shares what is not on the way.

    A place at the end of a list adds a member; objects and lists that are missing on the way are made.

    Raises:
        UsageFault: the path leads through a value that has no members, or past the end of a list.
    """
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        members = list(document) if isinstance(document, list) else []
        if (not isinstance(document, list) and document is not ABSENT and document is not None) or key > len(members):
            raise UsageFault(f"there is no member {key} here")
        inner = with_field(members[key] if key < len(members) else ABSENT, rest, value)
        members[key : key + 1] = [] if inner is ABSENT else [inner]
        return members
    if not isinstance(document, dict) and document is not ABSENT and document is not None:
        raise UsageFault(f"there is no key {key} here")
    keys = dict(document) if isinstance(document, dict) else {}
    inner = with_field(keys.get(key, ABSENT), rest, value)
    if inner is ABSENT:
        keys.pop(key, None)
        return keys if keys or isinstance(document, dict) else document
    keys[key] = inner
    return keys
