from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.jsontext import rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = st.sampled_from(["a", "b", "key", "ناو", "", 'q"\\', "😀"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "a", "کوردی", "😀", "\ud800", "line\nend", "\\u0041"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=20
)


def decoded(data: bytes) -> Any:
    return json.loads(data.decode("utf-8-sig"))


def exact(value: Any) -> str:
    """What tells two JSON values apart whatever the order of their keys: True is not 1, 1 is not 1.0."""
    return json.dumps(value, sort_keys=True)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A value as any program, or a careless person, might have written it."""
    value = draw(VALUES)
    how = draw(st.sampled_from(["dumps", "compact", "odd"]))
    escaped = draw(st.booleans())
    if how == "dumps":
        indent = draw(st.sampled_from([None, 0, 2, 4, "\t"]))
        text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    elif how == "compact":
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=escaped)
    else:
        space = draw(st.lists(st.sampled_from(["", " ", "\n", "\r\n  ", "\t"]), min_size=1, max_size=4))
        text = "".join(odd(value, draw(st.randoms(use_true_random=False)), space, escaped))
    text = draw(st.sampled_from(["\n", "\r\n"])).join(text.split("\n")) + draw(
        st.sampled_from(["", "\n", "\r\n", "  "])
    )
    text = text.replace("\ud800", "\\ud800")
    return (b"\xef\xbb\xbf" if draw(st.booleans()) else b"") + text.encode()


def odd(value: Any, chance: random.Random, space: list[str], escaped: bool) -> Iterator[str]:
    """White space anywhere it may be, and keys that stand twice."""
    yield chance.choice(space)
    if isinstance(value, dict):
        members = [(key, value[key]) for key in value]
        members[:0] = [(key, 0) for key in value if chance.random() < 0.2]
        yield "{"
        for at, (key, inner) in enumerate(members):
            yield f"{',' * bool(at)}{chance.choice(space)}{json.dumps(key, ensure_ascii=escaped)}{chance.choice(space)}:"
            yield from odd(inner, chance, space, escaped)
        yield chance.choice(space) + "}"
    elif isinstance(value, list):
        yield "["
        for at, inner in enumerate(value):
            yield "," * bool(at)
            yield from odd(inner, chance, space, escaped)
        yield chance.choice(space) + "]"
    else:
        yield json.dumps(value, ensure_ascii=escaped)
    yield chance.choice(space)


def edited(value: Any, chance: random.Random, fresh: list[Any]) -> Any:
    """A copy with a few changes somewhere in it."""
    if chance.random() < 0.15:
        return chance.choice(fresh)
    if isinstance(value, dict):
        out = {key: edited(inner, chance, fresh) for key, inner in value.items() if chance.random() > 0.15}
        return {**out, "new": chance.choice(fresh)} if chance.random() < 0.3 else out
    if isinstance(value, list):
        kept = [edited(inner, chance, fresh) for inner in value if chance.random() > 0.15]
        if chance.random() < 0.3:
            kept.insert(chance.randint(0, len(kept)), chance.choice(fresh))
        return kept
    return value


@given(documents())
def test_a_document_that_is_what_it_should_be_keeps_every_byte(document: bytes) -> None:
    assert rewrite(document, decoded(document)) == document


@settings(max_examples=300)
@given(documents(), st.lists(VALUES, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_any_edit_decodes_to_what_was_asked_for(document: bytes, fresh: list[Any], chance: random.Random) -> None:
    new = edited(decoded(document), chance, fresh)
    asked = copy.deepcopy(new)
    out = rewrite(document, new)
    assert exact(decoded(out)) == exact(asked) == exact(new)
    assert rewrite(out, new) == out
