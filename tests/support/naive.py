"""What a query matches, worked out entry by entry straight from the files, in the plainest way there is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dmart_tui.core.search.tree import (
    And,
    Bound,
    Everything,
    Exists,
    Field,
    Fuzzy,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Tags,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMON = {"the", "of", "on"}
"""The stop words that the tests use."""
MONTHS = {"2024": (1704067200, 1735689600), "2024-03": (1709251200, 1711929600), "2024-03-05": (1709596800, 1709683200)}
"""The dates that the tests use, in seconds."""
ROWS = ("shortname", "displayname", "owner_shortname", "subpath", "state", "payload.word", "payload.list", "payload.*")
"""The text fields that the tests use."""


@dataclass
class Row:
    """An entry as plain values."""

    name: str
    texts: dict[str, list[str]]
    tags: list[str]
    active: bool
    created: float
    number: float | None
    bare: list[str] = field(default_factory=list)


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9_]+", text.lower())


def distance(one: str, other: str) -> int:
    if not one or not other:
        return len(one) + len(other)
    if one[0] == other[0]:
        return distance(one[1:], other[1:])
    return 1 + min(distance(one[1:], other), distance(one, other[1:]), distance(one[1:], other[1:]))


def in_text(node: Node, text: str) -> bool:
    found, asked = words_of(text), words_of(node.text)  # type: ignore[union-attr]
    if not asked:
        return False
    if isinstance(node, Prefix):
        return all(word in found for word in asked[:-1]) and any(word.startswith(asked[-1]) for word in found)
    if isinstance(node, Fuzzy):
        return all(any(distance(one, word) <= node.distance for word in found) for one in asked)
    return f" {' '.join(asked)} " in f" {' '.join(found)} "


def is_common(node: Node, name: str) -> bool:
    if isinstance(node, Not | Field):
        return is_common(node.node, name) if isinstance(node, Not) else is_common(node.value, node.name)
    if isinstance(node, And | Or):
        return all(is_common(part, name) for part in node.nodes)
    is_text = not name or (name in ROWS and not name.startswith("payload."))
    return is_text and isinstance(node, Word | Phrase) and all(word in COMMON for word in words_of(node.text))


def matches(node: Node, row: Row, name: str = "") -> bool:
    """Whether an entry matches; common words beside others say nothing."""
    if isinstance(node, And | Or):
        told = [part for part in node.nodes if not is_common(part, name)] or list(node.nodes)
        results = [matches(part, row, name) for part in told]
        return all(results) if isinstance(node, And) else any(results)
    if isinstance(node, Not):
        return not matches(node.node, row, name)
    if isinstance(node, Field):
        return matches(node.value, row, node.name)
    if isinstance(node, Everything):
        return True
    return in_field(node, row, name) if name else any(in_text(node, text) for text in row.bare)


def in_field(node: Node, row: Row, name: str) -> bool:
    if name == "payload.*" and row.number is not None and in_number(node, row.number):
        return True
    if name in ROWS:
        texts = row.texts.get(name, [])
        if isinstance(node, Exists):
            return any(texts)
        if isinstance(node, Range):
            return False
        if isinstance(node, Tags):
            test = in_tag if name.startswith("payload.") else in_text
            return any(test(one, text) for one in node.values for text in texts if text != str(row.number))
        return any(in_text(node, text) for text in texts)
    values = {"tags": row.tags, "is_active": ["true" if row.active else "false"]}
    if name in values:
        if isinstance(node, Exists):
            return bool(values[name])
        wanted = node.values if isinstance(node, Tags) else (node,)
        return not isinstance(node, Range) and any(in_tag(one, tag) for one in wanted for tag in values[name])
    value = row.created if name == "created_at" else row.number
    return value is not None and in_number(node, value)


def in_number(node: Node, value: float) -> bool:
    if isinstance(node, Exists):
        return True
    if isinstance(node, Range):
        low, high = node.low or Bound("-999"), node.high or Bound("99999999999")
        return at_least(value, low) and not at_least(value, Bound(high.text, not high.inclusive))
    wanted = node.values if isinstance(node, Tags) else (node,)
    return any(is_span(one.text) and span(one.text)[0] <= value <= span(one.text)[2] for one in wanted)  # type: ignore[union-attr]


def in_tag(node: Any, tag: str) -> bool:
    text = node.text.strip().lower()
    return tag.lower().startswith(text) if isinstance(node, Prefix) else tag.lower() == text


def is_span(text: str) -> bool:
    return text in MONTHS or re.fullmatch(r"-?\d+", text) is not None


def span(text: str) -> tuple[float, float, float]:
    """First moment of a date, first after it, last in it; three times the number for a number."""
    start, end = MONTHS.get(text, (float(text), float(text)) if text not in MONTHS else (0, 0))
    return start, end, end - 0.001 if end > start else end


def at_least(value: float, bound: Bound) -> bool:
    start, _, last = span(bound.text)
    return value >= start if bound.inclusive else value > last


def read_rows(root: Path, space: str) -> Iterator[Row]:
    """The entries of the folder `f` of a space that the tests made."""
    for file in sorted(root.glob(f"{space}/f/.dm/*/meta.content.json")):
        meta = json.loads(file.read_text())
        body = json.loads((root / space / "f" / meta["payload"]["body"]).read_text())
        title = meta.get("displayname", {})
        texts = {
            "shortname": [meta["shortname"]],
            "displayname": list(title.values()),
            "owner_shortname": [meta["owner_shortname"]],
            "subpath": ["f"],
            "state": [meta["state"]] if "state" in meta else [],
            "payload.word": [body["word"]] if "word" in body else [],
            "payload.list": body.get("list", []),
        }
        leaves = [*texts["payload.word"], *texts["payload.list"]]
        leaves += [str(body["number"])] if "number" in body else []
        texts["payload.*"] = leaves
        facts = ["f", "content", "json", meta["owner_shortname"], *texts["state"]]
        bare = [meta["shortname"], *title.values(), *leaves, *facts]
        yield Row(
            meta["shortname"], texts, meta["tags"], meta["is_active"], meta["created_at"], body.get("number"), bare
        )
