from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dmart_tui.core.errors import Damaged
from dmart_tui.core.jsontext import DEEPEST, encode, rewrite

if TYPE_CHECKING:
    import random
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
            yield "," * bool(at) + chance.choice(space) + json.dumps(key, ensure_ascii=escaped) + chance.choice(space)
            yield ":"
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


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all keys of a value that hold no other."""
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, step))
    elif path:
        yield path


def changed(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    out = copy.deepcopy(value)
    holder = out
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = new
    return out


def around(before: bytes, after: bytes) -> tuple[bytes, bytes]:
    """What stands in one document in the place of what differs in the other."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return before[head : len(before) - tail], after[head : len(after) - tail]


MARK = "what it was changed to"


@given(documents(), st.data())
def test_one_changed_key_leaves_the_bytes_before_and_after_its_value(document: bytes, data: st.DataObject) -> None:
    value = decoded(document)
    paths = list(places(value))
    assume(paths)
    path = data.draw(st.sampled_from(paths))
    out = rewrite(document, changed(value, path, MARK))
    assert out.count(json.dumps(MARK).encode()) == 1
    before, _, after = out.partition(json.dumps(MARK).encode())
    assert document.startswith(before)
    assert document.endswith(after)
    literal = document[len(before) : len(document) - len(after)]
    holder = value
    for step in path:
        holder = holder[step]
    assert literal == literal.strip()
    assert exact(json.loads(literal)) == exact(holder)


PRETTY = b"""{
  "shortname": "a",
  "tags": [
    "x",
    "y"
  ],
  "payload": {"n": 1.10, "e": 1e3},
  "empty": {}
}
"""


@pytest.mark.parametrize(
    ("path", "new", "old_text", "new_text"),
    [
        (("shortname",), "b", b'"shortname": "a"', b'"shortname": "b"'),
        (("payload", "e"), 1000, b"1e3", b"1000"),
        (("payload", "more"), [1], b"1e3}", b'1e3, "more": [1]}'),
        (("tags",), ["x", "new", "y"], b'"x",\n', b'"x",\n    "new",\n'),
        (("tags",), ["y"], b'"x",\n    ', b""),
        (("tags",), ["x"], b',\n    "y"', b""),
        (("tags",), [], b'[\n    "x",\n    "y"\n  ]', b"[]"),
        (("tags",), ["p", "q", "r"], b'"x",\n    "y"', b'"p",\n    "q",\n    "r"'),
        (("tags",), None, b'[\n    "x",\n    "y"\n  ]', b"null"),
        (("empty",), {"a": {}, "b": [1]}, b"{}\n", b'{"a": {}, "b": [1]}\n'),
        (("more",), [[1], {}], b"{}\n", b'{},\n  "more": [\n    [\n      1\n    ],\n    {}\n  ]\n'),
        (("more",), {"a": [1]}, b"{}\n", b'{},\n  "more": {"a": [1]}\n'),
    ],
)
def test_only_what_changes_is_touched_in_the_style_around_it(
    path: tuple[str, ...], new: Any, old_text: bytes, new_text: bytes
) -> None:
    assert PRETTY.count(old_text) == 1
    assert rewrite(PRETTY, changed(decoded(PRETTY), path, new)) == PRETTY.replace(old_text, new_text)


@pytest.mark.parametrize(
    ("document", "new", "out"),
    [
        # What stays: literals, escapes, keys that stand twice, marks and line ends.
        (r'{"a": 1.10, "b": -0, "c": 1E+2}', {"a": 1.1, "b": 0, "c": 100.0}, r'{"a": 1.10, "b": -0, "c": 1E+2}'),
        ('{"a": 1, "b": 1, "c": 1}', {"a": True, "b": 1.0, "c": 1}, '{"a": true, "b": 1.0, "c": 1}'),
        (r'["\u0041\/", "\ud800"]', ["A/", "\ud800", "\udfff"], r'["\u0041\/", "\ud800", "\udfff"]'),
        ("[NaN, -Infinity, 1e999]", [float("nan"), float("-inf")], "[NaN, -Infinity]"),
        ('{"a":1,"b":2,"a":3}', {"a": 4, "b": 2}, '{"a":1,"b":2,"a":4}'),
        ('{"a":1,"b":2,"a":3}', {"b": 2}, '{"b":2}'),
        (
            '\ufeff{\r\n\t"a" : 1\r\n}\r\n',
            {"a": 1, "b": {"c": 2}},
            '\ufeff{\r\n\t"a" : 1,\r\n\t"b" : {\r\n\t\t"c" : 2\r\n\t}\r\n}\r\n',
        ),
        # What comes: the separators, escapes and layout of what is there.
        ('{"a":1}', {"a": 1, "b": {"c": [1, 2]}}, '{"a":1,"b":{"c":[1,2]}}'),
        ('{"a": 1}', {"a": 1, "b": {"c": [1, 2]}}, '{"a": 1, "b": {"c": [1, 2]}}'),
        ('{ "a": 1 }', {"a": 1, "b": {"c": {}}}, '{ "a": 1, "b": { "c": {} } }'),
        (r'{"a": "\u06a9"}', {"a": "\u06a9", "b": "\u06a9"}, r'{"a": "\u06a9", "b": "\u06a9"}'),
        ('{"a": "\u06a9"}', {"a": "\u06a9", "b": "\u06a9"}, '{"a": "\u06a9", "b": "\u06a9"}'),
        (r'{"a": "\\u06a9"}', {"a": "\u06a9"}, '{"a": "\u06a9"}'),
        ('{\n "a": [1, 2]\n}', {"a": [1, 2], "b": [3]}, '{\n "a": [1, 2],\n "b": [3]\n}'),
        ('{\n "a": [1, 2]\n}', {"a": [1, 2], "b": [{}]}, '{\n "a": [1, 2],\n "b": [\n  {}\n ]\n}'),
        (
            '[\n  {"a": 1},\n  {"a": 2}\n]',
            [{"a": 1}, {"a": 2}, {"b": [1]}],
            '[\n  {"a": 1},\n  {"a": 2},\n  {"b": [1]}\n]',
        ),
        ('{\n  "a": 1\n, "b": 2\n}', {"a": 1, "b": 2, "c": 3}, '{\n  "a": 1\n, "b": 2\n, "c": 3\n}'),
        ("{}\n", {"a": [1]}, '{"a":[1]}\n'),
        (" 1 ", {"a": 1}, ' {"a":1} '),
        # What goes: with its comma and the space around it.
        ('{"a": 1, "b": 2, "c": 3}', {"b": 2}, '{"b": 2}'),
        ('{"a": 1, "b": 2, "c": 3}', {"a": 1, "c": 3}, '{"a": 1, "c": 3}'),
        ('{"a": 1, "b": 2}', {"c": 3, "d": 4}, '{"c": 3, "d": 4}'),
        ('{"a": 1, "b": 2}', {"a": 1, "d": 4}, '{"a": 1, "d": 4}'),
        ('{\n  "a": 1\n}', {}, "{}"),
        # Members of lists: aligned by what they are, objects by where they are when none came or went.
        ("[0.10, 0.20, 0.30]", [0.2, 0.3, 5], "[0.20, 0.30, 5]"),
        (
            '[{"i":1,"n":1.0},{"i":2,"n":2.0}]',
            [{"i": 2, "n": 1.0}, {"i": 3, "n": 2.0}],
            '[{"i":2,"n":1.0},{"i":3,"n":2.0}]',
        ),
        ('[{"i":1,"n":0.10},{"i":2}]', [{"i": 0}, {"i": 1, "n": 0.1}, {"i": 2}], '[{"i":0},{"i":1,"n":0.10},{"i":2}]'),
        ('[{"i":1,"n":0.10},{"i":2}]', [{"i": 3, "n": 0.1}, {"i": 2}, {}], '[{"i":3,"n":0.10},{"i":2},{}]'),
    ],
)  # fmt: skip
def test_edits_are_the_smallest(document: str, new: Any, out: str) -> None:
    assert rewrite(document.encode(), new).decode() == out


@pytest.mark.parametrize("empty", [b"", b" \r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_becomes_what_d_mart_would_write(empty: bytes) -> None:
    assert rewrite(empty, {"a": [1, "کوردی", None]}) == '{"a":[1,"کوردی",null]}'.encode()


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b'{"a": 1,\n}', r"is not JSON: .* at line 2, column 1$"),
        (b'{"a": 1\n"b": 2}', r"at line 2, column 1$"),
        (b'{"a" 1}', r"at line 1, column 6$"),
        (b'\xef\xbb\xbf{"a": nul}', r"at line 1, column 7$"),
        (b'["\x01"]', r"at line 1, column 3$"),
        (b"[1] [2]", r"Extra data at line 1, column 5$"),
        (b'{"a": [1', r"at line 1, column 9$"),
        (b"[" * 100_000, rf"nested over {DEEPEST} levels at line 1, column {DEEPEST + 1}$"),
        (b'["\xff"]', r"is not UTF-8 at byte 2$"),
        (b"9" * 5_000, r"too long"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(document: bytes, says: str) -> None:
    with pytest.raises(Damaged, match=says):
        rewrite(document, {})


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_depth_is_bounded_on_both_sides() -> None:
    deepest = b"[" * DEEPEST + b"1" + b"]" * DEEPEST
    assert encode(nested(DEEPEST)) == deepest
    assert rewrite(deepest, nested(DEEPEST - 1)) == deepest[1:-1]
    with pytest.raises(Damaged, match="nested over"):
        encode(nested(DEEPEST + 1))
    with pytest.raises(Damaged, match="nested over"):
        rewrite(deepest, nested(DEEPEST + 1))


@given(VALUES, st.none() | documents(), st.sampled_from([None, 0, 2, "\t"]))
def test_a_new_document_decodes_to_what_was_asked_for(value: Any, like: bytes | None, indent: int | str | None) -> None:
    assert exact(decoded(encode(value, like=like, indent=indent))) == exact(value)


VALUE = {"a": [1, {"b": "ک"}], "c": {}}


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("how", [{"indent": 4}, {"indent": "\t"}, {}, {"separators": (",", ":")}])
def test_a_new_document_is_laid_out_like_another(how: dict[str, Any], escaped: bool, end: str) -> None:
    def dumped(value: Any) -> bytes:
        return (json.dumps(value, ensure_ascii=escaped, **how).replace("\n", end or "\n") + end).encode()

    like = dumped({"x": ["ئ", 2], "y": {"z": 1}})
    assert encode(VALUE, like=like) == dumped(VALUE)


def test_an_indent_is_that_of_json_whatever_the_other_document_has() -> None:
    pretty = json.dumps(VALUE, indent=2, ensure_ascii=False)
    assert encode(VALUE, indent=2).decode() == pretty
    assert encode(VALUE, indent="  ", like=b'{"a":1}\n').decode() == pretty + "\n"
    assert encode(VALUE, like=b"no JSON") == encode(VALUE) == '{"a":[1,{"b":"ک"}],"c":{}}'.encode()


def test_one_key_of_every_real_document_changes_alone(real_root: Path) -> None:
    count = 0
    for path in filter(Path.is_file, real_root.rglob("*.json")):
        document = path.read_bytes()
        try:
            value = decoded(document)
        except ValueError:
            continue
        assert rewrite(document, value) == document, path
        paths = list(places(value))
        for place in {*paths[:3], *paths[-3:]}:
            out = rewrite(document, changed(value, place, MARK))
            before, mark, after = out.partition(json.dumps(MARK).encode())
            assert mark and document.startswith(before) and document.endswith(after), (path, place)
            literal = document[len(before) : len(document) - len(after)]
            assert rewrite(out, value) == before + encode(json.loads(literal), like=document).strip() + after
            count += 1
        if isinstance(value, dict):
            out = rewrite(document, {**value, "a new key": {"x": [1]}})
            assert rewrite(out, value) == (document if value else document.replace(document.strip(), b"{}")), path
    assert count
