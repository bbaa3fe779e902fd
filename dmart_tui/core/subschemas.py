"""What a JSON Schema says about one value: references, combinations and lists of types as plain alternatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Node = dict[str, Any]
"""A schema of one value without `$ref`, `allOf`, `anyOf`, `oneOf`, and with at most one type; `{}` takes anything."""

SHAPE: Final = "$shape"
"""The key under which an alternative of several keeps the title that tells it from the others."""

_MOST: Final = 16
"""Alternatives of one value that are looked at."""
_DEEPEST: Final = 32
_BUDGET: Final = 20_000
_COMBINING: Final = ("$ref", "allOf", "anyOf", "oneOf", "type", "nullable")


class Subschemas:
    """Reads a schema of any shape, hostile ones included, in 20,000 steps at most; what is beyond takes anything."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._left = _BUDGET

    def alternatives(self, schema: Any) -> list[Node]:
        """What a value may be, at most 16 ways, at least one; the way of `null` is `{"type": "null"}`."""
        found = self._expand(schema, frozenset(), 0)[:_MOST]
        return list({_identity(node): node for node in found}.values())

    def _expand(self, schema: Any, followed: frozenset[str], depth: int) -> list[Node]:
        self._left -= 1
        if not isinstance(schema, dict) or self._left < 0 or depth > _DEEPEST:
            return [{}]
        ways = [{key: value for key, value in schema.items() if key not in _COMBINING}]
        types = _types(schema)
        if types:
            ways = [{**way, "type": name} for way in ways for name in types]
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in followed:
            target = self._expand(self._target(reference), followed | {reference}, depth + 1)
            ways = _combined(ways, target)
        for part in _list(schema, "allOf"):
            ways = _combined(ways, self._expand(part, followed, depth + 1))
        for keyword in ("anyOf", "oneOf"):
            options: list[Node] = []
            for part in _list(schema, keyword)[:_MOST]:
                named = {SHAPE: part["title"]} if isinstance(part, dict) and isinstance(part.get("title"), str) else {}
                options += [{**named, **way} for way in self._expand(part, followed, depth + 1)]
            if options:
                ways = _combined(ways, options)
        return ways or [{}]

    def _target(self, reference: str) -> Any:
        if reference[:1] != "#":
            return None
        node = self._root
        for part in reference[1:].split("/")[1:]:
            part = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict):
                node = node.get(part)
            elif isinstance(node, list) and part.isascii() and part.isdigit() and len(part) < 6:
                node = node[int(part)] if int(part) < len(node) else None
            else:
                return None
        return node


def choose(ways: Sequence[Node], value: Any) -> Node:
    """The alternative that a value is meant by: the best that fits, the only one there is, or `{}`."""
    fitting = [way for way in ways if fits(way, value)]
    if fitting:
        return max(fitting, key=lambda way: _shared(way, value))
    return ways[0] if len(ways) == 1 else {}


def fits(node: Node, value: Any) -> bool:
    """Whether a value is of a node's type and, as far as one look tells, meant by it."""
    name = node.get("type")
    if name is not None and not is_type(value, name):
        return False
    if "const" in node and not same(node["const"], value):
        return False
    options = _list(node, "enum")
    if options and not one_of(options, value):
        return False
    if not isinstance(value, dict):
        return True
    if any(isinstance(key, str) and key not in value for key in _list(node, "required")):
        return False
    for key, inner in mapping(node, "properties").items():
        # A constant in a branch is what tells it from the others.
        if key in value and isinstance(inner, dict):
            if "const" in inner and not same(inner["const"], value[key]):
                return False
            if _list(inner, "enum") and not one_of(inner["enum"], value[key]):
                return False
    return True


def is_type(value: Any, name: str) -> bool:
    """Whether a value is of a JSON Schema type; of an unknown type everything is."""
    match name:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return not isinstance(value, bool) and (
                isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            )
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "null":
            return value is None
    return True


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal; true is not 1."""
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def one_of(options: Iterable[Any], value: Any) -> bool:
    """Whether a value is among some."""
    return any(same(option, value) for option in options)


def mapping(node: Node, key: str) -> Node:
    """The object under a keyword, or an empty one."""
    value = node.get(key)
    return value if isinstance(value, dict) else {}


def type_of(node: Node) -> str | None:
    """The type a node names, or that its keywords speak of."""
    name = node.get("type")
    if isinstance(name, str):
        return name
    if isinstance(node.get("properties"), dict):
        return "object"
    return "array" if "items" in node else None


def choices(node: Node) -> tuple[Any, ...]:
    """The values of an enumeration or a constant; none where any may be."""
    if "const" in node:
        return (node["const"],)
    options = node.get("enum")
    return tuple(option for option in options if option is not None) if isinstance(options, list) else ()


def extra(node: Node) -> Any:
    """The schema of a key that has none of its own; False where there may be none."""
    patterns = mapping(node, "patternProperties")
    if len(patterns) == 1:
        return next(iter(patterns.values()))
    return {} if patterns else node.get("additionalProperties", {})


def item(node: Node, index: int) -> Any:
    """The schema of a member of a list."""
    items = node.get("items")
    places = items if isinstance(items, list) else node.get("prefixItems")
    if isinstance(places, list):
        rest = node.get("additionalItems") if isinstance(items, list) else items
        return places[index] if index < len(places) else rest
    return items


def blank(node: Node) -> Any:
    """What a new value starts as."""
    if "default" in node or "const" in node:
        return node.get("default", node.get("const"))
    match type_of(node):
        case "object":
            known = mapping(node, "properties")
            given = {key: known[key] for key in strings(node.get("required")) if isinstance(known.get(key), dict)}
            return {key: blank(inner) for key, inner in given.items() if "default" in inner or "const" in inner}
        case "array":
            return []
        case "boolean":
            return False
        case "number" | "integer":
            return 0
        case "null":
            return None
    return ""


def strings(value: Any) -> list[str]:
    """The texts in a list; none where it is no list."""
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _list(node: Node, key: str) -> list[Any]:
    value = node.get(key)
    return value if isinstance(value, list) else []


def _types(schema: Node) -> list[str]:
    given = schema.get("type")
    names = [given] if isinstance(given, str) else [name for name in _list(schema, "type") if isinstance(name, str)]
    if names and schema.get("nullable") is True and "null" not in names:
        names.append("null")
    return list(dict.fromkeys(names))[:8]


def _combined(nearer: list[Node], further: list[Node]) -> list[Node]:
    """Both at once, in every way that is not a contradiction; the nearer's words win."""
    ways = []
    for one in nearer[:_MOST]:
        for other in further[:_MOST]:
            both = _both(one, other)
            if both is not None:
                ways.append(both)
            if len(ways) == _MOST:
                return ways
    return ways or nearer


def _both(one: Node, other: Node) -> Node | None:
    types = {node["type"] for node in (one, other) if "type" in node}
    out = {**other, **one}
    if types == {"integer", "number"}:
        out["type"] = "integer"
    elif len(types) > 1:
        return None
    mine, theirs = mapping(one, "properties"), mapping(other, "properties")
    if mine and theirs:
        out["properties"] = {
            **theirs,
            **{key: {"allOf": [inner, theirs[key]]} if key in theirs else inner for key, inner in mine.items()},
        }
    if _list(one, "required") and _list(other, "required"):
        out["required"] = [*one["required"], *other["required"]]
    return out


def _identity(node: Node) -> object:
    return "null" if node.get("type") == "null" else id(node)


def _shared(node: Node, value: Any) -> int:
    """How many keys of a value a node knows."""
    return len(mapping(node, "properties").keys() & value.keys()) if isinstance(value, dict) else 0
