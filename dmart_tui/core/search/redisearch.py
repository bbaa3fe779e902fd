"""A tree as a query of RediSearch (DIALECT 2), whose structure no word of the user can change.

Words are put in quotes, which keeps RediSearch from looking for their stems too.
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import inf
from typing import TYPE_CHECKING, Final

from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.search.fields import Kind, field_of
from dmart_tui.core.search.moments import Limits, exactly, limits
from dmart_tui.core.search.tree import (
    And,
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
from dmart_tui.core.search.words import COMMON, NOTHING, simplified

if TYPE_CHECKING:
    from collections.abc import Mapping

_SEPARATORS: Final = re.compile(r"[\x00-/:-@\[-^`{-\x7f\s]+")
_NAME_SIGN: Final = re.compile(r"[\x00-/:-@\[-^`{-\x7f]")
_TAG_SIGN: Final = re.compile(r"[\x00-/:-@\[-`{-\x7f]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_LEAST_PREFIX: Final = 2
_NO_DOCUMENT: Final = '("x" -"x")'


class Inexpressible(DmartTuiError):
    """RediSearch, or this index of it, cannot be asked that; the local engine can."""


def translate(tree: Node, kinds: Mapping[str, Kind]) -> str:
    """A tree as a query.

    Args:
        kinds: the attributes of the index: TEXT, TAG or NUMERIC.

    Raises:
        Inexpressible: with what cannot be asked.
    """
    simple = simplified(tree)
    if simple == NOTHING:
        return _NO_DOCUMENT
    if isinstance(simple, Everything):
        return "*"
    return _said(simple, kinds)


def subtree(subpath: str) -> str:
    """The condition of being at or below a folder, `""` for a whole space, however D-MART began its subpath."""
    path = _TAG_SIGN.sub(_backslashed, subpath.strip("/"))
    return f"@exact_subpath:{{{path}|\\/{path}|{path}\\/*|\\/{path}\\/*}}" if path else "*"


def _said(node: Node, kinds: Mapping[str, Kind], *, denied: bool = False) -> str:
    """A part of a query.

    Args:
        denied: whether it stands somewhere below a Not.
    """
    if isinstance(node, Not):  # in a group of its own: RediSearch would deny a word with * that follows too
        return f"(-({_said(node.node, kinds, denied=True)}))"
    if isinstance(node, And):
        return _every([_said(part, kinds, denied=denied) for part in node.nodes])
    if isinstance(node, Or):
        return _either([_said(part, kinds, denied=denied) for part in node.nodes])
    if isinstance(node, Field):
        return _of_field(node.name, node.value, kinds, denied=denied)
    if isinstance(node, Word | Phrase | Prefix | Fuzzy):
        return _of_text(node)
    raise AssertionError(f"{node!r} stands only in a field")


def _every(parts: list[str]) -> str:
    """All of some conditions; fields in groups of their own, or RediSearch takes a word with * after them as theirs."""
    return f"({' '.join(f'({part})' if part.startswith('@') else part for part in parts)})"


def _either(parts: list[str]) -> str:
    """Alternatives; plain words in a group of their own, for after two of them RediSearch's grammar takes no field."""
    plain = [part for part in parts if "@" not in part]
    others = [part for part in parts if "@" in part]
    if others and len(plain) > 1:
        plain = [f"({' | '.join(plain)})"]
    return f"({' | '.join(plain + others)})"


def _of_field(name: str, value: Node, kinds: Mapping[str, Kind], *, denied: bool) -> str:
    attributes = [attribute for attribute in field_of(name).attributes if attribute in kinds]
    if not attributes:
        raise Inexpressible(f"the index has no field {name}")
    said = [_of_attribute(attribute, kinds[attribute], name, value, twice=denied) for attribute in attributes]
    return said[0] if len(said) == 1 else f"({' | '.join(said)})"


def _of_attribute(attribute: str, kind: Kind, name: str, value: Node, *, twice: bool) -> str:
    """The condition on one attribute.

    Args:
        twice: say a text two times: where RediSearch 2.10 denies a word of a field, it denies the last document that
            has the word in another field too, but not where it denies that two conditions hold.
    """
    escaped = "@" + _NAME_SIGN.sub(_backslashed, attribute)
    if kind is Kind.TEXT:
        said = f"{escaped}:({_of_text_field(name, value)})"
        return _every([said, said]) if twice else said
    if kind is Kind.TAG:
        return f"{escaped}:{{{_of_tag_field(attribute, name, value)}}}"
    found = _numbers(value, dates=field_of(name).kind is Kind.DATE)
    spans = [f"{escaped}:[{_end(one.low, one.low_open)} {_end(one.high, one.high_open)}]" for one in found]
    return f"({' | '.join(spans)})" if spans else _NO_DOCUMENT


def _of_text_field(name: str, value: Node) -> str:
    if isinstance(value, Word | Phrase | Prefix | Fuzzy):
        return _of_text(value)
    if isinstance(value, Tags):
        return " | ".join(map(_of_text, value.values))
    raise Inexpressible(f"{name} is a text in the index, of which only words can be asked")


def _of_text(value: Word | Phrase | Prefix | Fuzzy) -> str:
    found = [word for word in _SEPARATORS.split(value.text.lower()) if word]
    if not found:
        raise Inexpressible(f"there is no word in {value.text!r}")
    if isinstance(value, Fuzzy):
        signs = "%" * value.distance
        return _all([signs + word.replace("_", "\\_") + signs for word in found])
    if isinstance(value, Prefix) and not _SEPARATORS.match(value.text[-1:]):
        if len(found[-1]) < _LEAST_PREFIX:
            raise Inexpressible("RediSearch wants two letters before a *")
        telling = [f'"{word}"' for word in found[:-1] if word not in COMMON]
        return _all([*telling, f"{found[-1]}*"])
    telling = [word for word in found if word not in COMMON]
    if not telling:
        raise Inexpressible(f"RediSearch has no word of {value.text!r}")
    if isinstance(value, Prefix):
        return _all([f'"{word}"' for word in telling])
    return f'"{" ".join(telling)}"'


def _all(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' '.join(parts)})"


def _of_tag_field(attribute: str, name: str, value: Node) -> str:
    if isinstance(value, Tags):
        return "|".join(_tag(attribute, one) for one in value.values)
    if isinstance(value, Word | Phrase | Prefix | Fuzzy):
        return _tag(attribute, value)
    raise Inexpressible(f"{name} is a tag in the index, of which only values can be asked")


def _tag(attribute: str, value: Word | Phrase | Prefix | Fuzzy) -> str:
    text = value.text.strip()
    begin = isinstance(value, Prefix)
    if not text or (begin and len(text) < _LEAST_PREFIX):
        raise Inexpressible("RediSearch wants a tag, and two letters before a *")
    if _CONTROL.search(text):
        raise Inexpressible("RediSearch takes no control characters in a tag")
    paths = (text.strip("/"), "/" + text.strip("/")) if attribute == "exact_subpath" else (text,)
    return "|".join(_TAG_SIGN.sub(_backslashed, path) + "*" * begin for path in paths)


def _numbers(value: Node, *, dates: bool) -> list[Limits]:
    if isinstance(value, Exists):
        return [Limits()]
    found: list[Limits | None] = []
    if isinstance(value, Range):
        found = [limits(value, dates=dates)]
    elif isinstance(value, Tags):
        found = [exactly(one.text, dates=dates) for one in value.values]
    elif isinstance(value, Word | Phrase | Prefix | Fuzzy):
        found = [exactly(value.text, dates=dates)]
    return [one for one in found if one is not None]


def _end(value: float, is_open: bool) -> str:
    return ("(" if is_open else "") + ({inf: "+inf", -inf: "-inf"}.get(value) or f"{Decimal(repr(value)):f}")


def _backslashed(match: re.Match[str]) -> str:
    return f"\\{match[0]}"
