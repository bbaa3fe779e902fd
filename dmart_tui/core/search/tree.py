"""What a query means: a tree that both engines translate, and its text form, which parses back to the same tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

_SPECIAL: Final = re.compile(r'[\s"()|\\*]')
_FUZZY_SPECIAL: Final = re.compile(r'[\s"()|\\%]')
_LEADING: Final = "-@%{[<>!"
_NAME_SPECIAL: Final = re.compile(r'[\s:@"(){}\[\]|\\]')
_TAG_SPECIAL: Final = re.compile(r"[|}\\*]|^\s|\s\Z")


@dataclass(frozen=True, slots=True)
class Everything:
    """`*`: whatever there is."""

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word; one with separators in it (`a-b`) is several words side by side."""

    text: str

    def __str__(self) -> str:
        return _escaped(self.text)


@dataclass(frozen=True, slots=True)
class Phrase:
    """`"words side by side"`."""

    text: str

    def __str__(self) -> str:
        return '"' + re.sub(r'["\\]', r"\\\g<0>", self.text) + '"'


@dataclass(frozen=True, slots=True)
class Prefix:
    """`begin*`; of several words the last is the beginning of one and all must be there."""

    text: str

    def __str__(self) -> str:
        return f"{_escaped(self.text)}*"


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """`%word%`: words that differ in at most `distance` letters (1 to 3), one `%` on each side for each."""

    text: str
    distance: int = 1

    def __str__(self) -> str:
        signs = "%" * self.distance
        return signs + _FUZZY_SPECIAL.sub(_backslashed, self.text) + signs


@dataclass(frozen=True, slots=True)
class Tags:
    """`{one value|another|begin*}`: whole values, whatever is in them."""

    values: tuple[Word | Prefix, ...]

    def __str__(self) -> str:
        return "{" + "|".join(map(_tag, self.values)) + "}"


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range, as written: a number, or a date of any precision (`2025`, `2025-04`, `2025-04-01T10:30`)."""

    text: str
    inclusive: bool = True


@dataclass(frozen=True, slots=True)
class Range:
    """`[low high]`, `[(low high]`, `>low`, `<=high`; None: no such end."""

    low: Bound | None
    high: Bound | None

    def __str__(self) -> str:
        return f"[{_bound(self.low, '-inf')} {_bound(self.high, '+inf')}]"


@dataclass(frozen=True, slots=True)
class Exists:
    """`@field:*`: it has any value."""

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True)
class Field:
    """`@name:value`; the value of a group is a tree of words, phrases, prefixes and fuzzy words."""

    name: str
    value: Node

    def __str__(self) -> str:
        value = f"({self.value})" if isinstance(self.value, And | Or | Not) else str(self.value)
        return f"@{_NAME_SPECIAL.sub(_backslashed, self.name)}:{value}"


@dataclass(frozen=True, slots=True)
class Not:
    """`-x`: what x does not match."""

    node: Node

    def __str__(self) -> str:
        return f"-({self.node})" if isinstance(self.node, And | Or) else f"-{self.node}"


@dataclass(frozen=True, slots=True)
class And:
    """`a b`: two or more, none of them an And."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(f"({node})" if isinstance(node, Or) else str(node) for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Or:
    """`a | b`: two or more, none of them an Or; binds less than And."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return " | ".join(map(str, self.nodes))


Node: TypeAlias = Everything | Word | Phrase | Prefix | Fuzzy | Tags | Range | Exists | Field | Not | And | Or
Textual: TypeAlias = Word | Phrase | Prefix | Fuzzy


def all_of(nodes: list[Node]) -> Node:
    """An And of at least one node, flat."""
    flat = [inner for node in nodes for inner in (node.nodes if isinstance(node, And) else (node,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(nodes: list[Node]) -> Node:
    """An Or of at least one node, flat."""
    flat = [inner for node in nodes for inner in (node.nodes if isinstance(node, Or) else (node,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def _backslashed(match: re.Match[str]) -> str:
    return f"\\{match[0]}"


def _escaped(text: str) -> str:
    lead = "\\" if text[:1] in _LEADING and text else ""
    return lead + _SPECIAL.sub(_backslashed, text)


def _tag(value: Word | Prefix) -> str:
    return _TAG_SPECIAL.sub(_backslashed, value.text) + "*" * isinstance(value, Prefix)


def _bound(bound: Bound | None, without: str) -> str:
    return without if bound is None else ("" if bound.inclusive else "(") + bound.text
