"""JSON Schemas of a spaces folder: finding them as D-MART does and validating with them, whoever wrote them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core import disk
from dmart_tui.core.errors import Damaged, DmartTuiError
from dmart_tui.core.spaces.jsonfile import decode, read_json
from dmart_tui.core.spaces.layout import schema_files

if TYPE_CHECKING:
    from dmart_tui.core.spaces.reading import Spaces

SCHEMA_LIMIT: Final = 2_000_000
"""Bytes of a schema that are parsed."""
META_SCHEMA: Final = "meta_schema"
"""The schema of schemas; D-MART does not hold its own file to it."""
_CACHED: Final = 256
_COST_LIMIT: Final = 100_000
"""Subschema visits a value's deepest path may cost; `anyOf` of `anyOf` of … doubles them at each level."""
_DEPTH: Final = 64
_LEAVES_LIMIT: Final = 20_000
"""Values with more parts than this are told their first violation only: the validator gathers all before it answers."""
_PATTERN_STEPS: Final = 10_000
_PATTERN_BYTES: Final = 1_000_000

State = Literal["valid", "invalid", "missing", "broken", "costly"]


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a value breaks its schema."""

    path: tuple[str | int, ...]
    keyword: str
    """The schema keyword that is broken, e.g. `required`."""
    message: str

    @property
    def where(self) -> str:
        """The path for people: `items[3].price`; empty for the value itself."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
        return text


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a schema says about a value."""

    state: State
    """`missing`, `broken` and `costly` speak of the schema: nothing was validated."""
    detail: str = ""
    """Why nothing was validated."""
    violations: tuple[Violation, ...] = ()
    more: bool = False
    """Whether there are violations beyond those given."""


@dataclass(slots=True)
class Schema:
    """A compiled schema, or why there is none."""

    path: str
    """Absolute; empty when no file was found."""
    verdict: Verdict | None = None
    """Set when it cannot validate anything."""
    document: Any = None
    _validator: Any = None
    _cost: _Cost | None = None
    """Set when deep values must be measured first."""

    def validate(self, value: Any, limit: int = 50) -> Verdict:
        """Hold a decoded value to the schema; at most `limit` violations are returned. Never raises."""
        if self.verdict is not None:
            return self.verdict
        if self._cost is not None and self._cost.of(self.document, _depth(value)) > _COST_LIMIT:
            return Verdict("costly", "the schema branches too much for a value this deep")
        try:
            if self._validator.is_valid(value):
                return _VALID
            if _has_more_leaves_than(value, _LEAVES_LIMIT):
                found = [_first_error(self._validator, value)]
            else:
                found = list(islice(self._validator.iter_errors(value), limit + 1))
        except (ValueError, RecursionError) as error:
            # Lone surrogates and values nested beyond the validator's limit: JSON that no schema can be asked about.
            return Verdict("invalid", violations=(Violation((), "encoding", _short(str(error))),))
        violations = tuple(
            Violation(tuple(error.instance_path), error.kind.name, _short(error.message)) for error in found[:limit]
        )
        return Verdict("invalid", violations=violations, more=len(found) > limit)


_VALID: Final = Verdict("valid")


class Schemas:
    """The schemas of a spaces folder, compiled once a file version; keeps at most 256, in memory of a few KB each."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces
        self._compiled: OrderedDict[tuple[str, int, int], Schema] = OrderedDict()

    def get(self, space: str, name: str) -> Schema:
        """The schema that D-MART would use: management's first, then the space's own. Never raises.

        Costs one or two stats, and at the first use of a file version its read and compilation.
        """
        for path in schema_files(self._spaces.root, space, name):
            try:
                status = disk.stat(path)
            except OSError:
                continue
            key = (path, status.st_mtime_ns, status.st_size)
            known = self._compiled.get(key)
            if known is None:
                known = self._compiled[key] = self._compile(path)
                if len(self._compiled) > _CACHED:
                    self._compiled.popitem(last=False)
            return known
        return Schema("", Verdict("missing", f"there is no schema {name} in management nor in {space}"))

    def validate(self, space: str, name: str, value: Any, limit: int = 50) -> Verdict:
        """Hold `value` to the schema `name` as seen from `space`; `get` and `Schema.validate` in one."""
        return self.get(space, name).validate(value, limit)

    def _compile(self, path: str) -> Schema:
        try:
            document = read_json(path, self._spaces.root, SCHEMA_LIMIT)
        except DmartTuiError as error:
            return Schema(path, Verdict("broken", error.message))
        return compile_schema(document, path)


def compile_schema(document: Any, path: str = "") -> Schema:
    """Compile a decoded schema document (draft 7); one that cannot be used says why in its verdict.

    Patterns run with a step limit, references outside the document are never fetched, and a schema whose
    branches multiply beyond reason is refused.
    """
    if not isinstance(document, dict | bool):
        return Schema(path, Verdict("broken", "the schema is not an object"))
    cost = _Cost(document)
    if cost.of(document, 0) > _COST_LIMIT:
        return Schema(path, Verdict("costly", "the schema branches too much to be used safely"))
    import jsonschema_rs

    try:
        validator = jsonschema_rs.Draft7Validator(
            document,
            retriever=_refuse,
            pattern_options=jsonschema_rs.FancyRegexOptions(
                backtrack_limit=_PATTERN_STEPS, size_limit=_PATTERN_BYTES, dfa_size_limit=_PATTERN_BYTES
            ),
        )
    except (jsonschema_rs.ValidationError, ValueError, RecursionError) as error:
        where = "/".join(map(str, getattr(error, "instance_path", ())))
        reason = _short(str(getattr(error, "message", error)).partition("\n")[0])
        return Schema(path, Verdict("broken", f"{reason} (at {where})" if where else reason))
    deep = cost.of(document, _DEPTH) > _COST_LIMIT
    return Schema(path, None, document, validator, cost if deep else None)


def row_violations(schema: Schema, content_type: str, data: bytes, rows: int = 1000) -> Iterator[tuple[int, Violation]]:
    """The violations of the first rows of a `csv` or `jsonl` data asset, with the row's number from 1.

    A CSV cell counts as the number or boolean it reads as where the schema does not take the text.
    """
    for number, candidates in enumerate(islice(_rows(content_type, data), rows), 1):
        if isinstance(candidates, Violation):
            yield number, candidates
            continue
        verdicts = [schema.validate(candidate, 5) for candidate in candidates]
        if all(verdict.state == "invalid" for verdict in verdicts):
            for violation in verdicts[-1].violations:
                yield number, violation


def _rows(content_type: str, data: bytes) -> Iterator[list[Any] | Violation]:
    if content_type == "csv":
        import csv
        import io

        text = io.StringIO(data.decode("utf-8-sig", "replace"), newline="")
        try:
            for row in csv.DictReader(text):
                yield [row, {key: _cell(value) for key, value in row.items()}]
        except csv.Error as error:
            yield Violation((), "csv", str(error))
        return
    for line in data.splitlines():
        if line.strip():
            try:
                yield [decode(line)]
            except Damaged as error:
                yield Violation((), "json", error.message)


def _cell(value: Any) -> Any:
    if not isinstance(value, str) or len(value) > 40:
        return value
    try:
        return decode(value.replace(",", "").encode())
    except Damaged:
        return {"true": True, "false": False}.get(value.lower(), value)


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is outside the schema and is not fetched")


def _first_error(validator: Any, value: Any) -> Any:
    import jsonschema_rs

    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        return error
    raise ValueError("is not valid")


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:180]} … {text[-100:]}"


def _depth(value: Any) -> int:
    """How deep a value nests, counted up to `_DEPTH`."""
    level, depth = [value], 0
    while depth < _DEPTH:
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            break
        depth += 1
    return depth


def _has_more_leaves_than(value: Any, limit: int) -> bool:
    stack, seen = [value], 0
    while stack and seen <= limit:
        top = stack.pop()
        if isinstance(top, dict | list):
            seen += len(top)
            stack.extend(top.values() if isinstance(top, dict) else top)
    return seen > limit


_HERE: Final = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependencies", "dependentSchemas")
_BELOW: Final = (
    "items", "additionalItems", "contains", "additionalProperties", "patternProperties", "propertyNames",
)  # fmt: skip


@dataclass(slots=True)
class _Cost:
    """How many subschemas the worst path of a value of some depth visits; a cycle that does not descend counts once."""

    root: Any
    _known: dict[tuple[int, int], int] = field(default_factory=dict)

    def of(self, node: Any, depth: int) -> int:
        try:
            return self._of(node, depth)
        except RecursionError:
            return _COST_LIMIT + 1

    def _of(self, node: Any, depth: int) -> int:
        if not isinstance(node, dict):
            return 1
        key = (id(node), depth)
        if key in self._known:
            return self._known[key]
        self._known[key] = 0
        reference = node.get("$ref")
        if isinstance(reference, str):
            total = 1 + self._of(self._target(reference), depth)
        else:
            total = 1 + sum(self._of(inner, depth) for inner in _subschemas(node, _HERE))
            if depth:
                total += sum(self._of(inner, depth - 1) for inner in _subschemas(node, _BELOW))
                total += max((self._of(inner, depth - 1) for inner in _values(node.get("properties"))), default=0)
        self._known[key] = min(total, _COST_LIMIT + 1)
        return self._known[key]

    def _target(self, reference: str) -> Any:
        if not reference.startswith("#"):
            return None
        node = self.root
        for part in reference[1:].split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict):
                node = node.get(part)
            elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
                node = node[int(part)]
            else:
                return None
        return node


def _values(value: Any) -> Iterator[Any]:
    return iter(value.values()) if isinstance(value, dict) else iter(())


def _subschemas(node: dict[str, Any], keywords: tuple[str, ...]) -> Iterator[Any]:
    for keyword in keywords:
        value = node.get(keyword)
        if isinstance(value, list):
            yield from value
        elif keyword in ("patternProperties", "dependencies", "dependentSchemas"):
            yield from _values(value)
        elif value is not None:
            yield value
